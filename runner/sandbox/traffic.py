"""How many requests of each call there were, and how many at once."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.sandbox.faults import Call


class Traffic:
    """Counts requests from their end to their answer's; safe for many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: Counter[Call] = Counter()
        self._now: Counter[Call] = Counter()
        self._most: Counter[Call] = Counter()

    @property
    def requests(self) -> Counter[Call]:
        """The number of requests so far."""
        with self._lock:
            return self._requests.copy()

    @property
    def most_at_once(self) -> Counter[Call]:
        """The largest number of requests that were open at the same time."""
        with self._lock:
            return self._most.copy()

    @contextmanager
    def during(self, call: Call) -> Iterator[int]:
        """Count a request while it is open; gives its number, from 1, among those of its call."""
        with self._lock:
            self._requests[call] += 1
            self._now[call] += 1
            self._most[call] = max(self._most[call], self._now[call])
            number = self._requests[call]
        try:
            yield number
        finally:
            with self._lock:
                self._now[call] -= 1
