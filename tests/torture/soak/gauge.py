"""Measures a daemon from outside, by /proc and by the files of its state."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torture.processes.state import looking_into

if TYPE_CHECKING:
    from torture.soak.keeper import Keeper

_COUNTS = """
    SELECT
        (SELECT count(*) FROM report_journal) AS answers,
        (SELECT count(*) FROM events) AS events,
        (SELECT coalesce(sum(recipients), 0) FROM campaigns) AS people,
        (SELECT coalesce(sum(attempts), 0) FROM batches) AS requests,
        (SELECT coalesce(sum(reports_received), 0) FROM accounts) AS reports
"""
_TICKS = os.sysconf("SC_CLK_TCK")
_KILOBYTES = re.compile(r"^(Rss|Pss|Private_Clean|Private_Dirty): +(\d+) kB", re.MULTILINE)
_THREADS = re.compile(r"^Threads:\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at a daemon and its state; sizes in bytes, times in seconds.

    pid: whose; private: memory of its own; requests: claims that were ever made in the state.
    answers: rows of the report journal.
    """

    at: float
    pid: int
    rss: int
    private: int
    descriptors: int
    threads: int
    cpu: float
    database: int
    log: int
    index: int
    answers: int
    events: int
    people: int
    requests: int
    reports: int


def take_sample(keeper: Keeper, state: Path, at: float) -> Sample:
    """Measure the daemon that is at work; raises OSError where it has just ended."""
    process = Path(f"/proc/{keeper.pid}")
    memory = dict(_KILOBYTES.findall((process / "smaps_rollup").read_text("ascii")))
    [threads] = _THREADS.findall((process / "status").read_text("utf-8"))
    # After the name, which may hold anything: utime and stime. Source: proc_pid_stat(5).
    times = (process / "stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
    with looking_into(state) as connection:
        answers, events, people, requests, reports = connection.execute(_COUNTS).fetchone()
    return Sample(
        at=at,
        pid=keeper.pid,
        rss=int(memory["Rss"]) << 10,
        private=(int(memory["Private_Clean"]) + int(memory["Private_Dirty"])) << 10,
        descriptors=len(list((process / "fd").iterdir())),
        threads=int(threads),
        cpu=sum(map(int, times)) / _TICKS,
        database=_size(state),
        log=_size(Path(f"{state}-wal")),
        index=_size(Path(f"{state}-shm")),
        answers=answers,
        events=events,
        people=people,
        requests=requests,
        reports=reports,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
