"""The durable beginning of a submission: the claim before the POST, and what is to be sent.

A claim carries a fresh token by which its outcome is known again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from runner.codec.content import PackedMessage
from runner.lifecycle import BATCH, BatchEvent, BatchState, after
from runner.store.events import record_event
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch in the hands of one sender.

    token: proves it when the outcome is recorded; message: the digest of what is to be sent.
    """

    batch: int
    campaign: str
    seq: int
    token: str
    recipients: int
    message: str


def claim_batch(
    transaction: Transaction, account: str, scope: Sequence[str], *, owner: str, now: datetime
) -> Claim | None:
    """Claim the next batch that is due; None where there is none.

    scope: the campaigns that may be claimed. The intent is durable when the transaction ends.
    """
    due = {"account": account, "now": stamp(now), "scope": list(scope)}
    row = transaction.execute(_NEXT, due).one_or_none()
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


def _take(transaction: Transaction, batch: int, *, token: str, owner: str, now: datetime) -> None:
    state = after(BATCH, BatchState.PLANNED, BatchEvent.CLAIM)
    transaction.execute(
        _CLAIM,
        {"batch": batch, "state": state, "token": token, "owner": owner, "now": stamp(now)},
    )
    record_event(
        transaction,
        now=now,
        subject="batch",
        name=batch,
        old_state=BatchState.PLANNED,
        new_state=state,
        reason=f"claimed by {owner}",
    )
