"""`mms-runner plan`: the dry run."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.preview import describe_plans, plans_json
from runner.cli.selection import select_campaigns
from runner.cli.session import read_clock, state_path
from runner.cli.speech import warn
from runner.errors import StateRefused
from runner.lifecycle import BrakeSource
from runner.model.outcome import Balance
from runner.plan import Action, UnreadableState, plan_campaign
from runner.store.brakes import read_brakes
from runner.store.database import look_into
from runner.store.identity import check_workspace
from runner.store.planning import read_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.cli.session import Session
    from runner.model.account import Settings
    from runner.model.outcome import BalanceAnswer
    from runner.plan import CampaignPlan, StoredCampaign
    from runner.store.brakes import Brake
    from runner.store.database import Transaction
    from runner.workspace.load import Workspace

_NEW = {Action.SCHEDULE, Action.DRAFT}
_NEEDS_A_PERSON = {Action.HELD, Action.LATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the state knows. brakes: what people paused; readable: False where it cannot say."""

    facts: Mapping[str, StoredCampaign] = field(default_factory=dict)
    brakes: Sequence[Brake] = ()
    readable: bool = True

    def find(self, campaign: str) -> StoredCampaign | UnreadableState | None:
        """Give what it knows of a campaign."""
        return self.facts.get(campaign) if self.readable else UnreadableState()

    def put_brakes_on(self, plan: CampaignPlan) -> CampaignPlan:
        """Give a plan as it is under the brakes, which a campaign may have before it has a row."""
        campaign = plan.campaign
        for brake in self.brakes:
            if plan.action in _NEW and brake.covers(campaign.id, campaign.account):
                return replace(plan, action=Action.PAUSED, reason=str(brake))
        return plan


@click.command()
@click.argument("campaigns", metavar="[CAMPAIGN]...", nargs=-1)
@click.option("--balance", "ask", is_flag=True, help="Ask the gateway what is left.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def command(session: Session, campaigns: tuple[str, ...], *, ask: bool, as_json: bool) -> Exit:
    """Show what would be sent, to how many, when and at what size; change nothing.

    Touches no network unless --balance is given.
    """
    only = select_campaigns(session.find_root(), campaigns) if campaigns else None
    workspace, settings = session.load_sound(only)
    known, now = _ask_state(workspace, settings), read_clock()
    plans = [
        known.put_brakes_on(
            plan_campaign(
                campaign,
                settings.accounts[campaign.account],
                known.find(campaign.id),
                now,
                settings.zone,
            )
        )
        for campaign in workspace.campaigns.values()
    ]
    answers = _ask_balances(plans, settings) if ask else {}
    balances = {name: answer for name, answer in answers.items() if isinstance(answer, Balance)}
    if as_json:
        document = plans_json(plans, settings, balances, now)
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo(describe_plans(plans, settings, balances))
    return _judge(plans, answers)


def _ask_state(workspace: Workspace, settings: Settings) -> _Known:
    path = state_path(settings, workspace.root)
    with ExitStack() as stack:
        try:
            transaction = stack.enter_context(look_into(path))
            if transaction is None:
                return _Known()
            known = _Known(facts=read_facts(transaction), brakes=_read_pauses(transaction))
        except StateRefused as error:
            warn(f"{error}\n  {error.hint or 'what was sent already is not known'}")
            return _Known(readable=False)
        check_workspace(transaction, name=settings.name, folder=str(workspace.folder))
        return known


def _read_pauses(transaction: Transaction) -> list[Brake]:
    return [brake for brake in read_brakes(transaction) if brake.source is BrakeSource.COMMAND]


def _ask_balances(plans: Sequence[CampaignPlan], settings: Settings) -> Mapping[str, BalanceAnswer]:
    from runner.cli.balance import ask_balance, explain

    names = dict.fromkeys(plan.campaign.account for plan in plans)
    answers = {name: ask_balance(settings.accounts[name]) for name in names}
    for name, answer in answers.items():
        if not isinstance(answer, Balance):
            warn(f"account {name}: {explain(answer)}")
    return answers


def _judge(plans: Sequence[CampaignPlan], answers: Mapping[str, BalanceAnswer]) -> Exit:
    held = any(plan.action in _NEEDS_A_PERSON for plan in plans)
    verdict = Exit.PERSON_NEEDED if held else Exit.OK
    if answers:
        from runner.cli.balance import judge_answers

        verdict = max(verdict, judge_answers(answers))  # refused credentials come first
    return verdict
