"""The gateway's clock, as far as its answers tell: the only other clock that a sender hears of.

Every answer of HTTP carries the time at which it was made, to the second (`Date`; RFC 9110, 6.6.1).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from runner.model.outcome import GatewayTime

# Goes on while the machine sleeps, where the system has such a clock (Linux); nobody sets it.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What an answer said: its `Date`, None for none; at: when we read it, in steady seconds."""

    date: str | None
    at: float


class GatewayClock:
    """Remembers what the newest answer said of the time; safe for many threads."""

    def __init__(self) -> None:
        self._said: _Said | None = None

    def note(self, date: str | None) -> None:
        """Note the `Date` of an answer; what names no time is as good as none."""
        self._said = _Said(date=date, at=_read_steady_clock())

    def tell(self) -> GatewayTime | None:
        """Tell the gateway's time, carried on by a clock that nobody sets; None before any."""
        said = self._said
        if said is None:
            return None
        age = timedelta(seconds=_read_steady_clock() - said.at)
        moment = _read_date(said.date) if said.date else None
        return GatewayTime(moment=moment and moment + age, age=age)


def _read_steady_clock() -> float:
    return time.clock_gettime(_STEADY)


def _read_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except ValueError:
        return None
