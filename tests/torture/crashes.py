"""The real program, killed at every step that its source names, and started again.

Each row is a program and a step; each run of it dies at the first, second or last passing of the
step, or at one between, and up to twice more afterwards, by the seed. Calm lives show what there is
to kill at: a step that none of them passes would be proven by nobody, and breaks the proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torture.processes.case import find_steps
from torture.processes.matrix import (
    add_life,
    calm_cases,
    count_passings,
    find_aims,
    live_all,
    prove_aims,
    prove_one,
)
from torture.proof import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.processes.matrix import Calm
    from torture.proof import Orders

_NAME = "crashes"
_CALM_SEEDS = (1, 2)  # with sub-numbers and without


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that a crash at a step of the program repeats nothing and loses nothing."""
    if orders.only:
        yield prove_one(_NAME, orders, orders.only)
        return
    row, lives = Row(proof=_NAME, name="not killed"), []
    for lived in live_all(_NAME, calm_cases(_CALM_SEEDS), orders):
        row = add_life(row, lived)
        lives.append(lived)
    calm = count_passings(lives)
    yield row
    yield from (_never_passed(step) for step in find_unpassed(calm))
    yield from prove_aims(_NAME, calm, find_aims(calm), orders)


def find_unpassed(calm: Calm) -> list[str]:
    """Give the steps of the source that nobody passes."""
    passed = {step for counts in calm.values() for step in counts}
    return [step for step in find_steps() if step not in passed]


def _never_passed(step: str) -> Row:
    why = f"nothing passes {step}: let the world of `torture.processes.world` contain what does"
    return Row(proof=_NAME, name=step, broken=[why])
