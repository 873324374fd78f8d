"""Keeps what was measured as JSON, every single value of it, and reads it again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.compare import Result
from benchmarks.measured import Above, Cost, Figure, Measurement, Ratio, Target, Who

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that was measured in one run. machine: in one line; date: ISO 8601."""

    machine: str
    date: str
    rounds: int
    results: tuple[Result, ...]


def write_figures(figures: Figures, path: Path) -> None:
    """Keep them in a file."""
    path.write_text(json.dumps(asdict(figures), ensure_ascii=False, indent=1) + "\n", "utf-8")


def read_figures(path: Path) -> Figures:
    """Read them again."""
    kept = json.loads(path.read_text("utf-8"))
    results = tuple(_read_result(result) for result in kept.pop("results"))
    return Figures(**kept, results=results)


def _read_result(kept: dict[str, Any]) -> Result:
    rounds = tuple(
        {Who(who): Measurement(**measured) for who, measured in one.items()}
        for one in kept.pop("rounds")
    )
    return Result(
        whats={Who(who): what for who, what in kept.pop("whats").items()},
        targets=tuple(_read_target(target) for target in kept.pop("targets")),
        skipped=tuple(kept.pop("skipped")),
        rounds=rounds,
        **kept,
    )


def _read_target(kept: dict[str, Any]) -> Target:
    if "most" in kept and "against" in kept:
        return Above(against=Who(kept["against"]), most=kept["most"])
    if "most" in kept:
        return Cost(most=kept["most"])
    return Ratio(figure=Figure(kept["figure"]), against=Who(kept["against"]), least=kept["least"])
