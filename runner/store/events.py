"""The append-only log of who or what changed which state, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from datetime import datetime

    from runner.store.transaction import Transaction

_RECORD = """
    INSERT INTO events (at, actor, subject, name, old_state, new_state, reason)
    VALUES (:at, :actor, :subject, :name, :old_state, :new_state, :reason)
"""


_NEWEST = "SELECT coalesce(max(id), 0) FROM events"

_SINCE = """
    SELECT e.*, b.campaign
    FROM events AS e
    LEFT JOIN batches AS b ON e.subject = 'batch' AND b.id = CAST(e.name AS INTEGER)
    WHERE e.id > :id ORDER BY e.id LIMIT 1000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the log; a state is None where it did not change or there was none.

    campaign: whose batch it is about, None for another subject.
    """

    id: int
    at: datetime
    actor: str
    subject: str
    name: str
    old_state: str | None
    new_state: str | None
    reason: str | None
    campaign: str | None


def newest_event(transaction: Transaction) -> int:
    """Give the id of the newest event; 0 where there is none."""
    newest: int = transaction.execute(_NEWEST).scalar()
    return newest


def read_events(transaction: Transaction, *, after: int) -> list[Event]:
    """Give the events after an id, the oldest first, at most a thousand."""
    return [
        Event(
            id=row.id,
            at=unstamp(row.at),
            actor=row.actor,
            subject=row.subject,
            name=row.name,
            old_state=row.old_state,
            new_state=row.new_state,
            reason=row.reason,
            campaign=row.campaign,
        )
        for row in transaction.execute(_SINCE, {"id": after})
    ]


def record_event(
    transaction: Transaction,
    *,
    now: datetime,
    subject: str,
    name: str | int,
    old_state: str | None = None,
    new_state: str | None = None,
    reason: str | None = None,
) -> None:
    """Write one line of the log, in the same transaction as the change it tells of.

    subject: campaign, batch, account or report; name: which one.
    """
    transaction.execute(
        _RECORD,
        {
            "at": stamp(now),
            "actor": transaction.actor,
            "subject": subject,
            "name": str(name),
            "old_state": old_state,
            "new_state": new_state,
            "reason": reason,
        },
    )
