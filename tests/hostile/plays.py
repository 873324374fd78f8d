"""Plays a case with the real program: a state on disk, a claimed batch, the pump, the client."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from authority import Authority
from builders import (
    FIRST,
    NOW,
    Clock,
    account_of,
    batch_states,
    begin,
    campaign_of,
    counts_of,
    make_account,
    make_credentials,
    make_pump,
    rows_of,
)
from peers import answer, saying

from hostile.cases import BALANCE, BATCH, REST, TASKS, Kept, Next, States
from hostile.scripts import overage
from hostile.stage import Stage, plain
from runner.dispatch.pump import Idle, Submitted, Wait
from runner.gateway import Gateway
from runner.lifecycle import BatchState
from runner.model.account import Timeouts
from runner.reports import may_poll, poll_reports
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from runner.store.report_page import read_page

if TYPE_CHECKING:
    from pathlib import Path

    from peers import Call

    from hostile.cases import Asking, Polling, Sending
    from hostile.stage import Settings
    from runner.dispatch.pump import Pump, Step
    from runner.model.account import Account
    from runner.store.database import Database

DEADLINE = 1.0  # seconds, for a peer that only a deadline ends
PASSWORD = "sesame"
_AMPLE = Timeouts(connect=timedelta(seconds=15), total=timedelta(seconds=30))
_SHORT = Timeouts(connect=timedelta(seconds=DEADLINE), total=timedelta(seconds=DEADLINE))
_REPORTS_CAP = 1 << 20  # bytes; the size of a page is no matter here
_LATER = 600.0  # seconds after which every wait of an account is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was seen of a submission. heard: requests; why: what the program says of it."""

    states: States
    heard: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was seen of a balance query. heard: requests, by the gateway that misbehaves."""

    end: Next
    heard: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What was seen of a poll."""

    kept: Kept
    heard: int
    why: str


class WellGateway:
    """A peer's script that answers everything as the document says; log: what it was asked."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self._tasks = iter(TASKS)

    def __call__(self, call: Call) -> None:
        while body := call.hear().decode():
            if "action=overage" in body:
                self.log.append(BALANCE)
                call.say(answer(overage("100")))
            else:
                self.log.append(BATCH if str(FIRST) in body else REST)
                call.say(answer(f"100:{next(self._tasks)}".encode()))


class Theatre:
    """Plays cases, each with peers and a state of its own; may be used by many threads.

    folder: for the states, each a copy of one in which a campaign of two batches has begun.
    """

    def __init__(self, folder: Path) -> None:
        self._authority = Authority(folder)
        self._folder = folder
        self._first = folder / "first.db"
        self._numbers = count()
        with closing(open_database(self._first, actor="test")) as database:
            with database.writing() as transaction:
                ensure_accounts(transaction, ["main"], NOW)
            begin(database, 4, batch_size=2)

    def send(self, case: Sending) -> Sent:
        """Submit the first batch to the peer, then let the rest go to a gateway that is well."""
        with Stage(self._authority) as stage, self._open_state() as database:
            clock = Clock()
            step = _step(database, clock, _account(case.setup(stage), hangs=case.hangs))
            assert isinstance(step, Submitted), step
            heard = stage.count_posts()
            batch, campaign = batch_states(database)[0], campaign_of(database).state
            account = account_of(database).state
            then = _recover(database, stage, clock)
        states = States(batch=BatchState(batch), campaign=campaign, account=account, then=then)
        return Sent(states=states, heard=heard, why=step.reason or "")

    def ask(self, case: Asking) -> Asked:
        """Leave a batch in doubt, so that the peer is asked for the balance before all else."""
        with Stage(self._authority) as stage, self._open_state() as database:
            clock = Clock()
            _step(database, clock, _account(plain(saying())(stage), hangs=False))
            before = stage.count_posts()
            _step(database, clock, _account(case.setup(stage), hangs=case.hangs))
            heard = stage.count_posts() - before
            why = account_of(database).reason or ""
            end = Next(_recover(database, stage, clock))
        return Asked(end=end, heard=heard, why=why)

    def poll(self, case: Polling) -> Polled:
        """Let both batches be accepted, and fetch their four reports from the peer."""
        with Stage(self._authority) as stage, self._open_state() as database:
            _recover(database, stage, Clock())
            before = stage.count_posts()
            account = _account(case.setup(stage), hangs=case.hangs)
            with _connect(account) as gateway:
                polled = poll_reports(database, account, gateway, NOW)
            heard = stage.count_posts() - before
            kept = _look_at_reports(database, account)
        return Polled(kept=kept, heard=heard, why=polled.problem or "")

    def _open_state(self) -> closing[Database]:
        state = self._folder / f"{next(self._numbers)}.db"
        shutil.copy(self._first, state)
        return closing(open_database(state, actor="test"))


def _look_at_reports(database: Database, account: Account) -> Kept:
    with database.reading() as transaction:
        page, goes_on = read_page(transaction, account), may_poll(transaction, account)
    ((kept, unread),) = rows_of(
        database,
        "SELECT (SELECT count(*) FROM report_journal), (SELECT count(*) FROM quarantine)",
    )
    return Kept(
        applied=counts_of(database).get("delivered", 0),
        unread=unread,
        kept=kept == 1,
        halved=page == account.reports.page // 2,
        goes_on=goes_on,
    )


def _recover(database: Database, stage: Stage, clock: Clock) -> tuple[str, ...]:
    """Let the gateway be well from now on; gives what it hears until nothing is left to do."""
    well = WellGateway()
    account = _account(plain(well)(stage), hangs=False)
    clock.move(_LATER)
    with _connect(account) as gateway:
        pump = _make_pump(database, gateway, account, clock)
        while not isinstance(step := pump.step(), Idle):
            assert not isinstance(step, Wait), step
    return tuple(well.log)


def _account(settings: Settings, *, hangs: bool) -> Account:
    return make_account(timeout=_SHORT if hangs else _AMPLE, batch_size=2, **settings)


def _connect(account: Account) -> Gateway:
    assert isinstance(account.url, str)
    credentials = make_credentials(account.url, password=PASSWORD)
    return Gateway(account, credentials, reports_cap=_REPORTS_CAP)


def _step(database: Database, clock: Clock, account: Account) -> Step:
    """Let a pump do the next thing over a line to the account's gateway."""
    with _connect(account) as gateway:
        return _make_pump(database, gateway, account, clock).step()


def _make_pump(database: Database, gateway: Gateway, account: Account, clock: Clock) -> Pump:
    return make_pump(database, gateway, account, clock, scope=None, password=PASSWORD)
