"""When something happens: how times are written, and what they decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model.account import Retry
from runner.model.hours import Hours
from runner.timing import (
    WrongTime,
    backoff,
    format_duration,
    gateway_time,
    parse_duration,
    parse_hours,
    parse_moment,
    poll_waits,
    stamp,
    unstamp,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)

# ---- durations


@pytest.mark.parametrize(
    ("written", "duration"),
    [
        ("90s", 90 * SECOND),
        ("30m", 30 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("72h", 72 * HOUR),
        ("3d", 72 * HOUR),
        ("1d2h3m4s", 26 * HOUR + 3 * MINUTE + 4 * SECOND),
        ("0s", timedelta()),
        (45, 45 * SECOND),
        ("45", 45 * SECOND),
        (0, timedelta()),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_duration_is_whole_numbers_with_units_or_plain_seconds(written, duration):
    assert parse_duration(written) == duration


@pytest.mark.parametrize(
    "written",
    [
        "",
        "s",
        "h",
        "1.5h",
        "-1",
        "-5s",
        "1 h",
        "1w",
        "1H",
        "30m1h",
        "1h1h",
        "PT1H",
        "１h",
        "²",
        True,
    ],
)
def test_anything_else_is_no_duration(written):
    with pytest.raises(WrongTime, match="it is not a duration") as caught:
        parse_duration(written)
    assert caught.value.hint == "write whole numbers with a unit, such as 90s"


@pytest.mark.parametrize("written", ["3650d1s", "9999999999", 10**17, "9" * 5000, "9" * 5000 + "d"])
def test_a_duration_of_more_than_ten_years_is_a_slip(written):
    with pytest.raises(WrongTime, match="it is longer than ten years"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (5400, "1h30m"), (86_400, "1d"), (90_061, "1d1h1m1s")],
)
def test_a_duration_is_written_as_the_files_write_it(seconds, written):
    assert format_duration(timedelta(seconds=seconds)) == written


@given(st.integers(0, 3650 * 86_400))
def test_what_is_written_is_read_back(seconds):
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


# ---- moments


@pytest.mark.parametrize(
    "written",
    [
        "2035-09-16 09:00",
        "2035-09-16T09:00",
        "2035-09-16 9:00",
        "2035-9-16 09:00",
        "2035-09-16 09:00:00",
        "  2035-09-16 09:00 ",
        "2035-09-16 09:00+08:00",
        "2035-09-16 09:00 +08:00",
        "2035-09-16 09:00 +0800",
        "2035-09-16T09:00:00+08:00",
        "2035-09-16T01:00:00Z",
        "2035-09-15 20:00 -05:00",
    ],
)
def test_every_way_to_write_the_same_moment(written):
    moment = parse_moment(written, SHANGHAI)
    assert moment == datetime(2035, 9, 16, 1, 0, tzinfo=UTC)
    assert moment.tzinfo is not None


def test_seconds_count_where_they_are_written():
    assert parse_moment("2035-09-16 09:00:59", SHANGHAI).second == 59


def test_a_time_without_an_offset_is_in_the_zone_of_the_workspace():
    assert parse_moment("2026-07-01 12:00", BERLIN) == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert parse_moment("2026-01-01 12:00", BERLIN) == datetime(2026, 1, 1, 11, 0, tzinfo=UTC)


def test_a_leap_day_is_a_day_in_leap_years_only():
    assert parse_moment("2028-02-29 09:00", SHANGHAI).day == 29
    with pytest.raises(WrongTime, match="there is no such time"):
        parse_moment("2027-02-29 09:00", SHANGHAI)


@pytest.mark.parametrize(
    "written",
    [
        "2035-02-30 09:00",
        "2035-13-01 09:00",
        "2035-00-01 09:00",
        "2035-09-31 09:00",
        "2035-09-16 24:00",
        "2035-09-16 09:60",
        "2035-09-16 09:00:60",
        "2035-09-16 09:00 +15:00",
        "2035-09-16 09:00 +08:60",
    ],
)
def test_an_impossible_time_is_told(written):
    with pytest.raises(WrongTime, match="there is no such time"):
        parse_moment(written, SHANGHAI)


@pytest.mark.parametrize("written", ["2035-09-16", "2035-9-16"])
def test_a_date_without_a_time_is_told_how_to_go_on(written):
    with pytest.raises(WrongTime, match="a date without a time") as caught:
        parse_moment(written, SHANGHAI)
    assert caught.value.hint == f"add the time of day, such as {written} 09:00"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "09:00",
        "16.09.2035 09:00",
        "35-09-16 09:00",
        "2035-09-16 9 Uhr",
        "2035-09-16 09:00 CST",
        "2035-09-16 09:00 +8",
        "2035-09-16  09:00",
        "２０３５-09-16 09:00",
        "2035-09-16 09：00",
    ],
)
def test_anything_else_is_no_time(written):
    with pytest.raises(WrongTime, match="it is not a time") as caught:
        parse_moment(written, SHANGHAI)
    assert caught.value.hint == "write it like 2035-09-16 09:00"


@pytest.mark.parametrize("year", ["0000", "0001", "1935", "1999", "3000", "9999"])
def test_a_year_far_away_is_a_slip(year):
    """Near the ends of the calendar no time can be added to another, nor its zone be changed."""
    with pytest.raises(WrongTime, match="the year"):
        parse_moment(f"{year}-12-31 23:59", SHANGHAI)


def test_a_time_that_the_clock_skips_is_nobodys_to_guess():
    with pytest.raises(WrongTime, match="the clock of Europe/Berlin skips this time") as caught:
        parse_moment("2026-03-29 02:30", BERLIN)
    assert caught.value.hint == "write it with its offset, such as 2026-03-29 02:30+01:00"


def test_a_time_that_the_clock_shows_twice_is_nobodys_to_guess():
    with pytest.raises(WrongTime, match="the clock of Europe/Berlin shows this time twice") as told:
        parse_moment("2026-10-25 02:30", BERLIN)
    assert told.value.hint == "write it with its offset, such as 2026-10-25 02:30+02:00"


@pytest.mark.parametrize(
    ("written", "hour"),
    [("2026-03-29 02:30+01:00", 1), ("2026-10-25 02:30+02:00", 0), ("2026-10-25 02:30+01:00", 1)],
)
def test_with_its_offset_every_time_is_one_moment(written, hour):
    assert parse_moment(written, BERLIN).astimezone(UTC).hour == hour


@pytest.mark.parametrize("written", ["2026-03-29 01:59", "2026-03-29 03:00", "2026-10-25 03:00"])
def test_the_edges_of_a_change_of_clock_are_plain_times(written):
    assert parse_moment(written, BERLIN).strftime("%F %R") == written


@settings(deadline=None)
@given(st.text("0123456789-:+TZ ", max_size=26) | st.text(max_size=26))
def test_whatever_is_written_is_a_moment_or_told(written):
    try:
        moment = parse_moment(written, BERLIN)
    except WrongTime as error:
        assert error.hint
        return
    assert unstamp(stamp(moment)) == moment


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2999, 12, 31, 23, 59)),  # noqa: DTZ001 - written without a zone
    st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("UTC")]),
)
def test_every_moment_that_is_read_shows_what_was_written(naive, zone):
    written = naive.strftime("%Y-%m-%d %H:%M:%S")
    try:
        moment = parse_moment(written, zone)
    except WrongTime:
        folds = [naive.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)]
        assert folds[0] != folds[1]
        return
    assert moment.astimezone(UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") == written


# ---- hours


@pytest.mark.parametrize(
    ("written", "opens", "closes"),
    [
        ("08:00-21:00", 480, 1260),
        ("00:00-24:00", 0, 1440),
        ("00:00-00:01", 0, 1),
        ("23:59-24:00", 1439, 1440),
        ("21:00-08:00", 1260, 480),
        ("20:00-00:00", 1200, 0),
    ],
)
def test_hours_are_two_times_of_day_of_which_the_end_may_be_midnight(written, opens, closes):
    assert parse_hours(written) == Hours(opens=opens, closes=closes)


@pytest.mark.parametrize("written", ["08:00-21:00", "00:00-24:00", "21:30-08:05"])
def test_hours_are_shown_as_they_are_written(written):
    assert str(parse_hours(written)) == written


@pytest.mark.parametrize(
    "written",
    ["", "8-21", "8:00-21:00", "08:00", "08:00 - 21:00", "08:00-21:00 ", "08:00–21:00", "always"],
)
def test_anything_else_is_no_hours(written):
    with pytest.raises(WrongTime, match="these are no hours") as caught:
        parse_hours(written)
    assert caught.value.hint == "write two times of day, such as 08:00-21:00"


@pytest.mark.parametrize("written", ["24:00-08:00", "08:00-24:01", "08:60-21:00", "08:00-20:60"])
def test_hours_at_a_time_that_no_clock_shows_are_told(written):
    with pytest.raises(WrongTime, match="there is no such time of day"):
        parse_hours(written)


@pytest.mark.parametrize("written", ["08:00-08:00", "00:00-00:00"])
def test_hours_that_end_when_they_begin_are_nobodys_to_guess(written):
    with pytest.raises(WrongTime, match="they end when they begin") as caught:
        parse_hours(written)
    assert caught.value.hint == "leave `hours` out for the whole day"


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_hours_that_are_shown_are_read_back(opens, closes):
    hours = Hours(opens=opens, closes=closes if closes != opens else 1440)
    assert parse_hours(str(hours)) == hours


# ---- decisions


def test_the_waits_double_from_first_to_most():
    retry = Retry(tries=9, first=2 * SECOND, most=60 * SECOND)
    waits = [backoff(retry, failures).total_seconds() for failures in range(1, 9)]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_first_wait_longer_than_most_is_most():
    assert backoff(Retry(first=HOUR, most=MINUTE), 1) == MINUTE


@pytest.mark.parametrize("first", [SECOND, timedelta(days=3650)])
def test_the_waits_stay_bounded_however_long_it_lasts(first):
    most = timedelta(days=3650)
    assert backoff(Retry(first=first, most=most), 1_000_000) == most


def test_polls_come_after_1_2_4_and_so_on_up_to_every():
    waits = [wait.total_seconds() for wait in islice(poll_waits(60 * SECOND), 8)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_polls_are_never_rarer_than_every():
    assert list(islice(poll_waits(SECOND), 3)) == [SECOND] * 3
    assert list(islice(poll_waits(4 * SECOND), 4)) == [SECOND, 2 * SECOND, 4 * SECOND, 4 * SECOND]


# ---- moments in the state


def test_a_stamp_is_utc_with_milliseconds():
    moment = datetime(2035, 9, 16, 9, 0, 1, 2_999, tzinfo=SHANGHAI)
    assert stamp(moment) == "2035-09-16T01:00:01.002Z"


def test_an_unstamped_moment_is_aware():
    assert unstamp("2035-09-16T01:00:01.002Z") == datetime(2035, 9, 16, 1, 0, 1, 2_000, tzinfo=UTC)


# ---- moments for the gateway


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2035, 9, 16, 1, 0, tzinfo=UTC), "2035-09-16 09:00:00"),
        (datetime(2035, 9, 16, 9, 0, tzinfo=SHANGHAI), "2035-09-16 09:00:00"),
        (datetime(2035, 12, 31, 23, 30, tzinfo=BERLIN), "2036-01-01 06:30:00"),
        (datetime(2035, 7, 1, 12, 0, 59, 999_999, tzinfo=BERLIN), "2035-07-01 18:00:59"),
        (datetime(1988, 7, 1, 12, 0, tzinfo=UTC), "1988-07-01 20:00:00"),
    ],
)
def test_the_gateway_is_told_moments_in_china_standard_time(moment, written):
    """Whatever zone the workspace is in, and though China's clocks knew summers once."""
    assert gateway_time(moment) == written


moments = st.datetimes(
    min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2999, 12, 30),  # noqa: DTZ001 - as above
    timezones=st.sampled_from([UTC, SHANGHAI, BERLIN]),
)


@settings(deadline=None)
@given(moments, moments)
def test_stamps_sort_as_their_moments_do(one, other):
    earlier, later = sorted([one, other], key=lambda moment: moment.timestamp())
    assert stamp(earlier) <= stamp(later)


@settings(deadline=None)
@given(moments)
def test_a_stamp_is_read_back_to_the_millisecond(moment):
    assert (
        timedelta() <= moment.astimezone(UTC) - unstamp(stamp(moment)) < timedelta(milliseconds=1)
    )
