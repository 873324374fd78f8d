"""Whose state this is. A renamed folder must not mean that everything is sent again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import text

from runner.errors import StateRefused

if TYPE_CHECKING:
    from runner.store.database import Transaction

_READ = text("SELECT name, folder FROM workspace")
_WRITE = text("""
    INSERT INTO workspace (only_row, name, folder) VALUES (1, :name, :folder)
    ON CONFLICT (only_row) DO UPDATE SET name = excluded.name, folder = excluded.folder
""")


def check_workspace(transaction: Transaction, *, name: str, folder: str) -> None:
    """Refuse a workspace that this state was not made for; a new state belongs to nobody yet.

    folder: as it was named: it may be reached by another way than the one that was recorded.
    """
    row = transaction.execute(_READ).one_or_none()
    if row is not None and not (row.name == name and _is_same_place(row.folder, folder)):
        raise StateRefused(
            f"this state belongs to workspace `{row.name}` in {row.folder},"
            f" not to `{name}` in {folder}",
            hint="where it was renamed or moved: `mms-runner state adopt`;"
            " otherwise give this workspace another `name` or `state`",
        )


def claim_workspace(transaction: Transaction, *, name: str, folder: str) -> None:
    """Check a workspace, and make a state that belongs to nobody its own; raises StateRefused."""
    check_workspace(transaction, name=name, folder=folder)
    if transaction.execute(_READ).one_or_none() is None:
        adopt_workspace(transaction, name=name, folder=folder)


def adopt_workspace(transaction: Transaction, *, name: str, folder: str) -> None:
    """Make this workspace the one that the state belongs to."""
    transaction.execute(_WRITE, {"name": name, "folder": folder})


def _is_same_place(recorded: str, folder: str) -> bool:
    return recorded == folder or os.path.realpath(recorded) == os.path.realpath(folder)
