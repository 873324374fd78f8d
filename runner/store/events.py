"""The append-only log of who or what changed which state, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from runner.timing import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from runner.store.database import Transaction

_RECORD = text("""
    INSERT INTO events (at, actor, subject, name, old_state, new_state, reason)
    VALUES (:at, :actor, :subject, :name, :old_state, :new_state, :reason)
""")


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
            "actor": transaction.info["actor"],
            "subject": subject,
            "name": str(name),
            "old_state": old_state,
            "new_state": new_state,
            "reason": reason,
        },
    )
