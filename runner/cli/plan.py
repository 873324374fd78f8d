"""`mms-runner plan`: the dry run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.preview import describe_plans
from runner.cli.selection import select_campaigns
from runner.cli.session import check_state, read_clock, state_path
from runner.cli.speech import warn, write_json, write_result
from runner.errors import StateRefused
from runner.language import N_, _, translate
from runner.lifecycle import BrakeSource
from runner.model.outcome import Balance
from runner.overlap import find_overlaps
from runner.plan import Action, UnreadableState, plan_campaign, rejudge
from runner.store.brakes import read_brakes
from runner.store.database import look_into
from runner.store.planning import list_campaigns, read_facts
from runner.store.twins import Twins
from runner.workspace.locate import campaign_id, find_campaign_files
from runner.workspace.masking import show_name
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from runner.cli.session import Session
    from runner.cli.since import Comparison
    from runner.model.account import Settings
    from runner.model.diagnostic import Diagnostic
    from runner.model.outcome import BalanceAnswer
    from runner.plan import CampaignPlan, StoredCampaign, Twin
    from runner.store.brakes import Brake
    from runner.store.transaction import Transaction
    from runner.workspace.load import Workspace


class Form(StrEnum):
    """How plans are written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


_NEW = {Action.SCHEDULE, Action.DRAFT}
_NEEDS_A_PERSON = {Action.HELD, Action.LATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the state knows. brakes: what people paused; readable: False where it cannot say.

    twins: as what a campaign was sent already, by id; names: the campaigns that it, or a file,
    knows, None where it cannot say.
    """

    facts: Mapping[str, StoredCampaign] = field(default_factory=dict)
    brakes: Sequence[Brake] = ()
    twins: Mapping[str, Twin | None] = field(default_factory=dict)
    names: Collection[str] | None = None
    readable: bool = True

    def judge(self, plan: CampaignPlan, now: datetime) -> CampaignPlan:
        """Give a plan as it is by what the state knows."""
        campaign = plan.campaign.id
        stored = self.facts.get(campaign) if self.readable else UnreadableState()
        plan = rejudge(plan, stored, self.twins.get(campaign), now)
        return self._put_brakes_on(self._warn_of_strangers(plan))

    def _warn_of_strangers(self, plan: CampaignPlan) -> CampaignPlan:
        """Give a plan that says which campaign it would send again, and nobody knows."""
        if self.names is None:
            return plan
        strangers = (name for name in plan.campaign.again if name not in self.names)
        warnings = tuple(_name_stranger(name, self.names) for name in strangers)
        return replace(plan, warnings=plan.warnings + warnings)

    def _put_brakes_on(self, plan: CampaignPlan) -> CampaignPlan:
        """Give a plan as it is under the brakes, which a campaign may have before it has a row."""
        campaign = plan.campaign
        for brake in self.brakes:
            if plan.action in _NEW and brake.covers(campaign.id, campaign.account):
                return replace(plan, action=Action.PAUSED, reason=str(brake))
        return plan


@click.command()
@click.argument("campaigns", metavar="[CAMPAIGN]...", nargs=-1)
@click.option("--balance", "ask", is_flag=True, help="Ask the gateway what is left.")
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    default=Form.TEXT.value,
    show_default=True,
    help="markdown: a comment for a merge request.",
)
@click.option("--json", "as_json", is_flag=True, help="For scripts: short for --format json.")
@click.option("--since", metavar="REV", help="Only what changes against this revision of git.")
@click.option("--resolved", is_flag=True, help="The files themselves, with all that they share.")
@click.pass_obj
def command(
    session: Session,
    campaigns: tuple[str, ...],
    *,
    ask: bool,
    form: str,
    as_json: bool,
    since: str | None,
    resolved: bool,
) -> Exit:
    """Show what would be sent, to how many, when and at what size; change nothing.

    Touches no network unless --balance is given.
    """
    only = select_campaigns(session.find_root(), campaigns) if campaigns else None
    workspace, settings = session.load_sound(only, warn=True, remember=True)
    if resolved:
        return _show_resolved(workspace)
    now = read_clock()
    made = [
        plan_campaign(
            campaign,
            settings.accounts[campaign.account],
            None,
            now,
            settings.zone,
            findings=workspace.findings,
        )
        for campaign in workspace.campaigns.values()
    ]
    known = _ask_state(workspace, settings, made, now)
    judged = [known.judge(plan, now) for plan in made]
    plans = _add_warnings(judged, workspace, now)
    comparison = None
    if since is not None:
        from runner.cli.since import compare_since

        ids = frozenset(workspace.campaigns) if campaigns else None
        comparison = compare_since(since, workspace, plans, session.settings_file, ids, now)
        plans = [plan for plan in plans if plan.campaign.id in comparison.changes]
        session.show_faults(workspace.root, comparison.errors)
    answers = _ask_balances(plans, settings) if ask else {}
    balances = {name: answer for name, answer in answers.items() if isinstance(answer, Balance)}
    shown = Form.JSON if as_json else Form(form)
    _write(shown, plans, settings, balances, now, comparison)
    if comparison and comparison.errors:
        return Exit.FAULTY_FILES
    return _judge(plans, answers)


def _add_warnings(
    plans: Sequence[CampaignPlan], workspace: Workspace, now: datetime
) -> list[CampaignPlan]:
    """Give plans that tell what is odd about the campaigns' files, and about their company."""
    overlaps = find_overlaps(plans, now)
    return [
        replace(
            plan,
            warnings=(
                *plan.warnings,
                *map(_write_warning, workspace.warnings[plan.campaign.id]),
                *overlaps.get(plan.campaign.id, ()),
            ),
        )
        for plan in plans
    ]


def _write_warning(fault: Diagnostic) -> str:
    told = N_("{place}: {message} ({hint}) [{rule}]")
    if not fault.hint:
        told = N_("{place}: {message} [{rule}]")
    return told.format(
        place=f"{fault.file}:{fault.place}",
        message=fault.message,
        hint=fault.hint,
        rule=fault.rule,
    )


def _show_resolved(workspace: Workspace) -> Exit:
    """Show each file as if all that it shares had been written in it; several, as documents."""
    from runner.workspace.resolved import write_resolved

    files = (campaign.file for campaign in workspace.campaigns.values())
    write_result("\n---\n".join(write_resolved(workspace.root, file) for file in files))
    return Exit.OK


def _write(
    form: Form,
    plans: Sequence[CampaignPlan],
    settings: Settings,
    balances: Mapping[str, Balance],
    now: datetime,
    comparison: Comparison | None,
) -> None:
    if form is Form.JSON:
        from runner.cli.plan_json import plans_json

        write_json(plans_json(plans, settings, balances, now, comparison))
    elif form is Form.MARKDOWN:
        from runner.cli.comment import write_comment

        write_result(write_comment(plans, settings, balances, comparison))
    else:
        write_result(describe_plans(plans, settings, balances, comparison))


def _name_stranger(name: str, names: Collection[str]) -> str:
    hint = nearest(name, names) or N_("an id is the path of a campaign's file without the suffix")
    return N_("`again` names `{campaign}`, a campaign that nobody knows: {hint}").format(
        campaign=show_name(name), hint=hint
    )


def _ask_state(
    workspace: Workspace, settings: Settings, plans: Sequence[CampaignPlan], now: datetime
) -> _Known:
    path = state_path(settings, workspace.root)
    with ExitStack() as stack:
        try:
            transaction = stack.enter_context(look_into(path))
            known = _look(transaction, workspace, plans, now) if transaction else _Known()
        except StateRefused as error:
            hint = error.hint or N_("what was sent already is not known")
            warn(f"{translate(str(error))}\n  {translate(hint)}")
            return _Known(readable=False)
        check_state(transaction, settings, workspace.folder)
        return known


def _look(
    transaction: Transaction, workspace: Workspace, plans: Sequence[CampaignPlan], now: datetime
) -> _Known:
    facts = read_facts(transaction, workspace.campaigns)
    files = find_campaign_files(workspace.root)
    return _Known(
        facts=facts,
        brakes=_read_pauses(transaction),
        twins=_find_twins(plans, facts, Twins(transaction, now, findings=workspace.findings)),
        names={*list_campaigns(transaction), *map(campaign_id, files)},
    )


def _find_twins(
    plans: Sequence[CampaignPlan], facts: Mapping[str, StoredCampaign], twins: Twins
) -> dict[str, Twin | None]:
    by_id = {plan.campaign.id: plan for plan in plans}
    return {name: twins.find(plan, facts.get(name)) for name, plan in by_id.items()}


def _read_pauses(transaction: Transaction) -> list[Brake]:
    return [brake for brake in read_brakes(transaction) if brake.source is BrakeSource.COMMAND]


def _ask_balances(plans: Sequence[CampaignPlan], settings: Settings) -> Mapping[str, BalanceAnswer]:
    from runner.cli.balance import ask_balance, explain

    names = dict.fromkeys(plan.campaign.account for plan in plans)
    answers = {name: ask_balance(settings.accounts[name]) for name in names}
    for name, answer in answers.items():
        if not isinstance(answer, Balance):
            warn(_("account {name}: {problem}").format(name=name, problem=explain(answer)))
    return answers


def _judge(plans: Sequence[CampaignPlan], answers: Mapping[str, BalanceAnswer]) -> Exit:
    held = any(plan.action in _NEEDS_A_PERSON for plan in plans)
    verdict = Exit.PERSON_NEEDED if held else Exit.OK
    if answers:
        from runner.cli.balance import judge_answers

        verdict = max(verdict, judge_answers(answers))  # refused credentials come first
    return verdict
