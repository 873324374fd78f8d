"""Lets threads that write at the same moment share one transaction, and one wait for the disk.

The first that comes leads: while it waits for its turn others join it, it carries out what all of
them want in one transaction, and wakes them when that is durable. Whoever came too late for it is
led by the next. So with many requests in flight the disk is waited for once for many claims.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.store.transaction import Transaction

_Written = TypeVar("_Written")


@dataclass(slots=True, eq=False)
class Wish:
    """What one thread wants to write; written, or error: what came of it."""

    act: Callable[[Transaction], Any]
    written: Any = None
    error: BaseException | None = None
    leads: bool = False
    called: threading.Lock = field(default_factory=threading.Lock)


class Sharing:
    """The wishes of many threads. carry_out: fulfils some of them; raises nothing."""

    def __init__(self, carry_out: Callable[[Callable[[], Sequence[Wish]]], Sequence[Wish]]) -> None:
        self._carry_out = carry_out
        self._door = threading.Lock()
        self._waiting: list[Wish] = []
        self._is_led = False

    def write(self, act: Callable[[Transaction], _Written]) -> _Written:
        """Give what `act` gives, once that is durable; raises what it raises."""
        wish = Wish(act)
        wish.called.acquire()
        with self._door:
            self._waiting.append(wish)
            wish.leads = not self._is_led
            self._is_led = True
        if not wish.leads:
            wish.called.acquire()
        if wish.leads:
            self._lead()
        if wish.error:
            raise wish.error
        written: _Written = wish.written
        return written

    def _lead(self) -> None:
        wishes = self._carry_out(self._take_waiting)
        with self._door:
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].called.release()
        for wish in wishes:
            if not wish.leads:
                wish.called.release()

    def _take_waiting(self) -> Sequence[Wish]:
        with self._door:
            wishes, self._waiting = self._waiting, []
        return wishes
