"""The gateway's clock and its way to write a time, which names no zone: China Standard Time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "CST")

_FORMAT = "%Y-%m-%d %H:%M:%S"
_SHAPE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def china_now() -> datetime:
    """Tell the time at the gateway, aware."""
    return datetime.now(CHINA)


def read_time(text: str) -> datetime:
    """Read `2011-07-11 00:00:00`; ValueError where it is written otherwise or is no real time."""
    if not _SHAPE.fullmatch(text):
        raise ValueError("a time is written YYYY-MM-DD HH:MM:SS")
    return datetime.strptime(text, _FORMAT).replace(tzinfo=CHINA)


def write_time(moment: datetime) -> str:
    """Write an aware time as the gateway does."""
    return moment.astimezone(CHINA).strftime(_FORMAT)
