"""Runs pumps in threads, as many for an account as it has `concurrency`, until nothing is to do.

A crew ends by itself where no batch may go out within its patience. Told to stop, it claims nothing
more and lets what is in flight come home.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from runner.dispatch.pump import Asked, Idle, Submitted, Wait
from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from runner.dispatch.pump import Pump

_LOOK_UP = 0.2  # seconds between two looks at whether somebody said stop


class Crew:
    """Works off what is due.

    patience: how far away the next step may be for the crew to stay.
    notice: called from the threads after every submission.
    """

    def __init__(
        self,
        pumps: Sequence[Pump],
        *,
        clock: Callable[[], datetime],
        patience: timedelta,
        notice: Callable[[Submitted], None],
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._notice = notice
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._changes = 0
        self._failure: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._work, args=(pump,), daemon=True, name=f"pump-{slot}")
            for pump in pumps
            for slot in range(pump.account.concurrency)
        ]

    def run(self, hurry: Callable[[], bool]) -> None:
        """Work until nothing is to do, or until told to stop and all is home, or `hurry()`.

        Raises what a thread raised, after the others came home.
        """
        for thread in self._threads:
            thread.start()
        while any(thread.is_alive() for thread in self._threads) and not hurry():
            for thread in self._threads:
                thread.join(_LOOK_UP / len(self._threads))
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Claim nothing more; may be called from a signal handler."""
        self._stopping.set()

    def _work(self, pump: Pump) -> None:
        try:
            while not self._stopping.is_set():
                seen = self._changes
                step = pump.step()
                if isinstance(step, Submitted | Asked):
                    self._tell(step)
                elif not self._stay(pump, step, seen):
                    return
        except RunnerError as error:
            self._failure = error
            self._stopping.set()

    def _tell(self, step: Submitted | Asked) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()
        if isinstance(step, Submitted):
            self._notice(step)

    def _stay(self, pump: Pump, step: Wait | Idle, seen: int) -> bool:
        """Wait for something to change; False where this thread has nothing more to wait for."""
        while not self._stopping.is_set():
            pause = self._pause(pump, step)
            if pause is None:
                return False
            with self._changed:
                changed = self._changed.wait_for(lambda: self._changes != seen, timeout=pause)
            if changed or self._is_over(step):
                return True
        return False

    def _pause(self, pump: Pump, step: Wait | Idle) -> float | None:
        """Give the seconds to the next look; None where patience is over and nothing in flight."""
        if isinstance(step, Wait) and step.until and not step.given_up:
            left = step.until - self._clock()
            if left <= self._patience:
                return min(max(left.total_seconds(), 0.0), _LOOK_UP)
        return _LOOK_UP if pump.in_flight else None

    def _is_over(self, step: Wait | Idle) -> bool:
        return isinstance(step, Wait) and step.until is not None and step.until <= self._clock()
