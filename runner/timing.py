"""When something happens, as decisions: pure functions of the times they are given.

Nothing here sleeps or looks at a clock. Datetimes are aware, always.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import chain, repeat, takewhile
from typing import TYPE_CHECKING

from runner.language import N_
from runner.model.hours import Hours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from runner.model.account import Retry

LOW_BALANCE_RETRY = timedelta(minutes=5)  # how often an account that ran low is asked again

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_SECONDS = re.compile(r"\d+", re.ASCII)
_CHINA = timezone(timedelta(hours=8))
_DAY = 24 * 60  # minutes
_LONGEST = timedelta(days=3650)
_MOST_DIGITS = 40  # of a whole duration: Python refuses to read a number of thousands of them
_YEARS = range(2000, 3000)  # far enough from both ends of the calendar for any sum of times
_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?: ?(Z|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
# What Python's `datetime` says of numbers that are no time.
_OF_PYTHON = (
    N_("month must be in 1..12"),
    N_("day is out of range for month"),
    N_("hour must be in 0..23"),
    N_("minute must be in 0..59"),
    N_("second must be in 0..59"),
)
_HOURS = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)


class WrongTime(ValueError):  # noqa: N818 - it is a value's fault, told to its author
    """A text that names no single moment; ``str()`` says why, ``hint`` what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def parse_duration(value: str | int) -> timedelta:
    """Read `90s`, `30m`, `1h30m`, `72h`, `3d`, or plain seconds.

    Raises WrongTime for anything else, and for more than ten years.
    """
    text = str(value)
    match = _DURATION.fullmatch(f"{text}s" if _SECONDS.fullmatch(text) else text)
    if not text or match is None:
        raise WrongTime(
            N_("it is not a duration"), N_("write whole numbers with a unit, such as 90s")
        )
    counts = zip(match.groups(default="0"), _UNITS.values(), strict=True)
    if len(text) <= _MOST_DIGITS:
        seconds = sum(int(count) * unit for count, unit in counts)
        if seconds <= _LONGEST.total_seconds():
            return timedelta(seconds=seconds)
    raise WrongTime(N_("it is longer than ten years"), N_("write a shorter duration"))


def format_duration(duration: timedelta) -> str:
    """Write a duration as the files do: `1h30m`."""
    rest = max(0, round(duration.total_seconds()))
    pieces = []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """Read `2035-09-16 09:00`, with seconds or an offset where written, else in `zone`.

    Raises WrongTime for a date alone, an impossible date, a year that is none of ours, and a local
    time that the zone's clock skips or shows twice: nobody can say which moment was meant.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise _no_moment(text.strip())
    *numbers, offset = match.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    if year not in _YEARS:
        raise WrongTime(
            N_("the year {year} is none that a campaign can see").format(year=year),
            N_("check the year"),
        )
    try:
        naive = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - zone follows
        if offset:
            return naive.replace(tzinfo=_offset(offset))
    except ValueError as error:
        raise WrongTime(
            N_("there is no such time: {error}").format(error=str(error)),
            N_("check day, hour and minute"),
        ) from None
    return _local(naive, zone)


def parse_hours(text: str) -> Hours:
    """Read `08:00-21:00`, which may go past midnight; `24:00` is an end.

    Raises WrongTime for times that no clock shows, and for an end that is the beginning: nobody can
    say whether that is never or always.
    """
    match = _HOURS.fullmatch(text)
    if match is None:
        raise WrongTime(N_("these are no hours"), N_("write two times of day, such as 08:00-21:00"))
    opens, closes = (int(match[at]) * 60 + int(match[at + 1]) for at in (1, 3))
    if opens >= _DAY or closes > _DAY or match[2] >= "60" or match[4] >= "60":
        raise WrongTime(N_("there is no such time of day"), N_("write times from 00:00 to 24:00"))
    if opens == closes:
        raise WrongTime(N_("they end when they begin"), N_("leave `hours` out for the whole day"))
    return Hours(opens=opens, closes=closes)


def backoff(retry: Retry, failures: int) -> timedelta:
    """Say how long to wait after so many failures in a row (1 or more)."""
    doublings = min(failures - 1, 30)  # a second doubled so often is longer than any duration
    seconds = retry.first.total_seconds() * 2**doublings  # may be more than a timedelta can hold
    return timedelta(seconds=min(seconds, retry.most.total_seconds()))


def poll_waits(every: timedelta) -> Iterator[timedelta]:
    """Yield the waits between polls of somebody who watches: 1 s, 2 s, 4 s, ... up to `every`."""
    doubling = (timedelta(seconds=2**power) for power in range(32))
    return chain(takewhile(lambda wait: wait < every, doubling), repeat(every))


def stamp(moment: datetime) -> str:
    """Write a moment for the state: UTC, milliseconds, sortable as text."""
    return _write_utc(moment.astimezone(UTC))


@lru_cache(maxsize=64)  # a step writes its one moment ten times
def _write_utc(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def unstamp(text: str) -> datetime:
    """Read what ``stamp`` wrote."""
    return datetime.fromisoformat(text)


def gateway_time(moment: datetime) -> str:
    """Write a moment as `starttime` takes it: China Standard Time, without a zone.

    Source: gateway interface, 彩信下发接口, 参数说明 (starttime); the zone is ours.
    """
    return f"{moment.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}"


def _no_moment(text: str) -> WrongTime:
    if _DATE.fullmatch(text):
        return WrongTime(
            N_("a date without a time"),
            N_("add the time of day, such as {date} 09:00").format(date=text),
        )
    return WrongTime(N_("it is not a time"), N_("write it like 2035-09-16 09:00"))


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:  # UTC+14 is the furthest there is
        raise ValueError(N_("no clock on earth is {offset} from UTC").format(offset=text))
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(offset if text[0] == "+" else -offset)


def _local(naive: datetime, zone: ZoneInfo) -> datetime:
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    hint = N_("write it with its offset, such as {example}").format(
        example=first.isoformat(sep=" ", timespec="minutes")
    )
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise WrongTime(N_("the clock of {zone} skips this time").format(zone=zone.key), hint)
    raise WrongTime(N_("the clock of {zone} shows this time twice").format(zone=zone.key), hint)
