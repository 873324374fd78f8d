"""The durable beginning of a submission: the claim before the POST, and what is to be sent.

A claim carries a fresh token by which its outcome is known again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.codec.content import PackedMessage
from runner.due import Candidate
from runner.lifecycle import BATCH, BatchEvent, BatchState, after
from runner.store.events import record_event
from runner.store.moments import from_column
from runner.timing import parse_hours, stamp

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from runner.store.transaction import Row, Transaction

# Campaigns that may be claimed, but for hours and time, each with when its next batch may go. The
# indexes answer it: what is finished is not walked through at each claim.
_CANDIDATES = """
    SELECT id, claimed_at, until, hours, CASE WHEN starts_at_gateway THEN start END AS start,
        CASE WHEN frozen_at IS NULL AND latest_until IS NOT NULL AND NOT starts_at_gateway
            THEN start END AS due,
        next_at
    FROM (
        SELECT c.*, (
            SELECT coalesce(b.not_before, '') FROM batches AS b
            WHERE b.campaign = c.id AND b.state = 'planned' ORDER BY b.not_before, b.id LIMIT 1
        ) AS next_at
        FROM campaigns AS c
        WHERE c.account = :account AND c.state = 'running'
    )
    WHERE next_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM stopped_campaigns AS s WHERE s.campaign = id)
"""

# What was never tried comes first, then what waited for a retry.
_NEXT = """
    SELECT b.id, b.campaign, b.seq, b.recipients - b.cancelled AS recipients, b.numbers, c.message
    FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.campaign = :campaign AND b.state = 'planned' AND coalesce(b.not_before, '') <= :now
        AND c.state = 'running'
    ORDER BY b.not_before, b.id LIMIT 1
"""

_NUMBER_ANEW = "UPDATE batches SET claim = :claim WHERE id = :batch"

_FORGET_WAITS = """
    UPDATE batches SET not_before = NULL
    WHERE account = :account AND state = 'planned' AND not_before > :farthest
"""

_IN_FLIGHT = """
    SELECT count(*) FROM batches WHERE account = :account AND state = 'submitting'
"""

_CLAIM = """
    UPDATE batches SET state = :state, token = :token, owner = :owner, claimed_at = :now,
        claim = :claim, attempts = attempts + 1, not_before = NULL, reason = NULL, numbers = NULL
    WHERE id = :batch
"""

# How many there ever were: a copy, and a backup that was put back, are known by it.
_COUNT = "UPDATE identity SET generation = generation + 1 RETURNING generation"
_COUNTED = "SELECT generation FROM identity"

_FREEZE = """
    UPDATE campaigns SET frozen_at = coalesce(frozen_at, :now), claimed_at = :now
    WHERE id = :campaign
"""

_CANCEL_RECIPIENT = "UPDATE recipients SET cancelled = ? WHERE batch = ? AND mobile = ?"

_COUNT_CANCELLED = """
    UPDATE batches SET cancelled = cancelled + :count WHERE id = :batch
"""

_MESSAGE = "SELECT title, content, bytes, digest FROM messages WHERE digest = :digest"

# The order of the primary key: ascending, as the plan cut them. In one row: with a row for each,
# every one of the threads that send would want its turn two thousand times.
_NUMBERS = """
    SELECT group_concat(mobile, ',') FROM (
        SELECT mobile FROM recipients WHERE batch = ? AND cancelled IS NULL ORDER BY mobile
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch in the hands of one sender.

    token: proves it when the outcome is recorded; message: the digest of what is to be sent.
    recipients: how many, less those that were cancelled; numbers: theirs, ascending and joined by
    commas, as a submission names them.
    """

    batch: int
    campaign: str
    seq: int
    token: str
    recipients: int
    numbers: str
    message: str


def read_candidates(
    transaction: Transaction, account: str, scope: Collection[str] | None
) -> list[Candidate]:
    """Give the account's campaigns that have begun, are under no brake and have batches to claim.

    scope: the campaigns that may be claimed, None for all.
    """
    return [
        Candidate(
            campaign=row.id,
            last_claim=from_column(row.claimed_at),
            not_before=from_column(row.next_at),
            until=from_column(row.until),
            hours=parse_hours(row.hours) if row.hours else None,
            start=from_column(row.start),
            due=from_column(row.due),
        )
        for row in transaction.execute(_CANDIDATES, {"account": account})
        if scope is None or row.id in scope
    ]


def forget_far_waits(transaction: Transaction, account: str, farthest: datetime) -> None:
    """Try at once what waits for a retry for longer than any can: a clock was set back since."""
    transaction.execute(_FORGET_WAITS, {"account": account, "farthest": stamp(farthest)})


def claim_batch(
    transaction: Transaction, campaign: str, *, owner: str, now: datetime
) -> Claim | None:
    """Claim the next batch of a campaign; None where none is due.

    The intent is durable when the transaction ends.
    """
    row = _find_next(transaction, campaign, now)
    if row is None:
        return None
    token = secrets.token_hex(8)
    _take(transaction, row.id, token=token, owner=owner, now=now)
    transaction.execute(_FREEZE, {"campaign": row.campaign, "now": stamp(now)})
    return Claim(
        batch=row.id,
        campaign=row.campaign,
        seq=row.seq,
        token=token,
        recipients=row.recipients,
        numbers=row.numbers or read_numbers(transaction, row.id),
        message=row.message,
    )


def size_of_next(transaction: Transaction, campaign: str, now: datetime) -> int:
    """Count the recipients of a campaign's batch that goes out next; 0 where none is due."""
    row = _find_next(transaction, campaign, now)
    return row.recipients if row else 0


def cancel_recipients(
    transaction: Transaction, batch: int, mobiles: Collection[int], reason: str, now: datetime
) -> None:
    """Leave people out of a batch for good, before it is sent; reason: why, for a person."""
    rows = [(reason, batch, mobile) for mobile in mobiles]
    transaction.execute_many(_CANCEL_RECIPIENT, rows)
    transaction.execute(_COUNT_CANCELLED, {"batch": batch, "count": len(rows)})
    people = "1 recipient" if len(rows) == 1 else f"{len(rows)} recipients"
    record_event(
        transaction, now=now, subject="batch", name=batch, reason=f"{people} cancelled: {reason}"
    )


def count_in_flight(transaction: Transaction, account: str) -> int:
    """Count the account's batches that are being submitted."""
    count: int = transaction.execute(_IN_FLIGHT, {"account": account}).scalar()
    return count


def count_claims(transaction: Transaction) -> int:
    """Count the claims that were ever made: the number of the newest."""
    count: int = transaction.execute(_COUNTED).scalar()
    return count


def number_anew(transaction: Transaction, batch: int) -> None:
    """Count a batch as claimed just now, for all who compare what came after what."""
    transaction.execute(_NUMBER_ANEW, {"batch": batch, "claim": _count(transaction)})


def load_message(transaction: Transaction, digest: str) -> PackedMessage:
    """Give a kept message."""
    row = transaction.execute(_MESSAGE, {"digest": digest}).one()
    return PackedMessage(title=row.title, content=row.content, size=row.bytes, digest=row.digest)


def read_numbers(transaction: Transaction, batch: int) -> str:
    """Give a batch's recipients, ascending and joined by commas, less those that were cancelled."""
    return transaction.execute(_NUMBERS, (batch,)).scalar() or ""


def _find_next(transaction: Transaction, campaign: str, now: datetime) -> Row | None:
    key = {"campaign": campaign, "now": stamp(now)}
    row: Row | None = transaction.execute(_NEXT, key).fetchone()
    return row


def _take(transaction: Transaction, batch: int, *, token: str, owner: str, now: datetime) -> None:
    state = after(BATCH, BatchState.PLANNED, BatchEvent.CLAIM)
    row = {"batch": batch, "state": state, "token": token, "owner": owner, "now": stamp(now)}
    transaction.execute(_CLAIM, {**row, "claim": _count(transaction)})
    record_event(
        transaction,
        now=now,
        subject="batch",
        name=batch,
        old_state=BatchState.PLANNED,
        new_state=state,
        reason=f"claimed by {owner}",
    )


def _count(transaction: Transaction) -> int:
    """Count a claim, and let the witness know once that is durable."""
    generation: int = transaction.execute(_COUNT).scalar()
    transaction.generation = generation
    return generation
