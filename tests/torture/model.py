"""The machine of test_campaigns_as_machine.py, with many more examples and longer ones.

Each row is a seed of hypothesis: the same examples each time, as long as the code is the same.
"""

from __future__ import annotations

import os
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from builders import rows_of
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from test_campaigns_as_machine import Campaigns

from torture.proof import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torture.proof import Orders

_NAME = "model"
_EXAMPLES = 60  # for each seed
_STEPS = 80
_COUNTS = {
    "campaigns": "SELECT count(*) FROM campaigns",
    "people": "SELECT count(*) FROM recipients",
    "doubts": "SELECT count(*) FROM events WHERE subject = 'batch' AND new_state = 'in_doubt'",
    "by evidence": "SELECT count(*) FROM batches WHERE settled_by = 'evidence'",
}


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that what must always hold holds, whatever happens in any order."""
    seeds = [int(orders.only)] if orders.only else list(orders.seeds)
    jobs = min(len(seeds), orders.jobs, os.cpu_count() or 1)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(explore, seeds, [orders.folder] * len(seeds))


def explore(number: int, folder: Path) -> Row:
    """Try the examples of one seed; the one that broke a promise is written down, made small."""
    tally: Counter[str] = Counter()

    class Counted(Campaigns):
        def come_to_an_end(self) -> None:
            super().come_to_an_end()
            tally.update(_count(self))

    broken = []
    try:
        run_state_machine_as_test(
            seed(number)(Counted),
            settings=settings(
                max_examples=_EXAMPLES,
                stateful_step_count=_STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:  # noqa: BLE001 - whatever it was, it is what broke
        written = folder / f"{_NAME}-{number}.txt"
        written.write_text("".join(traceback.format_exception(error)), "utf-8")
        again = f"make torture PROOFS={_NAME} ONLY={number}"
        broken.append(f"{error!r:.200}\n  again: {again}\n  kept:  {written}")
    figures = {name: tally[name] for name in (*_COUNTS, "requests", "kills")}
    return Row(
        proof=_NAME, name=f"seed {number}", runs=tally["runs"], figures=figures, broken=broken
    )


def _count(machine: Campaigns) -> Counter[str]:
    counts = {name: rows_of(machine.office, query)[0][0] for name, query in _COUNTS.items()}
    return Counter(
        runs=1,
        requests=machine.wire.requests,
        kills=machine.deaths,
        **counts,
    )
