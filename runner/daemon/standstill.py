"""Tells that the disk of the state is full, once, and that the work goes on, once."""

from __future__ import annotations

import logging
import threading
from time import monotonic
from typing import TYPE_CHECKING

from runner.daemon.log import tell

if TYPE_CHECKING:
    from runner.daemon.systemd import Notifier
    from runner.errors import DiskFull

_QUIET = 3.0  # seconds without a complaint after which there is room: each try is repeated sooner


class Standstill:
    """Hears every complaint of a full disk; safe for many threads."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._turn = threading.Lock()
        self._heard: float | None = None  # on the monotonic clock; None while there is room

    def note(self, error: DiskFull) -> None:
        """Hear that something was kept from being written."""
        with self._turn:
            is_news, self._heard = self._heard is None, monotonic()
        if is_news:
            text = f"{error}: nothing is sent or fetched until there is room"
            tell(logging.ERROR, text)
            self._notifier.status(text)

    def is_over(self) -> bool:
        """Whether there is room again, which is news; to be asked again and again."""
        with self._turn:
            if self._heard is None or monotonic() - self._heard < _QUIET:
                return False
            self._heard = None
        text = "the disk of the state has room again: the work goes on"
        tell(logging.INFO, text)
        self._notifier.status(text)
        return True
