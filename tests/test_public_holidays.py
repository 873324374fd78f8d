"""Which days are public holidays: the table, and the package that it is made of."""

from datetime import date

import pytest
from days_off import TABLE, write_table

from runner.workspace.public_holidays import find_holiday


def test_the_table_is_what_the_package_says():
    """`make holidays` writes it anew."""
    assert TABLE.read_text() == write_table()


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [
        # State Council, 国务院办公厅关于2026年部分节假日安排的通知
        ("2026-01-01", "2026-01-03", ("元旦",)),
        ("2026-02-15", "2026-02-23", ("春节",)),
        ("2026-10-01", "2026-10-07", ("国庆节",)),
        # the same of 2025, where two festivals meet
        ("2025-10-01", "2025-10-08", ("国庆节", "中秋节")),
    ],
)
def test_a_holiday_has_its_weekends_and_swapped_days(first, last, names):
    for day in (first, last):
        holiday = find_holiday(date.fromisoformat(day))
        assert (str(holiday.first), str(holiday.last), holiday.names) == (first, last, names)


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-10-10"])
def test_a_weekend_on_which_people_work_is_no_holiday(day):
    assert find_holiday(date.fromisoformat(day)) is None


def test_of_a_year_without_an_arrangement_only_the_days_of_the_law_are_known():
    """In 2035, a Monday might make up for the Sunday of Mid-Autumn, or another day might."""
    assert find_holiday(date(2035, 9, 16))
    assert find_holiday(date(2035, 9, 17)) is None


def test_of_a_year_that_is_not_in_the_table_nothing_is_said():
    assert find_holiday(date(2090, 10, 1)) is None
