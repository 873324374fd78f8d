"""What is measured of Python, each in a process of its own: WHAT FOLDER [ROWS].

Each imports what it needs, as a command does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.planning.inputs import Input, make_input


def _main(what: str, folder: str, rows: str = "") -> None:
    numbers, columns = map(int, Path(folder).name.split("-"))
    made = Input(folder=Path(folder), numbers=numbers, columns=columns)
    match what:
        case "make":
            make_input(made.folder, numbers=numbers, columns=columns)
        case "workbook" | "read-workbook" | "calamine":
            from benchmarks.planning import workbook

            {
                "workbook": workbook.make,
                "read-workbook": workbook.read,
                "calamine": workbook.read_naively,
            }[what](made)
        case "read" | "naive":
            from benchmarks.planning import reading

            (reading.read if what == "read" else reading.read_naively)(made)
        case "start" | "whole" | "rows":
            from benchmarks.planning import whole

            if what == "whole":
                whole.keep(made)
            elif what == "rows":
                whole.write_rows(made, Path(rows))
        case "reload":
            from benchmarks.planning.reload import reload_unchanged

            reload_unchanged(made)


if __name__ == "__main__":
    _main(*sys.argv[1:])
