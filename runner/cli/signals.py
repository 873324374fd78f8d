"""What Ctrl-C and SIGTERM mean to a sender: the first drains, the second is quicker."""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether, and how urgently, somebody wants this process to end.

    A handler runs in the middle of whatever the main thread does, so it takes no lock: it counts,
    and rings a pipe on which the main thread may be sleeping.
    """

    def __init__(self) -> None:
        self._signals = 0
        self._heard, self._bell = os.pipe()
        self._on_first: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        """Somebody wants it to end."""
        return self._signals > 0

    def in_a_hurry(self) -> bool:
        """Whether somebody asked twice."""
        return self._signals > 1

    def when_asked(self, act: Callable[[], None]) -> None:
        """Call `act` at the first signal, from its handler."""
        self._on_first.append(act)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not on when a signal comes."""
        select.select([self._heard], [], [], seconds)

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self._signals += 1
        if self._signals == 1:
            os.write(self._bell, b"!")
            for act in self._on_first:
                act()

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._heard)
        os.close(self._bell)


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
        interruption.close()
