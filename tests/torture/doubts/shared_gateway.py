"""A gateway in memory that several clients share: it takes everything and remembers who sent it.

It hands each report out once, and is as slow, lossy and wrong about the time as its manners say.
What it took is the truth that a simulation is judged by.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection
    from datetime import datetime

OURS = 0  # the number of our own client

_CHINA = ZoneInfo("Asia/Shanghai")
_SPREAD = 1.6  # sigma of the logarithm of a report's delay
_LONGEST = timedelta(days=5)
_TWICE = 0.02  # of the reports come twice
_FAILED = 0.1
_ACCESS_NUMBER = "1069"  # what some carriers put before a sub-number
_BOX = (
    "<statusbox><mobile>{}</mobile><taskid>{}</taskid><status>{}</status>"
    "<receivetime>{:%Y-%m-%d %H:%M:%S}</receivetime><errorcode>x</errorcode><extno>{}</extno>"
    "</statusbox>"
)


class Echo(Enum):
    """What a gateway does with the sub-numbers of its clients."""

    WHOLE = "whole"  # reports have them
    ALTERED = "altered"  # reports have them behind other digits
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a gateway and the line to it behave.

    skew: how far its clock is before ours; delay: the median of the time to a report.
    lost: the share of reports that never reach us: there is none, or another client fetches it.
    cut: the share of answers that break off.
    """

    skew: timedelta
    delay: timedelta
    lost: float
    cut: float
    echo: Echo


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the gateway took at once. client: who sent it, OURS or another number."""

    task_id: str
    client: int
    mobiles: frozenset[int]
    at: datetime


class SharedGateway:
    """What lies behind an account. tasks: all that it took, by id; left, bought: its balance."""

    def __init__(
        self, manners: Manners, luck: random.Random, clock: Callable[[], datetime]
    ) -> None:
        self.tasks: dict[str, Task] = {}
        self.left = self.bought = 1_000_000
        self._manners = manners
        self._luck = luck
        self._clock = clock
        self._number = count()
        self._reports: list[tuple[datetime, int, str]] = []

    @property
    def is_ready(self) -> bool:
        """Whether a report waits to be handed out."""
        return bool(self._reports) and self._reports[0][0] <= self._clock()

    def take(self, client: int, mobiles: Collection[int], extno: str = "") -> Task:
        """Take a message, and let its reports come in their time."""
        task_id = str(self._luck.randrange(10**13, 10**14))
        task = Task(task_id=task_id, client=client, mobiles=frozenset(mobiles), at=self._clock())
        self.tasks[task_id] = task
        self.left -= len(task.mobiles)
        for mobile in sorted(task.mobiles):
            if self._luck.random() >= self._manners.lost:
                self._report(task, mobile, self._alter(extno))
        return task

    def top_up(self, points: int) -> None:
        """Sell so many messages."""
        self.bought += points
        self.left += points

    def hand_out(self, most: int) -> tuple[bytes, bool]:
        """Give the answer to a query for reports, and whether all of it arrives."""
        boxes = []
        while self.is_ready and len(boxes) < most:
            boxes.append(heapq.heappop(self._reports)[2])
        body = f"<returnsms>{''.join(boxes)}</returnsms>".encode()
        if boxes and self._luck.random() < self._manners.cut:
            return body[: self._luck.randrange(1, len(body))], False
        return body, True

    def _report(self, task: Task, mobile: int, extno: str) -> None:
        median = math.log(self._manners.delay.total_seconds())
        delay = timedelta(seconds=self._luck.lognormvariate(median, _SPREAD))
        received = task.at + min(delay, _LONGEST)
        status = 20 if self._luck.random() < _FAILED else 10
        named = (received + self._manners.skew).astimezone(_CHINA)
        box = _BOX.format(mobile, task.task_id, status, named, extno)
        for _ in range(2 if self._luck.random() < _TWICE else 1):
            ready = received + timedelta(seconds=self._luck.uniform(0, 30))
            heapq.heappush(self._reports, (ready, next(self._number), box))

    def _alter(self, extno: str) -> str:
        if self._manners.echo is Echo.NONE:
            return ""
        altered = bool(extno) and self._manners.echo is Echo.ALTERED
        return f"{_ACCESS_NUMBER}{extno}" if altered else extno


def draw_manners(luck: random.Random, *, echo: Echo | None = None) -> Manners:
    """Draw how a gateway behaves; echo: None for any."""
    return Manners(
        skew=timedelta(seconds=luck.uniform(-90, 90)),
        delay=timedelta(seconds=luck.choice((5, 30, 300, 3600, 36_000))),
        lost=luck.choice((0.01, 0.05, 0.2, 0.5)),
        cut=luck.choice((0.0, 0.0, 0.05)),
        echo=echo or luck.choice(tuple(Echo)),
    )
