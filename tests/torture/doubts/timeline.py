"""A clock that keeps every appointment on its way: nothing happens but when somebody passes it."""

from __future__ import annotations

import heapq
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class Timeline:
    """The time of a simulation. Call it for the present."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._number = count()
        self._appointments: list[tuple[datetime, int, Callable[[], object]]] = []

    def __call__(self) -> datetime:
        return self.now

    def appoint(self, at: datetime, act: Callable[[], object]) -> None:
        """Let something happen at a moment; what is past happens with the next step."""
        heapq.heappush(self._appointments, (at, next(self._number), act))

    def go_to(self, moment: datetime) -> None:
        """Let everything happen that is to happen until a moment."""
        while self._appointments and self._appointments[0][0] <= moment:
            at, _, act = heapq.heappop(self._appointments)
            self.now = max(self.now, at)
            act()
        self.now = max(self.now, moment)

    def spend(self, seconds: float) -> None:
        """Let so much time go by."""
        self.go_to(self.now + timedelta(seconds=seconds))
