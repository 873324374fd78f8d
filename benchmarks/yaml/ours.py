"""The program's own reader: strict, with the place of everything.

python -m benchmarks.yaml.ours FILE TIMES
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.sprint import sprint
from runner.workspace.strict_yaml import read_yaml


def main(file: str, times: int) -> None:
    """Read the file so many times."""
    data = Path(file).read_bytes()

    def read_again() -> int:
        for _ in range(times):
            assert not read_yaml(data, file=file).diagnostics
        return times

    sprint(read_again)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
