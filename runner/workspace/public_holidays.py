"""Says which days are public holidays in China, by a table that stands beside this module.

The table is made of the `holidays` package (`make holidays`), and a test holds it to that. To read
it takes a hundredth of the time in which the package is imported. A year that it does not have has
no holiday that is known.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("public_holidays.txt")


class Holiday(NamedTuple):
    """A stretch of days off, both ends included, with its weekends and swapped days (调休).

    names: in Chinese, those of all the festivals that lie in it.
    """

    first: date
    last: date
    names: tuple[str, ...]


def find_holiday(day: date) -> Holiday | None:
    """Give the public holiday that a day, by China's calendar, lies in."""
    return next((each for each in _read_table() if each.first <= day <= each.last), None)


@cache
def _read_table() -> tuple[Holiday, ...]:
    lines = _TABLE.read_text("utf-8").splitlines()
    return tuple(_read_line(line) for line in lines if not line.startswith("#"))


def _read_line(line: str) -> Holiday:
    first, last, names = line.split()
    return Holiday(
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        names=tuple(names.split("、")),
    )
