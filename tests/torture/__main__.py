"""`make torture`: runs the proofs that are named, or all, and prints one table of what came of it.

Exit status: 0 where every promise was kept, 1 where one was broken.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from torture.proof import Orders, Row, tell
from torture.table import render_table

if TYPE_CHECKING:
    from collections.abc import Sequence

# Modules of this package.
PROOFS = (
    "crashes",
    "syscalls",
    "power",
    "doubt",
    "model",
    "lives",
    "clocks",
    "errors",
    "canary",
    "fuzz",
    "guide",
)

_AT_ONCE = 3  # cases for each core: each waits for most of its time


def main(words: Sequence[str]) -> int:
    """Run what is ordered; gives the exit status."""
    options = _read_words(words)
    folder = Path(tempfile.mkdtemp(prefix="mms-runner-torture-"))
    orders = Orders(
        seeds=range(1, options.seeds + 1), jobs=options.jobs, folder=folder, only=options.only
    )
    rows: list[Row] = []
    for name in options.proofs or PROOFS:
        rows += _prove(name, orders)
    status = conclude(rows)
    if status == 0:
        shutil.rmtree(folder)
    return status


def conclude(rows: Sequence[Row]) -> int:
    """Print the table and what was broken; gives the exit status."""
    broken = [text for row in rows for text in row.broken]
    sys.stdout.write(f"{render_table(rows)}\n")
    sys.stdout.write("".join(f"\nbroken: {text}\n" for text in broken))
    return 1 if broken else 0


def _prove(name: str, orders: Orders) -> list[Row]:
    began = time.monotonic()
    rows = []
    for row in importlib.import_module(f"torture.{name}").prove(orders):
        rows.append(row)
        for text in row.broken:
            tell(f"{name}: {row.name}: BROKEN: {text}")
    tell(f"{name}: done in {time.monotonic() - began:.0f} s")
    return rows


def _read_words(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("proofs", nargs="*", metavar="PROOF", help=f"{', '.join(PROOFS)} (all)")
    parser.add_argument("--seeds", type=int, default=20, help="runs of each row (20)")
    jobs = _AT_ONCE * (os.cpu_count() or 1)
    parser.add_argument("--jobs", type=int, default=jobs, help=f"how many at once ({jobs})")
    parser.add_argument("--only", help="one case of one proof, as a broken promise names it")
    options = parser.parse_args(words)
    if unknown := set(options.proofs).difference(PROOFS):
        parser.error(f"there is no proof {', '.join(sorted(unknown))}: {', '.join(PROOFS)}")
    if options.only and len(options.proofs) != 1:
        parser.error("name the one proof whose case it is")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
