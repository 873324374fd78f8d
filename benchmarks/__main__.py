"""`make bench`: runs the benchmarks that are named, or all, and prints one table.

Each contender runs once a round, one after the other, so that a machine that slows down slows all
of them; medians are shown. Exit status 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.compare import Result
from benchmarks.keep import Figures, read_figures, write_figures
from benchmarks.machine import name_machine
from benchmarks.measured import Bench, Measurement, Missing, Orders, Who
from benchmarks.page import write_docs
from benchmarks.table import render_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Folders of this package; each has a `bench.benches(orders)`. The system counts the memory of this
# process to that of what it starts, so whatever makes it larger comes last.
MODULES = ("startup", "planning", "send", "reports", "yaml")
_ROUNDS = 5


def main(words: Sequence[str]) -> None:
    """Measure what is named, and show it."""
    options = _read_words(words)
    figures = read_figures(options.shown) if options.shown else _measure(options)
    sys.stdout.write(f"{figures.machine}\n\n{render_text(figures.results)}")
    if options.json:
        write_figures(figures, options.json)
    if options.docs:
        write_docs(figures)


def _measure(options: argparse.Namespace) -> Figures:
    with tempfile.TemporaryDirectory(prefix="mms-runner-bench-", dir=options.folder) as folder:
        orders = Orders(folder=Path(folder), quick=options.quick)
        rounds = options.rounds or (1 if options.quick else _ROUNDS)
        results = [_run(bench, rounds) for bench in _find_benches(orders, options.names)]
        machine = name_machine(orders.folder)
    today = f"{datetime.now().astimezone():%F}"
    return Figures(machine=machine, date=today, rounds=rounds, results=tuple(results))


def _find_benches(orders: Orders, names: Sequence[str]) -> Iterator[Bench]:
    """Give those whose module or own name is named; all where none is."""
    for module in MODULES:
        if names and not any(name.startswith(module) for name in names):
            continue
        try:
            for bench in importlib.import_module(f"benchmarks.{module}.bench").benches(orders):
                if not names or module in names or bench.name in names:
                    yield bench
        except Missing as missing:
            _tell(f"{module}: skipped: {missing}")


def _run(bench: Bench, rounds: int) -> Result:
    return Result(
        name=bench.name,
        title=bench.title,
        unit=bench.unit,
        whats={contender.who: contender.what for contender in bench.contenders},
        targets=bench.targets,
        skipped=bench.skipped,
        rounds=tuple(_play_round(bench, number) for number in range(rounds)),
    )


def _play_round(bench: Bench, number: int) -> dict[Who, Measurement]:
    """Let each contender run once; each round begins with another of them."""
    measured = {}
    turn = number % len(bench.contenders)
    for contender in bench.contenders[turn:] + bench.contenders[:turn]:
        _tell(f"{bench.name}: round {number + 1}: {contender.what}")
        measured[contender.who] = contender.measure()
    return measured


def _tell(text: str) -> None:
    """Tell a person at the terminal what is going on."""
    sys.stderr.write(f"{text}\n")


def _read_words(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MODULES)} (all)")
    parser.add_argument("--rounds", type=int, help=f"runs of each contender ({_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="little and once: does it work?")
    parser.add_argument("--json", type=Path, metavar="PATH", help="keep all values there")
    parser.add_argument("--show", type=Path, metavar="PATH", dest="shown", help="of such values")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md anew")
    parser.add_argument("--folder", type=Path, help="where states are made (TMPDIR)")
    options = parser.parse_args(words)
    if options.docs and (options.names or options.quick):
        parser.error("the page shows all figures, measured at length: no names, no --quick")
    return options


if __name__ == "__main__":
    main(sys.argv[1:])
