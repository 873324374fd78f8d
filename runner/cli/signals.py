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
    and rings a pipe on which the main thread may be sleeping. last: the newest signal's number.
    """

    def __init__(self) -> None:
        self._signals = 0
        self._hang_ups = 0
        self.last: int | None = None
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
        if select.select([self._heard], [], [], seconds)[0]:
            os.read(self._heard, 64)

    def take_hang_up(self) -> bool:
        """Say whether a SIGHUP came since this was asked last."""
        count, self._hang_ups = self._hang_ups, 0
        return count > 0

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self._signals += 1
        self.last = number
        if self._signals == 1:
            os.write(self._bell, b"!")
            for act in self._on_first:
                act()

    def note_hang_up(self, _number: int, _frame: FrameType | None) -> None:
        """Handle SIGHUP, which asks for fresh files and for no end."""
        self._hang_ups += 1
        os.write(self._bell, b"!")

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._heard)
        os.close(self._bell)


@contextmanager
def catching_signals(*, hang_up: bool = False) -> Iterator[Interruption]:
    """Catch the signals for the life of the block; hang_up: SIGHUP too."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption.note) for number in _SIGNALS}
    if hang_up:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, interruption.note_hang_up)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        interruption.close()
