"""The hours of the day in which something may be sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A stretch of every day, by a clock on the wall, which may go past midnight.

    opens and closes: minutes since midnight, the end exclusive; closes may be 1440. A stretch that
    closes before it opens ends on the next day.
    """

    opens: int
    closes: int

    def __str__(self) -> str:
        return "-".join(f"{time // 60:02}:{time % 60:02}" for time in (self.opens, self.closes))
