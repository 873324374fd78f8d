"""Writes the lines of the log to a descriptor, so that whoever reads them cannot hold up the work.

A pipe that nobody empties would stop the thread that writes to it, in the middle of a transaction
perhaps. So one thread alone writes, others only queue; what finds no room is counted and told.
"""

from __future__ import annotations

import logging
import os
from queue import SimpleQueue
from threading import Thread

_FAREWELL = 1.0  # seconds at the end for lines that are still queued


class Outlet(logging.Handler):
    """A handler that never waits and never fails.

    descriptor: stays the caller's. It is written to past the buffers of its stream: the lock that a
    waiting writer holds there would keep the interpreter from ending.
    room: how many lines may be queued.
    """

    def __init__(self, descriptor: int, *, room: int = 10_000) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._room = room
        # Unlike Queue, it may be used from a signal handler.
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        # Each number is changed by one thread at a time: by who holds the handler's lock, or by
        # the writer.
        self._dropped = self._unwritten = self._told = 0
        self._writer = Thread(target=self._write_all, name="log", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record's line."""
        if self._lines.qsize() >= self._room:
            self._dropped += 1
            return
        try:
            self._lines.put(self._format_line(record))
        except Exception:  # noqa: BLE001 - whatever is wrong with a record, the work goes on
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base's name
        """Count a record that cannot be written."""
        del record
        self._dropped += 1

    def close(self) -> None:
        """Let the writer finish, unless nobody reads."""
        self._lines.put(None)
        self._writer.join(_FAREWELL)
        super().close()

    def _write_all(self) -> None:
        for line in iter(self._lines.get, None):
            self._tell_losses()
            self._unwritten += not self._write(line)
        self._tell_losses()

    def _tell_losses(self) -> None:
        lost = self._dropped + self._unwritten
        if lost > self._told and self._write(self._format_loss(lost - self._told)):
            self._told = lost

    def _write(self, line: bytes) -> bool:
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError:
            return False
        return True

    def _format_loss(self, lines: int) -> bytes:
        notice = {"levelname": "WARNING", "msg": f"lines of the log that were lost: {lines}"}
        return self._format_line(logging.makeLogRecord(notice))

    def _format_line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(errors="backslashreplace")
