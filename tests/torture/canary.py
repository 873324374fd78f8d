"""Whole lives with a gateway that repeats all it is sent: is any secret in what they leave behind?

The secrets are drawn anew for each life, of characters that somebody escapes.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from torture.canaries.life import live
from torture.proof import Row, chance, run_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torture.canaries.life import Lived
    from torture.proof import Orders

_NAME = "canary"
_AT_ONCE = 2  # lives: each has its searches to do, and processes of its own
_CHARACTERS = "abcXYZ0189+/=&%?#<>\"'\\ ;:!~@()[]{}|^`$-_.,\u00e9\u6f22\u5bc6\U0001f319"
_FIGURES = ("commands", "requests", "files", "searched", "heard")


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that every search of every life finds nothing."""
    seeds = [int(orders.only)] if orders.only else list(orders.seeds)
    counts, broken = Counter[str](), []
    act = partial(_live, orders)
    for seed, lived in run_all(_NAME, seeds, act, min(orders.jobs, _AT_ONCE)):
        counts.update({name: getattr(lived, name) for name in _FIGURES})
        again = f"make torture PROOFS={_NAME} ONLY={seed}"
        broken += [f"life {seed}: {leak}; again: {again}" for leak in lived.leaks]
    yield Row(proof=_NAME, name="echoing gateway", runs=len(seeds), figures=counts, broken=broken)


def _live(orders: Orders, seed: int) -> tuple[int, Lived]:
    return seed, live(orders.folder / f"{_NAME}-{seed}", draw_secrets(seed))


def draw_secrets(seed: int) -> Mapping[str, str]:
    """Draw the secrets of a life; letters at both ends, as forms and lines are trimmed."""
    luck = chance(seed, _NAME)

    def draw() -> str:
        inner = "".join(luck.choice(_CHARACTERS) for _ in range(luck.randint(6, 24)))
        return f"C{inner}z"

    return {"path": f"c4nary-{seed}-road", "userid": draw(), "account": draw(), "password": draw()}
