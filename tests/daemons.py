"""A daemon as a process of its own, its log as it grows, and the facts that tests wait for."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from cli_workspace import Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli_workspace import Office

_PATIENCE = 20.0  # seconds for what happens within two on a machine that is not busy
_PAUSE = 0.02  # seconds between two looks
_IN_FORCE = "the files are in force"

QUICK = "reports: {every: 1s}"


class Daemon:
    """A daemon at work. lines: its log so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _read_log(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def count(self, *words: str) -> int:
        """Count the lines of the log that hold all these words."""
        return sum(all(word in line for word in words) for line in list(self.lines))

    def hear(self, *words: str, times: int = 1) -> str:
        """Wait for a line of the log with all these words."""
        wait(lambda: self.count(*words) >= times, lambda: f"{words} is not in\n{self.log}")
        return next(line for line in self.lines if all(word in line for word in words))

    def read_files(self) -> None:
        """Let it read its files at once, and wait until they are in force."""
        before = self.count(_IN_FORCE)
        self.process.send_signal(signal.SIGHUP)
        self.hear(_IN_FORCE, times=before + 1)

    def refuse_files(self, *words: str) -> str:
        """Let it read its files at once, and wait until it says why they are not in force."""
        before = self.count(*words)
        self.process.send_signal(signal.SIGHUP)
        return self.hear(*words, times=before + 1)

    def send(self, *numbers: signal.Signals) -> None:
        for number in numbers:
            self.process.send_signal(number)

    def end(self, *numbers: signal.Signals) -> Ran:
        """Send signals and wait for the end; the log is what it wrote."""
        self.send(*numbers)
        try:
            status = self.process.wait(_PATIENCE)
        finally:
            self.process.kill()  # else the test would wait for it
        self._reader.join()
        assert "Traceback" not in self.log, self.log
        out = self.process.stdout.read() if self.process.stdout else ""
        return Ran(status, out, self.log)


@contextmanager
def daemon_at_work(office: Office, *words: str, ready: bool = True, **options: Any) -> Iterator[Daemon]:
    """Start a daemon, and end it with the block if it still works.

    words: options of its own; ready: wait until it has read its files.
    """
    with office.start("daemon", *words, **options) as process:
        daemon = Daemon(process)
        try:
            if ready:
                daemon.hear(_IN_FORCE)
            yield daemon
        finally:
            if process.poll() is None:
                ran = daemon.end(signal.SIGTERM)
                assert ran.status == 0, ran.err


def wait(happened: Callable[[], object], tell: Callable[[], str] = lambda: "it never happened") -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < deadline, tell()
        time.sleep(_PAUSE)


def workspace_status(office: Office) -> Any:
    """Give what status says of the files in force."""
    return office.status()["workspace"]


def events(office: Office, query: str = "") -> list[dict[str, Any]]:
    """Give the event log of the state; query: a condition in SQL."""
    where = f"WHERE {query}" if query else ""
    with closing(sqlite3.connect(f"file:{office.state}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM events {where} ORDER BY id")]
