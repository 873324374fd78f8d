"""`make bench ONLY=growth`: measures how cost grows with size, and prints a table for each curve.

It takes ten minutes and some GB beside TMPDIR: planning of ten million numbers, and a state with a
year of history. With --quick, a minute, only to see that it works.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.growth.curves import measure_curves
from benchmarks.growth.page import render_curves, write_curves, write_growth
from benchmarks.machine import name_machine
from benchmarks.measured import Orders

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str]) -> None:
    """Measure every curve, and show it."""
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work?")
    parser.add_argument("--json", type=Path, metavar="PATH", help="keep all values there")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md anew")
    parser.add_argument("--folder", type=Path, help="where states are made (TMPDIR)")
    options = parser.parse_args(words)
    if options.docs and options.quick:
        parser.error("the page shows what was measured at length: no --quick")
    with tempfile.TemporaryDirectory(prefix="mms-runner-growth-", dir=options.folder) as folder:
        orders = Orders(folder=Path(folder), quick=options.quick)
        curves = list(measure_curves(orders))
        machine = f"{datetime.now().astimezone():%F}: {name_machine(orders.folder)}"
    sys.stdout.write(f"{machine}\n\n{render_curves(curves)}")
    if options.json:
        write_curves(curves, machine, options.json)
    if options.docs:
        write_growth(curves, machine)


if __name__ == "__main__":
    main(sys.argv[1:])
