"""Threads of which one at a time runs: each goes on when it is told to, until it rests or ends.

So what the program does in threads of its own happens in one order, which a seed decides, and a
request may be under way while others act.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_local = threading.local()


class Killed(BaseException):
    """The process has died: nothing of it goes on, and no handler of errors sees it."""


class Actor:
    """Something that is done in a thread of its own, which runs only within `go_on`."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.has_ended = False
        self._act = act
        self._error: BaseException | None = None
        self._is_dying = False
        self._may_run = _closed_gate()
        self._has_stopped = _closed_gate()
        self._thread: threading.Thread | None = None

    def go_on(self) -> bool:
        """Run until it rests or ends; says whether it has ended. Raises what ended it."""
        if self.has_ended:
            return True  # its process died while something was on its way to it
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._may_run.release()
        self._has_stopped.acquire()
        if self._error:
            raise self._error
        return self.has_ended

    def kill(self) -> None:
        """End it where it rests, as the end of its process does."""
        self._is_dying = True
        if self._thread is None:
            self.has_ended = True
        while not self.has_ended:
            self._may_run.release()
            self._has_stopped.acquire()

    def rest(self) -> None:
        """Wait for the next `go_on`; called from within."""
        self._has_stopped.release()
        self._may_run.acquire()
        if self._is_dying:
            raise Killed

    def _run(self) -> None:
        _local.actor = self
        self._may_run.acquire()
        try:
            self._act()
        except Killed as death:
            self._error = None if self._is_dying else death
        except BaseException as error:  # noqa: BLE001 - `go_on` raises it in its caller's thread
            self._error = error
        self.has_ended = True
        self._has_stopped.release()


def _closed_gate() -> threading.Lock:
    """Give a lock that one thread waits for and another opens, each time for one."""
    gate = threading.Lock()
    gate.acquire()
    return gate


def current_actor() -> Actor:
    """Give the one that runs; to be asked from within."""
    actor: Actor = _local.actor
    return actor
