"""Says in words for an operator what SQLite complains of; any other error is a defect of ours."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy

from runner.errors import DiskFailed, DiskFull, StateRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The first whose name an error's begins with.
_COMPLAINTS: dict[str, tuple[str, type[StateRefused]]] = {
    "SQLITE_FULL": ("the disk is full", DiskFull),
    "SQLITE_IOERR_SHMSIZE": ("the disk is full", DiskFull),  # no room for the index of the log
    "SQLITE_BUSY": ("another program keeps it locked", StateRefused),
    "SQLITE_READONLY": ("it may not be written", StateRefused),
    "SQLITE_CANTOPEN": ("it cannot be opened", StateRefused),
    "SQLITE_PERM": ("it may not be opened", StateRefused),
    "SQLITE_NOTADB": ("it is not an SQLite database", StateRefused),
    "SQLITE_CORRUPT": ("it is damaged", StateRefused),
    "SQLITE_IOERR": ("the disk reports an error", DiskFailed),
    "SQLITE_ERROR": ("its layout is not the one that this version makes", StateRefused),
}
_LOOK_AT_DISK = (
    "look at the disk (`dmesg`); nothing is sent before a new start has written everything to it"
)


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Raise StateRefused, in words, for what SQLite raises about a state within the block."""
    try:
        yield
    except (sqlalchemy.exc.DBAPIError, sqlite3.Error) as error:
        origin = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
        name = getattr(origin, "sqlite_errorname", "")
        for code, (complaint, kind) in _COMPLAINTS.items():
            if name.startswith(code):
                raise _refuse(path, complaint, kind) from error
        raise
    except sqlalchemy.exc.ResourceClosedError as error:
        raise _refuse(path, "this process has closed it", StateRefused) from error


def refuse_full(path: Path) -> DiskFull:
    """Give the error of a state whose disk has no room."""
    return DiskFull(f"the state {path} cannot be used: the disk is full")


def _refuse(path: Path, complaint: str, kind: type[StateRefused]) -> StateRefused:
    hint = _LOOK_AT_DISK if kind is DiskFailed else None
    return kind(f"the state {path} cannot be used: {complaint}", hint=hint)
