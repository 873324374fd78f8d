"""Judges of single words: mobile numbers, durations, moments and hours."""

from __future__ import annotations

import re
import unicodedata
from zoneinfo import ZoneInfo

from runner.model.recipient import looks_like_a_number, parse_mobile, why_no_mobile
from runner.timing import WrongTime, format_duration, parse_duration, parse_hours, parse_moment
from torture.fuzzing.target import Target, hold

_ZONE = ZoneInfo("Europe/Berlin")  # whose clock skips an hour, and shows one twice
_TYPED = re.compile(r"\+? ?[0-9][0-9 -]*")


def _judge_mobile(data: bytes) -> None:
    """A number is the last eleven digits of what was typed, or there is none."""
    text = data.decode(errors="replace")
    mobile = parse_mobile(text)
    looks_like_a_number(text)
    why = why_no_mobile(text)
    hold(not re.search(r"[0-9]{7}", why), f"the reason shows a number: {why}")
    typed = unicodedata.normalize("NFKC", text).replace("\t", " ").strip()
    digits = re.sub(r"[^0-9]", "", typed) if _TYPED.fullmatch(typed) else ""
    if mobile is None:
        hold(not re.fullmatch(r"1[3-9][0-9]{9}", text), "a plain number is none")
        return
    hold(re.fullmatch(r"(?:86|0086)?1[3-9][0-9]{9}", digits), f"{digits!r} is no mobile number")
    hold(digits.endswith(str(mobile)), f"{mobile} is not the number that was typed")


def _judge_times(data: bytes) -> None:
    """What is read says what was written, and is the same when it is written and read again."""
    text = data.decode(errors="replace")
    try:
        duration = parse_duration(text)
    except WrongTime:
        pass
    else:
        hold(re.fullmatch(r"[0-9dhms]+", text), f"{text!r} is a duration")
        hold(
            parse_duration(format_duration(duration)) == duration, f"{text!r} is written otherwise"
        )
    try:
        hours = parse_hours(text)
    except WrongTime:
        pass
    else:
        hold(str(hours) == text, f"{text!r} is shown as {hours}")
    try:
        moment = parse_moment(text, _ZONE)
    except WrongTime:
        return
    numbers = [int(number) for number in re.findall(r"[0-9]+", text)]
    shown = [moment.year, moment.month, moment.day, moment.hour, moment.minute]
    hold(numbers[:5] == shown, f"{text!r} is read as {moment}")
    hold(moment.tzinfo is not None, "a moment without a zone")


WORDS = {
    "mobile": Target(
        judge=_judge_mobile,
        seeds=(
            b"13800138000",
            b"+86 138-0013-8000",
            "００８６１３８００１３８０００".encode(),
            b"1.38E+10",
        ),
        words=(b"0086", b"+86", b"-", b" ", "\u3000".encode(), "８".encode(), "－".encode(), b"\t"),
        runs=30_000,
        longest=64,
    ),
    "times": Target(
        judge=_judge_times,
        seeds=(
            *(b"1h30m", b"3d", b"90", b"08:00-21:00", b"22:30-24:00", b"2035-09-16 09:00"),
            *(b"2026-03-29T02:30", b"2035-09-16 09:00:01 +08:00", b"2035-02-29 00:00Z"),
        ),
        words=(b"d", b"h", b"m", b"s", b":", b"-", b" ", b"T", b"Z", b"+0800", "２".encode()),
        runs=30_000,
        longest=40,
    ),
}
