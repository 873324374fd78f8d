"""The state as an onlooker sees it: read-only, by plain SQL of its own, at any moment.

Nothing of the program's own reading is used: what is checked must not check itself.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

_PAUSE = 0.002  # seconds between two looks

_STATES = (
    "pending",
    "submitted",
    "delivered",
    "failed",
    "rejected",
    "in_doubt",
    "cancelled",
    "unreported",
)
_COUNTS = f"SELECT campaign, total, {', '.join(_STATES)} FROM campaign_progress"
# One by one: the counts above come from the batches, which keep their own.
_PEOPLE = "SELECT campaign, state, count(*) FROM recipient_status GROUP BY campaign, state"
_NOT_YET_MADE = {"SQLITE_CANTOPEN", "SQLITE_READONLY_ROLLBACK"}
_SUBMITTING = "SELECT id FROM batches WHERE state = 'submitting'"
_UNREAD = "SELECT count(*) FROM report_journal WHERE state = 'received'"
_STOPPED = "SELECT count(*) FROM accounts WHERE state <> 'active'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one look shows of a campaign. counts: as they are kept; people: counted one by one."""

    campaign: str
    total: int
    counts: Counter[str]
    people: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far everything is. unread: answers that nobody looked into; stopped: accounts."""

    counts: list[Counts]
    unread: int
    stopped: int


@contextmanager
def looking_into(state: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that sees one moment of a state; raises sqlite3.Error."""
    uri = f"file:{state}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        yield connection


def read_standing(state: Path) -> Standing:
    """Say how far everything is; nothing is, where there is no state yet."""
    try:
        with looking_into(state) as connection:
            return Standing(
                counts=_read_counts(connection),
                unread=_read_number(connection, _UNREAD),
                stopped=_read_number(connection, _STOPPED),
            )
    except sqlite3.OperationalError as error:
        if not _is_not_yet_there(error):
            raise
        return Standing(counts=[], unread=0, stopped=0)


def read_in_flight(state: Path) -> frozenset[int]:
    """Give the batches of which nobody has recorded an outcome."""
    try:
        with looking_into(state) as connection:
            return frozenset(row[0] for row in connection.execute(_SUBMITTING))
    except sqlite3.OperationalError as error:
        if not _is_not_yet_there(error):
            raise
        return frozenset()


def find_off(counts: Iterable[Counts]) -> list[str]:
    """Say of which campaigns the counts do not add up."""
    return [
        f"the counts do not add up: {each}"
        for each in counts
        if each.total != each.counts.total() or each.counts != each.people
    ]


class Watcher:
    """Looks at the counts every few milliseconds, from `with` to the end of its block.

    looks: how many looks saw a campaign; off: what did not add up, in words.
    """

    def __init__(self, state: Path) -> None:
        self.looks = 0
        self.off: list[str] = []
        self._state = state
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()

    def _watch(self) -> None:
        seen = None
        while not self._ending.wait(_PAUSE):
            stamp = _stamp(self._state)
            if stamp == seen:
                continue
            seen = stamp
            try:
                counts = read_standing(self._state).counts
            except sqlite3.Error as error:
                self.off.append(f"the state could not be read: {error}")
                return
            self.looks += bool(counts)
            self.off += find_off(counts)


def _stamp(state: Path) -> list[tuple[int, int]]:
    """Give what changes with the files of a state: most looks would see what the last one saw."""
    stamps = []
    for path in (state, Path(f"{state}-wal")):
        with suppress(FileNotFoundError):
            stat = path.stat()
            stamps.append((stat.st_mtime_ns, stat.st_size))
    return stamps


def _read_counts(connection: sqlite3.Connection) -> list[Counts]:
    people: dict[str, Counter[str]] = {}
    for campaign, state, count in connection.execute(_PEOPLE):
        people.setdefault(campaign, Counter())[state] = count
    return [
        Counts(
            campaign=campaign,
            total=total,
            counts=Counter(dict(zip(_STATES, counts, strict=True))),
            people=people.get(campaign, Counter()),
        )
        for campaign, total, *counts in connection.execute(_COUNTS)
    ]


def _read_number(connection: sqlite3.Connection, query: str) -> Any:
    return connection.execute(query).fetchone()[0]


def _is_not_yet_there(error: sqlite3.OperationalError) -> bool:
    # Died while the file was made, before its first layout was committed: whoever may only read
    # cannot take that back.
    return error.sqlite_errorname in _NOT_YET_MADE or "no such table" in str(error)
