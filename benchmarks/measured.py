"""What a benchmark yields, as values: contenders, what was measured of them, and targets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Who(StrEnum):
    """A contender's part."""

    OURS = "ours"
    NAIVE = "naive"  # what a user would write instead
    LIMIT = "limit"  # what the machine gives to a program that does nothing else


class Figure(StrEnum):
    """What contenders are compared by; more is better."""

    RATE = "units a second"
    THRIFT = "units a CPU second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One run of one contender.

    seconds: from the first unit to the last; cpu: CPU seconds of the process meanwhile, in all its
    threads and the kernel; peak: bytes of memory that it held at most meanwhile.
    """

    units: int
    seconds: float
    cpu: float
    peak: int

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.units / self.seconds

    @property
    def cost(self) -> float:
        """CPU seconds a unit."""
        return self.cpu / self.units

    def tell(self, figure: Figure) -> float:
        """Give the figure that contenders are compared by."""
        return self.rate if figure is Figure.RATE else 1 / self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to do what is measured. what: it in a few words; measure: runs it once."""

    who: Who
    what: str
    measure: Callable[[], Measurement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A target: ours is to reach `least` times the figure of another."""

    figure: Figure
    against: Who
    least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A target: ours is to take at most so many CPU seconds a unit (two cores of a server)."""

    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """A target: ours is to take at most so many CPU seconds a unit above what another takes."""

    against: Who
    most: float


Target = Ratio | Cost | Above


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A path and those who take it.

    name: one word for `ONLY` and for files; unit: the noun of what is counted.
    skipped: who is missing here, and why.
    """

    name: str
    title: str
    unit: str
    contenders: tuple[Contender, ...]
    targets: tuple[Target, ...] = ()
    skipped: tuple[str, ...] = ()


class Missing(Exception):  # noqa: N818 - no error: a tool that this machine lacks
    """What a benchmark needs is not on this machine; says what, and how to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What every benchmark is told. folder: of its own; quick: only to see that it works."""

    folder: Path
    quick: bool
