"""Takes back what evidence had settled, where a person or a later report knows better.

The batch is in doubt again and its people have no report; those that had been taken for theirs wait
for their task once more. They are read from the journal, which keeps every answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.lifecycle import BatchEvent, SettledBy
from runner.store.journal import Matter, keep_apart
from runner.store.outcomes import BatchChange, change_batch, find_batch

if TYPE_CHECKING:
    from datetime import datetime

    from runner.store.outcomes import StoredBatch
    from runner.store.transaction import Transaction

_CLEAR_PEOPLE = """
    UPDATE recipients SET delivered = NULL, received_at = NULL, error_code = NULL
    WHERE batch = :batch AND delivered IS NOT NULL
"""

_CLEAR_BATCH = """
    UPDATE batches SET delivered = 0, failed = 0, task_id = NULL WHERE id = :batch
"""

_FORGET_EVIDENCE = "DELETE FROM evidence WHERE batch = :batch"

_DROP_KEPT = "DELETE FROM reports WHERE account = :account AND task_id = :task_id"

# What nobody has applied yet finds its place when somebody does. Evidence takes no task for a
# claim's that was heard of before it; a person may.
_ANSWERS = """
    SELECT j.id, j.body FROM report_journal AS j
    WHERE j.account = :account AND j.state <> 'received' AND (
        :ever OR j.claims >= (SELECT claim FROM batches WHERE id = :batch)
    )
    ORDER BY j.id
"""


def overrule(
    transaction: Transaction, batch: StoredBatch, now: datetime, *, reason: str
) -> StoredBatch:
    """Put a batch in doubt again that was settled without the gateway's word.

    Gives it as it stands then.
    """
    change_batch(transaction, batch, BatchChange(event=BatchEvent.OVERRULE, reason=reason), now)
    transaction.execute(_CLEAR_PEOPLE, {"batch": batch.id})
    transaction.execute(_CLEAR_BATCH, {"batch": batch.id})
    forget_evidence(transaction, batch)
    if batch.task_id:
        _give_back(transaction, batch, batch.task_id)
    again = find_batch(transaction, batch.id)
    assert again is not None  # noqa: S101 - tells mypy that it is still there
    return again


def forget_evidence(transaction: Transaction, batch: StoredBatch) -> None:
    """Show no more what spoke for a claim that is over; what it had settled stays in the log."""
    transaction.execute(_FORGET_EVIDENCE, {"batch": batch.id})


def _give_back(transaction: Transaction, batch: StoredBatch, task_id: str) -> None:
    # Here, as it brings lxml: nearly every command imports this module, and few come here.
    from runner.codec.answers import ReportPage, decode_reports

    transaction.execute(_DROP_KEPT, {"account": batch.account, "task_id": task_id})
    ever = batch.settled_by is not SettledBy.EVIDENCE
    key = {"account": batch.account, "batch": batch.id, "ever": ever}
    for row in transaction.execute(_ANSWERS, key):
        page = decode_reports(row.body)
        reports = page.reports if isinstance(page, ReportPage) else ()
        given_back = [report for report in reports if report.task_id == task_id]
        keep_apart(transaction, row.id, batch.account, given_back, Matter.UNMATCHED)
