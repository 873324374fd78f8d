"""`python -m benchmarks.planning`: prints what planning costs, beside the limits."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.planning import measure


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning", description=__doc__)
    parser.add_argument("--numbers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for columns in (1, 5):
        print(f"{options.numbers:,} numbers, {columns} column(s)")  # noqa: T201
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(
                Path(folder), numbers=options.numbers, columns=columns, rounds=options.rounds
            )
        for name, cost, why in rows:
            figures = why or ""
            if cost:
                figures = f"{cost.cpu:7.2f} s CPU {cost.wall:7.2f} s {cost.peak / 2**20:6.0f} MiB"
            print(f"  {name:<32} {figures}")  # noqa: T201


if __name__ == "__main__":
    _main()
