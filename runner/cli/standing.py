"""Shows where campaigns and accounts stand: the counts, what is wrong, and the next command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.cli.advice import TROUBLED, advise, advise_account
from runner.cli.tables import count, render_table
from runner.lifecycle import AccountState, BatchState, BrakeSource, RecipientState
from runner.model.recipient import mask_mobiles
from runner.store.room import has_room
from runner.store.wal import find_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from runner.cli.rows import Rows
    from runner.store.brakes import Brake
    from runner.store.progress import AccountStatus, BatchStatus, CampaignStatus
    from runner.store.reloads import WorkspaceStatus

_SETTLE = "ask the gateway's operator, then `mms-runner resolve {id} --accepted` or `--not-sent`"
_DRIFTED = (
    "its file differs from what was sent, and changes nothing of it:"
    " to send something new, copy it to a new file name: `mms-runner copy {id} NEW`"
)
_FULL = "the disk of the state is full: nothing is sent or fetched until there is room"
_MOST_BATCHES_TOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the state stands on. problem: keeps it from being written; warning: may harm it."""

    problem: str | None = None
    warning: str | None = None


def find_ground(state: Path) -> Ground:
    """Look at the disk of a state and at the library that writes it."""
    full = None if has_room(state) else _FULL
    return Ground(problem=full, warning=find_fault())


def status_json(
    campaigns: Iterable[CampaignStatus],
    accounts: Iterable[AccountStatus],
    workspace: WorkspaceStatus,
    brakes: Iterable[Brake],
    zone: tzinfo,
    ground: Ground,
) -> dict[str, Rows | dict[str, object]]:
    """Give the state in the shape that scripts rely on; brakes: those on everything.

    Campaigns are made as they are taken out: there may be tens of thousands.
    """
    problems = [workspace.problem, ground.problem]
    files: dict[str, object] = {
        "paused": [brake.describe(zone) for brake in brakes],
        "read_at": _iso(workspace.read_at, zone),
        "revision": workspace.revision,
        "problems": [problem for problem in problems if problem],
        "warnings": [ground.warning] if ground.warning else [],
    }
    return {
        "campaigns": (_campaign_json(campaign, zone) for campaign in campaigns),
        "accounts": (_account_json(account, zone) for account in accounts),
        "workspace": files,
    }


def describe_campaigns(
    campaigns: Sequence[CampaignStatus],
    zone: tzinfo,
    *,
    notes: Mapping[str, str] | None = None,
    tended: bool = False,
) -> str:
    """Make a table of campaigns, and below it what is wrong with each.

    notes: what else is to be said of some, by id; tended: a daemon is at work.
    """
    head = ["campaign", "state", "start", "total", *(state.value for state in RecipientState)]
    rows = [
        [
            campaign.id,
            campaign.shown,
            _start(campaign, zone),
            campaign.total,
            *(campaign.recipients[state] for state in RecipientState),
        ]
        for campaign in campaigns
    ]
    told = [
        f"{campaign.id}: {line}"
        for campaign in campaigns
        for line in (
            *_describe_problems(campaign, zone),
            *_describe_waiting(campaign, notes or {}),
            *(f"next: {advice}" for advice in advise(campaign, tended=tended)),
        )
    ]
    return "\n".join([render_table(head, rows), *told])


def describe_batches(campaign: CampaignStatus) -> str:
    """Make a table of a campaign's batches."""
    head = ["batch", "seq", "state", "recipients", "task", "code", "attempts", "reason"]
    rows = [
        [
            batch.id,
            batch.seq,
            batch.state,
            batch.recipients,
            batch.task_id,
            batch.code,
            batch.attempts,
            batch.reason,
        ]
        for batch in campaign.batches
    ]
    return render_table(head, rows)


def describe_accounts(accounts: Sequence[AccountStatus], zone: tzinfo) -> str:
    """Make a table of accounts, and below it what is wrong with each."""
    head = ["account", "state", "balance", "reports", "unmatched", "quarantined"]
    rows = [
        [
            account.name,
            account.shown,
            account.balance or "not asked",
            account.received,
            account.unmatched,
            account.quarantined,
        ]
        for account in accounts
    ]
    told = [
        f"{account.name}: {line}"
        for account in accounts
        for line in (
            *problems_of(account, zone),
            *(f"next: {advice}" for advice in advise_account(account)),
        )
    ]
    return "\n".join([render_table(head, rows), *told])


def describe_workspace(workspace: WorkspaceStatus, brakes: Iterable[Brake], zone: tzinfo) -> str:
    """Say which files are in force, and what stops everything; empty where nothing is known."""
    lines = [f"paused: {brake.describe(zone)}" for brake in brakes]
    if workspace.read_at:
        commit = f"commit {workspace.revision}, " if workspace.revision else ""
        lines.append(f"files: {commit}read at {workspace.read_at.astimezone(zone):%F %R %Z}")
    if workspace.problem:
        lines.append(f"files: {workspace.problem}")
    return "\n".join(lines)


def problems_in(campaign: CampaignStatus, zone: tzinfo) -> list[str]:
    """Say what about a campaign waits for a person, or was a person's doing."""
    problems = [f"{campaign.state}: {campaign.reason}"] if campaign.reason else []
    problems += [_describe_brake(brake, zone) for brake in campaign.brakes]
    problems += [f"paused: {campaign.stop}"] if campaign.stop else []
    if campaign.over:
        problems.append("paused: its `until` has passed, so nothing more of it is sent")
    problems += [_DRIFTED.format(id=campaign.id)] if campaign.drifted else []
    problems += [_describe_trouble(batch) for batch in campaign.batches if batch.state in TROUBLED]
    if unreported := campaign.recipients[RecipientState.UNREPORTED]:
        problems.append(f"{count(unreported, 'recipient')} without a report after the deadline")
    return problems


def problems_of(account: AccountStatus, zone: tzinfo) -> list[str]:
    """Say what about an account waits for a person."""
    problems = [_describe_brake(brake, zone) for brake in account.brakes]
    if account.state is not AccountState.ACTIVE or account.unreachable:
        problems.append(account.reason or account.state.value)
    if account.reports_stopped:
        problems.append(f"reports are not polled: {account.reports_stopped}")
    if account.quarantined:
        problems.append(
            f"{count(account.quarantined, 'piece')} of report answers could not be read:"
            " `mms-runner reports` shows them"
        )
    return problems


def _describe_brake(brake: Brake, zone: tzinfo) -> str:
    shown = "held" if brake.source is BrakeSource.GUARD else "paused"
    text = brake.describe(zone)
    return text if brake.source is BrakeSource.COMMAND else f"{shown}: {text}"


def _describe_problems(campaign: CampaignStatus, zone: tzinfo) -> Iterator[str]:
    problems = problems_in(campaign, zone)
    yield from problems[:_MOST_BATCHES_TOLD]
    if len(problems) > _MOST_BATCHES_TOLD:
        more = len(problems) - _MOST_BATCHES_TOLD
        yield f"and {more} more: `mms-runner status {campaign.id} --json`"


def _describe_waiting(campaign: CampaignStatus, notes: Mapping[str, str]) -> Iterator[str]:
    """Say what it waits for that needs nobody."""
    if campaign.handed_over:
        people = count(campaign.handed_over, "recipient")
        yield f"{people} at the gateway, which sends at the start"
    if campaign.id in notes:
        yield notes[campaign.id]


def _describe_trouble(batch: BatchStatus) -> str:
    state = batch.state.value.replace("_", " ")
    settle = (
        _SETTLE if batch.state is BatchState.IN_DOUBT else "`mms-runner resolve {id} --not-sent`"
    )
    known = "".join(f"; evidence: {text}" for text in batch.evidence)
    return (
        f"batch {batch.id} ({count(batch.recipients, 'recipient')}) is {state}:"
        f" {batch.reason}{known}; {settle.format(id=batch.id)}"
    )


def _start(campaign: CampaignStatus, zone: tzinfo) -> str:
    return f"{campaign.start.astimezone(zone):%F %R}" if campaign.start else ""


def _iso(moment: datetime | None, zone: tzinfo) -> str | None:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None


def _campaign_json(campaign: CampaignStatus, zone: tzinfo) -> dict[str, object]:
    counts = {state.value: campaign.recipients[state] for state in RecipientState}
    return {
        "id": campaign.id,
        "state": campaign.shown,
        "title": mask_mobiles(campaign.title),
        "account": campaign.account,
        "start": _iso(campaign.start, zone),
        "recipients": {"total": campaign.total, **counts},
        "batches": [
            {
                "id": batch.id,
                "seq": batch.seq,
                "state": batch.state,
                "recipients": batch.recipients,
                "task_id": batch.task_id,
                "code": batch.code,
                "attempts": batch.attempts,
            }
            for batch in campaign.batches
        ],
        "problems": problems_in(campaign, zone),
    }


def _account_json(account: AccountStatus, zone: tzinfo) -> dict[str, object]:
    return {
        "name": account.name,
        "state": account.shown,
        "balance": account.balance,
        "reports": {
            "received": account.received,
            "unmatched": account.unmatched,
            "quarantined": account.quarantined,
        },
        "problems": problems_of(account, zone),
    }
