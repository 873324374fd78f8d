"""One sender at a time: a file lock beside the state, freed by the system however we die."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import AnotherInstance, StateRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@contextmanager
def hold_lock(state: Path, *, command: str, now: datetime) -> Iterator[None]:
    """Hold the state's lock for the life of the block.

    command: what this process does, for the message that another one shows.
    Raises AnotherInstance, naming the holder, where it is taken.
    """
    path = Path(f"{state}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateRefused(f"the lock {path} cannot be made: {error.strerror}") from error
    try:
        _take(descriptor, path)
        _sign(descriptor, f"`{command}`, process {os.getpid()} on {socket.gethostname()}", now)
        yield
    finally:
        os.close(descriptor)


def _sign(descriptor: int, holder: str, now: datetime) -> None:
    # Only for the message of others: a full disk must not keep anybody from sending.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{holder}, since {now:%F %T %Z}".encode(), 0)


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 1000, 0).decode(errors="replace")
        raise AnotherInstance(holder or "a process that has just started") from None
    except OSError as error:
        raise StateRefused(f"the lock {path} cannot be taken: {error.strerror}") from error
