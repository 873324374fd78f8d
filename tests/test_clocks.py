"""A clock that is wrong: compared with the gateway's before anything is claimed by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from builders import (
    NOW,
    SECOND,
    Clock,
    account_of,
    batch_states,
    begin,
    campaign_of,
    make_account,
    make_pump,
)

from runner.dispatch.clocks import CLOCK_AGAIN, compare_clocks
from runner.dispatch.line import Line
from runner.dispatch.pump import Asked, Submitted, Wait
from runner.gateway.clock import GatewayClock
from runner.model.outcome import Accepted, Balance, GatewayTime, NoAnswer
from runner.store.accounts import ensure_accounts

MINUTE = timedelta(minutes=1)
YEAR = timedelta(days=365)
WITHIN = 15 * MINUTE


class TimedGateway:
    """A gateway in memory with a clock of its own, which each answer tells as HTTP does.

    silent: it cannot be reached; dateless: its answers name no time.
    """

    def __init__(self, clock, *, ahead=timedelta(), silent=False, dateless=False):
        self.clock, self.ahead = clock, ahead
        self.silent, self.dateless = silent, dateless
        self.calls = []
        self.said = None

    def answer(self, call):
        self.calls.append(call)
        self.said = None if self.dateless else self.clock.now + self.ahead, self.clock.now

    def send(self, body):
        self.answer("send")
        return Accepted(task_id=f"{len(self.calls)}", balance="100")

    def balance(self):
        if self.silent:
            self.calls.append("nobody")
            return NoAnswer(why="connection refused")
        self.answer("balance")
        return Balance(left="100")

    def tell_time(self):
        if self.said is None:
            return None
        moment, at = self.said
        age = self.clock.now - at
        return GatewayTime(moment=moment and moment + age, age=age)


class Machine:
    """A clock that runs, `wrong` by so much: what the sender sees of it."""

    def __init__(self, true, wrong=timedelta()):
        self.true, self.wrong = true, wrong

    def __call__(self):
        return self.true.now + self.wrong


@pytest.fixture
def world(database):
    """A pump with two batches to send, at a gateway, by a clock that is wrong."""

    def build(wrong=timedelta(), *, skew=WITHIN, **manners):
        true = Clock()
        machine = Machine(true, wrong)
        gateway = TimedGateway(true, **manners)
        begin(database)
        pump = make_pump(database, gateway, make_account(clock_skew=skew), machine)
        return true, machine, gateway, pump

    return build


def held(database):
    return [brake.reason for brake in account_of(database).brakes]


def test_a_sender_asks_for_the_time_once_before_its_first_request(world):
    _, _, gateway, pump = world()
    assert isinstance(pump.step(), Asked)
    assert [type(pump.step()) for _ in range(2)] == [Submitted, Submitted]
    assert gateway.calls == ["balance", "send", "send"]


@pytest.mark.parametrize("wrong", [WITHIN, -WITHIN])
def test_clocks_that_are_a_little_apart_send(world, wrong):
    _, _, _, pump = world(wrong)
    pump.step()
    assert isinstance(pump.step(), Submitted)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (WITHIN + SECOND, "15 minutes ahead of"),
        (-WITHIN - SECOND, "15 minutes behind"),
        (timedelta(hours=8), "8 hours ahead of"),
        (-YEAR, "365 days behind"),
        (YEAR, "365 days ahead of"),
    ],
)
def test_by_a_clock_that_is_far_from_the_gateway_s_nothing_is_claimed(database, world, wrong, why):
    _, machine, _, pump = world(wrong)
    pump.step()
    step = pump.step()
    assert isinstance(step, Wait)
    assert (step.until, step.given_up) == (machine() + CLOCK_AGAIN, True)
    assert f"this machine's clock is about {why} the gateway's" in step.why
    assert batch_states(database) == ["planned", "planned"]
    assert (campaign_of(database).shown, held(database)) == ("held", [step.why])
    assert account_of(database).shown == "paused"


def test_the_gateway_s_own_clock_may_be_the_one_that_is_wrong_and_is_asked_again(database, world):
    true, _, gateway, pump = world(ahead=YEAR)
    pump.step()
    assert isinstance(pump.step(), Wait)
    gateway.ahead = timedelta()
    true.move(29)
    assert isinstance(pump.step(), Wait)
    true.move(1)
    assert isinstance(pump.step(), Asked)
    assert isinstance(pump.step(), Submitted)
    assert held(database) == []


def test_a_clock_that_is_set_right_goes_on_at_once_and_asks_nobody(database, world):
    _, machine, gateway, pump = world(YEAR)
    pump.step()
    pump.step()
    machine.wrong = timedelta()
    assert isinstance(pump.step(), Submitted)
    assert gateway.calls == ["balance", "send"]
    assert held(database) == []


def test_a_clock_that_is_set_wrong_while_it_sends_is_noticed_before_the_next_claim(database, world):
    true, machine, _, pump = world()
    for _ in range(2):
        pump.step()
    machine.wrong = YEAR
    true.move(60)
    assert isinstance(pump.step(), Asked)
    assert isinstance(pump.step(), Wait)
    assert batch_states(database) == ["accepted", "planned"]


def test_nothing_is_sent_before_the_gateway_could_be_asked(database, world):
    true, _, gateway, pump = world(silent=True)
    assert isinstance(pump.step(), Asked)
    assert isinstance(pump.step(), Wait)
    gateway.silent = False
    true.move(60)
    assert [type(pump.step()) for _ in range(2)] == [Asked, Submitted]


@pytest.mark.parametrize("manners", [{"dateless": True}, {"skew": None, "ahead": YEAR}])
def test_where_there_is_nothing_to_compare_it_sends(world, manners):
    _, _, _, pump = world(**manners)
    assert Submitted in [type(pump.step()) for _ in range(2)]


def test_a_poll_of_reports_holds_the_account_before_anything_is_to_be_claimed(database):
    true = Clock()
    gateway = TimedGateway(true, ahead=YEAR)
    account = make_account(clock_skew=WITHIN)
    line = Line(account=account, credentials=None, gateway=gateway)
    with database.writing() as transaction:
        ensure_accounts(transaction, ["main"], NOW)
    gateway.answer("report")
    compare_clocks(database, line, true.now)
    assert "365 days behind" in held(database)[0]
    gateway.ahead = timedelta()
    gateway.answer("report")
    compare_clocks(database, line, true.now)
    assert held(database) == []


# ---- what an answer says of the time


def test_the_time_of_an_answer_is_carried_on_until_the_next():
    clock = GatewayClock()
    assert clock.tell() is None
    clock.note("Sun, 06 Nov 1994 08:49:37 GMT")
    told = clock.tell()
    assert told.moment == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC) + told.age
    clock.note("Sun, 06 Nov 1994 09:49:37 GMT")
    assert clock.tell().moment >= told.moment + timedelta(minutes=59)


@pytest.mark.parametrize("date", [None, "", "soon", "Sun, 99 Nov 1994 08:49:37 GMT", "1994"])
def test_an_answer_without_a_time_tells_none(date):
    clock = GatewayClock()
    clock.note("Sun, 06 Nov 1994 08:49:37 GMT")
    clock.note(date)
    assert clock.tell().moment is None


def test_the_sandbox_tells_its_time_with_every_answer(sandbox, gateway_at):
    gateway = gateway_at(sandbox.url)
    assert gateway.tell_time() is None
    for ask in (gateway.balance, lambda: gateway.reports(10)):
        ask()
        assert abs(gateway.tell_time().moment - datetime.now(UTC)) < timedelta(minutes=1)
