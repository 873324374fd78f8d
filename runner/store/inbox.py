"""Reads what the report endpoint handed out and where it is kept, for people; changes nothing.

The newest comes first, and rows are given one at a time: a state may hold millions of reports of
another client of the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.store.journal import EntryState
from runner.timing import unstamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.store.transaction import Transaction

_ANSWERS = """
    SELECT id, account, received_at, http_status, length(body) AS size, complete, state, reports,
        times, last_received_at
    FROM report_journal ORDER BY id DESC LIMIT :limit
"""

# Grouped before the journal is asked, and that only for the first and the last entry of each group:
# their ids ascend with the time.
_UNMATCHED = """
    SELECT u.*, f.received_at AS first, l.received_at AS last,
        (SELECT min(b.id) FROM batches AS b
         WHERE b.account = u.account AND b.task_id = u.task_id) AS batch
    FROM (
        SELECT account, task_id, count(*) AS reports, min(extno) AS lowest, max(extno) AS highest,
            min(journal) AS first_entry, max(journal) AS last_entry
        FROM reports WHERE matter = 'unmatched' GROUP BY account, task_id
    ) AS u
    JOIN report_journal AS f ON f.id = u.first_entry
    JOIN report_journal AS l ON l.id = u.last_entry
    ORDER BY u.last_entry DESC, u.account, u.task_id LIMIT :limit
"""

# As bytes: of a text, SQLite gives nothing behind a zero, and every other byte of UTF-16 is one.
_UNREAD = """
    SELECT journal, account, reason, substr(CAST(text AS BLOB), 1, :length) AS start
    FROM quarantine ORDER BY journal DESC, id LIMIT :limit
"""

_STRAY = """
    SELECT r.account, r.mobile, r.delivered, r.task_id, r.received_at, r.error_code, r.extno,
        j.received_at AS fetched_at
    FROM reports AS r JOIN report_journal AS j ON j.id = r.journal
    WHERE r.matter = 'unmatched' AND r.account = coalesce(:account, r.account)
    ORDER BY r.id
"""

_IDS = """
    SELECT id FROM report_journal WHERE state = coalesce(:state, state) ORDER BY id
"""

_START_OF_A_PIECE = 4000  # bytes
_ALL = -1  # SQLite's word for no limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A journalled answer. size: bytes; complete: False where the line or the size cap cut it.

    reports: how many were read, None before anybody looked.
    times: how often the very same came, where no report could be read in it; last_received_at: when
    it came last, None where it came once.
    """

    entry: int
    account: str
    received_at: datetime
    status: int
    size: int
    complete: bool
    state: EntryState
    reports: int | None
    times: int
    last_received_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedTask:
    """The reports of a task that belong to no recipient of ours. first, last: when they were heard.

    batch: of ours, where the task is its own and only the numbers are not; None for another's task.
    extno: as the gateway echoed it; where it differs, the lowest and the highest.
    """

    account: str
    task_id: str
    reports: int
    first: datetime
    last: datetime
    extno: str
    batch: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPiece:
    """A piece of an answer that could not be read. start: of its text, with all numbers in it."""

    entry: int
    account: str
    reason: str
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayReport:
    """A report that belongs to no recipient of ours; mobile: 11 digits, in full."""

    account: str
    mobile: int
    delivered: bool
    task_id: str
    received_at: datetime | None
    error_code: str
    extno: str
    fetched_at: datetime


def list_answers(transaction: Transaction, limit: int | None) -> Iterator[Answer]:
    """Yield the journalled answers, the newest first; limit: how many, None for all."""
    for row in transaction.execute(_ANSWERS, {"limit": _bound(limit)}):
        yield Answer(
            entry=row.id,
            account=row.account,
            received_at=unstamp(row.received_at),
            status=row.http_status,
            size=row.size,
            complete=bool(row.complete),
            state=EntryState(row.state),
            reports=row.reports,
            times=row.times,
            last_received_at=unstamp(row.last_received_at) if row.last_received_at else None,
        )


def list_unmatched(transaction: Transaction, limit: int | None) -> Iterator[UnmatchedTask]:
    """Yield the tasks with reports of nobody known, the last heard of first; limit as above."""
    for row in transaction.execute(_UNMATCHED, {"limit": _bound(limit)}):
        same = row.lowest == row.highest
        yield UnmatchedTask(
            account=row.account,
            task_id=row.task_id,
            reports=row.reports,
            first=unstamp(row.first),
            last=unstamp(row.last),
            extno=row.highest if same else f"{row.lowest} to {row.highest}",
            batch=row.batch,
        )


def list_unread(transaction: Transaction, limit: int | None) -> Iterator[UnreadPiece]:
    """Yield what could not be read, the newest first; limit as above."""
    key = {"limit": _bound(limit), "length": _START_OF_A_PIECE}
    for row in transaction.execute(_UNREAD, key):
        yield UnreadPiece(
            entry=row.journal,
            account=row.account,
            reason=row.reason,
            start=row.start.decode(errors="replace"),
        )


def list_strays(transaction: Transaction, account: str | None) -> Iterator[StrayReport]:
    """Yield the reports of nobody known, as they were received; account: of this one alone."""
    for row in transaction.execute(_STRAY, {"account": account}):
        received_at = row.received_at
        yield StrayReport(
            account=row.account,
            mobile=row.mobile,
            delivered=bool(row.delivered),
            task_id=row.task_id,
            received_at=None if received_at is None else datetime.fromtimestamp(received_at, UTC),
            error_code=row.error_code,
            extno=row.extno,
            fetched_at=unstamp(row.fetched_at),
        )


def list_entries(transaction: Transaction, state: EntryState | None) -> list[int]:
    """Give the ids of the journalled answers, the oldest first; state: of those in it alone."""
    return transaction.execute(_IDS, {"state": state}).scalars()


def _bound(limit: int | None) -> int:
    return _ALL if limit is None else limit
