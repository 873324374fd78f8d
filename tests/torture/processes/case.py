"""What is done to the program, as a value: which one, from where, and where it dies.

A case is written `run/fresh/7/pump.claimed:2+pump.recorded:1`: the program, what it begins with,
the seed of everything else, and the kills of its first processes in turn. The last one may live.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cli_workspace import CHECKOUT

_STEP = re.compile(r"\bfaultpoint\(\s*[\"']([^\"']+)[\"']")


class Program(StrEnum):
    """Who sends."""

    RUN = "run"  # `run --wait`, again and again
    DAEMON = "daemon"  # stopped by SIGTERM when everything is settled


class Beginning(StrEnum):
    """What the first process that may be killed at a step finds."""

    FRESH = "fresh"  # no state yet
    ABANDONED = "abandoned"  # batches that a killed process had in flight
    OLDER = "older"  # the same, in a state of the version before


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Where a process dies: at the N-th passing of a step, or before the N-th system call."""

    place: str
    passing: int

    @property
    def is_step(self) -> bool:
        """Whether the program itself names the place."""
        return "." in self.place

    def __str__(self) -> str:
        return f"{self.place}:{self.passing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One life of a workspace, from its first process to the end of its campaigns."""

    program: Program
    beginning: Beginning
    seed: int
    kills: tuple[Kill, ...] = ()

    def __str__(self) -> str:
        kills = "+".join(map(str, self.kills))
        return f"{self.program}/{self.beginning}/{self.seed}/{kills}"


def parse_case(text: str) -> Case:
    """Read a case as it is written; raises ValueError."""
    program, beginning, seed, kills = text.split("/")
    places = (kill.rpartition(":") for kill in kills.split("+") if kill)
    return Case(
        program=Program(program),
        beginning=Beginning(beginning),
        seed=int(seed),
        kills=tuple(Kill(place=place, passing=int(passing)) for place, _, passing in places),
    )


def find_steps() -> list[str]:
    """Give the names of all steps, as the source of the program has them."""
    sources = sorted((CHECKOUT / "runner").rglob("*.py"))
    return sorted({name for path in sources for name in _STEP.findall(path.read_text("utf-8"))})
