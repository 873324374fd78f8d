"""Many threads for one account: as fast as allowed, never twice, and done when nothing is to do."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest
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
    make_pump,
)

from runner.dispatch.crew import Crew
from runner.errors import StateRefused
from runner.lifecycle import AccountState, BatchState, CampaignState
from runner.model.account import NamedList, Retry
from runner.model.outcome import Accepted, Balance, Unknown
from runner.sandbox import Sandbox, SandboxSettings
from runner.store.accounts import release_accounts
from runner.store.outcomes import doubt_abandoned

CLOSED_PORT = "http://127.0.0.1:9"
MINUTE = timedelta(minutes=1)


def never():
    return False


def make_crew(*pumps, clock=None, notice=lambda _: None, patience=MINUTE):
    return Crew(pumps, clock=clock or Clock(), patience=patience, notice=notice)


class Together:
    """A gateway in memory whose first sends wait for each other, so many as there are threads.

    first: the outcome of a send before all that; they gather once the balance was asked, then.
    """

    def __init__(self, threads, *, first=None):
        self.threads = threads
        self.first = first
        self.to_gather = 0 if first else threads
        self.gathering = threading.Barrier(threads)
        self.lock = threading.Lock()
        self.asked = self.sent = self.at_once = self.most = 0

    def send(self, body):
        with self.lock:
            self.sent += 1
            task_id, first, self.first = f"{self.sent}", self.first, None
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            gathers = self.to_gather > 0
            self.to_gather -= gathers
        if gathers:
            self.gathering.wait(10)
        with self.lock:
            self.at_once -= 1
        return first or Accepted(task_id=task_id, balance="1")

    def balance(self):
        with self.lock:
            self.asked += 1
            self.to_gather = self.threads
        return Balance(left="1000")


@pytest.fixture
def slow_sandbox():
    with Sandbox(SandboxSettings(latency=0.05, report_delay=0)) as sandbox:
        yield sandbox


@pytest.fixture
def pump_at(database, gateway_at):
    """A pump at a gateway, with an account's settings and a clock."""

    def build(url, *, clock=None, **settings):
        gateway = gateway_at(url, **settings)
        return make_pump(database, gateway, make_account(**settings), clock or Clock())

    return build


def once_each(people):
    return Counter({f"{FIRST + n}": 1 for n in range(people)})


def test_a_crew_sends_everything_once_and_ends_by_itself(database, sandbox, pump_at):
    begin(database, 60)
    make_crew(pump_at(sandbox.url, concurrency=8)).run(never)
    assert sandbox.copies() == once_each(60)
    assert counts_of(database) == {"submitted": 60}
    assert campaign_of(database).state is CampaignState.FINISHED


def test_its_concurrency_is_reached_and_never_exceeded(database, clock):
    begin(database, 60)
    gateway = Together(5)
    make_crew(make_pump(database, gateway, make_account(concurrency=5), clock)).run(never)
    assert gateway.most == 5
    assert counts_of(database) == {"submitted": 60}


def test_the_gateway_sees_no_more_requests_at_once_than_the_account_allows(
    database, slow_sandbox, pump_at
):
    begin(database, 40)
    make_crew(pump_at(slow_sandbox.url, concurrency=3)).run(never)
    assert slow_sandbox.most_at_once["send"] <= 3


def test_every_submission_is_noticed(database, sandbox, pump_at):
    begin(database, 20)
    noticed = []
    make_crew(pump_at(sandbox.url), notice=noticed.append).run(never)
    assert sorted(step.claim.batch for step in noticed) == list(range(1, 11))


def test_nobody_gets_a_message_twice_from_a_gateway_with_every_fault(database, sandbox, pump_at):
    begin(database, 200)
    for fault in ("send:15%=7", "send:8%=reset-after", "send:8%=taken-html", "send:5%=http-502"):
        sandbox.add_fault(fault)
    clock = Clock(stride=timedelta(seconds=1))
    for _ in range(4):
        with database.writing() as transaction:
            release_accounts(transaction, clock())
        make_crew(pump_at(sandbox.url, clock=clock, concurrency=6), clock=clock).run(never)
    assert set(sandbox.copies().values()) == {1}
    counts = counts_of(database)
    assert sum(counts.values()) == 200
    assert counts["submitted"] <= len(sandbox.copies())


def test_a_process_killed_in_the_midst_of_sending_sends_nobody_twice(
    database, state, slow_sandbox, pump_at
):
    begin(database, 200)
    killed = """
import os, signal, sys
from pathlib import Path
from builders import Clock, make_account, make_credentials, make_pump
from runner.gateway import Gateway
from runner.store.database import open_database
from test_crew import make_crew, never
account = make_account()
gateway = Gateway(account, make_credentials(sys.argv[2]))
pump = make_pump(open_database(Path(sys.argv[1]), actor="run"), gateway, account, Clock())
sent = []
def notice(step):
    sent.append(step)
    if len(sent) == 9:
        os.kill(os.getpid(), signal.SIGKILL)
make_crew(pump, notice=notice).run(never)
"""
    command = [sys.executable, "-c", killed, str(state), slow_sandbox.url]
    assert subprocess.run(command, cwd=__file__.rpartition("/")[0], check=False).returncode == -9
    with database.writing() as transaction:
        doubt_abandoned(transaction, NOW)
    make_crew(pump_at(slow_sandbox.url, concurrency=8)).run(never)
    assert set(slow_sandbox.copies().values()) == {1}
    counts = counts_of(database)
    assert counts["submitted"] + counts.get("in_doubt", 0) == 200


def test_on_probation_one_request_is_in_flight_until_one_is_accepted(
    database, slow_sandbox, pump_at
):
    begin(database, 40)
    slow_sandbox.add_fault("send:*=10x1")
    make_crew(pump_at(slow_sandbox.url, concurrency=1)).run(never)
    assert account_of(database).state is AccountState.SUSPENDED
    with database.writing() as transaction:
        release_accounts(transaction, NOW)
    slow_sandbox.add_fault("send:1=http-502")
    first_accepted = []

    def notice(step):
        if step.state is BatchState.ACCEPTED and not first_accepted:
            first_accepted.append(slow_sandbox.most_at_once["send"])

    make_crew(pump_at(slow_sandbox.url, concurrency=6), notice=notice).run(never)
    assert first_accepted == [1]
    assert counts_of(database) == {"submitted": 38, "in_doubt": 2}


def test_a_retry_within_patience_is_waited_for(database, sandbox, pump_at):
    begin(database, 8)
    sandbox.add_fault("send:*=7x3")
    clock = Clock(stride=timedelta(seconds=1))
    make_crew(pump_at(sandbox.url, clock=clock), clock=clock).run(never)
    assert counts_of(database) == {"submitted": 8}


def test_a_retry_beyond_patience_is_left_for_later(database, sandbox, pump_at):
    begin(database, 8)
    sandbox.add_fault("send:1=7")
    slow = Retry(first=timedelta(hours=1), most=timedelta(hours=1))
    make_crew(pump_at(sandbox.url, retry=slow)).run(never)
    assert counts_of(database) == {"submitted": 6, "pending": 2}


def test_a_low_balance_ends_the_crew_and_leaves_the_batches_planned(database, pump_at):
    begin(database, 20)
    with Sandbox(SandboxSettings(balance=8)) as poor:
        make_crew(pump_at(poor.url)).run(never)
    assert account_of(database).state is AccountState.LOW_BALANCE
    assert counts_of(database) == {"submitted": 8, "pending": 12}


def test_a_suspended_account_ends_the_crew(database, sandbox, pump_at):
    begin(database, 20)
    sandbox.add_fault("send:*=2")
    make_crew(pump_at(sandbox.url)).run(never)
    assert account_of(database).state is AccountState.SUSPENDED
    assert counts_of(database) == {"pending": 20}


def test_a_gateway_that_cannot_be_reached_is_given_up_after_its_tries(database, pump_at):
    begin(database, 20)
    clock = Clock()
    pump = pump_at(CLOSED_PORT, clock=clock, retry=Retry(tries=3), concurrency=1)
    clock.stride = timedelta(seconds=1)
    make_crew(pump, clock=clock).run(never)
    assert account_of(database).unreachable == 3
    assert counts_of(database) == {"pending": 20}


def test_an_account_in_trouble_keeps_no_other_from_sending(database, sandbox, gateway_at, pump_at):
    begin(database, 8, name="moon")
    clock = Clock(stride=timedelta(seconds=1))
    closed = make_pump(
        database, gateway_at(CLOSED_PORT), make_account("main"), clock, scope=["sun"]
    )
    make_crew(closed, pump_at(sandbox.url, clock=clock), clock=clock).run(never)
    assert counts_of(database) == {"submitted": 8}


def test_told_to_stop_it_claims_nothing_more_and_lets_what_is_in_flight_come_home(
    database, slow_sandbox, pump_at
):
    begin(database, 200)
    crew = make_crew(pump_at(slow_sandbox.url, concurrency=4), notice=lambda _: crew.stop())
    crew.run(never)
    states = Counter(batch_states(database))
    assert states.keys() == {"accepted", "planned"}


def test_in_a_hurry_it_waits_for_nobody_and_claims_nothing_more(database, clock):
    begin(database, 4)
    sending, finish = threading.Event(), threading.Event()

    class Slow:
        def send(self, body):
            sending.set()
            finish.wait(10)
            return Accepted(task_id="77", balance="1")

    done = threading.Event()
    account = make_account(concurrency=1)
    crew = make_crew(make_pump(database, Slow(), account, clock), notice=lambda _: done.set())
    crew.run(sending.is_set)
    with database.writing() as transaction:
        doubt_abandoned(transaction, NOW)
    assert batch_states(database) == ["in_doubt", "planned"]
    finish.set()
    assert done.wait(10)
    for thread in crew._threads:
        thread.join(10)
    assert batch_states(database) == ["accepted", "planned"]


@pytest.mark.parametrize("error", [StateRefused("the disk is full"), ZeroDivisionError("a defect")])
def test_what_a_thread_raised_comes_out_and_ends_the_others(database, clock, error):
    begin(database, 400)

    class Failing:
        def __init__(self):
            self.sent = 0

        def send(self, body):
            self.sent += 1
            if self.sent == 3:
                raise error
            return Accepted(task_id=f"{self.sent}", balance="1")

    crew = make_crew(make_pump(database, Failing(), make_account(concurrency=2), clock))
    with pytest.raises(type(error), match=str(error)):
        crew.run(never)
    assert Counter(batch_states(database))["submitting"] == 1


def test_threads_that_wait_for_the_balance_stay_and_send_afterwards(database, clock):
    begin(database, 80)
    gateway = Together(4, first=Unknown(why="a test"))
    make_crew(make_pump(database, gateway, make_account(concurrency=4), clock)).run(never)
    assert counts_of(database) == {"submitted": 78, "in_doubt": 2}
    assert gateway.asked == 1


# ---- a crew that waits for ever for something to do


class Noted:
    """Counts what is noticed, for a test that waits until so much was."""

    def __init__(self):
        self.changed = threading.Condition()
        self.steps = []

    def __call__(self, step):
        with self.changed:
            self.steps.append(step)
            self.changed.notify_all()

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.steps) >= count, 10)


@pytest.fixture
def standing_by(database, sandbox, gateway_at):
    """Start crews that have no patience to lose; they are sent home at the end."""
    crews = []

    def start(*, clock, notice, **settings):
        gateway = gateway_at(sandbox.url, **settings)
        pump = make_pump(database, gateway, make_account(**settings), clock, scope=None)
        crew = make_crew(pump, clock=clock, notice=notice, patience=None)
        crew.start()
        crews.append(crew)
        return crew

    yield start
    for crew in crews:
        send_home(crew)


def send_home(crew):
    crew.stop()
    crew.wake()
    crew.wait(never)
    assert not crew.is_at_work


def test_it_stays_when_all_is_sent_and_sends_what_comes_when_it_is_woken(
    database, clock, standing_by
):
    begin(database, 8, name="moon")
    noted = Noted()
    crew = standing_by(clock=clock, notice=noted)
    noted.wait_for(4)
    begin(database, 6, name="sun")
    crew.wake()
    noted.wait_for(7)
    assert counts_of(database, "sun") == {"submitted": 6}
    assert crew.is_at_work


def test_what_waits_longer_than_anybodys_patience_is_waited_for(
    database, sandbox, clock, standing_by
):
    begin(database, 4)
    sandbox.add_fault("send:1=7")
    noted = Noted()
    slow = Retry(first=timedelta(hours=1), most=timedelta(hours=1))
    crew = standing_by(clock=clock, notice=noted, retry=slow, concurrency=2)
    noted.wait_for(2)
    assert crew.is_at_work
    clock.move(3600)
    crew.wake()
    noted.wait_for(3)
    assert counts_of(database) == {"submitted": 4}


def test_a_gateway_that_is_given_up_by_others_is_tried_again(database, gateway_at):
    """A daemon goes on at `most` after its tries."""
    begin(database, 2)
    clock, noted = Clock(stride=timedelta(seconds=1)), Noted()
    soon = timedelta(milliseconds=10)
    account = make_account(retry=Retry(tries=2, first=soon, most=soon), concurrency=1)
    pump = make_pump(database, gateway_at(CLOSED_PORT), account, clock)
    crew = make_crew(pump, clock=clock, notice=noted, patience=None)
    crew.start()
    noted.wait_for(4)
    send_home(crew)
    assert account_of(database).unreachable >= 4


def test_sent_home_it_lets_what_is_in_flight_come_home(database, clock):
    begin(database, 20)
    gateway = Together(2)
    account = make_account(concurrency=2)
    sending = []
    pump = make_pump(database, gateway, account, clock)
    crew = make_crew(
        pump, clock=clock, notice=lambda step: (sending.append(step), crew.stop()), patience=None
    )
    crew.start()
    crew.wait(never)
    assert set(batch_states(database)) == {"accepted", "planned"}
    assert 2 <= len(sending) <= 4  # those in flight, and what was claimed with their answers


def test_what_a_standing_thread_raised_can_be_asked_for(database, clock):
    begin(database, 2)

    class Failing:
        def send(self, body):
            raise ZeroDivisionError("a defect")

    crew = make_crew(make_pump(database, Failing(), make_account(), clock), patience=None)
    crew.start()
    crew.wait(never)
    assert isinstance(crew.failure, ZeroDivisionError)


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_thread_that_is_ended_in_mid_request_is_told_and_its_batch_in_doubt(database, clock, end):
    """Else its claim stood for as long as the process lives, or the program ended with 0."""
    begin(database, 2)

    class Ending:
        def send(self, body):
            raise end

    crew = make_crew(make_pump(database, Ending(), make_account(), clock))
    with pytest.raises(RuntimeError, match=f"a sender was ended by {end.__name__}"):
        crew.run(never)
    assert batch_states(database) == ["submitting"]
    with database.writing() as transaction:
        doubt_abandoned(transaction, NOW)
    assert batch_states(database) == ["in_doubt"]


def test_after_a_batch_with_nobody_left_the_next_one_goes_out(
    database, sandbox, gateway_at, clock, tmp_path
):
    begin(database, 20)
    optout = tmp_path / "optout.csv"
    optout.write_text("".join(f"{FIRST + person}\n" for person in range(18)))
    pump = make_pump(
        database,
        gateway_at(sandbox.url),
        make_account(),
        clock,
        opt_outs=[NamedList(name="optout", file=str(optout))],
    )
    make_crew(pump).run(never)
    assert counts_of(database) == {"submitted": 2, "cancelled": 18}
    assert sandbox.requests["send"] == 1


def test_a_crew_with_nothing_to_do_ends_at_once(database, sandbox, pump_at):
    make_crew(pump_at(sandbox.url)).run(never)
    make_crew().run(never)
    assert sandbox.requests == Counter()
