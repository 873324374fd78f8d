"""A workspace, a gateway that remembers everything, and the processes that work there in turn.

The gateway lives in this process, so it survives each kill of the program.
"""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli_workspace import Office, numbers, shows_a_defect

from torture.processes.case import Program
from torture.processes.older import make_older
from torture.processes.process import Process
from torture.processes.state import Watcher, read_in_flight, read_standing
from torture.processes.weather import has_extno, open_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from torture.processes.case import Case, Kill

CONCURRENCY = 3
PAGE = 10

# The same people in all three: only the message tells which campaign a submission is of. The last
# of each has opted out from the start.
PEOPLE: Mapping[str, Sequence[str]] = {
    "autumn": numbers(31),
    "spring": numbers(21, first=13_800_138_010),
    "winter": numbers(36),
}
_OPTED_OUT = sorted({mobiles[-1] for mobiles in PEOPLE.values()})
# A whole batch and some of another: they opt out when the first process has died.
_OPT_OUT_LATE = numbers(7, first=13_800_138_023)

_HEAD = """\
name: shop
lists:
  optout: {{file: {file}}}
always_exclude: [optout]
"""
_ACCOUNT = f"""\
batch_size: 5
concurrency: {CONCURRENCY}
reports: {{every: 1s, page: {PAGE}}}
"""
_WORDS = {Program.RUN: ("run", "--wait", "2s"), Program.DAEMON: ("daemon",)}
_RIGHT_ENDS = {Program.RUN: (0, 3), Program.DAEMON: (0,)}  # 3: something is in doubt
_DISK_FAILED = 2  # how a process ends whose disk was made to fail
_READY = "the files are in force"  # what a daemon's log says when it can be told to stop
_PATIENCE = 90.0  # seconds for a process that takes a few on a machine that is not busy
_LOOK = 0.05  # seconds between two looks at whether it has ended
_MOST_PROCESSES = 8  # without a kill, until everything is settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process that was killed, or whose disk failed.

    in_flight: the batches that it left without an outcome.
    asking: whether it may have had an answer with reports in hand that it had not made safe.
    """

    in_flight: frozenset[int]
    asking: bool


class World:
    """Everything that outlives a process, from `with` to the end of its block.

    processes: those that have ended, in order; deaths: what the killed ones left.
    broken: promises that were seen broken while processes lived.
    looks: how often the counts were looked at meanwhile.
    before: gives the words before the command of a process, by its number.
    """

    def __init__(
        self,
        case: Case,
        folder: Path,
        *,
        before: Callable[[int], Sequence[str]] = lambda _: (),
    ) -> None:
        folder.mkdir(parents=True)
        self._before = before
        self.case = case
        self.office = Office(folder)
        self.sandbox = open_sandbox(case.seed)
        self.processes: list[Process] = []
        self.deaths: list[Death] = []
        self.broken: list[str] = []
        self.looks = 0
        self._folder = folder
        self._optout_list = folder / "optout.csv"
        self._write_files()

    def __enter__(self) -> Self:
        self.sandbox.__enter__()
        self.office.environment["MMS_URL"] = self.sandbox.url
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sandbox.__exit__(kind, error, traceback)

    @property
    def opted_out(self) -> frozenset[str]:
        """Who is on the list by now."""
        return frozenset(self._optout_list.read_text("utf-8").split()[1:])

    def die(self, kill: Kill) -> None:
        """Let a process work until it is killed, or until its end where it never comes so far."""
        self._work(kill)
        if self.deaths:
            self._opt_out([*_OPTED_OUT, *_OPT_OUT_LATE])

    def begin_anew(self, seed: int) -> World:
        """Give this world with another gateway, which remembers nothing; its files stay."""
        world = copy(self)
        world.sandbox = open_sandbox(seed)
        world.processes, world.deaths, world.broken, world.looks = [], [], [], 0
        world._before = lambda _: ()
        return world

    def become_older(self) -> None:
        """Put the state back to the layout of the version before."""
        make_older(self.office.state)

    def come_to_an_end(self) -> None:
        """Let processes work without kills until everything is settled."""
        for _ in range(_MOST_PROCESSES):
            self._work(None)
            if self.broken or self._is_settled():
                return
        self.broken.append(f"it never came to an end: {read_standing(self.office.state)}")

    def _work(self, kill: Kill | None) -> None:
        """Let one process live, watched, until it ends or has nothing more to do."""
        number, words = len(self.processes) + 1, _WORDS[self.case.program]
        with Watcher(self.office.state) as watcher:
            process = Process(self.office, self._folder, number, words, kill, self._before(number))
            try:
                self._attend(process)
            finally:
                process.end_for_good()
        self.processes.append(process)
        self.looks += watcher.looks
        self.broken += watcher.off
        self._note_end(process)

    def _attend(self, process: Process) -> None:
        """Wait for the end; a daemon that has nothing more to do is told to stop."""
        deadline = time.monotonic() + _PATIENCE
        ends_by_itself = self.case.program is not Program.DAEMON
        while process.status is None:
            if time.monotonic() > deadline:
                self.broken.append(f"process {process.number} did not end")
                return
            if not ends_by_itself and _READY in process.read_log() and self._is_resting():
                process.stop()
                ends_by_itself = True
            time.sleep(_LOOK)

    def _note_end(self, process: Process) -> None:
        log = process.read_log()
        if process.was_killed:
            in_flight = read_in_flight(self.office.state)
            self.deaths.append(Death(in_flight=in_flight, asking=process.was_asking()))
        elif process.status == _DISK_FAILED and self._before(process.number):
            in_flight = read_in_flight(self.office.state)
            self.deaths.append(Death(in_flight=in_flight, asking=True))
        elif process.status not in _RIGHT_ENDS[self.case.program]:
            end = f"process {process.number} ended with {process.status}"
            self.broken.append(f"{end}: {log.strip()[-500:]}")
        if shows_a_defect(log):
            self.broken.append(f"process {process.number} shows a traceback: {log.strip()[-500:]}")

    def _is_settled(self) -> bool:
        """Whether everybody was sent to who can be, and every report was fetched and applied."""
        standing = read_standing(self.office.state)
        done = {each.campaign for each in standing.counts if not each.counts["pending"]}
        return done == set(PEOPLE) and not standing.unread and not self.sandbox.reports_left

    def _is_resting(self) -> bool:
        """Whether nothing happens any more, be it that an account has stopped."""
        standing = read_standing(self.office.state)
        return self._is_settled() or bool(standing.stopped and not self.sandbox.reports_left)

    def _opt_out(self, mobiles: Sequence[str]) -> None:
        self._optout_list.write_text("\n".join(["mobile", *mobiles, ""]), "utf-8")

    def _write_files(self) -> None:
        self._opt_out(_OPTED_OUT)
        extno = 'extno: "90"\n' if has_extno(self.case.seed) else ""
        head = _HEAD.format(file=self._optout_list)
        self.office.settings(_ACCOUNT + extno, head=head, patience="4s")
        for name, mobiles in PEOPLE.items():
            self.office.campaign(name, list(mobiles), more="start: now\n")
