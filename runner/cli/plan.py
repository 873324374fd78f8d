"""`mms-runner plan`: the dry run."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.selection import select_campaigns
from runner.cli.session import read_clock, state_path
from runner.cli.speech import warn
from runner.cli.tables import count
from runner.errors import StateRefused
from runner.model.outcome import Balance
from runner.plan import Action, UnreadableState, plan_campaign, plan_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from runner.cli.session import Session
    from runner.model.account import Account, Settings
    from runner.model.outcome import NoAnswer, QueryRefused
    from runner.plan import CampaignPlan, StoredCampaign
    from runner.workspace.load import Workspace

    Answer = Balance | QueryRefused | NoAnswer

_WORDS = {
    Action.SCHEDULE: "would go out at its start",
    Action.DRAFT: "only `mms-runner run {id}` sends it",
    Action.CHANGE: "the file has changed; the new plan replaces the kept one",
    Action.UNCHANGED: "kept as it is",
    Action.FROZEN: "has begun, with this very content",
    Action.DRIFTED: "has begun with another content",
    Action.LATE: "would not go out by itself",
    Action.HELD: "would not go out",
    Action.DONE: "nothing is left to send",
    Action.UNKNOWN: "not known",
}
_NEEDS_A_PERSON = {Action.HELD, Action.LATE}


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
    stored = _ask_state(workspace, settings)
    now = read_clock()
    plans = [
        plan_campaign(
            campaign,
            settings.accounts[campaign.account],
            stored if isinstance(stored, UnreadableState) else stored.get(campaign.id),
            now,
        )
        for campaign in workspace.campaigns.values()
    ]
    answers = _ask_balances(plans, settings, workspace.root) if ask else {}
    balances = {name: answer for name, answer in answers.items() if isinstance(answer, Balance)}
    if as_json:
        document = plan_json(plans, settings, balances, now)
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo(_describe(plans, settings, balances))
    return _judge(plans, answers)


def plan_json(
    plans: Sequence[CampaignPlan],
    settings: Settings,
    balances: Mapping[str, Balance],
    now: datetime,
) -> dict[str, object]:
    """Give a plan in the shape that scripts rely on."""
    return {
        "digest": plan_digest(plans),
        "campaigns": [_campaign_json(plan, settings, balances, now) for plan in plans],
    }


def _campaign_json(
    plan: CampaignPlan, settings: Settings, balances: Mapping[str, Balance], now: datetime
) -> dict[str, object]:
    campaign, audience = plan.campaign, plan.campaign.audience
    return {
        "id": campaign.id,
        "file": campaign.file,
        "digest": plan.digest,
        "action": plan.action,
        "title": campaign.message.title,
        "account": campaign.account,
        "start": _start(plan, settings, now),
        "recipients": {
            "given": audience.given,
            "duplicates": audience.duplicates,
            "invalid": audience.invalid,
            "excluded": audience.excluded,
            "total": len(audience.mobiles),
        },
        "sources": [
            {"name": source.name, "rows": source.rows, "digest": source.digest}
            for source in audience.sources
        ],
        "message": _message_json(plan, settings.accounts[campaign.account]),
        "batches": [
            {
                "seq": batch.seq,
                "recipients": len(batch.mobiles),
                "request_bytes": batch.request_bytes,
                "digest": batch.digest,
            }
            for batch in plan.batches
        ],
        "warnings": _warnings(plan, balances),
        "not_checked": [] if campaign.account in balances else ["balance"],
    }


def _message_json(plan: CampaignPlan, account: Account) -> dict[str, object]:
    return {
        "bytes": plan.message.size,
        "limit": account.message_limit,
        "digest": plan.message.digest,
        "frames": [
            {
                "duration": frame.duration,
                "parts": [{"type": part.type, "bytes": len(part.payload)} for part in frame.parts],
            }
            for frame in plan.campaign.message.frames
        ],
    }


def _start(plan: CampaignPlan, settings: Settings, now: datetime) -> str | None:
    start = now if plan.campaign.starts_now else plan.campaign.start
    if start is None:
        return None
    return start.astimezone(settings.zone).isoformat(timespec="seconds")


def _warnings(plan: CampaignPlan, balances: Mapping[str, Balance]) -> list[str]:
    from runner.dispatch.policy import covers

    warnings = [plan.reason] if plan.reason else []
    warnings += plan.warnings
    balance = balances.get(plan.campaign.account)
    total = len(plan.campaign.audience.mobiles)
    if balance and not covers(balance, total):
        warnings.append(f"the balance of {balance.left} does not cover {total} recipients")
    return warnings


def _ask_state(
    workspace: Workspace, settings: Settings
) -> Mapping[str, StoredCampaign] | UnreadableState:
    from runner.store.database import look_into
    from runner.store.identity import check_workspace
    from runner.store.planning import read_facts

    path = state_path(settings, workspace.root)
    with ExitStack() as stack:
        try:
            transaction = stack.enter_context(look_into(path))
            facts = read_facts(transaction) if transaction is not None else {}
        except StateRefused as error:
            warn(f"{error}\n  {error.hint or 'what was sent already is not known'}")
            return UnreadableState()
        if transaction is not None:
            check_workspace(transaction, name=settings.name, folder=str(workspace.root))
        return facts


def _ask_balances(
    plans: Sequence[CampaignPlan], settings: Settings, root: Path
) -> Mapping[str, Answer]:
    from runner.cli.balance import ask_balance, explain

    names = dict.fromkeys(plan.campaign.account for plan in plans)
    answers = {name: ask_balance(settings.accounts[name], root) for name in names}
    for name, answer in answers.items():
        if not isinstance(answer, Balance):
            warn(f"account {name}: {explain(answer)}")
    return answers


def _judge(plans: Sequence[CampaignPlan], answers: Mapping[str, Answer]) -> Exit:
    from runner.cli.balance import judge_answers

    if any(plan.action in _NEEDS_A_PERSON for plan in plans):
        return max(Exit.PERSON_NEEDED, judge_answers(answers))
    return judge_answers(answers) if answers else Exit.OK


def _describe(
    plans: Sequence[CampaignPlan], settings: Settings, balances: Mapping[str, Balance]
) -> str:
    if not plans:
        return "The workspace has no campaign."
    return "\n\n".join(_describe_campaign(plan, settings, balances) for plan in plans)


def _describe_campaign(
    plan: CampaignPlan, settings: Settings, balances: Mapping[str, Balance]
) -> str:
    campaign, audience = plan.campaign, plan.campaign.audience
    account = settings.accounts[campaign.account]
    start = campaign.start.astimezone(settings.zone) if campaign.start else None
    total = len(audience.mobiles)
    counted = (
        f"{total:,} = {audience.given:,} given - {audience.duplicates:,} duplicates"
        f" - {audience.invalid:,} invalid - {audience.excluded:,} excluded"
    )
    frames = count(len(campaign.message.frames), "frame")
    size = f"{plan.message.size:,} of {account.message_limit:,} bytes in {frames}"
    lines = [
        f"{campaign.id}: {plan.action}, {_WORDS[plan.action].format(id=campaign.id)}",
        f"  title       {campaign.message.title}",
        f"  start       {start or ('now' if campaign.starts_now else 'none')}",
        f"  recipients  {counted}",
        *(f"              {source.rows:,} rows in {source.name}" for source in audience.sources),
        f"  message     {size}",
        f"  requests    {_describe_batches(plan)} by account {account.name}",
        *(f"  warning     {warning}" for warning in _warnings(plan, balances)),
    ]
    if balance := balances.get(account.name):
        lines.append(f"  balance     {balance.left}")
    else:
        lines.append("  not checked balance")
    return "\n".join(lines)


def _describe_batches(plan: CampaignPlan) -> str:
    sizes = [f"{len(batch.mobiles):,}" for batch in plan.batches[:5]]
    more = ["…"] if len(plan.batches) > len(sizes) else []
    largest = max((batch.request_bytes for batch in plan.batches), default=0)
    return (
        f"{len(plan.batches):,} ({' + '.join(sizes + more)} people), up to {largest:,} bytes each,"
    )
