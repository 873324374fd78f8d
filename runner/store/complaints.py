"""Says in words for an operator what SQLite complains of; any other error is a defect of ours."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.errors import DiskFailed, DiskFull, StateRefused
from runner.language import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FULL = N_("the disk is full")

# The first whose name an error's begins with.
_COMPLAINTS: Mapping[str, tuple[str, type[StateRefused]]] = {
    "SQLITE_FULL": (_FULL, DiskFull),
    "SQLITE_IOERR_SHMSIZE": (_FULL, DiskFull),  # no room for the index of the log
    "SQLITE_BUSY": (N_("another program keeps it locked"), StateRefused),
    "SQLITE_READONLY": (N_("it may not be written"), StateRefused),
    "SQLITE_CANTOPEN": (N_("it cannot be opened"), StateRefused),
    "SQLITE_PERM": (N_("it may not be opened"), StateRefused),
    "SQLITE_NOTADB": (N_("it is not an SQLite database"), StateRefused),
    "SQLITE_CORRUPT": (N_("it is damaged"), StateRefused),
    "SQLITE_IOERR": (N_("the disk reports an error"), DiskFailed),
    "SQLITE_ERROR": (N_("its layout is not the one that this version makes"), StateRefused),
}
_HINTS: Mapping[type[StateRefused], str] = {
    DiskFull: N_("make room beside it; what was recorded is unharmed"),
    DiskFailed: N_(
        "look at the disk (`dmesg`); nothing is sent before a new start has written everything"
        " to it"
    ),
}


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Raise StateRefused, in words, for what SQLite raises about a state within the block."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        for code, (complaint, kind) in _COMPLAINTS.items():
            if name.startswith(code):
                raise _refuse(path, complaint, kind) from error
        raise


def refuse_closed(path: Path) -> StateRefused:
    """Give the error of a state that this process has let go of."""
    return _refuse(path, N_("this process has closed it"), StateRefused)


def refuse_moved(path: Path) -> StateRefused:
    """Give the error of a state whose file is no longer the one that was opened."""
    return StateRefused(
        _describe(path, N_("it was taken away, or another file was put in its place")),
        hint=N_("put it back: it knows what was sent; then start anew"),
    )


def refuse_full(path: Path) -> DiskFull:
    """Give the error of a state whose disk has no room."""
    return DiskFull(_describe(path, _FULL), hint=_HINTS[DiskFull])


def _refuse(path: Path, complaint: str, kind: type[StateRefused]) -> StateRefused:
    return kind(_describe(path, complaint), hint=_HINTS.get(kind))


def _describe(path: Path, complaint: str) -> str:
    return N_("the state {path} cannot be used: {complaint}").format(path=path, complaint=complaint)
