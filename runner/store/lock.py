"""One sender at a time: a file lock beside the state, freed by the system however we die."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import AnotherInstance, StateRefused
from runner.language import N_
from runner.private import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_WAITS = (0, 0.05, 0.1, 0.2)  # seconds: whoever only looks keeps the lock for less


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a state's lock. command: the first word of what it does, such as `daemon`."""

    command: str
    words: str

    @property
    def is_daemon(self) -> bool:
        """Whether it sends by itself all that may be sent, for as long as it lives."""
        return self.command == "daemon"

    def __str__(self) -> str:
        """Say it to a person."""
        return self.words


@contextmanager
def hold_lock(state: Path, *, command: str, now: datetime) -> Iterator[None]:
    """Hold the state's lock for the life of the block.

    command: what this process does, for the message that another one shows.
    Raises AnotherInstance, naming the holder, where it is taken.
    """
    path = lock_of(state)
    try:
        make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateRefused(
            N_("the lock {path} cannot be made: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error
    try:
        if not _take_with_patience(descriptor, path):
            raise AnotherInstance(str(_read_holder(descriptor)))
        _sign(descriptor, command, now)
        yield
    finally:
        os.close(descriptor)


def find_holder(state: Path) -> Holder | None:
    """Say who holds a state's lock; None where nobody does."""
    path = lock_of(state)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateRefused(
            N_("the lock {path} cannot be read: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error
    try:
        free = _take(descriptor, path, fcntl.LOCK_SH)
        return None if free else _read_holder(descriptor)
    finally:
        os.close(descriptor)


def lock_of(state: Path) -> Path:
    """Name the lock of a state."""
    return Path(f"{state}.lock")


def _sign(descriptor: int, command: str, now: datetime) -> None:
    holder = N_("`{command}`, process {process} on {host}, since {moment}").format(
        command=command, process=os.getpid(), host=socket.gethostname(), moment=f"{now:%F %T %Z}"
    )
    # Only for the message of others: a full disk must not keep anybody from sending.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)


def _read_holder(descriptor: int) -> Holder:
    words = os.pread(descriptor, 1000, 0).decode(errors="replace")
    command = words.partition("`")[2].partition("`")[0].partition(" ")[0]
    return Holder(command=command, words=words or N_("a process that has just started"))


def _take_with_patience(descriptor: int, path: Path) -> bool:
    """Take the lock; whoever only looks at it has let go of it in the blink of an eye."""
    for wait in _WAITS:
        time.sleep(wait)
        if _take(descriptor, path, fcntl.LOCK_EX):
            return True
    return False


def _take(descriptor: int, path: Path, kind: int) -> bool:
    """Take the lock, for oneself or shared; says whether that went."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StateRefused(
            N_("the lock {path} cannot be taken: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error
    return True
