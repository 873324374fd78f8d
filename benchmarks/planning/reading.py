"""Reading lists alone: ours, and what a user would write."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from runner.workspace.audience import gather_audience
from runner.workspace.lists import NumberList, read_list

if TYPE_CHECKING:
    from benchmarks.planning.inputs import Input

_HEADING = "手机号"


def read(made: Input) -> None:
    """Read both lists, and say who is left: what `scan.c` does."""
    members = read_list(made.members, name="members.csv")
    excluded = read_list(made.excluded, name="staff.csv")
    assert isinstance(members, NumberList)
    assert isinstance(excluded, NumberList)
    print(len(gather_audience([members], [excluded], skip_invalid=True).audience.mobiles))  # noqa: T201


def read_naively(made: Input) -> None:
    """Do what a user would write: no forms but two, no places of faults, no order."""
    with made.excluded.open(encoding="utf-8") as file:
        excluded = {line.strip() for line in file}
    people = set()
    encoding = "utf-8" if made.columns == 1 else "gb18030"
    with made.members.open(encoding=encoding, newline="") as file:
        for row in csv.DictReader(file):
            number = row[_HEADING].removeprefix("+86")
            if len(number) == 11 and number.isdecimal() and number not in excluded:
                people.add(number)
    print(len(people))  # noqa: T201
