"""Delivery reports: every answer kept before it is read, every report applied once, none dropped.

A report becomes its recipient's row. What cannot (its task is unknown, its number is not in the
task, another report came before) stays in ``reports`` with the matter named; what cannot even be
read is quarantined. Applying an entry is one transaction that also marks it, so a crash repeats it
whole, and a second time changes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from runner.model.outcome import Report
from runner.timing import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.codec.answers import ReportPage, Unread
    from runner.model.outcome import RawAnswer
    from runner.store.database import Transaction


class EntryState(StrEnum):
    """Where a journal entry stands."""

    RECEIVED = "received"  # durable, not looked into
    APPLIED = "applied"  # every report of it has its place
    QUARANTINED = "quarantined"  # something of it could not be read


class Matter(StrEnum):
    """Why a report is kept apart from its recipient."""

    UNMATCHED = "unmatched"  # no batch of ours has this task, or the task lacks this number
    REPEATED = "repeated"  # the same verdict came before
    OVERRULED = "overruled"  # another report says delivered, which counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One journalled answer."""

    id: int
    account: str
    body: bytes


_KEEP = text("""
    INSERT INTO report_journal (account, received_at, http_status, complete, body, state)
    VALUES (:account, :now, :status, :complete, :body, :state)
""")

_NEW = text("SELECT id, account, body FROM report_journal WHERE state = 'received' ORDER BY id")

_MARK = text("UPDATE report_journal SET state = :state, reports = :reports WHERE id = :id")

# An answer without a report holds nothing to keep; polling for a year must not fill the disk.
_FORGET = text("DELETE FROM report_journal WHERE id = :id")

_QUARANTINE = text("""
    INSERT INTO quarantine (journal, account, reason, text)
    VALUES (:journal, :account, :reason, :text)
""")

_COUNT_RECEIVED = text("""
    UPDATE accounts SET reports_received = reports_received + :count WHERE name = :account
""")

_BATCHES_OF_TASKS = text("""
    SELECT task_id, id FROM batches WHERE account = :account AND task_id IN :tasks
""").bindparams(bindparam("tasks", expanding=True))

# The bulk path: right for all rows where each is its recipient's first report.
_APPLY = """
    UPDATE recipients SET delivered = ?, received_at = ?, error_code = ?
    WHERE batch = ? AND mobile = ? AND delivered IS NULL
"""

_EARLIER = text("""
    SELECT delivered, received_at, error_code FROM recipients
    WHERE batch = :batch AND mobile = :mobile
""")

_OVERRULE = text("""
    UPDATE recipients SET delivered = 1, received_at = :received_at, error_code = :error_code
    WHERE batch = :batch AND mobile = :mobile
""")

_COUNT = text("""
    UPDATE batches SET delivered = delivered + :delivered, failed = failed + :failed
    WHERE id = :batch
""")

_KEEP_APART = text("""
    INSERT INTO reports
        (journal, account, task_id, mobile, delivered, received_at, error_code, extno, matter)
    VALUES
        (:journal, :account, :task_id, :mobile, :delivered, :received_at, :error_code, :extno,
         :matter)
""")

_WAITING = text("""
    SELECT * FROM reports
    WHERE account = :account AND task_id = :task_id AND matter = 'unmatched' ORDER BY id
""")

_TAKE_WAITING = text("""
    DELETE FROM reports
    WHERE account = :account AND task_id = :task_id AND matter = 'unmatched'
""")

_TASKS_AT_ONCE = 500  # well under SQLite's limit on parameters


def keep_answer(transaction: Transaction, account: str, answer: RawAnswer, now: datetime) -> Entry:
    """Journal an answer as it came; it is safe when the transaction ends."""
    entry_id = transaction.execute(
        _KEEP,
        {
            "account": account,
            "now": stamp(now),
            "status": answer.status,
            "complete": answer.complete,
            "body": answer.body,
            "state": EntryState.RECEIVED,
        },
    ).lastrowid
    return Entry(id=entry_id, account=account, body=answer.body)


def find_new_entries(transaction: Transaction) -> list[Entry]:
    """Give the entries that nobody applied yet: a crash came between."""
    return [
        Entry(id=row.id, account=row.account, body=row.body) for row in transaction.execute(_NEW)
    ]


def apply_page(transaction: Transaction, entry: Entry, page: ReportPage) -> None:
    """Give every report of an entry its place and mark the entry."""
    if not page.boxes:
        transaction.execute(_FORGET, {"id": entry.id})
        return
    _apply_reports(transaction, entry.id, entry.account, page.reports)
    _quarantine(transaction, entry, page.unread)
    state = EntryState.QUARANTINED if page.unread else EntryState.APPLIED
    transaction.execute(_MARK, {"id": entry.id, "state": state, "reports": len(page.reports)})
    transaction.execute(_COUNT_RECEIVED, {"account": entry.account, "count": len(page.reports)})


def forget_entry(transaction: Transaction, entry: Entry) -> None:
    """Remove an entry that was a refusal and held no report."""
    transaction.execute(_FORGET, {"id": entry.id})


def match_waiting(transaction: Transaction, account: str, task_id: str) -> None:
    """Apply the reports that came before their task was known."""
    key = {"account": account, "task_id": task_id}
    waiting = transaction.execute(_WAITING, key).all()
    if not waiting:
        return
    transaction.execute(_TAKE_WAITING, key)
    for row in waiting:
        report = Report(
            task_id=row.task_id,
            mobile=row.mobile,
            delivered=bool(row.delivered),
            received_at=_from_seconds(row.received_at),
            error_code=row.error_code,
            extno=row.extno,
        )
        _apply_reports(transaction, row.journal, account, [report])


def _apply_reports(
    transaction: Transaction, journal: int, account: str, reports: Sequence[Report]
) -> None:
    batches = _find_batches(transaction, account, {report.task_id for report in reports})
    counts: Counter[tuple[int, bool]] = Counter()
    known = [report for report in reports if report.task_id in batches]
    if _apply_at_once(transaction, known, batches):
        counts.update((batches[report.task_id], report.delivered) for report in known)
    else:
        for report in known:
            counts.update(_apply_one(transaction, journal, account, report, batches))
    for report in reports:
        if report.task_id not in batches:
            _keep_apart(transaction, journal, account, report, Matter.UNMATCHED)
    for batch in {batch for batch, _ in counts}:
        change = {"delivered": counts[batch, True], "failed": counts[batch, False]}
        transaction.execute(_COUNT, {"batch": batch, **change})


def _find_batches(
    transaction: Transaction, account: str, tasks: Iterable[str]
) -> Mapping[str, int]:
    ordered = sorted(tasks)
    batches: dict[str, int] = {}
    for first in range(0, len(ordered), _TASKS_AT_ONCE):
        some = ordered[first : first + _TASKS_AT_ONCE]
        rows = transaction.execute(_BATCHES_OF_TASKS, {"account": account, "tasks": some})
        batches.update((row.task_id, row.id) for row in rows)
    return batches


def _apply_at_once(
    transaction: Transaction, reports: Sequence[Report], batches: Mapping[str, int]
) -> bool:
    """Apply all, or none where one of them is not its recipient's first report."""
    if not reports:
        return True
    rows = [
        (
            int(report.delivered),
            _to_seconds(report.received_at),
            report.error_code,
            batches[report.task_id],
            report.mobile,
        )
        for report in reports
    ]
    savepoint = transaction.begin_nested()
    if transaction.exec_driver_sql(_APPLY, rows).rowcount == len(rows):
        savepoint.commit()
        return True
    savepoint.rollback()
    return False


def _apply_one(
    transaction: Transaction,
    journal: int,
    account: str,
    report: Report,
    batches: Mapping[str, int],
) -> Mapping[tuple[int, bool], int]:
    """Apply a report beside what is known of its recipient; gives the change of the counts."""
    batch = batches[report.task_id]
    if _apply_at_once(transaction, [report], batches):
        return {(batch, report.delivered): 1}
    key = {"batch": batch, "mobile": report.mobile}
    earlier = transaction.execute(_EARLIER, key).one_or_none()
    if earlier is None:
        _keep_apart(transaction, journal, account, report, Matter.UNMATCHED)
        return {}
    if bool(earlier.delivered) is report.delivered:
        _keep_apart(transaction, journal, account, report, Matter.REPEATED)
        return {}
    if earlier.delivered:
        _keep_apart(transaction, journal, account, report, Matter.OVERRULED)
        return {}
    overruled = Report(
        task_id=report.task_id,
        mobile=report.mobile,
        delivered=False,
        received_at=_from_seconds(earlier.received_at),
        error_code=earlier.error_code,
    )
    _keep_apart(transaction, journal, account, overruled, Matter.OVERRULED)
    transaction.execute(
        _OVERRULE,
        {
            **key,
            "received_at": _to_seconds(report.received_at),
            "error_code": report.error_code,
        },
    )
    return {(batch, True): 1, (batch, False): -1}


def _keep_apart(
    transaction: Transaction, journal: int, account: str, report: Report, matter: Matter
) -> None:
    transaction.execute(
        _KEEP_APART,
        {
            "journal": journal,
            "account": account,
            "task_id": report.task_id,
            "mobile": report.mobile,
            "delivered": int(report.delivered),
            "received_at": _to_seconds(report.received_at),
            "error_code": report.error_code,
            "extno": report.extno,
            "matter": matter,
        },
    )


def _quarantine(transaction: Transaction, entry: Entry, unread: Iterable[Unread]) -> None:
    for piece in unread:
        transaction.execute(
            _QUARANTINE,
            {
                "journal": entry.id,
                "account": entry.account,
                "reason": piece.reason,
                "text": piece.text,
            },
        )


def _to_seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _from_seconds(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
