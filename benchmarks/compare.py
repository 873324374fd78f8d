"""Makes figures of what was measured: medians, ratios, and what they are held to.

A ratio is the median of those of each round, whose contenders ran one right after the other: a
machine that slows down for a minute slows them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measured import Above, Cost, Figure, Measurement, Target, Who

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured of a path. whats: each contender in a few words.

    rounds: a measurement of each contender in each.
    """

    name: str
    title: str
    unit: str
    whats: Mapping[Who, str]
    targets: tuple[Target, ...]
    skipped: tuple[str, ...]
    rounds: tuple[Mapping[Who, Measurement], ...]

    def middle(self, who: Who, figure: Callable[[Measurement], float]) -> float:
        """Give the median of a contender's figure."""
        return median(figure(measured[who]) for measured in self.rounds)

    def ratio(self, figure: Figure, against: Who) -> float:
        """Give how many times the figure of another ours reaches."""
        return median(
            measured[Who.OURS].tell(figure) / measured[against].tell(figure)
            for measured in self.rounds
        )

    def excess(self, against: Who) -> float:
        """Give by how many CPU seconds a unit of ours is above that of another."""
        return median(measured[Who.OURS].cost - measured[against].cost for measured in self.rounds)

    def is_reached(self, target: Target) -> bool | None:
        """Whether a target was reached; None where nobody can tell here."""
        if isinstance(target, Cost):
            return self.middle(Who.OURS, lambda measured: measured.cost) <= target.most
        if target.against not in self.whats:
            return None
        if isinstance(target, Above):
            return self.excess(target.against) <= target.most
        return self.ratio(target.figure, target.against) >= target.least
