"""Names the next command to type, for each thing that stops a campaign or an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.language import N_, _
from runner.lifecycle import AccountState, BatchState, BrakeSource, CampaignState, RecipientState
from runner.store.brakes import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.store.brakes import Brake
    from runner.store.progress import AccountStatus, CampaignStatus

TROUBLED = (BatchState.IN_DOUBT, BatchState.REJECTED)

_NEXT = {
    CampaignState.HALTED: N_("correct the cause, then `mms-runner resume {id}`"),
    CampaignState.HELD: N_(
        "correct that: a daemon takes it up by itself, else `mms-runner run {id}`"
    ),
    CampaignState.MISSED: N_(
        "`mms-runner resume {id}` starts it now; a new `start` in its file schedules it anew"
    ),
}
_NEXT_UNTENDED = {
    CampaignState.SCHEDULED: N_(
        "`mms-runner daemon` begins it at its start, `run` when it has come"
    ),
    CampaignState.RUNNING: N_("`mms-runner run {id}` goes on with what is planned"),
}
_NEXT_DRAFT = N_("`mms-runner run {id}` sends it: it has no start")
_NEXT_AFTER_TROUBLE = N_("settle the batches above; `mms-runner resume {id}` goes on without them")
_NEXT_OVER = N_("set a later `until` in its file, or `mms-runner cancel {id}`")
_NEXT_STOPPED = N_("see to the account, then `mms-runner resume --account {account}`")
_NEXT_OF_ACCOUNT = N_("correct the cause, then `mms-runner resume --account {account}`")
_RESUMED = (CampaignState.HALTED, CampaignState.MISSED)
_NEXT_BY_CLOCK = N_("compare both clocks with the true time: `date -u`, `mms-runner balance`")
_NEXT_BY_SOURCE = {
    BrakeSource.FILE: N_("take `state: paused` out of its file, or put the file back"),
    BrakeSource.GUARD: N_("correct the list: nothing goes out without it"),
}


def advise(campaign: CampaignStatus, *, tended: bool) -> Iterator[str]:
    """Name what to do next, one act for each thing that stops a campaign.

    tended: a daemon is at work, so what waits for nobody goes on by itself.
    """
    names = {"id": campaign.id, "account": campaign.account}
    templates = (*_advise_state(campaign), *_advise_stops(campaign))
    yield from (_(template).format(**names) for template in templates)
    yield from (
        name_release(brake) for brake in campaign.brakes if not _is_lifted_too(campaign, brake)
    )
    stopped = campaign.brakes or campaign.stop or campaign.over
    if campaign.recipients[RecipientState.PENDING] and not stopped:
        yield from (_(template).format(**names) for template in _advise_waiting(campaign, tended))


def say_next(advice: str) -> str:
    """Say what to do next."""
    return _("next: {advice}").format(advice=advice)


def name_release(brake: Brake) -> str:
    """Name what lifts a brake: each is lifted by its own source alone."""
    if brake.source is BrakeSource.GUARD and brake.subject is Subject.ACCOUNT:
        return _(_NEXT_BY_CLOCK)
    if brake.source is not BrakeSource.COMMAND:
        return _(_NEXT_BY_SOURCE[brake.source])
    words = {
        Subject.CAMPAIGN: brake.name,
        Subject.ACCOUNT: f"--account {brake.name}",
        Subject.ALL: "--all",
    }
    return f"`mms-runner resume {words[brake.subject]}`"


def advise_account(account: AccountStatus) -> Iterator[str]:
    """Name what to do next, one act for each thing that stops an account."""
    yield from (name_release(brake) for brake in account.brakes)
    if account.state is not AccountState.ACTIVE or account.reports_stopped:
        yield _(_NEXT_OF_ACCOUNT).format(account=account.name)


def _advise_state(campaign: CampaignStatus) -> Iterator[str]:
    halted = campaign.state is CampaignState.HALTED
    if halted and any(batch.state in TROUBLED for batch in campaign.batches):
        yield _NEXT_AFTER_TROUBLE
    elif campaign.state in _NEXT:
        yield _NEXT[campaign.state]


def _advise_stops(campaign: CampaignStatus) -> Iterator[str]:
    if campaign.stop:
        yield _NEXT_STOPPED
    if campaign.over:
        yield _NEXT_OVER


def _advise_waiting(campaign: CampaignStatus, tended: bool) -> Iterator[str]:
    if campaign.state is CampaignState.SCHEDULED and campaign.start is None:
        yield _NEXT_DRAFT
    elif campaign.state in _NEXT_UNTENDED and not tended:
        yield _NEXT_UNTENDED[campaign.state]


def _is_lifted_too(campaign: CampaignStatus, brake: Brake) -> bool:
    """Whether the `resume` that the campaign's state wants lifts this brake as well."""
    own = brake.subject is Subject.CAMPAIGN and brake.source is BrakeSource.COMMAND
    return own and campaign.state in _RESUMED
