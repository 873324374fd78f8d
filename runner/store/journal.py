"""Delivery reports: every answer kept before it is read, every report applied once, none dropped.

A report becomes its recipient's row. What cannot (its task is unknown, its number is not in the
task, another report came before) stays in ``reports`` with the matter named; what cannot even be
read is quarantined; an answer without a readable report that came before, byte for byte, is counted
where it is kept. Applying an entry is one transaction that also marks it, so a crash repeats it
whole, and a second time changes nothing: a later version may read every entry again, and only what
has no place yet gets one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from runner.model.outcome import Report
from runner.store.events import record_event
from runner.store.lists import to_list
from runner.timing import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.codec.answers import ReportPage, Unread
    from runner.model.outcome import RawAnswer
    from runner.store.transaction import Row, Transaction


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
    """One journalled answer. body: the raw bytes, as received."""

    id: int
    account: str
    body: bytes
    state: EntryState = EntryState.RECEIVED


_KEEP = """
    INSERT INTO report_journal (account, received_at, http_status, complete, body, state, claims)
    VALUES (:account, :now, :status, :complete, :body, :state, :claims)
"""

_NEW = """
    SELECT id, account, body, state FROM report_journal WHERE state = 'received' ORDER BY id
"""

_ENTRY = "SELECT id, account, body, state FROM report_journal WHERE id = :id"

# Marks an entry once: whoever comes second changes nothing.
_MARK = """
    UPDATE report_journal SET state = :state, reports = :reports
    WHERE id = :id AND state = 'received'
"""

_MARK_AGAIN = """
    UPDATE report_journal SET state = :state, reports = :reports
    WHERE id = :id AND (state <> :state OR reports IS NOT :reports)
"""

# Nothing in it is a report that could be read, and the account had the very same of late. Only of
# late, or what comes now would hide behind thousands of others. `received`: whoever comes second
# changes nothing.
_COUNT_AGAIN = """
    UPDATE report_journal SET times = times + 1,
        last_received_at = (SELECT received_at FROM report_journal WHERE id = :id)
    WHERE id = (
        SELECT max(known.id)
        FROM report_journal AS known
        JOIN report_journal AS new ON new.id = :id AND new.state = 'received'
        WHERE known.http_status = new.http_status AND known.complete = new.complete
            AND known.body = new.body AND known.id IN (
                SELECT id FROM report_journal WHERE account = :account AND reports = 0
                ORDER BY id DESC LIMIT 10
            )
    )
"""

# An answer without a report holds nothing to keep; polling for a year must not fill the disk.
_FORGET = "DELETE FROM report_journal WHERE id = :id"

_QUARANTINE = """
    INSERT INTO quarantine (journal, account, reason, text)
    VALUES (:journal, :account, :reason, :text)
"""

_UNREAD_OF = "SELECT reason, text FROM quarantine WHERE journal = :journal ORDER BY id"

_RELEASE = "DELETE FROM quarantine WHERE journal = :journal"

# One that says the same is its recipient's, or is kept apart from it. `IS`: a report without a
# time equals another without one.
_HAS_PLACE = """
    SELECT EXISTS (
        SELECT 1 FROM batches AS b JOIN recipients AS p ON p.batch = b.id
        WHERE b.account = :account AND b.task_id = :task_id AND p.mobile = :mobile
            AND p.delivered = :delivered AND p.received_at IS :received_at
            AND p.error_code = :error_code
    ) OR EXISTS (
        SELECT 1 FROM reports
        WHERE account = :account AND task_id = :task_id AND mobile = :mobile
            AND delivered = :delivered AND received_at IS :received_at
            AND error_code = :error_code
    )
"""

_COUNT_RECEIVED = """
    UPDATE accounts SET reports_received = reports_received + :count WHERE name = :account
"""

_BATCHES_OF_TASKS = """
    SELECT task_id, id FROM batches
    WHERE account = :account AND task_id IN (SELECT value FROM json_each(:tasks))
"""

# Changes nothing where it is not its recipient's first report.
_APPLY = """
    UPDATE recipients SET delivered = ?, received_at = ?, error_code = ?
    WHERE batch = ? AND mobile = ? AND delivered IS NULL AND cancelled IS NULL
"""

_EARLIER = """
    SELECT delivered, received_at, error_code FROM recipients
    WHERE batch = :batch AND mobile = :mobile AND cancelled IS NULL
"""

_OVERRULE = """
    UPDATE recipients SET delivered = 1, received_at = :received_at, error_code = :error_code
    WHERE batch = :batch AND mobile = :mobile
"""

_COUNT = """
    UPDATE batches SET delivered = delivered + :delivered, failed = failed + :failed
    WHERE id = :batch
"""

_KEEP_APART = """
    INSERT INTO reports
        (journal, account, task_id, mobile, delivered, received_at, error_code, extno, matter)
    VALUES
        (:journal, :account, :task_id, :mobile, :delivered, :received_at, :error_code, :extno,
         :matter)
"""

_WAITING = """
    SELECT * FROM reports
    WHERE account = :account AND task_id = :task_id AND matter = 'unmatched' ORDER BY id
"""

_TAKE_WAITING = """
    DELETE FROM reports
    WHERE account = :account AND task_id = :task_id AND matter = 'unmatched'
"""


def keep_answer(
    transaction: Transaction,
    account: str,
    answer: RawAnswer,
    now: datetime,
    *,
    claims: int | None = None,
) -> Entry:
    """Journal an answer as it came; it is safe when the transaction ends.

    claims: how many had ever been made when it was asked for, None where nobody knows.
    """
    entry_id = transaction.execute(
        _KEEP,
        {
            "account": account,
            "now": stamp(now),
            "status": answer.status,
            "complete": answer.complete,
            "body": answer.body,
            "state": EntryState.RECEIVED,
            "claims": claims,
        },
    ).new_id
    return Entry(id=entry_id, account=account, body=answer.body)


def find_new_entries(transaction: Transaction) -> list[Entry]:
    """Give the entries that nobody applied yet: a crash came between."""
    return [_entry(row) for row in transaction.execute(_NEW)]


def find_entry(transaction: Transaction, entry_id: int) -> Entry | None:
    """Find an entry by its id."""
    row = transaction.execute(_ENTRY, {"id": entry_id}).fetchone()
    return _entry(row) if row else None


def apply_page(transaction: Transaction, entry: Entry, page: ReportPage) -> None:
    """Give every report of an entry its place and mark the entry."""
    if not page.boxes and not page.cut:
        transaction.execute(_FORGET, {"id": entry.id})
        return
    if not page.reports and _count_again(transaction, entry):
        return
    if not _mark(transaction, entry, _judge(page), len(page.reports)):
        return
    _apply_reports(transaction, entry.id, entry.account, page.reports)
    _quarantine(transaction, entry, page.unread)
    transaction.execute(_COUNT_RECEIVED, {"account": entry.account, "count": len(page.reports)})


def apply_page_again(
    transaction: Transaction, entry: Entry, page: ReportPage, now: datetime
) -> int:
    """Give the reports of an entry that have no place yet theirs, and say how many they are.

    For an entry that was applied before, and a page that another reader found in it. What the
    quarantine holds of the entry is replaced by what still cannot be read.
    """
    new = [report for report in page.reports if not _has_place(transaction, entry.account, report)]
    _apply_reports(transaction, entry.id, entry.account, new)
    transaction.execute(_COUNT_RECEIVED, {"account": entry.account, "count": len(new)})
    mark = {"id": entry.id, "state": _judge(page), "reports": len(page.reports)}
    marked = transaction.execute(_MARK_AGAIN, mark).rowcount == 1
    if _replace_quarantine(transaction, entry, page.unread) or marked or new:
        _record_reading(transaction, entry, page, len(new), now)
    return len(new)


def mark_refusal(transaction: Transaction, entry: Entry) -> None:
    """Mark an entry whose answer refused the query; what else it may hold stays in the journal."""
    if not _count_again(transaction, entry):
        _mark(transaction, entry, EntryState.APPLIED, 0)


def match_waiting(transaction: Transaction, account: str, task_id: str) -> None:
    """Apply the reports that came before their task was known."""
    key = {"account": account, "task_id": task_id}
    waiting = transaction.execute(_WAITING, key).fetchall()
    if not waiting:
        return
    transaction.execute(_TAKE_WAITING, key)
    for journal, rows in groupby(waiting, key=attrgetter("journal")):
        _apply_reports(transaction, journal, account, [_report(row) for row in rows])


def _entry(row: Row) -> Entry:
    return Entry(id=row.id, account=row.account, body=row.body, state=EntryState(row.state))


def _judge(page: ReportPage) -> EntryState:
    return EntryState.QUARANTINED if page.unread else EntryState.APPLIED


def _mark(transaction: Transaction, entry: Entry, state: EntryState, reports: int) -> bool:
    change = {"id": entry.id, "state": state, "reports": reports}
    return transaction.execute(_MARK, change).rowcount == 1


def _count_again(transaction: Transaction, entry: Entry) -> bool:
    """Count an answer where the very same is kept already, and let go of its copy."""
    key = {"id": entry.id, "account": entry.account}
    counted = transaction.execute(_COUNT_AGAIN, key).rowcount > 0
    if counted:
        transaction.execute(_FORGET, {"id": entry.id})
    return counted


def _has_place(transaction: Transaction, account: str, report: Report) -> bool:
    return bool(transaction.execute(_HAS_PLACE, _to_row(account, report)).scalar())


def _record_reading(
    transaction: Transaction, entry: Entry, page: ReportPage, new: int, now: datetime
) -> None:
    counts = f"reports: {len(page.reports)}, new: {new}, unreadable pieces: {len(page.unread)}"
    record_event(
        transaction,
        now=now,
        subject="report",
        name=entry.id,
        old_state=entry.state,
        new_state=_judge(page),
        reason=f"read again; {counts}",
    )


def _report(row: Row) -> Report:
    return Report(
        task_id=row.task_id,
        mobile=row.mobile,
        delivered=bool(row.delivered),
        received_at=_from_seconds(row.received_at),
        error_code=row.error_code,
        extno=row.extno,
    )


def _apply_reports(
    transaction: Transaction, journal: int, account: str, reports: Sequence[Report]
) -> None:
    batches = _find_batches(transaction, account, {report.task_id for report in reports})
    unknown = [report for report in reports if report.task_id not in batches]
    keep_apart(transaction, journal, account, unknown, Matter.UNMATCHED)
    known = _sort([report for report in reports if report.task_id in batches], batches)
    counts = Counter((batches[report.task_id], report.delivered) for report in known)
    for report in _apply_first(transaction, known, batches):
        batch = batches[report.task_id]
        counts[batch, report.delivered] -= 1
        if _apply_later(transaction, journal, account, report, batch):
            counts.update({(batch, True): 1, (batch, False): -1})
    for batch in {batch for batch, _ in counts}:
        change = {"delivered": counts[batch, True], "failed": counts[batch, False]}
        transaction.execute(_COUNT, {"batch": batch, **change})


def _sort(reports: Iterable[Report], batches: Mapping[str, int]) -> list[Report]:
    """Sort reports as the table has their recipients: so each page of it is written once.

    Those of one recipient stay as they came.
    """
    by_mobile = sorted(reports, key=attrgetter("mobile"))
    return sorted(by_mobile, key=lambda report: batches[report.task_id])


def _find_batches(
    transaction: Transaction, account: str, tasks: Iterable[str]
) -> Mapping[str, int]:
    key = {"account": account, "tasks": to_list(tasks)}
    return {row.task_id: row.id for row in transaction.execute(_BATCHES_OF_TASKS, key)}


def _apply_first(
    transaction: Transaction, reports: Sequence[Report], batches: Mapping[str, int]
) -> list[Report]:
    """Apply those that are their recipient's first report, and give the others."""
    to_seconds = cache(_to_seconds)  # thousands share a second
    rows = (
        (delivered, to_seconds(received_at), error_code, batches[task_id], mobile)
        for task_id, mobile, delivered, received_at, error_code, _ in reports
    )
    changed = transaction.execute_each(_APPLY, rows)
    return [report for report, count in zip(reports, changed, strict=True) if not count]


def _apply_later(
    transaction: Transaction, journal: int, account: str, report: Report, batch: int
) -> bool:
    """Keep a report that is not its recipient's first; whether it overrules that it failed."""
    key = {"batch": batch, "mobile": report.mobile}
    earlier = transaction.execute(_EARLIER, key).fetchone()
    if earlier is None or earlier.delivered or not report.delivered:
        keep_apart(transaction, journal, account, [report], _find_matter(report, earlier))
        return False
    overruled = report._replace(
        delivered=False,
        received_at=_from_seconds(earlier.received_at),
        error_code=earlier.error_code,
        extno="",
    )
    keep_apart(transaction, journal, account, [overruled], Matter.OVERRULED)
    news = {"received_at": _to_seconds(report.received_at), "error_code": report.error_code}
    transaction.execute(_OVERRULE, {**key, **news})
    return True


def _find_matter(report: Report, earlier: Row | None) -> Matter:
    if earlier is None:
        return Matter.UNMATCHED
    same = bool(earlier.delivered) is report.delivered
    return Matter.REPEATED if same else Matter.OVERRULED


def keep_apart(
    transaction: Transaction,
    journal: int,
    account: str,
    reports: Sequence[Report],
    matter: Matter,
) -> None:
    """Keep reports that are not their recipient's one report, and say why."""
    rows = [
        _to_row(account, report) | {"journal": journal, "extno": report.extno, "matter": matter}
        for report in reports
    ]
    if rows:
        transaction.execute_many(_KEEP_APART, rows)


def _replace_quarantine(transaction: Transaction, entry: Entry, unread: Sequence[Unread]) -> bool:
    """Keep what still cannot be read in the place of what could not be; says whether it differs."""
    rows = transaction.execute(_UNREAD_OF, {"journal": entry.id})
    if [(row.reason, row.text) for row in rows] == [(each.reason, each.text) for each in unread]:
        return False
    transaction.execute(_RELEASE, {"journal": entry.id})
    _quarantine(transaction, entry, unread)
    return True


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


def _to_row(account: str, report: Report) -> dict[str, object]:
    """Give what makes a report the same as another."""
    return {
        "account": account,
        "task_id": report.task_id,
        "mobile": report.mobile,
        "delivered": int(report.delivered),
        "received_at": _to_seconds(report.received_at),
        "error_code": report.error_code,
    }


def _to_seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _from_seconds(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
