"""Whose state this is. A renamed folder must not mean that everything is sent again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.errors import StateRefused
from runner.language import N_

if TYPE_CHECKING:
    from runner.store.transaction import Transaction

_READ = "SELECT name, folder FROM workspace"
_WRITE = """
    INSERT INTO workspace (only_row, name, folder) VALUES (1, :name, :folder)
    ON CONFLICT (only_row) DO UPDATE SET name = excluded.name, folder = excluded.folder
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The workspace that a state belongs to. folder: as it was named."""

    name: str
    folder: str

    def lies_in(self, folder: str) -> bool:
        """Whether a folder is the same place on disk, by whatever way it is reached."""
        same = os.path.realpath(self.folder) == os.path.realpath(folder)
        return self.folder == folder or same


def read_owner(transaction: Transaction) -> Owner | None:
    """Say whose state it is; None for a new one."""
    row = transaction.execute(_READ).fetchone()
    return Owner(name=row.name, folder=row.folder) if row else None


def check_workspace(transaction: Transaction, *, name: str, folder: str) -> None:
    """Refuse a workspace that this state was not made for; a new state belongs to nobody yet.

    folder: as it was named: it may be reached by another way than the one that was recorded.
    """
    owner = read_owner(transaction)
    if owner is not None and not (owner.name == name and owner.lies_in(folder)):
        raise StateRefused(
            N_(
                "this state belongs to workspace `{owner}` in {owner_folder}, not to `{name}` in"
                " {folder}"
            ).format(owner=owner.name, owner_folder=owner.folder, name=name, folder=folder),
            hint=N_(
                "where it was renamed or moved: `mms-runner state adopt`;"
                " otherwise give this workspace another `name` or `state`"
            ),
        )


def claim_workspace(transaction: Transaction, *, name: str, folder: str) -> None:
    """Check a workspace, and make a state that belongs to nobody its own; raises StateRefused."""
    check_workspace(transaction, name=name, folder=folder)
    if read_owner(transaction) is None:
        adopt_workspace(transaction, name=name, folder=folder)


def adopt_workspace(transaction: Transaction, *, name: str, folder: str) -> None:
    """Make this workspace the one that the state belongs to."""
    transaction.execute(_WRITE, {"name": name, "folder": folder})
