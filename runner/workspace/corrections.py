"""Reads values as people write them, and gives them as we do: `3秒` is 3, `8点～21点` 08:00-21:00.

Each function takes a text and gives what stands for it in a file, or None where nobody can say.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runner.model.recipient import parse_mobile
from runner.timing import WrongTime, format_duration, parse_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRUTHS = {
    **dict.fromkeys(["是", "对", "真", "开", "yes", "on", "y", "true", "1"], "true"),
    **dict.fromkeys(["否", "不", "不是", "假", "关", "no", "off", "n", "false", "0"], "false"),
}
_CHOICES = {
    "paused": "暂停 pause stopped",
    "cancelled": "取消 作废 canceled cancel",
    "skip": "跳过 忽略 ignore skipped",
}
_UNITS = {
    86400: "天|日|days?|d",
    3600: "个小时|小时|钟头|hours?|hrs?|h",
    60: "分钟|分|minutes?|mins?|m",
    1: "秒钟|秒|seconds?|secs?|s",
}
_LENGTH = re.compile(
    "".join(rf"(?:([0-9]{{1,6}}(?:\.[0-9])?) ?(?:{names}) ?)?" for names in _UNITS.values())
)
_COUNT = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.0+)?")
_DASH = r" ?(?:-|—|–|~|～|〜|至|到|to) ?"
_CLOCK = r"([0-2]?[0-9])(?::([0-5][0-9])|[点时](?:([0-5]?[0-9])分?)?|)"
_HOURS = re.compile(rf"{_CLOCK}{_DASH}{_CLOCK}")
_RANGE = re.compile(rf"([0-9][0-9,]*)(?:人|个)?{_DASH}([0-9][0-9,]*)(?:人|个)?")
_LIST_FILE = re.compile(r"[^\s,;，；、\[\]{}#\"'|>&*!%@`]+\.(?:csv|txt|xlsx)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;，；、]+")

_DATE = (
    r"(?P<year>[0-9]{4})(?P<sign>[-/.]|年)(?P<month>[0-9]{1,2})(?:(?P=sign)|月)"
    r"(?P<day>[0-9]{1,2})(?![0-9])[日号]?"
)
_PART = r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|am|pm)?"
_TIME = (
    r"(?P<hour>[0-9]{1,2})(?:[:点时](?:(?P<half>半)|(?P<minute>[0-9]{1,2})?)分?)?"
    r"(?::(?P<second>[0-9]{1,2})|(?P<seconds>[0-9]{1,2})秒)?整?"
)
_MOMENT = re.compile(
    rf"{_DATE}[ t]*{_PART} ?{_TIME} ?(?P<after>am|pm)?(?P<offset>z|[+-][0-9:]{{4,6}})?"
)
_EVENING = frozenset(["下午", "傍晚", "晚上", "夜里", "pm"])


def narrow(text: str) -> str:
    """Write full-width characters narrow, and leave out blanks at the ends and doubled ones."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def correct_truth(text: str) -> str | None:
    """Read `是` and the like."""
    return _TRUTHS.get(narrow(text))


def correct_choice(text: str, choices: Sequence[str]) -> str | None:
    """Read a choice in other words: `暂停`."""
    plain = narrow(text)
    return next(
        (each for each in choices if plain in (each, *_CHOICES.get(each, "").split())), None
    )


def correct_count(text: str, field: str) -> str | None:
    """Read a whole number, with its unit where it is a count of seconds: `3秒`, `1.0`, `2,000`."""
    plain = narrow(text)
    if match := _COUNT.fullmatch(plain):
        return str(int(match[1].replace(",", "")))
    length = _read_length(plain) if field == "duration" else None
    return str(round(length.total_seconds())) if length else None


def correct_length(text: str) -> str | None:
    """Read a duration: `30 分钟`, `1.5小时`."""
    length = _read_length(narrow(text))
    return format_duration(length) if length else None


def correct_hours(text: str) -> str | None:
    """Read hours of the day: `8:00～21:00`, `8点到21点`."""
    match = _HOURS.fullmatch(narrow(text))
    if match is None:
        return None
    times = [f"{int(match[at]):02}:{int(match[at + 1] or match[at + 2] or 0):02}" for at in (1, 4)]
    try:
        return str(parse_hours("-".join(times)))
    except WrongTime:
        return None


def correct_range(text: str) -> str | None:
    """Read how many people are expected: `19,000～21,000人`."""
    match = _RANGE.fullmatch(narrow(text))
    return "-".join(number.replace(",", "") for number in match.groups()) if match else None


def correct_list(text: str) -> str | None:
    """Read a list that is written as a text: paths of lists, or numbers."""
    parts = _BETWEEN.split(text.strip())
    if all(map(_LIST_FILE.fullmatch, parts)):
        return f"[{', '.join(parts)}]"
    if all(parse_mobile(part) is not None for part in parts):
        quoted = (f'"{part}"' for part in parts)
        return f"[{', '.join(quoted)}]"
    return None


def correct_recipients(text: str) -> str | None:
    """Read recipients that are written as one text."""
    found = correct_list(text)
    if found is None:
        return None
    key = "numbers" if '"' in found else "files"
    return f"{{{key}: {found}}}"


def correct_moment(text: str) -> tuple[str, bool] | None:
    """Read a time with its date: `2035/9/16 9:00`, `2035年9月16日上午9点`.

    Gives it as we write it, and whether that is certain: `9点` may be in the evening.
    """
    match = _MOMENT.fullmatch(narrow(text))
    if match is None:
        return None
    part = match["part"] or match["after"]
    hour = _on_the_clock(int(match["hour"]), part)
    minute = 30 if match["half"] else int(match["minute"] or 0)
    second = int(match["second"] or match["seconds"] or 0)
    year, month, day = (int(match[name]) for name in ("year", "month", "day"))
    try:
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - as it is written
    except ValueError:
        return None
    clock = f"{moment:%Y-%m-%d %H:%M:%S}" if second else f"{moment:%Y-%m-%d %H:%M}"
    has_digits = ":" in narrow(text) and len(match["minute"] or "00") == 2
    is_certain = part is not None or (has_digits or int(match["hour"]) > 12)
    return clock + (match["offset"] or "").upper(), is_certain


def _on_the_clock(hour: int, part: str | None) -> int:
    """Give the hour of a day by a clock of 24; raises nothing: 13 in the morning stays 13."""
    if part in _EVENING and 1 <= hour < 12:
        return hour + 12
    if part in {"中午", "下午"} and hour in {1, 2, 3}:
        return hour + 12
    if part in {"am", "凌晨"} and hour == 12:
        return 0
    return hour


def _read_length(plain: str) -> timedelta | None:
    match = _LENGTH.fullmatch(plain) if plain else None
    if match is None:
        return None
    counts = zip(match.groups(), _UNITS, strict=True)
    seconds = sum(float(count or 0) * size for count, size in counts)
    return timedelta(seconds=seconds) if seconds == round(seconds) else None
