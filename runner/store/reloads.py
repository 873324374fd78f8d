"""What people ask of the daemon's files, its answers, and which files are in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.store.events import record_event
from runner.store.moments import from_column
from runner.timing import stamp

if TYPE_CHECKING:
    from datetime import datetime

    from runner.store.transaction import Transaction

_ASK = "INSERT INTO reloads (asked_at, actor, forced) VALUES (:now, :actor, :forced)"

_NEXT = "SELECT id, forced FROM reloads WHERE done_at IS NULL ORDER BY id LIMIT 1"

_ANSWER = """
    UPDATE reloads SET done_at = :now, problem = :problem, refused = :refused WHERE id = :id
"""

_READ_ANSWER = """
    SELECT problem, refused FROM reloads WHERE id = :id AND done_at IS NOT NULL
"""

_WITHDRAW = "DELETE FROM reloads WHERE id = :id AND done_at IS NULL"

_IN_FORCE = "UPDATE workspace SET read_at = :now, revision = :revision, problem = NULL"

_PROBLEM = """
    UPDATE workspace SET problem = :problem WHERE problem IS NOT :problem
"""

_WORKSPACE = "SELECT read_at, revision, problem FROM workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadRequest:
    """Somebody wants the files to be read at once; forced: whatever they would unschedule."""

    id: int
    forced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadAnswer:
    """What came of it; problem: why nothing was changed, None where the files are in force.

    refused: they would unschedule too much, and only `--force` obeys.
    """

    problem: str | None
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceStatus:
    """The files in force: when they were read, and their git commit; None where nobody knows.

    problem: why newer files are not in force.
    """

    read_at: datetime | None = None
    revision: str | None = None
    problem: str | None = None


def ask_reload(transaction: Transaction, now: datetime, *, forced: bool) -> int:
    """Ask the daemon to read the files at once; gives the request's id."""
    row = {"now": stamp(now), "actor": transaction.actor, "forced": forced}
    return transaction.execute(_ASK, row).new_id


def next_reload(transaction: Transaction) -> ReloadRequest | None:
    """Give the oldest request without an answer."""
    row = transaction.execute(_NEXT).fetchone()
    return ReloadRequest(id=row.id, forced=bool(row.forced)) if row else None


def answer_reload(
    transaction: Transaction,
    request: int,
    now: datetime,
    *,
    problem: str | None,
    refused: bool = False,
) -> None:
    """Answer a request; problem and refused: see ReloadAnswer."""
    row = {"id": request, "now": stamp(now), "problem": problem, "refused": refused}
    transaction.execute(_ANSWER, row)


def read_answer(transaction: Transaction, request: int) -> ReloadAnswer | None:
    """Give the answer to a request; None until there is one."""
    row = transaction.execute(_READ_ANSWER, {"id": request}).fetchone()
    return ReloadAnswer(problem=row.problem, refused=bool(row.refused)) if row else None


def withdraw_reload(transaction: Transaction, request: int) -> None:
    """Take back a request that has no answer: a daemon of tomorrow must not obey it."""
    transaction.execute(_WITHDRAW, {"id": request})


def note_files_in_force(transaction: Transaction, revision: str | None, now: datetime) -> None:
    """Note which files are in force from now on; revision: their git commit, None without one."""
    transaction.execute(_IN_FORCE, {"now": stamp(now), "revision": revision})


def note_problem(transaction: Transaction, problem: str, now: datetime) -> bool:
    """Note why newer files are not in force; says whether that is news."""
    is_news = transaction.execute(_PROBLEM, {"problem": problem}).rowcount > 0
    if is_news:
        record_event(transaction, now=now, subject="workspace", name="", reason=problem)
    return is_news


def read_workspace_status(transaction: Transaction) -> WorkspaceStatus:
    """Say which files are in force."""
    row = transaction.execute(_WORKSPACE).fetchone()
    if row is None:
        return WorkspaceStatus()
    return WorkspaceStatus(
        read_at=from_column(row.read_at),
        revision=row.revision,
        problem=row.problem,
    )
