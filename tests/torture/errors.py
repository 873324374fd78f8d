"""Every exception of every library below the client, raised in every function of them.

The product of both is large: each seed draws a hundredth of it, a hundred seeds draw it all.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from multiprocessing import get_context
from typing import TYPE_CHECKING

from authority import Authority
from hostile.errors import find_errors
from hostile.walk import CALLS, WAYS, Walked, draw_product, walk

from torture.proof import Row, chance, tell
from torture.simulation.folders import quick_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torture.proof import Orders

_NAME = "errors"
_PARTS = 100


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that no exception escapes, and that none makes a submission go out twice."""
    seeds = [int(orders.only)] if orders.only else list(orders.seeds)
    jobs = min(orders.jobs, os.cpu_count() or 1)
    trips = list(product(CALLS, WAYS, seeds))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        walked = list(pool.map(_walk, *zip(*trips, strict=True)))
    for call in CALLS:
        yield _sum_up(
            call, [came for trip, came in zip(trips, walked, strict=True) if trip[0] == call]
        )


def _walk(call: str, name: str, seed: int) -> Walked:
    # What a library was doing when it failed is left behind for the collector of garbage.
    warnings.simplefilter("ignore", ResourceWarning)
    sys.unraisablehook = lambda _: None
    draw = partial(
        draw_product, luck=chance(seed, _NAME, call, name), part=(seed - 1) % _PARTS, parts=_PARTS
    )
    with quick_folder() as folder:
        walked = walk(WAYS[name], call, draw, authority=Authority(folder), folder=folder)
    again = f"make torture PROOFS={_NAME} ONLY={seed}"
    walked.broken = [f"{call} over {name}: {text}; again: {again}" for text in walked.broken]
    tell(f"{_NAME}: {call} over {name}, seed {seed}: {walked.raised} raised")
    return walked


def _sum_up(call: str, walks: Sequence[Walked]) -> Row:
    outcomes = sum((walked.outcomes for walked in walks), Counter[str]())
    return Row(
        proof=_NAME,
        name=call,
        runs=sum(walked.raised for walked in walks),
        figures={
            "exceptions": len(find_errors()),
            "functions": len(set().union(*(walked.places for walked in walks))),
            "not sent": outcomes["NotSent"],
            "in doubt": outcomes["Unknown"],
        },
        broken=[text for walked in walks for text in walked.broken],
    )
