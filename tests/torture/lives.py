"""Thousands of campaigns that live from their files to their last reports, on simulated days.

The program is the real one, but for what wakes it and what it sends by: its clock is an agenda and
its gateways are the sandbox's desks, without sockets. Authors write, change, copy and put away
files; gateways fail in every way, and are down for hours; the process dies at random steps and is
started again; people pause, cancel and give their word on what is in doubt, rightly or not. The
same seed gives the same history, to the byte.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING

from builders import ZONE, make_credentials

from runner.sandbox.settings import SandboxSettings
from torture.proof import Row, chance, tell
from torture.simulation.actors import Killed
from torture.simulation.agenda import Agenda
from torture.simulation.author import AN_HOUR, Author
from torture.simulation.folders import quick_folder
from torture.simulation.promises import Promises
from torture.simulation.road import Road
from torture.simulation.sender import Sender
from torture.simulation.shelf import Shelf
from torture.simulation.steps import hearing_steps
from torture.simulation.supervisor import Supervisor
from torture.simulation.wire import Wire

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torture.proof import Orders

_NAME = "lives"
_CAMPAIGNS = 10_000  # of all lives together
_LIVES = 4  # at most
_CASE = re.compile(r"(\d+)/(\d+)")  # seed and campaigns

# Past the real time, which the views of the state ask for to tell who is overdue.
_START = datetime(2035, 3, 5, 8, 0, tzinfo=ZONE)
_LONGEST = timedelta(days=10)  # after the last file; nothing takes so long
_BETWEEN_CRASHES = 3600.0  # seconds on average
_BETWEEN_LOOKS = 24 * 3600.0
_ROUNDS = (3600.0, 3 * 3600.0)
_ANY_TIME = "at any time"  # beside the steps of the program

_ACCOUNT = """\
  {name}:
    url: http://127.0.0.1:9
    userid: "12"
    account: sandbox
    password: {{env: MMS_PASSWORD}}
    reports: {{every: 60s, page: {page}, deadline: 72h}}
    retry: {{tries: {tries}, first: 2s, most: 5m}}
    batch_size: {batch_size}
    concurrency: {concurrency}
"""
_MORE = ("rate: 2", "pace: 600/min", "hours: 07:00-23:00", 'extno: "90"', "exclusive: true")

_EVENTS = (
    "SELECT id, at, actor, subject, name, old_state, new_state, reason FROM events ORDER BY id"
)
_PEOPLE = "SELECT * FROM recipient_status ORDER BY batch, mobile"
_LEFT = """
    SELECT 'campaign ' || id || ' is ' || state FROM campaigns
    WHERE state IN ('scheduled', 'held', 'missed', 'running', 'halted')
    UNION ALL SELECT 'batch ' || id || ' is ' || state FROM batches
    WHERE state IN ('planned', 'submitting', 'in_doubt')
    UNION ALL SELECT 'answer ' || id || ' was never read' FROM report_journal
    WHERE state = 'received'
"""
_FIGURES = {
    "campaigns": "SELECT count(*) FROM campaigns",
    "people": "SELECT count(*) FROM recipients",
    "doubts": "SELECT count(*) FROM events WHERE subject = 'batch' AND new_state = 'in_doubt'",
    "by evidence": "SELECT count(*) FROM batches WHERE settled_by = 'evidence'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What came of one life. digest: of its whole history; broken: promises, in words."""

    figures: Mapping[str, int]
    digest: str
    broken: Sequence[str]


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that whatever happens in weeks repeats nothing and loses nothing."""
    cases = _read_cases(orders)
    jobs = min(len(cases), orders.jobs, os.cpu_count() or 1)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        folders = [orders.folder / f"life-{seed}" for seed, _ in cases]
        lives = pool.map(live, *zip(*cases, strict=True), folders)
        for (seed, campaigns), folder, lived in zip(cases, folders, lives, strict=True):
            tell(f"{_NAME}: {seed}/{campaigns} has the digest {lived.digest}")
            again = f"make torture PROOFS={_NAME} ONLY={seed}/{campaigns}"
            broken = [f"{text}\n  again: {again}\n  kept:  {folder}" for text in lived.broken]
            name = f"seed {seed}"
            yield Row(proof=_NAME, name=name, runs=1, figures=lived.figures, broken=broken)


def live(seed: int, campaigns: int, folder: Path) -> Lived:
    """Live one life; what is left of it is kept in a folder where a promise was broken."""
    with quick_folder() as quick:
        lived = Life(seed, campaigns, quick).run()
        if lived.broken:
            shutil.copytree(quick, folder)
    return lived


def _read_cases(orders: Orders) -> list[tuple[int, int]]:
    if orders.only:
        found = _CASE.fullmatch(orders.only)
        if not found:
            raise ValueError(f"{orders.only} is no life: write SEED/CAMPAIGNS")
        return [(int(found[1]), int(found[2]))]
    seeds = list(orders.seeds)[:_LIVES]
    return [(seed, _CAMPAIGNS // len(seeds)) for seed in seeds]


class Life:
    """A workspace, its gateways and everybody at work, from the first file to the last report."""

    def __init__(self, seed: int, campaigns: int, folder: Path) -> None:
        self._seed = seed
        self._agenda = Agenda(_START)
        self._state = folder / "state.db"
        self._luck = chance(seed, "life")
        self._shelf = Shelf(folder, _draw_accounts(chance(seed, "accounts")))
        self._wires = {name: self._open_wire(name) for name in self._shelf.settings.accounts}
        self._promises = Promises(self._state, list(self._wires.values()))
        luck = chance(seed, "author")
        self._author = Author(self._shelf, luck, campaigns, self._promises.repeats)
        self._supervisor = Supervisor(
            self._agenda,
            self._state,
            self._shelf,
            self._wires,
            author=self._author,
            promises=self._promises,
            luck=chance(seed, "supervisor"),
            hear=self._hear_people,
        )
        self._last_file = _START + timedelta(hours=campaigns / AN_HOUR)
        self._sender: Sender | None = None
        self._processes = 0
        self._crashes = 0
        self._steps: dict[str, None] = {}  # those that were ever passed, in order
        self._aim: str | None = None  # the step at which a process dies next
        self._is_over = False
        self._broken: list[str] = []

    def run(self) -> Lived:
        """Live to the end of every campaign."""
        began = time.monotonic()
        with hearing_steps(self._hear_step):
            self._write_files()
            self._start_sender()
            self._make_rounds()
            self._look()
            self._plan_crash()
            while not self._is_over and not self._broken:
                self._happen()
            if self._sender:
                self._sender.die()
        self._broken += self._promises.look()
        seconds = round(time.monotonic() - began)
        with closing(sqlite3.connect(self._state)) as connection:
            figures = {
                name: connection.execute(query).fetchone()[0] for name, query in _FIGURES.items()
            }
            digest = _digest(connection)
        return Lived(
            figures=figures | self._count() | {"seconds": seconds},
            digest=digest,
            broken=self._broken,
        )

    def _count(self) -> Mapping[str, int]:
        copies = self._promises.count_copies()
        return {
            "requests": sum(wire.requests for wire in self._wires.values()),
            "kills": self._crashes + self._supervisor.deaths,
            "duplicates": self._promises.count_duplicates(),
            "lost": len(self._broken),
            "said again": copies.total() - len(copies) - self._promises.count_duplicates(),
        }

    def _happen(self) -> None:
        act = self._agenda.next_event()
        try:
            act()
        except Killed:
            self._crash()

    # ---- the program

    def _start_sender(self) -> None:
        self._processes += 1
        self._sender = Sender(
            self._agenda,
            self._state,
            self._shelf,
            self._wires,
            owner=f"process {self._processes}",
        )
        try:
            self._sender.start()
        except Killed:
            self._crash()

    def _crash(self) -> None:
        self._crashes += 1
        assert self._sender is not None
        self._sender.die()
        self._sender = None
        kind = self._luck.random()
        longest = 120.0 if kind < 0.7 else 3600.0 if kind < 0.97 else 6 * 3600.0
        self._agenda.after(self._luck.uniform(1.0, longest), self._start_sender)

    def _plan_crash(self) -> None:
        self._agenda.after(self._luck.expovariate(1 / _BETWEEN_CRASHES), self._arm)

    def _arm(self) -> None:
        self._plan_crash()
        self._aim = self._luck.choice([_ANY_TIME, *self._steps])
        if self._aim == _ANY_TIME and self._sender:
            raise Killed

    def _hear_step(self, step: str) -> None:
        self._steps[step] = None
        if step == "collector.answer-safe":
            for wire in self._wires.values():
                wire.note_safe()
        if step == self._aim:
            self._aim = None
            raise Killed

    # ---- people

    def _write_files(self) -> None:
        if self._author.left:
            self._author.work(self._agenda.now, self._read_states())
            self._reload()
            self._agenda.after(self._luck.uniform(1800, 5400), self._write_files)

    def _make_rounds(self) -> None:
        self._agenda.after(self._luck.uniform(*_ROUNDS), self._make_rounds)
        if self._state.exists():
            self._supervisor.make_round()
            self._end()

    def _hear_people(self) -> None:
        """Let the program notice, within moments, what people did to its state and files."""
        if self._sender:
            self._sender.hear()
        self._reload()

    def _reload(self) -> None:
        sender = self._sender
        if sender:
            self._agenda.after(self._luck.uniform(2, 4), sender.look_at_files)

    def _read_states(self) -> Mapping[str, str]:
        return self._supervisor.read_states() if self._state.exists() else {}

    # ---- the end

    def _look(self) -> None:
        self._agenda.after(_BETWEEN_LOOKS, self._look)
        self._broken += self._promises.look() if self._state.exists() else []

    def _end(self) -> None:
        """End where every campaign has; it is broken where one never does."""
        if self._author.left or not self._sender:
            return
        with closing(sqlite3.connect(f"file:{self._state}?mode=ro", uri=True)) as connection:
            left = [row[0] for row in connection.execute(_LEFT)]
        left += [
            f"{name} has reports left"
            for name, wire in self._wires.items()
            if len(wire.desk.outbox)
        ]
        self._is_over = not left
        if left and self._agenda.now > self._last_file + _LONGEST:
            self._broken.append(f"it never comes to an end: {left[:5]}")

    def _open_wire(self, name: str) -> Wire:
        return Wire(
            SandboxSettings(
                balance=1500, report_delay=2.0, report_jitter=2 * 3600.0, failed_share=0.07
            ),
            seed=self._seed * 1000 + ord(name[0]),
            clock=self._agenda,
            credentials=make_credentials(""),
            way=Road(self._agenda, chance(self._seed, "road", name)),
        )


def _draw_accounts(luck: random.Random) -> str:
    """Write the settings of two or three accounts."""
    accounts = []
    for name in ("east", "north", "south")[: luck.randint(2, 3)]:
        account = _ACCOUNT.format(
            name=name,
            page=luck.choice([50, 500, 4000]),
            tries=luck.choice([2, 3, 5]),
            batch_size=luck.choice([5, 10, 20]),
            concurrency=luck.randint(1, 4),
        )
        more = "".join(f"    {line}\n" for line in _MORE if luck.random() < 0.4)
        accounts.append(account + more)
    return "".join(accounts)


def _digest(connection: sqlite3.Connection) -> str:
    """Sum up a whole history: all that has happened, but for tokens and the paths of folders."""
    content = hashlib.sha256()
    for query in (_EVENTS, _PEOPLE):
        for row in connection.execute(query):
            content.update(repr(row).encode())
    return content.hexdigest()
