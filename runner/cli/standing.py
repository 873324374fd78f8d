"""Shows where campaigns and accounts stand: the counts, what is wrong, and the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.cli.tables import count, render_table
from runner.lifecycle import AccountState, BatchState, CampaignState, RecipientState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, tzinfo

    from runner.store.progress import AccountStatus, BatchStatus, CampaignStatus

_NEXT = {
    CampaignState.HALTED: "correct the cause, then `mms-runner resolve BATCH --not-sent`",
    CampaignState.HELD: "`mms-runner run {id}` once that is corrected",
    CampaignState.MISSED: "`mms-runner run {id}` once its file has a new `start`",
    CampaignState.RUNNING: "`mms-runner run {id}` goes on with what is planned",
}
_SETTLE = "ask the gateway's operator, then `mms-runner resolve {id} --accepted` or `--not-sent`"
_MOST_BATCHES_TOLD = 10


def status_json(
    campaigns: Iterable[CampaignStatus], accounts: Iterable[AccountStatus], zone: tzinfo
) -> dict[str, object]:
    """Give the state in the shape that scripts rely on."""
    return {
        "campaigns": [_campaign_json(campaign, zone) for campaign in campaigns],
        "accounts": [_account_json(account) for account in accounts],
    }


def describe_campaigns(campaigns: Sequence[CampaignStatus], zone: tzinfo) -> str:
    """Make a table of campaigns, and below it what is wrong with each."""
    head = ["campaign", "state", "start", "total", *(state.value for state in RecipientState)]
    rows = [
        [
            campaign.id,
            _shown_state(campaign),
            _start(campaign, zone),
            campaign.total,
            *(campaign.recipients[state] for state in RecipientState),
        ]
        for campaign in campaigns
    ]
    told = [f"{campaign.id}: {line}" for campaign in campaigns for line in _all_lines(campaign)]
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


def describe_accounts(accounts: Sequence[AccountStatus]) -> str:
    """Make a table of accounts, and below it what is wrong with each."""
    head = ["account", "state", "balance", "reports", "unmatched", "quarantined"]
    rows = [
        [
            account.name,
            account.state,
            account.balance or "not asked",
            account.received,
            account.unmatched,
            account.quarantined,
        ]
        for account in accounts
    ]
    told = [f"{account.name}: {line}" for account in accounts for line in problems_of(account)]
    return "\n".join([render_table(head, rows), *told])


def problems_in(campaign: CampaignStatus) -> list[str]:
    """Say what about a campaign waits for a person."""
    problems = [f"{campaign.state}: {campaign.reason}"] if campaign.reason else []
    problems += [f"paused: {campaign.brake}"] if campaign.brake else []
    problems += [
        _describe_trouble(batch)
        for batch in campaign.batches
        if batch.state in (BatchState.IN_DOUBT, BatchState.REJECTED)
    ]
    if unreported := campaign.recipients[RecipientState.UNREPORTED]:
        problems.append(f"{count(unreported, 'recipient')} without a report after the deadline")
    return problems


def problems_of(account: AccountStatus) -> list[str]:
    """Say what about an account waits for a person."""
    problems = []
    if account.state is not AccountState.ACTIVE or account.unreachable:
        problems.append(account.reason or account.state.value)
    if account.reports_stopped:
        problems.append(f"reports are not polled: {account.reports_stopped}")
    if account.quarantined:
        problems.append(
            f"{count(account.quarantined, 'piece')} of report answers could not be read"
            " (kept in the table `quarantine` of the state)"
        )
    return problems


def _all_lines(campaign: CampaignStatus) -> Iterator[str]:
    problems = problems_in(campaign)
    yield from problems[:_MOST_BATCHES_TOLD]
    if len(problems) > _MOST_BATCHES_TOLD:
        more = len(problems) - _MOST_BATCHES_TOLD
        yield f"and {more} more: `mms-runner status {campaign.id} --json`"
    pending = campaign.recipients[RecipientState.PENDING]
    if campaign.state in _NEXT and (pending or campaign.reason):
        yield f"next: {_NEXT[campaign.state].format(id=campaign.id)}"


def _describe_trouble(batch: BatchStatus) -> str:
    state = batch.state.value.replace("_", " ")
    settle = (
        _SETTLE if batch.state is BatchState.IN_DOUBT else "`mms-runner resolve {id} --not-sent`"
    )
    return (
        f"batch {batch.id} ({count(batch.recipients, 'recipient')}) is {state}:"
        f" {batch.reason}; {settle.format(id=batch.id)}"
    )


def _shown_state(campaign: CampaignStatus) -> str:
    """Name a campaign's state; under a wider brake it is paused, whatever its own state says."""
    return "paused" if campaign.brake else campaign.state.value


def _start(campaign: CampaignStatus, zone: tzinfo) -> str:
    return f"{campaign.start.astimezone(zone):%F %R}" if campaign.start else ""


def _iso(moment: datetime | None, zone: tzinfo) -> str | None:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None


def _campaign_json(campaign: CampaignStatus, zone: tzinfo) -> dict[str, object]:
    counts = {state.value: campaign.recipients[state] for state in RecipientState}
    return {
        "id": campaign.id,
        "state": _shown_state(campaign),
        "title": campaign.title,
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
        "problems": problems_in(campaign),
    }


def _account_json(account: AccountStatus) -> dict[str, object]:
    return {
        "name": account.name,
        "state": account.state,
        "balance": account.balance,
        "reports": {
            "received": account.received,
            "unmatched": account.unmatched,
            "quarantined": account.quarantined,
        },
        "problems": problems_of(account),
    }
