"""The two durable ends of a submission: the claim before the POST, the outcome after it.

A claim carries a fresh token, and an outcome lands only where the batch still bears that token:
whoever was given up for dead can neither undo a later claim nor be mistaken for it. What is made of
an outcome is not decided here; a ``Ruling`` says it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from runner.codec.content import PackedMessage
from runner.lifecycle import (
    BATCH,
    BatchEvent,
    BatchState,
    CampaignEvent,
    CampaignState,
    after,
)
from runner.store.events import record_event
from runner.store.planning import move_campaign
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from runner.store.database import Transaction

# The oldest batch that may go out now. A campaign that somebody did not ask for stays. The indexes
# of what is planned answer it: what a campaign has finished is not walked through at each claim.
_NEXT = text("""
    SELECT b.id, b.campaign, b.seq, b.recipients, c.message
    FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.account = :account AND b.state = 'planned' AND coalesce(b.not_before, '') <= :now
        AND c.state = 'running' AND c.id IN :scope
    ORDER BY b.id LIMIT 1
""").bindparams(bindparam("scope", expanding=True))

_WAITING_UNTIL = text("""
    SELECT min(b.not_before)
    FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.account = :account AND b.state = 'planned'
        AND c.state = 'running' AND c.id IN :scope
""").bindparams(bindparam("scope", expanding=True))

_SIZE_OF_NEXT = text("""
    SELECT b.recipients
    FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.account = :account AND b.state = 'planned'
        AND c.state = 'running' AND c.id IN :scope
    ORDER BY b.id LIMIT 1
""").bindparams(bindparam("scope", expanding=True))

_IN_FLIGHT = text("""
    SELECT count(*) FROM batches WHERE account = :account AND state = 'submitting'
""")

_CLAIM = text("""
    UPDATE batches SET state = :state, token = :token, owner = :owner, claimed_at = :now,
        attempts = attempts + 1, not_before = NULL, reason = NULL
    WHERE id = :batch
""")

_FREEZE = text("UPDATE campaigns SET frozen_at = :now WHERE id = :campaign AND frozen_at IS NULL")

_MESSAGE = text("SELECT title, content, bytes, digest FROM messages WHERE digest = :digest")

# The order of the primary key: ascending, as the plan cut them.
_MOBILES = "SELECT mobile FROM recipients WHERE batch = ? ORDER BY mobile"

# A batch that was given up as in doubt still takes the late answer to its own claim.
_STANDING = text("""
    SELECT id, campaign, state, refusals, account FROM batches
    WHERE id = :batch AND token = :token AND state IN ('submitting', 'in_doubt')
""")

_TASK_OWNER = text("""
    SELECT id FROM batches WHERE account = :account AND task_id = :task_id AND id <> :batch
""")

_OUTCOME = text("""
    UPDATE batches SET state = :state, reason = :reason, not_before = :not_before,
        code = :code, refusals = coalesce(:refusals, refusals),
        task_id = coalesce(:task_id, task_id),
        accepted_at = :accepted_at, report_deadline = :report_deadline
    WHERE id = :batch
""")

_IS_LEFT = text("""
    SELECT EXISTS (
        SELECT 1 FROM batches WHERE campaign = :campaign AND state IN ('planned', 'submitting')
    )
""")

_OTHERS_IN_TROUBLE = text("""
    SELECT EXISTS (
        SELECT 1 FROM batches
        WHERE campaign = :campaign AND state IN ('in_doubt', 'rejected') AND id <> :batch
    )
""")

_CAMPAIGN_STATE = text("SELECT state FROM campaigns WHERE id = :campaign")

_ABANDONED = text("""
    SELECT id, campaign, account, state, refusals, owner FROM batches WHERE state = 'submitting'
""")

_BATCH = text("SELECT id, campaign, account, state, refusals FROM batches WHERE id = :batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch in the hands of one sender; token: proves it when the outcome is recorded."""

    batch: int
    campaign: str
    seq: int
    token: str
    recipients: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the store knows of a claimed batch when its outcome arrives."""

    batch: int
    account: str
    campaign: str
    state: BatchState
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchChange:
    """What becomes of a batch.

    reason: for a person; code: the gateway's refusal.
    refusals: the new count against `retry.tries`, None for as it was.
    again_at: not claimed before; report_deadline: for an accepted one.
    halts: the campaign stops, since its next batch would fare the same.
    resumes: one that had stopped goes on, since a person settled the cause.
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


def claim_batch(
    transaction: Transaction, account: str, scope: Sequence[str], *, owner: str, now: datetime
) -> Claim | None:
    """Claim the next batch that is due; None where there is none.

    scope: the campaigns that may be claimed. The intent is durable when the transaction ends.
    """
    row = transaction.execute(
        _NEXT, {"account": account, "now": stamp(now), "scope": list(scope)}
    ).one_or_none()
    if row is None:
        return None
    token = secrets.token_hex(8)
    transaction.execute(
        _CLAIM,
        {
            "batch": row.id,
            "state": after(BATCH, BatchState.PLANNED, BatchEvent.CLAIM),
            "token": token,
            "owner": owner,
            "now": stamp(now),
        },
    )
    transaction.execute(_FREEZE, {"campaign": row.campaign, "now": stamp(now)})
    _record_batch(
        transaction, row.id, BatchState.PLANNED, BatchState.SUBMITTING, f"claimed by {owner}", now
    )
    return Claim(
        batch=row.id,
        campaign=row.campaign,
        seq=row.seq,
        token=token,
        recipients=row.recipients,
        message=row.message,
    )


def next_due(transaction: Transaction, account: str, scope: Sequence[str]) -> datetime | None:
    """Say when the earliest batch that waits may be claimed; None where none waits."""
    moment = transaction.execute(
        _WAITING_UNTIL, {"account": account, "scope": list(scope)}
    ).scalar_one()
    return unstamp(moment) if moment else None


def size_of_next(transaction: Transaction, account: str, scope: Sequence[str]) -> int:
    """Count the recipients of the batch that goes out next; 0 where none does."""
    query = {"account": account, "scope": list(scope)}
    return transaction.execute(_SIZE_OF_NEXT, query).scalar() or 0


def count_in_flight(transaction: Transaction, account: str) -> int:
    """Count the account's batches that are being submitted."""
    count: int = transaction.execute(_IN_FLIGHT, {"account": account}).scalar_one()
    return count


def load_message(transaction: Transaction, digest: str) -> PackedMessage:
    """Give a kept message."""
    row = transaction.execute(_MESSAGE, {"digest": digest}).one()
    return PackedMessage(title=row.title, content=row.content, size=row.bytes, digest=row.digest)


def load_mobiles(transaction: Transaction, batch: int) -> list[int]:
    """Give a batch's recipients, ascending."""
    return [mobile for (mobile,) in transaction.exec_driver_sql(_MOBILES, (batch,))]


def find_standing(transaction: Transaction, claim: Claim) -> Standing | None:
    """Find the batch of a claim; None where somebody settled it since, so it is too late."""
    row = transaction.execute(_STANDING, {"batch": claim.batch, "token": claim.token}).one_or_none()
    return _standing(row) if row else None


def find_task_owner(transaction: Transaction, standing: Standing, task_id: str) -> int | None:
    """Name another batch of the account that bears this task id already."""
    owner: int | None = transaction.execute(
        _TASK_OWNER, {"account": standing.account, "task_id": task_id, "batch": standing.batch}
    ).scalar()
    return owner


def note_late_receipt(transaction: Transaction, claim: Claim, task_id: str, now: datetime) -> None:
    """Log that the gateway took a batch after somebody had settled it: nothing else shows it."""
    reason = f"the gateway took it as task {task_id}, but the claim had been settled before"
    record_event(transaction, now=now, subject="batch", name=claim.batch, reason=reason)


def change_batch(
    transaction: Transaction, standing: Standing, change: BatchChange, now: datetime
) -> BatchState:
    """Apply what became of a batch, and what follows for its campaign."""
    state = after(BATCH, standing.state, change.event)
    deadline = change.report_deadline
    transaction.execute(
        _OUTCOME,
        {
            "batch": standing.batch,
            "state": state,
            "reason": change.reason,
            "not_before": stamp(change.again_at) if change.again_at else None,
            "code": change.code,
            "refusals": change.refusals,
            "task_id": change.task_id,
            "accepted_at": stamp(now) if state is BatchState.ACCEPTED else None,
            "report_deadline": stamp(deadline) if deadline else None,
        },
    )
    reason = change.reason or (f"task {change.task_id}" if change.task_id else None)
    _record_batch(transaction, standing.batch, standing.state, state, reason, now)
    _follow_campaign(transaction, standing.campaign, change, state, now)
    return state


def find_batch(transaction: Transaction, batch: int) -> Standing | None:
    """Find a batch by its id, whoever claimed it."""
    row = transaction.execute(_BATCH, {"batch": batch}).one_or_none()
    return _standing(row) if row else None


def are_others_in_trouble(transaction: Transaction, standing: Standing) -> bool:
    """Whether another batch of the same campaign is in doubt or rejected."""
    key = {"campaign": standing.campaign, "batch": standing.batch}
    return bool(transaction.execute(_OTHERS_IN_TROUBLE, key).scalar_one())


def doubt_abandoned(transaction: Transaction, now: datetime) -> list[Standing]:
    """Put in doubt what a dead process had claimed; gives the batches as they stood.

    Only for the holder of the state's lock: nobody else can be sending then.
    """
    abandoned = transaction.execute(_ABANDONED).all()
    for row in abandoned:
        reason = f"{row.owner} ended before it recorded the answer"
        change = BatchChange(event=BatchEvent.DOUBT, reason=reason)
        change_batch(transaction, _standing(row), change, now)
    return [_standing(row) for row in abandoned]


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        batch=row.id,
        account=row.account,
        campaign=row.campaign,
        state=BatchState(row.state),
        refusals=row.refusals,
    )


def _follow_campaign(
    transaction: Transaction,
    campaign: str,
    change: BatchChange,
    state: BatchState,
    now: datetime,
) -> None:
    current = CampaignState(
        transaction.execute(_CAMPAIGN_STATE, {"campaign": campaign}).scalar_one()
    )
    if change.halts:
        move_campaign(transaction, campaign, CampaignEvent.HALT, now, reason=change.reason)
        return
    woken = current is CampaignState.FINISHED and state is BatchState.PLANNED
    if woken or (current is CampaignState.HALTED and change.resumes):
        move_campaign(transaction, campaign, CampaignEvent.REOPEN, now, reason=change.reason)
        current = CampaignState.RUNNING
    if current is CampaignState.RUNNING and not _is_left(transaction, campaign):
        move_campaign(transaction, campaign, CampaignEvent.COMPLETE, now)


def _is_left(transaction: Transaction, campaign: str) -> bool:
    return bool(transaction.execute(_IS_LEFT, {"campaign": campaign}).scalar_one())


def _record_batch(
    transaction: Transaction,
    batch: int,
    old: BatchState,
    new: BatchState,
    reason: str | None,
    now: datetime,
) -> None:
    record_event(
        transaction,
        now=now,
        subject="batch",
        name=batch,
        old_state=old,
        new_state=new,
        reason=reason,
    )
