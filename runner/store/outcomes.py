"""The durable end of a submission: what became of a batch, and what follows for its campaign.

An outcome lands only where the batch still bears the claim's token: whoever was given up for dead
can neither undo a later claim nor be mistaken for it. What is made of an outcome is not decided
here; a ``BatchChange`` says it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.faultpoint import faultpoint
from runner.language import N_
from runner.lifecycle import (
    BATCH,
    CAMPAIGN,
    BatchEvent,
    BatchState,
    CampaignEvent,
    CampaignState,
    SettledBy,
    after,
)
from runner.store.events import record_event
from runner.store.moments import from_column, to_column
from runner.store.planning import move_campaign
from runner.timing import stamp

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from runner.store.claims import Claim
    from runner.store.transaction import Row, Transaction

# A batch that was given up as in doubt still takes the late answer to its own claim.
_CLAIMED = """
    SELECT id, campaign, state, reason, refusals, account, settled_by, task_id FROM batches
    WHERE id = :batch AND token = :token AND state IN ('submitting', 'in_doubt')
"""

_TASK_OWNER = """
    SELECT id FROM batches WHERE account = :account AND task_id = :task_id AND id <> :batch
"""

_OUTCOME = """
    UPDATE batches SET state = :state, reason = :reason, not_before = :not_before,
        code = :code, refusals = coalesce(:refusals, refusals),
        task_id = coalesce(:task_id, task_id),
        accepted_at = :accepted_at, report_deadline = :report_deadline,
        settled_by = :settled_by, disowned = disowned OR :disowned
    WHERE id = :batch
"""

_STARTS_AT_GATEWAY = """
    SELECT c.start FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.id = :batch AND c.starts_at_gateway
"""

_IS_LEFT = """
    SELECT EXISTS (
        SELECT 1 FROM batches WHERE campaign = :campaign AND state IN ('planned', 'submitting')
    )
"""

_OTHERS_IN_TROUBLE = """
    SELECT EXISTS (
        SELECT 1 FROM batches
        WHERE campaign = :campaign AND state IN ('in_doubt', 'rejected') AND id <> :batch
    )
"""

_CAMPAIGN_STATE = "SELECT state FROM campaigns WHERE id = :campaign"

_ABANDONED = """
    SELECT id, campaign, account, state, reason, refusals, settled_by, task_id, owner
    FROM batches WHERE state = 'submitting'
"""

_BATCH = """
    SELECT id, campaign, account, state, reason, refusals, settled_by, task_id
    FROM batches WHERE id = :batch
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """What the store knows of a batch; refusals: how often the gateway asked for another try.

    reason: why it is in its state, for a person; settled_by: None where nobody had to settle it.
    """

    id: int
    account: str
    campaign: str
    state: BatchState
    refusals: int
    settled_by: SettledBy | None = None
    task_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchChange:
    """What becomes of a batch.

    reason: for a person; code: the gateway's refusal.
    refusals: the new count against `retry.tries`, None for as it was.
    again_at: not claimed before; report_deadline: for an accepted one.
    halts: the campaign stops, since its next batch would fare the same.
    resumes: one that had stopped goes on, since a person settled the cause.
    settled_by: who settled its doubt; disowned: a person says that its claim was not sent.
    """

    event: BatchEvent
    reason: str | None = None
    code: int | None = None
    refusals: int | None = None
    task_id: str | None = None
    again_at: datetime | None = None
    report_deadline: datetime | None = None
    halts: bool = False
    resumes: bool = False
    settled_by: SettledBy | None = None
    disowned: bool = False


def find_claimed(transaction: Transaction, claim: Claim) -> StoredBatch | None:
    """Find the batch of a claim; None where somebody settled it since, so it is too late."""
    row = transaction.execute(_CLAIMED, {"batch": claim.batch, "token": claim.token}).fetchone()
    return _stored_batch(row) if row else None


def find_task_owner(transaction: Transaction, batch: StoredBatch, task_id: str) -> int | None:
    """Name another batch of the account that bears this task id already."""
    owner: int | None = transaction.execute(
        _TASK_OWNER, {"account": batch.account, "task_id": task_id, "batch": batch.id}
    ).scalar()
    return owner


def note_unwanted_receipt(
    transaction: Transaction, claim: Claim, task_id: str, now: datetime
) -> None:
    """Log that the gateway took a batch after somebody had settled it: nothing else shows it."""
    reason = f"the gateway took it as task {task_id}, but the claim had been settled before"
    record_event(transaction, now=now, subject="batch", name=claim.batch, reason=reason)


def change_batch(
    transaction: Transaction, batch: StoredBatch, change: BatchChange, now: datetime
) -> BatchState:
    """Apply what became of a batch, and what follows for its campaign.

    What did not arrive stays unsent where its campaign was cancelled in the meantime.
    """
    campaign = _read_campaign_state(transaction, batch.campaign)
    if campaign is CampaignState.CANCELLED and change.event is BatchEvent.NOT_SENT:
        change = replace(change, event=BatchEvent.CANCEL, again_at=None)
    state = after(BATCH, batch.state, change.event)
    _keep(transaction, batch.id, change, state, now)
    reason = change.reason or (f"task {change.task_id}" if change.task_id else None)
    record_event(
        transaction,
        now=now,
        subject="batch",
        name=batch.id,
        old_state=batch.state,
        new_state=state,
        reason=reason,
    )
    _follow_campaign(transaction, batch.campaign, campaign, change, state, now)
    return state


def find_batch(transaction: Transaction, batch: int) -> StoredBatch | None:
    """Find a batch by its id, whoever claimed it."""
    row = transaction.execute(_BATCH, {"batch": batch}).fetchone()
    return _stored_batch(row) if row else None


def find_report_deadline(
    transaction: Transaction, batch: int, within: timedelta, now: datetime
) -> datetime:
    """Say until when a batch that counts as taken from now on may get its reports.

    Counted from the start where the gateway waits for it.
    """
    start = transaction.execute(_STARTS_AT_GATEWAY, {"batch": batch}).scalar()
    return max(now, from_column(start) or now) + within


def are_others_in_trouble(transaction: Transaction, batch: StoredBatch) -> bool:
    """Whether another batch of the same campaign is in doubt or rejected."""
    key = {"campaign": batch.campaign, "batch": batch.id}
    return bool(transaction.execute(_OTHERS_IN_TROUBLE, key).scalar())


def doubt_abandoned(transaction: Transaction, now: datetime) -> list[StoredBatch]:
    """Put in doubt what a dead process had claimed; gives the batches as they stood.

    Only for the holder of the state's lock: nobody else can be sending then.
    """
    abandoned = transaction.execute(_ABANDONED).fetchall()
    for row in abandoned:
        reason = N_("{owner} ended before it recorded the answer").format(owner=row.owner)
        change = BatchChange(event=BatchEvent.DOUBT, reason=reason)
        change_batch(transaction, _stored_batch(row), change, now)
        faultpoint("recovery.doubted")
    return [_stored_batch(row) for row in abandoned]


def _stored_batch(row: Row) -> StoredBatch:
    return StoredBatch(
        id=row.id,
        account=row.account,
        campaign=row.campaign,
        state=BatchState(row.state),
        refusals=row.refusals,
        settled_by=SettledBy(row.settled_by) if row.settled_by else None,
        task_id=row.task_id,
        reason=row.reason,
    )


def _keep(
    transaction: Transaction, batch: int, change: BatchChange, state: BatchState, now: datetime
) -> None:
    deadline = change.report_deadline
    transaction.execute(
        _OUTCOME,
        {
            "batch": batch,
            "state": state,
            "reason": change.reason,
            "not_before": to_column(change.again_at),
            "code": change.code,
            "refusals": change.refusals,
            "task_id": change.task_id,
            "accepted_at": stamp(now) if state is BatchState.ACCEPTED else None,
            "report_deadline": to_column(deadline),
            "settled_by": change.settled_by,
            "disowned": change.disowned,
        },
    )


def _follow_campaign(
    transaction: Transaction,
    campaign: str,
    current: CampaignState,
    change: BatchChange,
    state: BatchState,
    now: datetime,
) -> None:
    if change.halts:
        # A cancelled campaign has nothing more to stop, and keeps its own reason.
        if after(CAMPAIGN, current, CampaignEvent.HALT) is not CampaignState.CANCELLED:
            move_campaign(transaction, campaign, CampaignEvent.HALT, now, reason=change.reason)
        return
    woken = current is CampaignState.FINISHED and state is BatchState.PLANNED
    if woken or (current is CampaignState.HALTED and change.resumes):
        move_campaign(transaction, campaign, CampaignEvent.REOPEN, now, reason=change.reason)
        current = CampaignState.RUNNING
    if current is CampaignState.RUNNING:
        complete_if_done(transaction, campaign, now)


def complete_if_done(transaction: Transaction, campaign: str, now: datetime) -> None:
    """Finish a running campaign of which nothing is planned or submitting."""
    if not _is_left(transaction, campaign):
        move_campaign(transaction, campaign, CampaignEvent.COMPLETE, now)


def _read_campaign_state(transaction: Transaction, campaign: str) -> CampaignState:
    row = transaction.execute(_CAMPAIGN_STATE, {"campaign": campaign})
    return CampaignState(row.scalar())


def _is_left(transaction: Transaction, campaign: str) -> bool:
    return bool(transaction.execute(_IS_LEFT, {"campaign": campaign}).scalar())
