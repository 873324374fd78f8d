"""Keeps a whole copy of a state beside it, or none: what was there before a migration."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from runner.errors import StateRefused
from runner.language import N_
from runner.private import sync

if TYPE_CHECKING:
    from pathlib import Path


def back_up(state: Path, target: Path) -> None:
    """Write what is committed in a state to another file, whole and durable or not at all.

    One of that name is replaced: whatever tries again and again must not fill the disk.
    Whoever holds the state's write lock keeps it from changing meanwhile.
    Raises StateRefused where there is no room, or the folder may not be written.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        _copy(state, part)
        part.rename(target)
        sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StateRefused(
            N_("the backup {path} cannot be written: {problem}").format(path=target, problem=why),
            hint=N_("without it the state {path} stays as it is: make room beside it").format(
                path=state
            ),
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _copy(state: Path, part: Path) -> None:
    # Made first, for its owner alone: SQLite would let everybody read it.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(state)) as source, closing(sqlite3.connect(part)) as copy:
        # Not yet anybody's: what a crash leaves is written anew, so it needs no journal.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy)
    sync(part)
