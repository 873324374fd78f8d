"""One transaction of the state: statements in, rows out.

SQLite's own driver, and nothing between: a statement costs 3 to 5 microseconds here, where it
cost 30 to 80 through a library that must serve every database.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Row(sqlite3.Row):
    """A row whose columns are attributes as well, by a class for each statement."""

    if TYPE_CHECKING:

        def __getattr__(self, column: str) -> Any: ...


class Rows(sqlite3.Cursor):
    """What a statement gives: rows to walk through once, or what it changed (`rowcount`)."""

    @property
    def new_id(self) -> int:
        """The number that an inserted row was given."""
        return self.lastrowid or 0

    def one(self) -> Row:
        """Give the first row; raises LookupError where there is none."""
        row: Row | None = self.fetchone()
        if row is None:
            raise LookupError("no row, where one was to be")
        return row

    def scalar(self) -> Any:
        """Give the first column of the first row; None where there is no row."""
        row = self.fetchone()
        return None if row is None else row[0]

    def scalars(self) -> list[Any]:
        """Give the only column of all rows."""
        self.row_factory = None  # no row is made of what is taken out of it at once
        return [value for (value,) in self]


_row_classes: dict[str, type[Row]] = {}


def _make_row_class(statement: str, cursor: Rows) -> type[Row]:
    """Make the class of a statement's rows: a property costs a sixth of a `__getattr__`."""
    columns = [column for column, *_ in cursor.description]
    made = type("Row", (Row,), {column: property(itemgetter(column)) for column in columns})
    return _row_classes.setdefault(statement, made)


class Transaction:
    """A transaction that lasts; whoever gave it begins and ends it.

    actor: who the event log names; generation: the newest claim's number, where one was made in it.
    durable: whether it has ended well.
    """

    def __init__(self, driver: sqlite3.Connection, *, actor: str = "") -> None:
        self.actor = actor
        self.generation: int | None = None
        self.durable = False
        self._driver = driver

    def execute(self, statement: str, values: Mapping[str, object] | Sequence[object] = ()) -> Rows:
        """Carry out a statement; values: by name for `:name`, in order for `?`."""
        cursor = self._driver.cursor(Rows)
        cursor.execute(statement, values)
        if cursor.description:
            cursor.row_factory = _row_classes.get(statement) or _make_row_class(statement, cursor)
        return cursor

    def execute_many(
        self, statement: str, rows: Iterable[Sequence[object] | Mapping[str, object]]
    ) -> Rows:
        """Carry out a statement once for each row of values."""
        return self._driver.cursor(Rows).executemany(statement, rows)

    def execute_each(self, statement: str, rows: Iterable[Sequence[object]]) -> list[int]:
        """Carry out a statement once for each row of values; gives how many rows each changed."""
        changes: list[int] = []
        self.execute_many(statement, self._watch(rows, changes))
        return changes

    def _watch(
        self, rows: Iterable[Sequence[object]], changes: list[int]
    ) -> Iterator[Sequence[object]]:
        """Yield rows, and note what each has changed by the time that the next is asked for."""
        before = self._driver.total_changes
        for row in rows:
            yield row
            now = self._driver.total_changes
            changes.append(now - before)
            before = now


@contextmanager
def transacting(
    driver: sqlite3.Connection, *, writes: bool = False, actor: str = ""
) -> Iterator[Transaction]:
    """Give a transaction on a connection; durable when the block ends, undone if it raises."""
    # A read that turns into a write would fail at once with BUSY.
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    try:
        transaction = Transaction(driver, actor=actor)
        yield transaction
        driver.execute("COMMIT")
        transaction.durable = True
    except BaseException:
        if driver.in_transaction:  # some errors have undone it already
            driver.execute("ROLLBACK")
        raise
