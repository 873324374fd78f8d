"""A list in a workbook: making it, reading it, and what a user would write to read it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from runner.workspace.lists import NumberList, read_list

if TYPE_CHECKING:
    from benchmarks.planning.inputs import Input

_HEADING = "手机号"


def make(made: Input) -> None:
    """Write the list of the people as a workbook."""
    from runner.cli.workbook import write_workbook

    with (
        made.members.open(encoding="gb18030", newline="") as file,
        made.workbook.open("wb") as target,
    ):
        rows = csv.DictReader(file)
        write_workbook(target, list(rows.fieldnames or ()), rows)


def read(made: Input) -> None:
    """Read it as a campaign does, with the places of all faults."""
    numbers = read_list(made.workbook, name="members.xlsx")
    assert isinstance(numbers, NumberList)
    print(len(numbers.mobiles))  # noqa: T201


def read_naively(made: Input) -> None:
    """Read it with calamine: no forms but two, no places of faults, no order."""
    from python_calamine import load_workbook

    people = set()
    rows = load_workbook(Path(made.workbook)).get_sheet_by_index(0).iter_rows()
    column = next(rows).index(_HEADING)
    for row in rows:
        number = str(row[column]).removeprefix("+86")
        if len(number) == 11 and number.isdecimal():
            people.add(number)
    print(len(people))  # noqa: T201
