"""`make soak`: one long life under load and faults, and one table of what came of it.

Exit status: 0 where every promise was kept and nothing grew, 1 otherwise.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from torture.proof import tell
from torture.soak.life import soak
from torture.soak.report import render

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 600.0  # minutes


def main(words: Sequence[str]) -> int:
    """Soak for as long as is ordered; gives the exit status."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long, at most 600 (60)")
    parser.add_argument("--seed", type=int, default=1, help="of whatever happens (1)")
    options = parser.parse_args(words)
    if not 0 < options.minutes <= _LONGEST:
        parser.error(f"--minutes is more than 0 and at most {_LONGEST:.0f}")
    folder = Path(tempfile.mkdtemp(prefix="mms-runner-soak-"))
    tell(f"soak: {options.minutes:g} minutes in {folder}")
    soaked = soak(60 * options.minutes, options.seed, folder)
    sys.stdout.write(f"{render(soaked)}\n")
    if soaked.broken:
        sys.stdout.write(f"\nkept: {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
