"""One soak from the first daemon to the verdict."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from checkouts import commit_all
from cli_workspace import Office

from runner.sandbox import Sandbox, SandboxSettings
from torture.processes.judge import Truth, compare
from torture.processes.state import find_off, looking_into, read_standing
from torture.proof import chance, tell
from torture.soak.author import CONCURRENCY, PAGE, Author
from torture.soak.flat import Life, find_growth, find_longest_life
from torture.soak.gauge import Sample, take_sample
from torture.soak.keeper import Keeper
from torture.soak.supervisor import Supervisor
from torture.soak.weather import Weather

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from runner.sandbox import Submission

_TICK = 1.0  # seconds between two things that somebody does
_CARE = 5.0  # seconds between two looks of whoever cares, and between two samples
_COUNT = 10.0  # seconds between two counts of everybody one by one
_COMMIT = 45.0  # seconds between two commits of the workspace
_TELL = 60.0  # seconds between two lines about how far it is
_NEW = 0.5  # campaigns a second, while there are fewer than _MOST
_MOST = 4000  # campaigns: bounds what the gateway must remember
_REST = 240.0  # seconds for everything to come to its end
_LATENCY = 0.02  # seconds, so that several requests are in flight at once
_OF_LATE = 10  # answers without a report, among which the same is counted and not kept again
_BALANCE = 15_000  # people, until the account is low for the first time
_STILL_ASKED = timedelta(seconds=30)  # a request with somebody in it may be under way so long
# When the daemon is ended, as a part of the whole, and how: between the third time and the fourth
# one lives for most of it.
_ENDS = ((0.04, "stop"), (0.08, "kill"), (0.12, "kill"), (0.92, "stop"), (0.96, "kill"))

_VERSION = "SELECT campaign, mobile FROM recipient_status"
_WITHOUT_REPORTS = """
    SELECT account, http_status, complete, body FROM report_journal WHERE reports = 0 ORDER BY id
"""
# Of whom everybody opted out before the start, a campaign is held for good.
_LEFT = """
    SELECT id, state FROM campaigns
    WHERE state NOT IN ('finished', 'cancelled')
        AND NOT (state = 'held' AND reason LIKE 'nobody is left%')
"""


@dataclass(slots=True, kw_only=True)
class Soaked:
    """What came of a soak. figures: for the table, by name; struck: faults by kind."""

    samples: list[Sample] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    struck: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def life(self) -> Life:
        """The daemon that lived longest."""
        return find_longest_life(self.samples)


def soak(seconds: float, seed: int, folder: Path) -> Soaked:
    """Live so long, bounded in time and in work, and judge what came of it."""
    manners = SandboxSettings(
        seed=seed,
        balance=_BALANCE,
        report_delay=0.5,
        report_jitter=2.0,
        failed_share=0.1,
        latency=_LATENCY,
    )
    with Sandbox(manners) as sandbox:
        soaking = _Soaking(folder, sandbox, seed)
        try:
            soaking.live(seconds)
            soaking.come_to_rest()
        finally:
            soaking.keeper.close()
        return soaking.judge()


class _Soaking:
    """Everything of one soak, wired."""

    def __init__(self, folder: Path, sandbox: Sandbox, seed: int) -> None:
        self._office = Office(folder)
        self._office.environment["MMS_URL"] = sandbox.url
        self._sandbox = sandbox
        self._luck = chance(seed, "soak")
        self._author = Author(self._office, chance(seed, "author"))
        self._weather = Weather(sandbox, chance(seed, "weather"))
        self.keeper = Keeper(self._office)
        self._supervisor = Supervisor(
            self._office, self._author, self.keeper, sandbox, chance(seed, "supervisor")
        )
        self._soaked = Soaked()
        self._next: dict[str, float] = {}
        self._looks = 0

    def live(self, seconds: float) -> None:
        """Work for so long, with daemons that are ended on the way."""
        ends = [(part * seconds, how) for part, how in _ENDS]
        self._author.write()
        self.keeper.start()
        began = time.monotonic()
        while (at := time.monotonic() - began) < seconds and self.keeper.is_at_work():
            if ends and at >= ends[0][0]:
                self._end(ends.pop(0)[1])
            self._weather.look(at)
            if self._luck.random() < _NEW * _TICK and len(self._author.versions) < _MOST:
                self._author.write()
            self._supervisor.act(at)
            self._attend(at)
            if self._is_time("tell", at, _TELL):
                sample = self._soaked.samples[-1]
                tell(f"soak: {at:.0f} of {seconds:.0f} s, {sample.requests} requests")
            time.sleep(max(0.0, _TICK - (time.monotonic() - began - at)))

    def come_to_rest(self) -> None:
        """Let everything that was begun come to its end, with nothing wrong any more."""
        self._weather.clear_up()
        self._author.mend()
        self._supervisor.let_go()
        began = time.monotonic()
        in_force = False
        # What was written last, the daemon may not have seen yet.
        while self.keeper.is_at_work() and not (in_force and self._rests()):
            in_force = in_force or self._supervisor.see_files_in_force()
            if (at := time.monotonic() - began) > _REST:
                left = self._read(_LEFT)
                self._soaked.broken.append(f"it never came to rest: {left}")
                break
            self._supervisor.care(at)
            time.sleep(_TICK)
        if self.keeper.is_at_work():
            self._measure(self._soaked.samples[-1].at + _CARE)
            self.keeper.stop()

    def judge(self) -> Soaked:
        """Hold everything against everything, after the last daemon has ended."""
        soaked, submissions = self._soaked, self._sandbox.submissions
        versions, unplanned = self._find_versions()
        truth = Truth(
            people=versions,
            submissions=submissions,
            opted_out=frozenset(self._author.opted_out),
            deaths=self.keeper.deaths,
            concurrency=CONCURRENCY,
            page=PAGE,
            swallowed=self._weather.count_swallowed(),
        )
        findings = compare(self._office.state, truth)
        soaked.broken += [
            *self.keeper.broken,
            *self._supervisor.broken,
            *findings.broken,
            *unplanned,
            *self._find_unwanted(submissions),
            *self._find_kept_twice(),
            *find_growth(soaked.life),
        ]
        soaked.struck = self._weather.count_struck()
        soaked.deeds, soaked.phases = self._supervisor.deeds, self._weather.phases
        soaked.figures = {
            "campaigns": len(versions),
            "requests": len(submissions),
            **findings.figures,
            "daemons": self.keeper.starts,
            "kills": len(self.keeper.deaths),
            "looks": self._looks,
        }
        return soaked

    def _attend(self, at: float) -> None:
        if self._is_time("care", at, _CARE):
            self._supervisor.care(at)
            self._measure(at)
        if self._is_time("count", at, _COUNT):
            self._looks += 1
            self._soaked.broken += find_off(read_standing(self._office.state).counts)
        if self._is_time("commit", at, _COMMIT):
            with suppress(subprocess.CalledProcessError):  # nothing is new, or git is at work
                commit_all(self._office.root)

    def _is_time(self, what: str, at: float, every: float) -> bool:
        due = at >= self._next.get(what, 0.0)
        if due:
            self._next[what] = at + every
        return due

    def _end(self, how: str) -> None:
        if how == "kill":
            self.keeper.kill()
        else:
            self.keeper.stop()
        self.keeper.start()

    def _measure(self, at: float) -> None:
        with suppress(OSError):  # it has just ended, as the next look at it will say
            self._soaked.samples.append(take_sample(self.keeper, self._office.state, at))

    def _rests(self) -> bool:
        counts = read_standing(self._office.state).counts
        waiting = any(each.counts["pending"] for each in counts)
        return not (waiting or self._sandbox.reports_left or self._read(_LEFT))

    def _find_versions(self) -> tuple[Mapping[str, frozenset[str]], list[str]]:
        """Say whom the version of each campaign names that the state has; and what has none."""
        people: dict[str, set[str]] = {}
        for campaign, mobile in self._read(_VERSION):
            people.setdefault(campaign, set()).add(str(mobile))
        found: dict[str, frozenset[str]] = {}
        sent = self._find_sent_versions()
        broken = []
        for campaign, mobiles in people.items():
            versions = self._author.versions[campaign]
            matching = [
                number
                for number, version in enumerate(versions, start=1)
                if mobiles <= version and version - mobiles <= self._author.opted_out.keys()
            ]
            if not matching or not sent.get(campaign, set()) <= set(matching):
                broken.append(f"{campaign} is not what one version of its file says")
            found[campaign] = versions[(matching or [len(versions)])[-1] - 1]
        return found, broken

    def _find_sent_versions(self) -> dict[str, set[int]]:
        """Say which versions of each campaign the gateway heard, by the text of its message."""
        heard: dict[str, set[int]] = {}
        for submission in self._sandbox.submissions:
            for part in (part for frame in submission.frames for part in frame.parts):
                number = (part.text or "").partition("第")[2].partition("版")[0]
                heard.setdefault(submission.title, set()).add(int(number))
        return heard

    def _find_unwanted(self, submissions: list[Submission]) -> Iterator[str]:
        """Find who was sent to long after they had opted out."""
        for each in submissions:
            for mobile in self._author.opted_out.keys() & set(each.mobiles):
                if each.arrived_at > self._author.opted_out[mobile] + _STILL_ASKED:
                    yield f"{mobile} had opted out before a request named them"

    def _find_kept_twice(self) -> Iterator[str]:
        """Find what fills a disk in an outage: an answer without a report, kept again and again."""
        answers = self._read(_WITHOUT_REPORTS)
        for place, answer in enumerate(answers):
            if answer in answers[max(0, place - _OF_LATE) : place]:
                _, status, _, body = answer
                yield f"an answer of status {status} was kept and not counted: {body!r:.60}"

    def _read(self, query: str) -> list[tuple[object, ...]]:
        try:
            with looking_into(self._office.state) as connection:
                return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []  # it cannot be read, as the judge will say
