"""A clock that nothing but events moves, and what is to happen when."""

from __future__ import annotations

import heapq
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class Agenda:
    """The time of a life; call it for the present.

    What happens at one moment happens in the order in which it was asked for.
    """

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._numbers = count()
        self._events: list[tuple[datetime, int, Callable[[], object]]] = []

    def __call__(self) -> datetime:
        return self.now

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        """Let something happen at a moment; one that has passed is now."""
        heapq.heappush(self._events, (max(moment, self.now), next(self._numbers), act))

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something happen so much later."""
        self.at(self.now + timedelta(seconds=seconds), act)

    def next_event(self) -> Callable[[], object]:
        """Move to the next event and give it."""
        self.now, _, act = heapq.heappop(self._events)
        return act
