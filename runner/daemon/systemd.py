"""Tells the service manager how the daemon is: the notifications of sd_notify(3).

Where no manager asked for them nothing is sent.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Self

    from runner.daemon.mask import Mask

_PATIENCE = 1.0  # seconds, while the manager's queue is full
_LONGEST_STATUS = 1000  # characters; systemd drops a message of more than 4096 bytes


class Notifier:
    """Speaks to the service manager that started this process, if one did; for many threads.

    address: a path, or `@` and a name of the abstract namespace; None where nobody listens.
    watchdog: the time without a sign of life after which the manager ends this process; a sign
    in half of it is a good pace. None where it does not watch.
    """

    def __init__(self, mask: Mask, *, address: str | None, watchdog: timedelta | None) -> None:
        self.watchdog = watchdog
        self._mask = mask
        self._address = address

    @classmethod
    def from_environment(
        cls, mask: Mask, environment: MutableMapping[str, str], *, pid: int
    ) -> Self:
        """Read what the manager said, and take it out of the environment.

        A child that inherited it, such as git, could speak in our name.
        """
        names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
        address, limit, watched = (environment.pop(name, None) for name in names)
        watchdog = _read_limit(limit) if watched in (None, str(pid)) else None
        return cls(mask, address=address, watchdog=watchdog)

    def ready(self, status: str) -> None:
        """Say that the work has begun, or goes on after a reload; status: one line for people."""
        self._send("READY=1", self._show(status))

    def reloading(self) -> None:
        """Say that the files are read anew; `ready` ends it."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={microseconds}")

    def stopping(self, status: str) -> None:
        """Say that the work comes to its end; status: one line for people."""
        self._send("STOPPING=1", self._show(status))

    def alive(self) -> None:
        """Give a sign of life."""
        self._send("WATCHDOG=1")

    def status(self, status: str) -> None:
        """Say in one line, for people, how things are."""
        self._send(self._show(status))

    def _show(self, status: str) -> str:
        return f"STATUS={self._mask.clean(status)[:_LONGEST_STATUS]}"

    def _send(self, *assignments: str) -> None:
        if not self._address:
            return
        # A notification that is lost costs a restart at worst; the work must not stop over it.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(_PATIENCE)
            # Connected: to one that is not, poll(2) says that it may write, however many wait to be
            # read there, and Python would ask it again and again until the time is over.
            line.connect(_to_socket_address(self._address))
            line.send("\n".join(assignments).encode())


def _to_socket_address(address: str) -> str:
    return f"\0{address[1:]}" if address.startswith("@") else address


def _read_limit(microseconds: str | None) -> timedelta | None:
    """Read the watchdog's limit; None for none, and for what is no limit."""
    with suppress(ValueError, OverflowError):
        limit = timedelta(microseconds=int(microseconds or 0))
        return limit if limit > timedelta() else None
    return None
