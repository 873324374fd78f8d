"""Simulated lives of an account that loses answers: does evidence ever settle a batch wrongly?

In some worlds nobody could do better, and a batch is settled wrongly now and then: what a stranger
sends looks there exactly like what is in doubt. Their figures are shown, and break nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

from torture.doubts.life import Case, World, live
from torture.proof import Row, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torture.doubts.life import Lived
    from torture.proof import Orders

_NAME = "doubt"
_LIVES = 40  # for each seed of the orders, in each world
_TELLING = 200  # lives between two lines about how far it is
_FIGURES = (
    *("doubts", "really taken", "settled %", "extno", "reports", "balance", "task found"),
    *("by hand", "left, taken", "left, not taken", "taken back", "misplaced", "mistaken", "wrong"),
)
_APART = {World.ONE_PREFIX, World.MIRRORED}


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that no batch is settled wrongly, and say how many are settled at all."""
    if orders.only:
        world, seed = orders.only.split("/")
        yield sum_up(World(world), [live(Case(World(world), int(seed)), orders.folder)])
        return
    seeds = [
        number for seed in orders.seeds for number in range((seed - 1) * _LIVES, seed * _LIVES)
    ]
    for world in World:
        yield sum_up(world, _live_all([Case(world, seed) for seed in seeds], orders))


def sum_up(world: World, lives: Iterable[Lived]) -> Row:
    """Add up the lives in a world; what is wrong breaks a promise, but where nobody could tell."""
    runs, counts, broken = 0, Counter[str](), []
    for lived in lives:
        runs += 1
        counts.update(lived.counts)
        again = f"make torture PROOFS={_NAME} ONLY='{lived.case}'"
        broken += [f"{lived.case}: {text}; again: {again}" for text in lived.wrong]
    settled = counts["extno"] + counts["reports"] + counts["balance"]
    right = settled - counts["mistaken"] - counts["wrong"]
    counts["settled %"] = round(100 * right / max(1, counts["really taken"]))
    return Row(
        proof=_NAME,
        name=world,
        runs=runs,
        figures={name: counts[name] for name in _FIGURES},
        broken=[] if world in _APART else broken,
    )


def _live_all(cases: Sequence[Case], orders: Orders) -> Iterator[Lived]:
    """Live all lives, one for each core at a time: none of them ever waits."""
    jobs = min(orders.jobs, os.cpu_count() or 1)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        act = partial(live, folder=orders.folder)
        for number, lived in enumerate(pool.map(act, cases, chunksize=5), start=1):
            yield lived
            if number % _TELLING == 0:
                tell(f"{_NAME}: {number} of {len(cases)} lives that are {lived.case.world}")
