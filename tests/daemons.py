"""A daemon as a process of its own, its log as it grows, and the facts that tests wait for."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli_workspace import Office, Ran, opening_sandboxes, shows_a_defect, until

from runner.daemon.files import Place
from runner.daemon.senders import Senders

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runner.sandbox import Sandbox
    from runner.store.database import Database

QUICK = "reports: {every: 1s}"
ONE_BY_ONE = f"batch_size: 1\nconcurrency: 1\n{QUICK}"
FOREVER = 30.0  # seconds until an answer; nobody waits so long
FAR = "start: 2035-09-18 09:00\n"

_PATIENCE = 60.0  # seconds for what happens within a few on a machine that is not busy
_PAUSE = 0.02  # seconds between two looks at the log
_IN_FORCE = "the files are in force"


class Daemon:
    """A daemon at work. lines: its log so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.has_ended = False
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def count(self, *words: str) -> int:
        """Count the lines of the log that hold all these words."""
        return sum(all(word in line for word in words) for line in list(self.lines))

    def hear(self, *words: str, times: int = 1) -> None:
        """Wait for lines of the log that hold all these words."""
        deadline = time.monotonic() + _PATIENCE
        while self.count(*words) < times:
            can_come = self._reader.is_alive() and time.monotonic() < deadline
            assert can_come or self.count(*words) >= times, f"{words} is not in\n{self.log}"
            time.sleep(_PAUSE)

    def hear_that_files_are_in_force(self, change: Callable[[], object]) -> None:
        """Wait until the daemon has read its files once more than before a change."""
        before = self.count(_IN_FORCE)
        change()
        self.hear(_IN_FORCE, times=before + 1)

    def read_files(self) -> None:
        """Let it read its files at once, and wait until they are in force."""
        self.hear_that_files_are_in_force(lambda: self.process.send_signal(signal.SIGHUP))

    def refuse_files(self, *words: str) -> None:
        """Let it read its files at once, and wait for the words with which it refuses them."""
        before = self.count(*words)
        self.process.send_signal(signal.SIGHUP)
        self.hear(*words, times=before + 1)

    def end(self, *numbers: signal.Signals) -> Ran:
        """Send signals and wait for the end; what it wrote is its log."""
        for number in numbers:
            self.process.send_signal(number)
        try:
            status = self.process.wait(_PATIENCE)
        finally:
            self.process.kill()  # else the test would wait for it
        self._reader.join()
        self.has_ended = True
        assert not shows_a_defect(self.log), self.log
        return Ran(status, "", self.log)

    def _read_log(self) -> None:
        assert self.process.stderr
        self.lines.extend(line.rstrip("\n") for line in self.process.stderr)


@contextmanager
def daemon_at_work(
    office: Office, *words: str, ready: bool = True, **options: Any
) -> Iterator[Daemon]:
    """Start a daemon; at the end of the block it must still be at work, unless `end` ended it.

    words: options of its own; ready: wait until its files are in force.
    """
    with office.start("daemon", *words, **options) as process:
        daemon = Daemon(process)
        try:
            if ready:
                daemon.hear(_IN_FORCE)
            yield daemon
            assert daemon.has_ended or process.poll() is None, daemon.log
        finally:
            daemon.end(signal.SIGKILL)


@contextmanager
def office_for_all(folder: Path) -> Iterator[tuple[Office, Callable[..., Sandbox]]]:
    """Open a workspace that several tests look at, and what opens its gateway."""
    office = Office(folder)
    with contextmanager(opening_sandboxes)(office) as open_sandbox:
        yield office, open_sandbox


def start_in(seconds: float) -> tuple[datetime, str]:
    """Give the whole second so far from now, and how a campaign's file says it."""
    moment = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
    return moment, f"start: {moment:%F %T}Z\n"


def until_finished(office: Office, name: str = "news") -> None:
    until(lambda: office.campaign_status(name)["state"] == "finished")


def until_polled_again(sandbox: Sandbox, times: int = 1) -> None:
    """Wait until the daemon has asked for reports anew: it is awake, and some time has passed."""
    before = sandbox.requests["report"]
    until(lambda: sandbox.requests["report"] >= before + times)


def events(office: Office, condition: str = "1") -> list[dict[str, Any]]:
    """Give the lines of the state's event log for which a condition in SQL holds."""
    with closing(sqlite3.connect(f"file:{office.state}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        query = f"SELECT * FROM events WHERE {condition} ORDER BY id"
        return [dict(row) for row in connection.execute(query)]


# ---- and the parts of one, in this process


def place_of(office: Office, state: Path) -> Place:
    return Place(
        folder=office.root,
        settings_file=None,
        name="shop",
        find_state=lambda _settings: state,
        state=state,
        state_id="9f1c44a07be2d358",
    )


@contextmanager
def lasting_senders(database: Database, clock: Callable[[], datetime]) -> Iterator[Senders]:
    """Let senders of nobody stand by."""
    senders = Senders(
        database=database, clock=clock, notice=lambda _: None, stand_still=lambda _: None
    )
    try:
        yield senders
    finally:
        senders.stop()
        senders.wait(lambda: False)
