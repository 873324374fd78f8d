"""`python -m benchmarks.startup`: medians of several rounds as a table; status 0 whatever they are.

A target is a time above that of bare Python; it is held to CPU time, which other programs on the
machine stretch less than they stretch the clock's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.startup.contenders import MANY, NOTHING, make_contenders
from benchmarks.startup.process import Measurement, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.startup.contenders import Contender

_ROW = "{:28}{:>10}{:>10}{:>12}{:>10}  {}"


def main(words: Sequence[str]) -> None:
    """Measure, and show what came of it."""
    parser = argparse.ArgumentParser(prog="benchmarks.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each command (7)")
    parser.add_argument("--many", type=int, default=MANY, help=f"campaigns ({MANY})")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="mms-runner-bench-") as folder:
        contenders = list(make_contenders(Path(folder), many=options.many))
        measured = play(contenders, rounds=options.rounds, folder=Path(folder))
    sys.stdout.write(f"{render(contenders, measured)}\n")


def play(contenders: Sequence[Contender], *, rounds: int, folder: Path) -> dict[str, Measurement]:
    """Run each once a round, one after the other; gives the medians by the contenders' names.

    A first round is not counted: it writes bytecode, and fills the cache of files.
    """
    runs: dict[str, list[Measurement]] = {contender.name: [] for contender in contenders}
    for _ in range(1 + rounds):
        for contender in contenders:
            runs[contender.name].append(measure(contender.command, folder=folder))
    return {name: _take_medians(counted) for name, (_, *counted) in runs.items()}


def render(contenders: Sequence[Contender], measured: Mapping[str, Measurement]) -> str:
    """Draw the table; times in milliseconds, memory in MB."""
    nothing = measured[NOTHING]
    lines = [_ROW.format("", "wall", "CPU", "CPU above", "memory", "target (CPU above)")]
    for contender in contenders:
        figures = measured[contender.name]
        above = figures.cpu - nothing.cpu
        target = "-"
        if contender.most is not None:
            kept = "reached" if above <= contender.most else "MISSED"
            target = f"{1000 * contender.most:,.0f} {kept}"
        times = (f"{1000 * each:,.0f}" for each in (figures.seconds, figures.cpu, above))
        lines.append(_ROW.format(contender.name, *times, f"{figures.peak / 1e6:,.0f}", target))
    return "\n".join(lines)


def _take_medians(runs: Sequence[Measurement]) -> Measurement:
    return Measurement(
        seconds=median(run.seconds for run in runs),
        cpu=median(run.cpu for run in runs),
        peak=round(median(run.peak for run in runs)),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
