"""Shows where campaigns and accounts stand: the counts, what is wrong, and the next command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.cli.advice import TROUBLED, advise, advise_account, say_next
from runner.cli.names import name_state
from runner.cli.person import tell_reason
from runner.cli.tables import count, render_table
from runner.language import N_, _, translate
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

_IN_DOUBT = N_(
    "batch {batch} ({people}) is in doubt: {reason};"
    " ask the gateway's operator, then `mms-runner resolve {batch} --accepted` or `--not-sent`"
)
_REJECTED = N_(
    "batch {batch} ({people}) is rejected: {reason}; `mms-runner resolve {batch} --not-sent`"
)
_DRIFTED = N_(
    "its file differs from what was sent, and changes nothing of it:"
    " to send something new, copy it to a new file name: `mms-runner copy {id} NEW`"
)
_FULL = N_("the disk of the state is full: nothing is sent or fetched until there is room")
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
        "paused": [translate(brake.describe(zone)) for brake in brakes],
        "read_at": _iso(workspace.read_at, zone),
        "revision": workspace.revision,
        "problems": [translate(problem) for problem in problems if problem],
        "warnings": [translate(ground.warning)] if ground.warning else [],
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
    states = (name_state(state) for state in RecipientState)
    head = [_("campaign"), _("state"), _("start"), _("total"), *states]
    rows = [
        [
            campaign.id,
            name_state(campaign.shown),
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
            *map(say_next, advise(campaign, tended=tended)),
        )
    ]
    return "\n".join([render_table(head, rows), *told])


def describe_batches(campaign: CampaignStatus) -> str:
    """Make a table of a campaign's batches."""
    head = [
        *(_("batch"), _("seq"), _("state"), _("recipients")),
        *(_("task"), _("code"), _("attempts"), _("reason")),
    ]
    rows = [
        [
            batch.id,
            batch.seq,
            name_state(batch.state),
            batch.recipients,
            batch.task_id,
            batch.code,
            batch.attempts,
            tell_reason(batch.reason),
        ]
        for batch in campaign.batches
    ]
    return render_table(head, rows)


def describe_accounts(accounts: Sequence[AccountStatus], zone: tzinfo) -> str:
    """Make a table of accounts, and below it what is wrong with each."""
    head = [
        *(_("account"), _("state"), _("balance")),
        *(_("reports"), _("unmatched"), _("quarantined")),
    ]
    rows = [
        [
            account.name,
            name_state(account.shown),
            account.balance or _("not asked"),
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
            *map(say_next, advise_account(account)),
        )
    ]
    return "\n".join([render_table(head, rows), *told])


def describe_workspace(workspace: WorkspaceStatus, brakes: Iterable[Brake], zone: tzinfo) -> str:
    """Say which files are in force, and what stops everything; empty where nothing is known."""
    lines = [_say_paused(translate(brake.describe(zone))) for brake in brakes]
    if workspace.read_at:
        if workspace.revision:
            told = _("files: commit {commit}, read at {time}")
        else:
            told = _("files: read at {time}")
        time = f"{workspace.read_at.astimezone(zone):%F %R %Z}"
        lines.append(told.format(commit=workspace.revision, time=time))
    if workspace.problem:
        lines.append(_("files: {problem}").format(problem=translate(workspace.problem)))
    return "\n".join(lines)


def problems_in(campaign: CampaignStatus, zone: tzinfo) -> list[str]:
    """Say what about a campaign waits for a person, or was a person's doing."""
    problems = [_describe_state(campaign)] if campaign.reason else []
    problems += [_describe_brake(brake, zone) for brake in campaign.brakes]
    problems += [_say_paused(translate(campaign.stop))] if campaign.stop else []
    if campaign.over:
        problems.append(_("paused: its `until` has passed, so nothing more of it is sent"))
    problems += [_(_DRIFTED).format(id=campaign.id)] if campaign.drifted else []
    problems += [_describe_trouble(batch) for batch in campaign.batches if batch.state in TROUBLED]
    if unreported := campaign.recipients[RecipientState.UNREPORTED]:
        told = _("{people} without a report after the deadline")
        problems.append(told.format(people=count(unreported, "recipient")))
    return problems


def problems_of(account: AccountStatus, zone: tzinfo) -> list[str]:
    """Say what about an account waits for a person."""
    problems = [_describe_brake(brake, zone) for brake in account.brakes]
    if account.state is not AccountState.ACTIVE or account.unreachable:
        problems.append(translate(account.reason or "") or name_state(account.state))
    if account.reports_stopped:
        told = _("reports are not polled: {why}")
        problems.append(told.format(why=translate(account.reports_stopped)))
    if account.quarantined:
        told = _("{pieces} of report answers could not be read: `mms-runner reports` shows them")
        problems.append(told.format(pieces=count(account.quarantined, "piece")))
    return problems


def _describe_brake(brake: Brake, zone: tzinfo) -> str:
    text = translate(brake.describe(zone))
    match brake.source:
        case BrakeSource.COMMAND:
            return text
        case BrakeSource.GUARD:
            return _("held: {why}").format(why=text)
    return _say_paused(text)


def _say_paused(why: str) -> str:
    return _("paused: {why}").format(why=why)


def _describe_state(campaign: CampaignStatus) -> str:
    reason = tell_reason(campaign.reason)
    return _("{state}: {reason}").format(state=name_state(campaign.state), reason=reason)


def _describe_problems(campaign: CampaignStatus, zone: tzinfo) -> Iterator[str]:
    problems = problems_in(campaign, zone)
    yield from problems[:_MOST_BATCHES_TOLD]
    if len(problems) > _MOST_BATCHES_TOLD:
        more = len(problems) - _MOST_BATCHES_TOLD
        told = _("and {number} more: `mms-runner status {id} --json`")
        yield told.format(number=more, id=campaign.id)


def _describe_waiting(campaign: CampaignStatus, notes: Mapping[str, str]) -> Iterator[str]:
    """Say what it waits for that needs nobody."""
    if campaign.handed_over:
        people = count(campaign.handed_over, "recipient")
        yield _("{people} at the gateway, which sends at the start").format(people=people)
    if campaign.id in notes:
        yield notes[campaign.id]


def _describe_trouble(batch: BatchStatus) -> str:
    told = _(_IN_DOUBT if batch.state is BatchState.IN_DOUBT else _REJECTED)
    reason = tell_reason(str(batch.reason))
    for text in batch.evidence:
        known = _("{reason}; evidence: {evidence}")
        reason = known.format(reason=reason, evidence=translate(text))
    return told.format(batch=batch.id, people=count(batch.recipients, "recipient"), reason=reason)


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
