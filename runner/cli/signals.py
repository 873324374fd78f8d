"""What Ctrl-C and SIGTERM mean to a sender: the first drains, the second is quicker."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether, and how urgently, somebody wants this process to end."""

    def __init__(self) -> None:
        self._first = threading.Event()
        self._second = threading.Event()
        self._on_first: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        """Somebody wants it to end."""
        return self._first.is_set()

    def in_a_hurry(self) -> bool:
        """Whether somebody asked twice."""
        return self._second.is_set()

    def when_asked(self, act: Callable[[], None]) -> None:
        """Call `act` at the first signal, from its handler."""
        self._on_first.append(act)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not on when a signal comes."""
        self._first.wait(seconds)

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        if self._first.is_set():
            self._second.set()
        self._first.set()
        for act in self._on_first:
            act()


@contextmanager
def catching_signals() -> Iterator[Interruption]:
    """Catch the signals for the life of the block."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption.note) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
