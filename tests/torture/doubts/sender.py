"""Our side of a shared account: the runner's own pump and collector, on a line that loses answers.

What the gateway made of each request is noted here, as nobody on this side can know it in life.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from builders import begin, make_pump

from runner.dispatch.pump import Asked, Submitted, Wait
from runner.model.campaign import Audience
from runner.model.outcome import Accepted, Balance, Code, RawAnswer, Refused, Unknown
from runner.reports import poll_reports
from runner.store.accounts import release_accounts
from runner.store.database import open_database
from runner.store.doubt import Scales
from runner.store.outcomes import doubt_abandoned
from runner.store.resolution import accept_by_hand, send_again_by_hand
from torture.doubts.shared_gateway import OURS

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path

    from runner.model.account import Account
    from runner.model.outcome import Outcome
    from torture.doubts.shared_gateway import SharedGateway, Task
    from torture.doubts.timeline import Timeline

_BATCHES = """
    SELECT b.id, (SELECT min(mobile) FROM recipients WHERE batch = b.id) FROM batches AS b
    WHERE b.campaign = ?
"""
_IS_DOUBTFUL = """
    SELECT EXISTS (
        SELECT 1 FROM batches
        WHERE state = 'in_doubt' OR (state = 'accepted' AND task_id IS NULL)
    )
"""
_LONG_IN_DOUBT = "SELECT id FROM batches WHERE state = 'in_doubt' AND claimed_at < ?"
_IS_STOPPED = "SELECT state <> 'active' FROM accounts"

_MOST_STEPS = 60  # in one go
_SOON = timedelta(minutes=2)
_LATENCIES = (0.5, 5.0, 60.0)  # seconds to an answer, or to the end of patience
_WITHIN = timedelta(hours=72)
_PERSON_WAITS = timedelta(hours=48)
_PERSON_ERRS = 0.05


class Fate(StrEnum):
    """What becomes of a request and of its answer."""

    ANSWERED = "answered"
    LOST = "lost"  # taken, and the answer lost
    LATE = "late"  # taken minutes after the line broke
    NOWHERE = "nowhere"  # not taken, and nobody says so
    ODD = "odd"  # taken, and answered with 8
    ODD_NOWHERE = "odd, nowhere"  # not taken, and answered with 8
    CRASH = "crash"  # taken, and our process died
    CRASH_NOWHERE = "crash, nowhere"
    REDIRECTED = "redirected"  # not taken
    FAILED = "failed"  # not taken, and answered with 7


_TAKEN = {Fate.ANSWERED, Fate.LOST, Fate.ODD, Fate.CRASH}
_CRASHES = {Fate.CRASH, Fate.CRASH_NOWHERE}
_FAULTS = {
    Fate.LOST: 30,
    Fate.NOWHERE: 34,
    Fate.LATE: 4,
    Fate.ODD: 5,
    Fate.ODD_NOWHERE: 5,
    Fate.CRASH: 5,
    Fate.CRASH_NOWHERE: 5,
    Fate.REDIRECTED: 1,
    Fate.FAILED: 11,
}


class Crash(BaseException):
    """Our process died in the midst of a request."""


class DoubtfulSender:
    """A runner on its account.

    taken: the tasks that the gateway made of each batch, one for each request that it took.
    arrives: of each batch, whether its newest request is taken, be it later.
    faulty: the share of its requests to which something happens.
    state: an empty one, which nobody else has open; look: a connection of the simulation's own.
    """

    def __init__(
        self,
        state: Path,
        account: Account,
        gateway: SharedGateway,
        *,
        time: Timeline,
        luck: random.Random,
        faulty: float,
    ) -> None:
        self.taken: defaultdict[int, list[Task]] = defaultdict(list)
        self.arrives: dict[int, bool] = {}
        self.by_hand = 0
        self.look = sqlite3.connect(state, isolation_level=None)
        self._database = open_database(state, actor="simulation")
        # No loss of power is simulated: to wait for the disk would take most of the time.
        driver = self._database._writer
        driver.execute("PRAGMA synchronous = OFF")
        self._account = account
        self._gateway = gateway
        self._time = time
        self._luck = luck
        self._faulty = faulty
        self._batches: dict[tuple[str, int], int] = {}
        self._requests = 0  # under way
        self._start()

    def close(self) -> None:
        """End it for good."""
        self.look.close()
        self._database.close()

    # What the pump and the collector ask of a line.

    def send(self, body: bytes) -> Outcome:
        """Take a request on its way."""
        self._requests += 1
        try:
            return self._carry(body)
        finally:
            self._requests -= 1

    def balance(self) -> Balance:
        """Ask what is left."""
        return Balance(left=str(self._gateway.left), bought=str(self._gateway.bought))

    def reports(self, page: int) -> RawAnswer:
        """Fetch reports, of which the line may lose some."""
        body, complete = self._gateway.hand_out(page)
        return RawAnswer(status=200, body=body, complete=complete)

    # What happens to it.

    def begin(self, name: str, mobiles: Sequence[int], batch_size: int) -> None:
        """Begin a campaign."""
        audience = Audience(mobiles=array("Q", mobiles), given=len(mobiles))
        begin(self._database, batch_size=batch_size, name=name, audience=audience)
        for batch, first in self.look.execute(_BATCHES, (name,)):
            self._batches[name, first] = batch

    def work(self) -> None:
        """Send what may be sent now, and fetch what there is to fetch."""
        try:
            self._send_all()
        except Crash:
            self._time.spend(self._luck.uniform(1, 600))
            self._restart()
        self._collect()
        if self.look.execute(_IS_STOPPED).fetchone()[0] and self._luck.random() < 0.4:
            self._restart()

    def ask_person(self) -> None:
        """Let a person settle some of what waits for long, mostly rightly."""
        since = (self._time() - _PERSON_WAITS).isoformat()
        for (batch,) in self.look.execute(_LONG_IN_DOUBT, (since,)).fetchall():
            if self._luck.random() < 0.2:
                self._resolve(batch)

    def _start(self) -> None:
        self._scales = Scales()
        self._pumps = [
            make_pump(self._database, self, self._account, self._time, scope=None)
            for _ in range(self._account.concurrency)
        ]

    def _restart(self) -> None:
        with self._database.writing() as transaction:
            doubt_abandoned(transaction, self._time())
            release_accounts(transaction, self._time())
        self._start()

    def _send_all(self) -> None:
        for _ in range(_MOST_STEPS):
            match self._pumps[0].step():
                case Submitted() | Asked():
                    continue
                case Wait(until=until) if until and until - self._time() < _SOON:
                    self._time.spend((until - self._time()).total_seconds())
                case _:
                    return

    def _collect(self) -> None:
        # Without either, a poll finds nothing, and nothing is to be settled.
        if self._gateway.is_ready or self.look.execute(_IS_DOUBTFUL).fetchone()[0]:
            full = True
            while full:
                now = self._time()
                full = poll_reports(self._database, self._account, self, now, self._scales).full

    def _resolve(self, batch: int) -> None:
        self.by_hand += 1
        says_taken = bool(self.taken[batch]) ^ (self._luck.random() < _PERSON_ERRS)
        with self._database.writing() as transaction:
            if says_taken:
                accept_by_hand(
                    transaction, batch, task_id=None, reports_within=_WITHIN, now=self._time()
                )
            else:
                send_again_by_hand(transaction, batch, now=self._time())

    def _carry(self, body: bytes) -> Outcome:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        mobiles = [int(mobile) for mobile in form["mobile"].split(",")]
        batch, extno = self._batches[form["title"], mobiles[0]], form.get("extno", "")
        fate = self._draw_fate()
        self.arrives[batch] = fate in _TAKEN or fate is Fate.LATE
        self._time.spend(self._luck.uniform(0, 3))
        task = self._take(batch, mobiles, extno) if fate in _TAKEN else None
        if fate is Fate.LATE:
            at = self._time() + timedelta(seconds=self._luck.uniform(1, 300))
            self._time.appoint(at, lambda: self._take(batch, mobiles, extno))
        left = self._gateway.left
        self._time.spend(self._luck.choice(_LATENCIES))
        self._do_something_else()
        if fate is Fate.ANSWERED and task:
            return Accepted(task_id=task.task_id, balance=str(left))
        return self._break_off(fate)

    def _break_off(self, fate: Fate) -> Outcome:
        if fate in _CRASHES:
            raise Crash
        if fate in {Fate.ODD, Fate.ODD_NOWHERE}:
            return Refused(code=Code.OTHER_ERROR)
        if fate is Fate.FAILED:
            return Refused(code=Code.SUBMISSION_FAILED)
        return Unknown(why="the line broke", redirected=fate is Fate.REDIRECTED)

    def _draw_fate(self) -> Fate:
        if self._luck.random() >= self._faulty:
            return Fate.ANSWERED
        return self._luck.choices(list(_FAULTS), list(_FAULTS.values()))[0]

    def _take(self, batch: int, mobiles: Sequence[int], extno: str) -> Task:
        task = self._gateway.take(OURS, mobiles, extno)
        self.taken[batch].append(task)
        return task

    def _do_something_else(self) -> None:
        """Use the time of a request: reports may overtake it, and others go out beside it."""
        choice = self._luck.random()
        if choice < 0.2:
            self._collect()
        elif choice < 0.6 and self._requests < len(self._pumps):
            self._pumps[self._requests].step()
