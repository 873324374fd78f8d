"""Starts the daemons, one after another, ends them, and knows what the killed ones left."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

from torture.processes.state import read_in_flight
from torture.processes.world import Death

if TYPE_CHECKING:
    from pathlib import Path

    from cli_workspace import Office

# What its log says when it works, the second where somebody has just left a fault in a file.
_AT_WORK = ("the files are in force", "the last good state goes on")
_PATIENCE = 90.0  # seconds for what takes a few on a machine that is not busy
_LOOK = 0.05  # seconds between two looks


class Keeper:
    """Keeps one daemon at work at a time.

    deaths: what the killed ones left; broken: daemons that did not do as they were told.
    starts, stops: how many there were.
    """

    def __init__(self, office: Office) -> None:
        self.deaths: list[Death] = []
        self.broken: list[str] = []
        self.starts = 0
        self.stops = 0
        self._office = office
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The daemon's that is at work."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start a daemon, and wait until it works."""
        self.starts += 1
        with self._log.open("w") as log:
            self._process = self._office.start("daemon", stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not any(words in (log := self._log.read_text("utf-8")) for words in _AT_WORK):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the daemon does not work: {log}")
            time.sleep(_LOOK)

    def reload(self) -> None:
        """Let it read the files now."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Let it bring home what it has in flight, and end."""
        assert self._process is not None
        self.stops += 1
        self._process.terminate()
        try:
            status = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.broken.append("a daemon that was told to stop did not")
            self._process.kill()
            status = self._process.wait()
        if status:
            self.broken.append(f"a daemon that was told to stop ended with {status}")
        self._read_log()

    def kill(self) -> None:
        """End it in the midst of whatever it does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        in_flight = read_in_flight(self._office.state)
        self.deaths.append(Death(in_flight=in_flight, asking=True))
        self._read_log()

    def is_at_work(self) -> bool:
        """Whether it lives; what ended by itself is a promise broken."""
        assert self._process is not None
        status = self._process.poll()
        if status is not None:
            self.broken.append(f"a daemon ended by itself, with {status}: {self._log}")
        return status is None

    def close(self) -> None:
        """Leave no daemon behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    @property
    def _log(self) -> Path:
        return self._office.folder / f"daemon-{self.starts}.log"

    def _read_log(self) -> None:
        if "Traceback" in self._log.read_text("utf-8"):
            self.broken.append(f"a daemon shows a traceback: {self._log}")
