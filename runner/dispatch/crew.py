"""Runs pumps in threads, as many for an account as it has `concurrency`.

A crew with patience ends by itself where no batch may go out within it; one without waits for ever
for something to do. Told to stop, it claims nothing more and lets what is in flight come home.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.dispatch.pump import Asked, Emptied, Idle, Submitted, Wait
from runner.errors import DiskFull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from runner.dispatch.pump import Cargo, Pump, Step

_LOOK_UP = 0.2  # seconds between two looks at whether somebody said stop
_ROOM_AGAIN = timedelta(seconds=1)  # how soon a disk that is full is tried again
_LONGEST_SLEEP = 5.0  # seconds; a clock that was set, or a machine that slept, is noticed then


class _Watch:
    """What the threads of one pump know of each other.

    news: how many steps so far did something that another thread may have waited for.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.at_work = 0
        self.news = 0

    def step(self, pump: Pump, cargo: Cargo | None, may_go_on: Callable[[], bool]) -> Step:
        """Count the thread as at work until the others can see what its step changed."""
        with self.changed:
            self.at_work += 1
        step: Step = Idle()
        try:
            step = pump.step(cargo, may_go_on=may_go_on)
            return step
        finally:
            with self.changed:
                self.at_work -= 1
                self.news += isinstance(step, Submitted | Asked | Emptied)
                self.changed.notify_all()


class Crew:
    """Works off what is due.

    patience: how far away the next step may be for the crew to stay, None for any time.
    notice: called from the threads after every submission.
    stand_still: called for each step that a full disk kept from its claim, which is tried again;
    None where that is a failure.
    """

    def __init__(
        self,
        pumps: Sequence[Pump],
        *,
        clock: Callable[[], datetime],
        patience: timedelta | None,
        notice: Callable[[Submitted], None],
        stand_still: Callable[[DiskFull], None] | None = None,
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._notice = notice
        self._stand_still = stand_still
        self._stopping = threading.Event()
        self._watches = [_Watch() for _ in pumps]
        self.failure: Exception | None = None
        self._threads = [
            threading.Thread(
                target=self._work, args=(pump, watch), daemon=True, name=f"pump-{slot}"
            )
            for pump, watch in zip(pumps, self._watches, strict=True)
            for slot in range(pump.account.concurrency)
        ]

    def run(self, hurry: Callable[[], bool]) -> None:
        """Work until nothing is to do, or until told to stop and all is home, or `hurry()`.

        Raises what a thread raised, after the others came home.
        """
        self.start()
        self.wait(hurry)
        self.stop()  # whoever is left behind in a hurry claims nothing more
        if self.failure:
            raise self.failure

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def wait(self, hurry: Callable[[], bool]) -> None:
        """Wait until all threads have ended, or `hurry()`."""
        while self.is_at_work and not hurry():
            for thread in self._threads:
                thread.join(_LOOK_UP / len(self._threads))

    @property
    def is_at_work(self) -> bool:
        """Whether a thread has not ended."""
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Claim nothing more; may be called from a signal handler."""
        self._stopping.set()

    def wake(self) -> None:
        """Look again for something to do: what the threads wait for may have come, or the end."""
        for watch in self._watches:
            with watch.changed:
                watch.news += 1
                watch.changed.notify_all()

    def _work(self, pump: Pump, watch: _Watch) -> None:
        cargo: Cargo | None = None
        try:
            while cargo or self._may_go_on():
                seen = watch.news
                step = self._step(pump, watch, cargo)
                cargo = None
                if isinstance(step, Submitted):
                    cargo = step.following
                    self._notice(step)
                elif isinstance(step, Wait | Idle) and not self._stay(watch, step, seen):
                    return
        except Exception as error:  # noqa: BLE001 - `run` raises it in the thread of its caller
            self._fail(error)
        except BaseException as error:  # noqa: BLE001 - threading drops SystemExit without a word
            failure = RuntimeError(f"a sender was ended by {type(error).__name__}")
            failure.__cause__ = error
            self._fail(failure)

    def _fail(self, error: Exception) -> None:
        self.failure = self.failure or error
        self._stopping.set()

    def _may_go_on(self) -> bool:
        return not self._stopping.is_set()

    def _step(self, pump: Pump, watch: _Watch, cargo: Cargo | None) -> Step:
        try:
            return watch.step(pump, cargo, self._may_go_on)
        except DiskFull as error:
            if self._stand_still is None:
                raise
            self._stand_still(error)
            return Wait(until=self._clock() + _ROOM_AGAIN, why=str(error))

    def _stay(self, watch: _Watch, step: Wait | Idle, seen: int) -> bool:
        """Wait for something to change; False where this thread has nothing more to wait for."""
        with watch.changed:
            began_at = self._clock()
            while not self._stopping.is_set():
                if self._clock() < began_at:
                    return True  # the clock was set back: what was waited for may be due
                left = self._count_down(step)
                if watch.news != seen or (left is not None and left <= 0):
                    return True
                if left is None and not watch.at_work and self._patience is not None:
                    return False
                longest = _LONGEST_SLEEP if self._patience is None else _LOOK_UP
                watch.changed.wait(longest if left is None else min(left, longest))
        return False

    def _count_down(self, step: Wait | Idle) -> float | None:
        """Give the seconds until the next step may go on; None where patience ends before."""
        if isinstance(step, Idle) or step.until is None:
            return None
        left = step.until - self._clock()
        if self._patience is not None and (step.given_up or left > self._patience):
            return None
        return left.total_seconds()
