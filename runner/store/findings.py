"""Keeps what was found in files, by their digests, for the processes that read them later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.findings import Finding, Findings

if TYPE_CHECKING:
    from runner.store.transaction import Transaction

_ALL = "SELECT subject, contents, found FROM findings"

_FORGET = "DELETE FROM findings WHERE subject = ?"

_KEEP = "INSERT OR REPLACE INTO findings (subject, contents, found) VALUES (?, ?, ?)"


def read_findings(transaction: Transaction) -> Findings:
    """Give what is known."""
    rows = transaction.execute(_ALL)
    return Findings({row.subject: Finding(row.contents, row.found) for row in rows})


def keep_findings(transaction: Transaction, findings: Findings) -> None:
    """Keep what is news, each in the place of what was found of the same subject before.

    Where the transaction is undone, it is found once more by the next process.
    """
    news = [(subject, *finding) for subject, finding in findings.take_news().items()]
    transaction.execute_many(_KEEP, news)


def forget_unused(transaction: Transaction, findings: Findings) -> None:
    """Forget what nobody asked for, after all files were read: its list or campaign is gone."""
    transaction.execute_many(_FORGET, [(subject,) for subject in findings.unused])
