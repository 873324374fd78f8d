"""Writes the table of China's public holidays that the program looks starts up in: `make holidays`.

It is made of the `holidays` package, which the program does not import: that would take as long as
all the rest of `validate`, and 19 MB. A year whose swapped working days (调休) were published is
told with its weekends and days in lieu; of any other year only the days that the law itself names
are known.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from holidays.countries.china import China

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path(__file__).parents[1] / "runner" / "workspace" / "public_holidays.txt"
YEARS = range(2025, 2051)

_HEAD = """\
# Public holidays of China: first day, last day, name. Made by `make holidays`, not by hand.
# Of years without a published arrangement of working days (调休), only the days that the law names.
"""
_SATURDAY = 5
_DAY = timedelta(days=1)


def write_table() -> str:
    """Give the whole table."""
    # the years around them, since a holiday may reach over the end of one
    china = China(years=range(YEARS.start - 1, YEARS.stop + 1), language="zh_CN")
    lines = [f"{first} {last} {name}" for first, last, name in _find_stretches(china)]
    return _HEAD + "\n".join(lines) + "\n"


def _find_stretches(china: China) -> Iterator[tuple[date, date, str]]:
    known = {day.year for day in china.weekend_workdays}
    day, end = date(YEARS.start, 1, 1), date(YEARS.stop, 1, 1)
    while day < end:
        last = day
        while _is_off(china, last, known=last.year in known):
            last += _DAY
        days = [day + _DAY * n for n in range((last - day).days)]
        # they stand for the days in lieu and swapped ones too, which bear none of their own
        names = dict.fromkeys(name for one in days for name in _names(china, one))
        if names:
            yield day, last - _DAY, "、".join(names)
        day = max(last, day + _DAY)


def _is_off(china: China, day: date, *, known: bool) -> bool:
    if not known:
        return bool(_names(china, day))
    is_weekend = day.weekday() >= _SATURDAY and day not in china.weekend_workdays
    return day in china or is_weekend


def _names(china: China, day: date) -> list[str]:
    """Give the names of a day that the law names; none for one in lieu, swapped or ordinary."""
    names = china.get_list(day)
    return ["春节" if name == "农历除夕" else name for name in names if "（" not in name]


if __name__ == "__main__":
    TABLE.write_text(write_table())
