"""A sender and its collector on a line in memory, of which a test writes every answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from builders import FIRST, make_account, make_pump

from runner.dispatch.pump import Idle
from runner.model.outcome import Balance, RawAnswer
from runner.reports import poll_reports
from runner.store.doubt import Scales

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from builders import Clock

    from runner.model.outcome import Outcome
    from runner.store.database import Database

_CHINA = ZoneInfo("Asia/Shanghai")


def numbers(count: int, first: int = 0) -> range:
    """Give some of the people of `builders.make_campaign`."""
    return range(FIRST + first, FIRST + first + count)


class HandWrittenLine:
    """A sender and its collector on a line of which a test writes every answer.

    outcomes: what each request comes to, in order; during: is called while one is under way.
    left, bought: what a balance query says.
    """

    def __init__(self, database: Database, clock: Clock, **account: Any) -> None:
        self.database, self.clock = database, clock
        self.account = make_account(**account)
        self.outcomes: list[Outcome] = []
        self.pages: list[bytes] = []
        self.asked = 0
        self.left, self.bought = "1000000", "1000000"
        self.during = lambda: None
        self.restart()

    def restart(self, **options: Any) -> None:
        """Let a new process send from now on."""
        self._scales = Scales()
        self.pump = make_pump(
            self.database, self, self.account, self.clock, **{"scope": None, **options}
        )

    def send(self, body: bytes) -> Outcome:
        self.clock.move(1)
        self.during()
        return self.outcomes.pop(0)

    def balance(self) -> Balance:
        self.asked += 1
        return Balance(left=self.left, bought=self.bought)

    def reports(self, page: int) -> RawAnswer:
        return RawAnswer(status=200, body=self.pages.pop(0) if self.pages else b"")

    def submit(self, *outcomes: Outcome) -> None:
        """Send batch after batch, each with its outcome, and then whatever else there is to do."""
        self.outcomes += outcomes
        while not isinstance(self.pump.step(), Idle):
            self.clock.move(1)
        assert not self.outcomes

    def report(self, task_id: str, mobiles: Iterable[int], **facts: Any) -> None:
        """Let a page with reports of a task be next."""
        self.pages.append(page_of(task_id, mobiles, at=self.clock.now, **facts))

    def poll(self, *, later: timedelta = timedelta(minutes=1)) -> None:
        """Fetch all there is, so much later."""
        self.clock.now += later
        while poll_reports(self.database, self.account, self, self.clock.now, self._scales).full:
            pass

    def hear(self, task_id: str, mobiles: Iterable[int], **facts: Any) -> None:
        """Fetch reports of a task."""
        self.report(task_id, mobiles, **facts)
        self.poll()


def page_of(
    task_id: str, mobiles: Iterable[int], *, at: datetime, extno: str = "", status: int = 10
) -> bytes:
    """Write an answer with a report for each number."""
    boxes = "".join(
        f"<statusbox><mobile>{mobile}</mobile><taskid>{task_id}</taskid><status>{status}</status>"
        f"<receivetime>{at.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}</receivetime>"
        f"<errorcode>DELIVRD</errorcode><extno>{extno}</extno></statusbox>"
        for mobile in mobiles
    )
    return f"<returnsms>{boxes}</returnsms>".encode()
