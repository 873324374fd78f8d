"""Stories of clocks that are set, near days on which a zone's clock is odd, by seed."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, seed, settings

from torture.clock.plans import AHEAD, stories
from torture.clock.world import World
from torture.proof import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.clock.plans import Story
    from torture.proof import Orders

_NAME = "clocks"
_EXAMPLES = 300  # for each seed
_LONGEST = 25
_FIGURES = ("campaigns", "requests", "finished", "missed", "paused")


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that campaigns start once, at their time, or are missed and say so."""
    seeds = [int(orders.only)] if orders.only else list(orders.seeds)
    jobs = min(len(seeds), orders.jobs, os.cpu_count() or 1)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(explore, seeds, [orders.folder] * len(seeds))


def explore(number: int, folder: Path, examples: int = _EXAMPLES) -> Row:
    """Tell the stories of one seed; the one that broke a promise is written down, made small."""
    tally: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(stories(longest=_LONGEST))
    @example(AHEAD)
    def tell(story: Story) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            world = World(story, Path(place))
            world.live()
        tally.update(world.tally, runs=1, campaigns=len(story.drafts))

    broken = []
    try:
        tell()
    except Exception as error:  # noqa: BLE001 - whatever it was, it is what broke
        written = folder / f"{_NAME}-{number}.txt"
        written.write_text("".join(traceback.format_exception(error)), "utf-8")
        again = f"make torture PROOFS={_NAME} ONLY={number}"
        broken.append(f"{error!r:.200}\n  again: {again}\n  kept:  {written}")
    figures = {name: tally[name] for name in _FIGURES}
    return Row(
        proof=_NAME, name=f"seed {number}", runs=tally["runs"], figures=figures, broken=broken
    )
