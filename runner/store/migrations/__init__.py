"""The numbered, forward-only steps that bring a state file to the layout of this version.

Each file ``NNNN_name.sql`` is one step; its record commits in the same transaction as the change.
"""

from __future__ import annotations

import sqlite3
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.store.transaction import Transaction

_FOLDER = resources.files(__package__)
_SCRIPTS = sorted(entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(".sql"))

LATEST = int(_SCRIPTS[-1][:4])


def read_version(transaction: Transaction) -> int:
    """Give the number of the last step that was applied; 0 for an empty file."""
    version: int = transaction.execute("PRAGMA user_version").scalar()
    return version


def apply_migrations(transaction: Transaction) -> None:
    """Apply the steps that are missing, within the caller's transaction."""
    version = read_version(transaction)
    for name in _SCRIPTS:
        number = int(name[:4])
        if number > version:
            for statement in _statements((_FOLDER / name).read_text("utf-8")):
                transaction.execute(statement)
            transaction.execute(f"PRAGMA user_version = {number}")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
