"""A disk that is full, or fails: nothing is sent, the reason is said, and nothing is lost.

The disk is a small file system in memory, which a person may mount who is root; its failures are
injected by strace into a process at work.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from builders import (
    NOW,
    begin,
    counts_of,
    make_account,
    make_credentials,
    make_pump,
    rows_of,
)
from cli_workspace import Office, finish, numbers, opening_office, opening_sandboxes, until
from daemons import daemon_at_work, until_finished
from torture.processes.process import can_trace

from runner.daemon.collector import Collector
from runner.dispatch.line import Line
from runner.errors import DiskFailed, DiskFull, StateRefused
from runner.model.outcome import Accepted, RawAnswer
from runner.reports import poll_reports
from runner.store.accounts import ensure_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from builders import Clock

    from runner.sandbox import Sandbox
    from runner.store.database import Database

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

DISK_SIZE = "8m"
ACCOUNT = "batch_size: 1\nconcurrency: 2\nreports: {every: 1s, page: 100}\n"
START = "start: now\n"
LATENCY = 0.7  # seconds from a request to its answer: what happens meanwhile is in time
FULL = "the disk is full"

CAN_TRACE = can_trace()


class Disk:
    """A small disk for the state of an office."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no room at all; what is there stays."""
        with self._filler.open("wb", buffering=0) as filler, pytest.raises(OSError, match="space"):
            while True:
                filler.write(bytes(4096))

    def make_room(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(office: Office) -> Iterator[Disk]:
    folder = Path(office.environment["XDG_STATE_HOME"])
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def failing(process: subprocess.Popen[str], call: str, error: str) -> Iterator[None]:
    """Let each such system call of a process fail, from now to the end of the block."""
    inject = f"inject={call}:error={error}"
    words = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e", inject]
    with subprocess.Popen(
        [*words, "-p", str(process.pid)], stderr=subprocess.PIPE, encoding="utf-8"
    ) as strace:
        assert strace.stderr
        try:
            assert "attached" in strace.stderr.readline()
            yield
        finally:
            strace.terminate()
            strace.stderr.read()


def sent_once(sandbox: Sandbox, people: int, name: str = "news") -> bool:
    return sandbox.copies(name) == dict.fromkeys(numbers(people), 1)


def test_a_daemon_whose_disk_fills_up_sends_nothing_and_goes_on_when_there_is_room(
    office: Office, disk: Disk, open_sandbox: Callable[..., Sandbox]
) -> None:
    """Also the answers of what was in flight are recorded, when there is room."""
    sandbox = open_sandbox(latency=LATENCY)
    office.settings(ACCOUNT, patience="30s")
    office.campaign(people=6, more=START)
    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["send"])
        disk.fill()
        daemon.hear(FULL, "nothing is sent or fetched until there is room")
        seen = office.call("status", "--json").json
        in_flight = sandbox.requests["send"]
        until(lambda: daemon.process.poll() is not None or len(sandbox.submissions) == in_flight)

        assert any("full" in problem for problem in seen["workspace"]["problems"])
        [campaign] = seen["campaigns"]
        states = [batch["state"] for batch in campaign["batches"]]
        assert states.count("submitting") == in_flight <= 2
        assert set(states) <= {"submitting", "planned"}

        disk.make_room()
        daemon.hear("has room again")
        until_finished(office)
        until(lambda: office.campaign_status()["recipients"]["delivered"] == 6)
        assert daemon.count(FULL, "nothing is sent") == 1
    assert sent_once(sandbox, 6)
    assert not any("full" in problem for problem in office.status()["workspace"]["problems"])


def test_a_daemon_that_is_stopped_while_the_disk_is_full_says_what_it_could_not_record(
    office: Office, disk: Disk, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=LATENCY)
    office.settings(ACCOUNT.replace("concurrency: 2", "concurrency: 1"), patience="30s")
    office.campaign(people=2, more=START)
    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["send"])
        disk.fill()
        daemon.hear(FULL)
        daemon.process.send_signal(signal.SIGTERM)
        ran = daemon.end()
    assert ran.status == 2
    assert "the answer to batch 1 could not be recorded" in ran.err
    disk.make_room()
    office.call("run")
    assert office.batches() == ["in_doubt", "accepted"]


def test_a_run_whose_disk_fills_up_keeps_what_is_answered_until_there_is_room(
    office: Office, disk: Disk, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=LATENCY)
    office.settings(ACCOUNT, patience="30s")
    office.campaign(people=4, more=START)
    with office.start("run") as process:
        until(lambda: sandbox.requests["send"])
        disk.fill()
        assert process.stderr
        while FULL not in (line := process.stderr.readline()):
            assert line, "it ended and never said why"
        disk.make_room()
        finish(process)
    assert "in_doubt" not in office.batches()
    office.call("run")
    assert office.batches() == ["accepted"] * 4
    assert sent_once(sandbox, 4)


def test_a_run_on_a_disk_without_room_sends_nothing(
    office: Office, disk: Disk, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox()
    office.settings(ACCOUNT)
    office.campaign(people=2)
    office.call("pause", "--all")  # makes the state
    office.call("resume", "--all")
    disk.fill()
    ran = office.call("run", "news")
    assert (ran.status, sandbox.requests["send"]) == (2, 0)
    assert FULL in ran.err
    disk.make_room()
    assert office.call("run", "news").status == 0
    assert sent_once(sandbox, 2)


needs_strace = pytest.mark.skipif(not CAN_TRACE, reason="no strace, or it may not trace here")


@needs_strace
def test_a_daemon_whose_disk_fails_sends_nothing_more_and_ends(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox()
    office.settings(ACCOUNT)
    with daemon_at_work(office) as daemon:
        with failing(daemon.process, "fdatasync", "EIO"):
            office.campaign(people=3, more=START)
            ran = daemon.end()
        assert (ran.status, sandbox.requests["send"]) == (2, 0)
        assert "the disk reports an error" in ran.err
    with daemon_at_work(office):
        until_finished(office)
    assert sent_once(sandbox, 3)


@needs_strace
def test_an_answer_that_a_failing_disk_does_not_take_is_never_asked_for_by_sending_again(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=LATENCY)
    office.settings(ACCOUNT, patience="30s")
    office.campaign(people=3, more=START)
    with office.start("run") as process:
        until(lambda: sandbox.requests["send"])
        with failing(process, "fdatasync", "EIO"):
            ran = finish(process)
    assert ran.status == 2
    assert re.search(r"batch \d could not be recorded: .* the disk reports an error", ran.err)
    office.call("run")
    # What was written last may be there all the same: an error says nothing about that.
    assert set(office.batches()) <= {"in_doubt", "accepted"}
    assert max(sandbox.copies("news").values()) == 1


# What follows needs no process: SQLite says the same of a file that may not grow.


@contextmanager
def without_room(database: Database, but: int = 0) -> Iterator[None]:
    """Let the state not grow within the block, but for some pages."""
    with database.writing() as transaction:
        pages = transaction.execute("PRAGMA page_count").scalar()
        most = transaction.execute("PRAGMA max_page_count").scalar()
        transaction.execute(f"PRAGMA max_page_count = {pages + but}")
    try:
        yield
    finally:
        with database.writing() as transaction:
            transaction.execute(f"PRAGMA max_page_count = {most}")


BOX = (
    "<statusbox><mobile>13800138000</mobile><taskid>77</taskid>"
    f"<errorcode>{'x' * 20_000}</errorcode>"
    "<receivetime>2035-09-16 09:00:00</receivetime><status>10</status></statusbox>"
)
EMPTY = RawAnswer(status=200, body=b"<returnsms></returnsms>")
ANSWER = RawAnswer(status=200, body=f"<returnsms>{BOX}</returnsms>".encode())


class Endpoint:
    """A gateway whose reports are there once."""

    def __init__(self, answer: RawAnswer = ANSWER) -> None:
        self.asked = 0
        self.answer = answer

    def reports(self, page: int) -> RawAnswer:
        self.asked += 1
        return self.answer if self.asked == 1 else EMPTY


def test_an_answer_with_reports_is_kept_in_memory_until_there_is_room(database: Database) -> None:
    """The gateway hands it out once."""
    waiting, endpoint = threading.Event(), Endpoint()
    database.wait_for_room(60, lambda _: waiting.set())
    poll = threading.Thread(
        target=poll_reports, args=(database, make_account(), endpoint, NOW), daemon=True
    )
    with without_room(database):
        poll.start()
        assert waiting.wait(20)
        assert rows_of(database, "SELECT count(*) FROM report_journal") == [(0,)]
    poll.join(20)
    assert rows_of(database, "SELECT body FROM report_journal") == [(ANSWER.body,)]
    assert endpoint.asked == 1


def test_whoever_has_no_more_patience_is_told_what_is_lost(database: Database) -> None:
    database.wait_for_room(0)
    with without_room(database), pytest.raises(StateRefused) as refused:
        poll_reports(database, make_account(), Endpoint(), NOW)
    assert str(refused.value).startswith(
        "an answer with reports of account main could not be recorded"
    )
    assert not isinstance(refused.value, DiskFull)  # nobody may try that again


def test_who_gives_up_waits_no_longer(database: Database) -> None:
    database.wait_for_room(60, lambda _: database.give_up())
    with without_room(database), pytest.raises(StateRefused, match="could not be recorded"):
        poll_reports(database, make_account(), Endpoint(), NOW)


def test_a_daemon_applies_what_it_could_only_journal_when_there_is_room(
    database: Database, clock: Clock
) -> None:
    """It lies in the journal, and nobody else would look at it before the next start."""
    boxes = "".join(BOX.replace("x" * 20_000, f"{number}") for number in range(300))
    answer = f"<returnsms>{boxes}</returnsms>".encode()
    account = make_account()
    line = Line(
        account=account,
        credentials=make_credentials(""),
        gateway=Endpoint(RawAnswer(status=200, body=answer)),
    )
    with database.writing() as transaction:
        ensure_accounts(transaction, ["main"], NOW)
    senders = SimpleNamespace(find_line=lambda _: line)
    collector = Collector(
        database=database, senders=senders, stopping=threading.Event(), clock=clock
    )
    with without_room(database, but=len(answer) // 4096 + 2):
        collector.poll("main")
    state = "SELECT state, reports FROM report_journal"
    assert rows_of(database, state) == [("received", None)]
    collector.poll("main")
    assert rows_of(database, state) == [("applied", 300)]


def test_once_the_disk_has_failed_nothing_is_begun_on_it(database: Database, clock: Clock) -> None:
    begin(database, 2)
    database._failure = DiskFailed("the disk reports an error")

    class Gateway:
        def send(self, body: bytes) -> Accepted:
            raise AssertionError("nothing may be sent")

    with pytest.raises(DiskFailed):
        make_pump(database, Gateway(), make_account(), clock).step()
    assert counts_of(database) == {"pending": 2}
