"""Puts a state back to the layout of the version before, with all that the older one can hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runner.store import migrations
from runner.store.custody import find_whereabouts
from runner.store.database import APPLICATION_ID

_TABLES = (
    "SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
)


def make_older(state: Path) -> None:
    """Replace a state, which nobody may have open, by an older one with the same rows."""
    older = Path(f"{state}.older")
    with closing(sqlite3.connect(older, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        _lay_out(connection, migrations.LATEST - 1)
        connection.execute("ATTACH ? AS newer", (str(state),))
        connection.execute("BEGIN")
        for table in _names(connection, "main") & _names(connection, "newer"):
            _copy(connection, table)
        _keep_custody(connection, older)
        connection.execute("COMMIT")
    # Its log, and whatever else only this version has beside a state.
    for path in set(state.parent.glob(f"{state.name}?*")) - {older}:
        path.unlink()
    older.replace(state)


def _lay_out(connection: sqlite3.Connection, version: int) -> None:
    for script in migrations._SCRIPTS[:version]:
        for statement in migrations._statements((migrations._FOLDER / script).read_text("utf-8")):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")


def _keep_custody(connection: sqlite3.Connection, older: Path) -> None:
    """Let it be the file that was sent from: the older version made no copy of it."""
    here = find_whereabouts(older)
    connection.execute(
        "UPDATE main.identity SET inode = ?, born = ? WHERE inode IS NOT NULL",
        (here.inode, here.born),
    )


def _names(connection: sqlite3.Connection, schema: str) -> set[str]:
    return {name for (name,) in connection.execute(_TABLES.format(schema=schema))}


def _copy(connection: sqlite3.Connection, table: str) -> None:
    """Copy the columns that both have, in the place of what the layout itself brings."""
    columns = ", ".join(
        sorted(_columns(connection, "main", table) & _columns(connection, "newer", table))
    )
    connection.execute(f"DELETE FROM main.{table}")
    connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")


def _columns(connection: sqlite3.Connection, schema: str, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")}
