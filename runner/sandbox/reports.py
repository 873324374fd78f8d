"""Delivery reports: made when a message is taken, ready after a while, handed out once.

Source: gateway interface, 状态报告接口.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

from runner.sandbox.chance import chance

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.sandbox.order import Order
    from runner.sandbox.settings import SandboxSettings

DELIVERED = 10
FAILED = 20

# The carriers' own words, different for each (gateway interface: 仅作为参考); one is Chinese.
_FAILURES = ("UNDELIV", "EXPIRED", "REJECTD", "MK:0005", "空号")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One box of a report answer. status: 10 delivered, 20 failed."""

    mobile: str
    task_id: str
    status: int
    received_at: datetime
    errorcode: str
    extno: str = ""


def foretell(
    order: Order, task_id: str, now: datetime, settings: SandboxSettings, seed: int
) -> list[Report]:
    """Decide each recipient's fate; the same seed gives a number the same one."""
    earliest = max(now, order.starttime or now) + timedelta(seconds=settings.report_delay)
    return [
        _fate(mobile, task_id, order.extno, earliest, settings, seed) for mobile in order.mobiles
    ]


def _fate(
    mobile: str,
    task_id: str,
    extno: str,
    earliest: datetime,
    settings: SandboxSettings,
    seed: int,
) -> Report:
    failed = chance(seed, "failed", mobile) < settings.failed_share
    wait = settings.report_jitter and settings.report_jitter * chance(seed, "wait", mobile)
    return Report(
        mobile=mobile,
        task_id=task_id,
        status=FAILED if failed else DELIVERED,
        received_at=earliest + timedelta(seconds=wait),
        errorcode=_FAILURES[int(mobile) % len(_FAILURES)] if failed else "DELIVRD",
        extno=extno,
    )


class Outbox:
    """The reports that nobody has fetched yet; safe for many threads."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Report]] = []
        self._ready: deque[Report] = deque()
        self._arrival = count()
        self._lock = Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._waiting) + len(self._ready)

    def expect(self, reports: Iterable[Report]) -> None:
        """Take reports that become ready at their `received_at`."""
        with self._lock:
            for report in reports:
                heapq.heappush(self._waiting, (report.received_at, next(self._arrival), report))

    def add_ready(self, report: Report) -> None:
        """Take a report that can be fetched at once."""
        with self._lock:
            self._ready.append(report)

    def make_ready(self, now: datetime) -> None:
        """Make every report ready, and none of them received later than now."""
        with self._lock:
            while self._waiting:
                _, _, report = heapq.heappop(self._waiting)
                self._ready.append(replace(report, received_at=min(report.received_at, now)))

    def hand_out(self, most: int, now: datetime) -> list[Report]:
        """Give away up to `most` ready reports; they are gone afterwards."""
        with self._lock:
            while self._waiting and self._waiting[0][0] <= now:
                self._ready.append(heapq.heappop(self._waiting)[2])
            return [self._ready.popleft() for _ in range(min(most, len(self._ready)))]
