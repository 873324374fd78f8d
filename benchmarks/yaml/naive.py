"""What a user would write; it knows no places, and takes what YAML 1.1 makes of a word.

python -m benchmarks.yaml.naive FILE TIMES
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from benchmarks.sprint import sprint


def main(file: str, times: int) -> None:
    """Read the file so many times."""
    data = Path(file).read_bytes()

    def read_again() -> int:
        for _ in range(times):
            assert yaml.safe_load(data)["recipients"]
        return times

    sprint(read_again)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
