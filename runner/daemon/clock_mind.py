"""Notices that the clock was set, or that the machine slept, by a clock that nobody sets."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from runner.timing import format_duration

if TYPE_CHECKING:
    from datetime import datetime

_JUMP = timedelta(minutes=1)  # less is a clock that is being disciplined, or a busy machine


class ClockMind:
    """Remembers when it looked last, by both clocks; for one thread."""

    def __init__(self, now: datetime) -> None:
        self._looked_at = now
        self._steady = monotonic()

    def find_jump(self, now: datetime) -> str | None:
        """Say how the clock moved beside the time that went by since the last look, for a person.

        None where it only went on.
        """
        steady = monotonic()
        jump = now - self._looked_at - timedelta(seconds=steady - self._steady)
        self._looked_at, self._steady = now, steady
        if abs(jump) < _JUMP:
            return None
        return (
            f"{'moved on' if jump > timedelta() else 'went back'} by {format_duration(abs(jump))}"
        )
