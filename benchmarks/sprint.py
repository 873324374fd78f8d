"""One piece of work in a process of its own, after it has made itself ready.

The two sides talk in lines, so that a program in C can take part as well:

    contender   ready                      all is read and opened
    referee     an empty line              go
    contender   done UNITS SECONDS CPU     what it did, and what it took, both in seconds
    referee     end of stdin               its memory has been looked at
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measured import Measurement
from benchmarks.process import watching

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def measure_sprint(command: Sequence[str], *, folder: Path) -> Measurement:
    """Let a contender run once; raises RuntimeError where it fails."""
    with watching(command, folder=folder) as contender:
        contender.hear("ready")
        contender.begin()
        contender.say_go()
        units, seconds, cpu = contender.hear("done")
        _, peak = contender.tell()
    return Measurement(units=int(units), seconds=float(seconds), cpu=float(cpu), peak=peak)


def sprint(work: Callable[[], int]) -> None:
    """Be the contender: do a piece of work that gives its units, when it is time."""
    _say("ready")
    sys.stdin.readline()
    began, spent = time.perf_counter(), time.process_time()
    units = work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    _say(f"done {units} {seconds:.6f} {cpu:.6f}")
    sys.stdin.read()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
