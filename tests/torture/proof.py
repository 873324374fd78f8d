"""What every proof is given and gives: orders, and the rows of one table."""

from __future__ import annotations

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_Case = TypeVar("_Case")
_Result = TypeVar("_Result")

_EVERY = 20.0  # seconds between two lines about how far it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a proof is to do.

    seeds: the runs of each of its rows, the same runs for the same seeds; jobs: how many at once.
    only: the one case to run, as a broken promise named it; None for all.
    folder: for the workspaces and what is kept of them.
    """

    seeds: Sequence[int]
    jobs: int
    folder: Path
    only: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of one kind of run.

    figures: by the name of their column; broken: each broken promise, with the command that
    repeats it; skipped: why nothing was run.
    """

    proof: str
    name: str
    runs: int = 0
    figures: Mapping[str, int] = field(default_factory=dict)
    broken: Sequence[str] = ()
    skipped: str | None = None


def chance(seed: int, *names: object) -> random.Random:
    """Give the luck that belongs to a seed and some names, whatever else was drawn before."""
    return random.Random(":".join(map(str, (seed, *names))))


def run_all(
    title: str, cases: Sequence[_Case], act: Callable[[_Case], _Result], jobs: int
) -> Iterator[_Result]:
    """Act on every case, some at once, and say on stderr how far it is.

    Gives each result as it comes.
    """
    began = told = time.monotonic()
    pool = ThreadPoolExecutor(jobs)
    try:
        acting = [pool.submit(act, case) for case in cases]
        for number, future in enumerate(as_completed(acting), start=1):
            yield future.result()
            if number == len(cases) or time.monotonic() - told > _EVERY:
                told = time.monotonic()
                tell(f"{title}: {number} of {len(cases)} after {told - began:.0f} s")
    finally:
        pool.shutdown(cancel_futures=True)


def tell(text: str) -> None:
    """Say something to whoever waits for the table."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
