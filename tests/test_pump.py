"""One step at a time: what is sent, and what becomes of the batch and of its account."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from builders import (
    ACCOUNT,
    CAMPAIGN,
    EVERYTHING,
    FILE,
    FIRST,
    NOW,
    SECOND,
    account_of,
    batch_states,
    begin,
    begin_scheduled,
    campaign_of,
    cancel,
    claim,
    counts_of,
    follow,
    let_go,
    make_account,
    make_campaign,
    make_credentials,
    make_plan,
    make_pump,
    rows_of,
    states_of,
    stop,
)
from torture.simulation.steps import hearing_steps

from runner.codec.requests import send_body
from runner.dispatch.pump import Asked, Emptied, Idle, Submitted, Wait
from runner.lifecycle import AccountState, BatchState, CampaignState
from runner.model.account import NamedList, OnCode8, Retry, Timeouts
from runner.model.outcome import Accepted, Balance, Code, RawAnswer, Refused, Unknown
from runner.reports import poll_reports
from runner.sandbox import Sandbox, SandboxSettings
from runner.store.accounts import release_accounts
from runner.store.brakes import read_brakes
from runner.store.database import open_database
from runner.store.outcomes import doubt_abandoned
from runner.store.resolution import send_again_by_hand
from runner.timing import parse_hours

CLOSED_PORT = "http://127.0.0.1:9"


class FakeGateway:
    """A gateway in memory: calls `during` inside a send, and answers from a list of outcomes."""

    def __init__(self, *outcomes, during=lambda: None):
        self.outcomes = list(outcomes)
        self.during = during

    def send(self, body):
        self.during()
        return self.outcomes.pop(0)

    def balance(self):
        return Balance(left="1000000")


class CrossingGateway(FakeGateway):
    """Takes a request first, and then another whose answer is recorded before the first one's."""

    def __init__(self, first, second):
        super().__init__(second, first)
        self.is_first = True

    def send(self, body):
        if self.is_first:
            self.is_first = False
            self.during()
        return self.outcomes.pop(0)


class OpenGateway:
    """A gateway in memory that takes everything, and remembers who was in each request."""

    def __init__(self):
        self.bodies = []

    def send(self, body):
        self.bodies.append(body)
        return accepted(f"{len(self.bodies)}")

    def balance(self):
        return Balance(left="1000000")

    @property
    def numbers(self):
        """How many numbers each request carried."""
        forms = [parse_qs(body.decode()) for body in self.bodies]
        return [form["mobile"][0].count(",") + 1 for form in forms]


def accepted(task_id="77"):
    return Accepted(task_id=task_id, balance="100")


@pytest.fixture
def pump(database, sandbox, gateway_at, clock):
    """A pump at the sandbox, for an account with changed settings."""

    def build(url=sandbox.url, *, password="sandbox", **settings):
        gateway = gateway_at(url, password=password, **settings)
        account = make_account(**settings)
        return make_pump(database, gateway, account, clock, password=password)

    return build


def test_a_batch_is_sent_and_accepted(database, sandbox, pump):
    begin(database, 2)
    step = pump().step()
    assert isinstance(step, Submitted)
    assert step.state is BatchState.ACCEPTED
    assert sandbox.copies() == Counter({f"{FIRST}": 1, f"{FIRST + 1}": 1})
    [batch] = campaign_of(database).batches
    assert batch.task_id == sandbox.submissions[0].task_id
    assert account_of(database).balance == "999998"


def test_when_all_is_sent_the_pump_is_idle(database, pump):
    begin(database, 2)
    sender = pump()
    sender.step()
    assert sender.step() == Idle()
    assert campaign_of(database).state is CampaignState.FINISHED


def test_the_intent_is_durable_before_the_request(database, state, clock):
    begin(database, 2)
    seen = []

    def look():
        beside = open_database(state, actor="somebody else")
        seen.append(batch_states(beside))
        beside.close()

    make_pump(database, FakeGateway(accepted(), during=look), make_account(), clock).step()
    assert seen == [["submitting"]]


def test_the_next_batch_is_claimed_with_the_outcome_of_the_one_before(database, clock):
    """One wait for the disk in the place of two; the order claim, request, outcome is the same."""
    begin(database, 6)
    gateway = OpenGateway()
    sender = make_pump(database, gateway, make_account(), clock)
    first = sender.step(may_go_on=lambda: True)
    assert batch_states(database) == ["accepted", "submitting", "planned"]
    assert len(gateway.bodies) == 1
    second = sender.step(first.following)
    assert second.claim == first.following.claim
    assert second.following is None
    assert batch_states(database) == ["accepted", "accepted", "planned"]


def test_nothing_is_claimed_with_an_outcome_where_nothing_may_follow(database, clock):
    begin(database, 4)
    account = make_account(rate=1.0)
    step = make_pump(database, OpenGateway(), account, clock).step(may_go_on=lambda: True)
    assert step.following is None
    assert batch_states(database) == ["accepted", "planned"]


class Failing:
    """Raises a defect at the last of some steps that are passed."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def __call__(self, step):
        if self.steps and step == self.steps[0]:
            self.steps.pop(0)
            if not self.steps:
                raise ZeroDivisionError("a defect")


def test_an_answer_is_recorded_where_the_claim_with_it_breaks_off(database, clock):
    """Their transaction is undone as a whole, and the answer recorded by itself."""
    begin(database, 4)
    sender = make_pump(database, OpenGateway(), make_account(), clock)
    failing = Failing("pump.answered", "pump.recorded", "pump.claimed")
    with hearing_steps(failing):
        step = sender.step(may_go_on=lambda: True)
    assert failing.steps == []
    assert (step.state, step.following) == (BatchState.ACCEPTED, None)
    assert batch_states(database) == ["accepted", "planned"]
    assert isinstance(sender.step(), Submitted)


def test_an_answer_is_recorded_once_where_something_fails_behind_the_transaction(database, clock):
    """It is durable by then, and the claim with it, whose request nobody sends."""
    begin(database, 4)
    sender = make_pump(database, OpenGateway(), make_account(), clock)
    failing = Failing("pump.answered", "pump.recorded", "pump.claimed", "store.committed")
    with hearing_steps(failing), pytest.raises(ZeroDivisionError):
        sender.step(may_go_on=lambda: True)
    assert batch_states(database) == ["accepted", "submitting"]
    late = "SELECT count(*) FROM events WHERE reason LIKE '%settled before'"
    assert rows_of(database, late) == [(0,)]


def test_what_is_sent_is_what_was_planned(database, sandbox, pump):
    plan = make_plan(2)
    begin(database, 2)
    begin(database, 2, name="sun", message=make_plan(2, name="sun").campaign.message)
    pump().step()
    body = send_body(plan.message, plan.batches[0].numbers, make_credentials("", password=""))
    assert sandbox.submissions[0].body == body


def test_each_batch_carries_its_own_extno_where_the_account_has_a_prefix(database, sandbox, pump):
    begin(database, 4)
    sender = pump(extno="81")
    sender.step()
    sender.step()
    assert [submission.extno for submission in sandbox.submissions] == ["8100000001", "8100000002"]


def test_an_account_without_a_prefix_sends_no_extno(database, sandbox, pump):
    begin(database, 2)
    pump().step()
    assert b"extno" not in sandbox.submissions[0].body


def test_an_outcome_too_late_for_its_claim_changes_nothing_and_is_logged(database, clock):
    begin(database, 2)

    def settle_by_hand():
        with database.writing() as transaction:
            doubt_abandoned(transaction, NOW)
            send_again_by_hand(transaction, 1, now=NOW)

    gateway = FakeGateway(accepted("88"), during=settle_by_hand)
    step = make_pump(database, gateway, make_account(), clock).step()
    assert step.state is None
    assert batch_states(database) == ["planned"]
    [(reason,)] = rows_of(database, "SELECT reason FROM events ORDER BY id DESC LIMIT 1")
    assert "task 88" in reason


def test_an_outcome_lands_on_a_batch_that_was_given_up_in_doubt(database, clock):
    begin(database, 2)

    def give_up():
        with database.writing() as transaction:
            doubt_abandoned(transaction, NOW)

    step = make_pump(
        database, FakeGateway(accepted(), during=give_up), make_account(), clock
    ).step()
    assert step.state is BatchState.ACCEPTED


def test_reports_that_overtake_their_receipt_are_applied_with_it(database, clock):
    begin(database, 2)
    answer = (
        f"<returnsms><statusbox><mobile>{FIRST}</mobile><taskid>77</taskid><status>10</status>"
        "</statusbox></returnsms>"
    )

    class Reports:
        def reports(self, page):
            return RawAnswer(status=200, body=answer.encode())

    def report_early():
        poll_reports(database, make_account(), Reports(), NOW)

    make_pump(database, FakeGateway(accepted(), during=report_early), make_account(), clock).step()
    assert counts_of(database) == {"delivered": 1, "submitted": 1}


def test_a_task_id_that_another_batch_bears_is_doubted(database, clock):
    begin(database, 4)
    pump = make_pump(database, FakeGateway(accepted(), accepted()), make_account(), clock)
    assert pump.step().state is BatchState.ACCEPTED
    step = pump.step()
    assert step.state is BatchState.IN_DOUBT
    assert "task of batch 1" in step.reason


@pytest.mark.parametrize("code", [0, 3, 4, 5, 9])
def test_a_code_that_would_come_again_rejects_the_batch_and_halts_its_campaign(
    database, sandbox, pump, code
):
    begin(database, 4)
    sandbox.add_fault(f"send:1={code}")
    sender = pump()
    assert sender.step().state is BatchState.REJECTED
    assert sender.step() == Idle()
    assert campaign_of(database).state is CampaignState.HALTED
    assert campaign_of(database).batches[0].code == code
    assert account_of(database).state is AccountState.ACTIVE
    assert sandbox.copies() == Counter()


@pytest.mark.parametrize(("code", "refuses_credentials"), [(1, True), (2, True), (10, False)])
def test_a_code_about_the_account_suspends_it_and_plans_the_batch_again(
    database, sandbox, pump, code, refuses_credentials
):
    begin(database, 4)
    sandbox.add_fault(f"send:1={code}")
    sender = pump()
    assert sender.step().state is BatchState.PLANNED
    assert isinstance(sender.step(), Idle)
    status = account_of(database)
    assert (status.state, status.wrong_credentials) == (AccountState.SUSPENDED, refuses_credentials)
    assert batch_states(database) == ["planned", "planned"]


def test_a_wrong_password_suspends_the_account(database, sandbox, pump):
    begin(database, 2)
    pump(password="wrong").step()
    assert account_of(database).wrong_credentials


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [("100", "98", "98"), ("100.50", "99.5", "99.5"), ("-2", "-4", "-4"), ("100", "none", "100")],
)
def test_of_requests_that_cross_the_lowest_balance_is_what_is_left(
    database, clock, first, second, left
):
    begin(database, people=4)
    gateway = CrossingGateway(
        Accepted(task_id="1", balance=first), Accepted(task_id="2", balance=second)
    )
    pump = make_pump(database, gateway, make_account(concurrency=2), clock)
    gateway.during = pump.step
    pump.step()

    assert batch_states(database) == ["accepted", "accepted"]
    assert account_of(database).balance == left


def test_a_balance_that_was_topped_up_since_is_what_is_left(database, clock):
    begin(database, people=4)
    answers = [Accepted(task_id=task, balance=left) for task, left in (("1", "98"), ("2", "500"))]
    pump = make_pump(database, FakeGateway(*answers), make_account(), clock)
    pump.step()
    pump.step()

    assert account_of(database).balance == "500"


def test_a_low_balance_stops_the_account_until_a_query_covers_the_next_batch(
    database, gateway_at, clock
):
    begin(database, 4)
    with Sandbox(SandboxSettings(balance=1)) as poor:
        sender = make_pump(database, gateway_at(poor.url), make_account(), clock)
        assert sender.step().state is BatchState.PLANNED
        assert account_of(database).state is AccountState.LOW_BALANCE
        assert isinstance(sender.step(), Wait)
        clock.move(299)
        assert isinstance(sender.step(), Wait)
        clock.move(1)
        assert sender.step() == Asked()
        assert account_of(database).state is AccountState.LOW_BALANCE
        poor.top_up(9)
        clock.move(300)
        assert sender.step() == Asked()
        assert account_of(database).state is AccountState.ACTIVE
        assert sender.step().state is BatchState.ACCEPTED


def test_a_failed_submission_is_tried_again_later_each_time_and_then_rejected(
    database, sandbox, pump, clock
):
    begin(database, 2)
    sandbox.add_fault("send:*=7")
    sender = pump(retry=Retry(tries=3))
    for wait in (2, 4):
        assert sender.step().state is BatchState.PLANNED
        assert sender.step() == Wait(
            until=clock.now + timedelta(seconds=wait), why="a retry is due then"
        )
        clock.move(wait)
    assert sender.step().state is BatchState.REJECTED
    assert sandbox.requests["send"] == 3
    assert account_of(database).state is AccountState.ACTIVE


def test_while_one_batch_waits_for_its_retry_the_next_one_goes_out(database, sandbox, pump):
    begin(database, 4)
    sandbox.add_fault("send:1=7")
    sender = pump()
    assert sender.step().state is BatchState.PLANNED
    assert sender.step().claim.seq == 2


def test_code_8_leaves_the_batch_in_doubt(database, sandbox, pump):
    begin(database, 4)
    sandbox.add_fault("send:1=8")
    sender = pump()
    assert sender.step().state is BatchState.IN_DOUBT
    assert sender.step() == Asked()


def test_code_8_is_retried_where_the_account_says_so_and_then_doubted(
    database, sandbox, pump, clock
):
    begin(database, 2)
    sandbox.add_fault("send:*=8")
    sender = pump(on_code_8=OnCode8.RETRY, retry=Retry(tries=2))
    assert sender.step().state is BatchState.PLANNED
    clock.move(2)
    assert sender.step().state is BatchState.IN_DOUBT


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415])
def test_a_status_that_says_not_taken_rejects_and_halts(database, sandbox, pump, status):
    begin(database, 2)
    sandbox.add_fault(f"send:1=http-{status}")
    assert pump().step().state is BatchState.REJECTED
    assert campaign_of(database).state is CampaignState.HALTED


@pytest.mark.parametrize("status", [204, 408, 429, 500, 502, 503])
def test_any_other_status_leaves_the_batch_in_doubt(database, sandbox, pump, status):
    begin(database, 4)
    sandbox.add_fault(f"send:1=http-{status}")
    assert pump().step().state is BatchState.IN_DOUBT
    assert campaign_of(database).state is CampaignState.RUNNING


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_halts_the_campaign_too(database, sandbox, pump, status):
    begin(database, 4)
    sandbox.add_fault(f"send:1=http-{status}")
    assert pump().step().state is BatchState.IN_DOUBT
    assert campaign_of(database).state is CampaignState.HALTED
    assert sandbox.requests["send"] == 1


@pytest.mark.parametrize(
    "effect",
    [
        "html",
        "empty",
        "garbage",
        "99",
        "taken-html",
        "taken-empty",
        "cut",
        "reset-before",
        "reset-after",
        "timeout-before",
        "timeout-after",
    ],
)
def test_no_answer_that_can_be_believed_leaves_the_batch_in_doubt(database, sandbox, pump, effect):
    begin(database, 2)
    sandbox.add_fault(f"send:1={effect}")
    short = Timeouts(connect=timedelta(seconds=1), total=timedelta(milliseconds=150))
    sender = pump(timeout=short)
    assert sender.step().state is BatchState.IN_DOUBT
    assert sender.step() == Idle()
    assert sandbox.requests["send"] == 1


def test_a_padded_receipt_is_a_receipt(database, sandbox, pump):
    begin(database, 2)
    sandbox.add_fault("send:1=padded")
    assert pump().step().state is BatchState.ACCEPTED


def test_after_an_unknown_outcome_nothing_is_sent_until_a_balance_query_succeeds(
    database, sandbox, pump, clock
):
    begin(database, 4)
    sandbox.add_fault("send:1=garbage")
    sandbox.add_fault("balance:1=http-502")
    sender = pump()
    sender.step()
    assert sender.step() == Asked()
    assert isinstance(sender.step(), Wait)
    clock.move(2)
    assert sender.step() == Asked()
    assert sandbox.requests == Counter(send=1, balance=2)
    assert sender.step().state is BatchState.ACCEPTED


def test_nothing_is_asked_where_nothing_is_left_to_send(database, sandbox, pump):
    begin(database, 2)
    sandbox.add_fault("send:1=garbage")
    sender = pump()
    sender.step()
    assert sender.step() == Idle()
    assert sandbox.requests["balance"] == 0


def test_three_unknown_outcomes_in_a_row_suspend_the_account(database, sandbox, pump):
    begin(database, 10)
    sandbox.add_fault("send:*=http-502")
    sender = pump()
    steps = [sender.step() for _ in range(6)]
    assert [type(step) for step in steps] == [Submitted, Asked, Submitted, Asked, Submitted, Idle]
    assert batch_states(database) == ["in_doubt"] * 3 + ["planned"] * 2
    assert "3 unknown outcomes in a row" in account_of(database).reason


def test_an_answer_between_unknown_outcomes_starts_the_count_anew(database, sandbox, pump):
    begin(database, 12)
    for number in (1, 2, 4, 5):
        sandbox.add_fault(f"send:{number}=garbage")
    sender = pump()
    while sender.step() != Idle():
        pass
    assert account_of(database).state is AccountState.ACTIVE
    assert counts_of(database) == {"in_doubt": 8, "submitted": 4}


def test_what_a_crash_left_in_doubt_does_not_count_towards_a_suspension(database, sandbox, pump):
    begin(database, 8)
    sandbox.add_fault("send:1=garbage")
    sandbox.add_fault("send:2=garbage")
    sender = pump()
    for _ in range(4):
        sender.step()
    with database.writing() as transaction:
        doubt_abandoned(transaction, NOW)
    assert sender.step().state is BatchState.ACCEPTED
    assert account_of(database).state is AccountState.ACTIVE


def release(database):
    with database.writing() as transaction:
        release_accounts(transaction, NOW)


def test_a_new_process_ends_a_suspension_with_one_request_in_flight(database, clock):
    begin(database, 12)
    unknown = Unknown(why="a test")
    suspended = make_pump(database, FakeGateway(*[unknown] * 3), make_account(), clock)
    for _ in range(6):
        suspended.step()
    release(database)
    meanwhile = []
    gateway = FakeGateway(
        accepted("1"), accepted("2"), during=lambda: meanwhile.append(sender.step())
    )
    sender = make_pump(database, gateway, make_account(), clock)
    assert sender.step() == Asked()
    gateway.during = lambda: meanwhile.append(beside.step())
    beside = make_pump(database, FakeGateway(accepted("3")), make_account(), clock)
    assert sender.step().state is BatchState.ACCEPTED
    assert [type(step) for step in meanwhile] == [Wait]
    assert sender.step().state is BatchState.ACCEPTED
    assert meanwhile[1].state is BatchState.ACCEPTED


def test_a_new_process_forgets_waits_but_not_a_doubt_that_a_query_must_clear(
    database, sandbox, pump
):
    begin(database, 4)
    sandbox.add_fault("send:1=garbage")
    sandbox.add_fault("balance:1=http-502")
    sender = pump()
    sender.step()
    sender.step()
    release(database)
    assert sender.step() == Asked()


def test_a_gateway_that_cannot_be_reached_leaves_the_batch_planned(database, sandbox, pump):
    begin(database, 2)
    sender = pump(CLOSED_PORT)
    step = sender.step()
    assert step.state is BatchState.PLANNED
    assert "connection refused" in step.reason
    assert account_of(database).unreachable == 1
    assert isinstance(sender.step(), Wait)


@pytest.mark.parametrize("step", [-365, -1])
def test_a_wait_for_a_retry_does_not_outlast_a_clock_that_is_set_back(database, clock, step):
    begin(database, 2)
    gateway = FakeGateway(Refused(code=Code.SUBMISSION_FAILED), accepted())
    sender = make_pump(database, gateway, make_account(), clock)
    sender.step()
    clock.move(step * 86_400)
    assert sender.step().state is BatchState.ACCEPTED


def test_a_wait_for_a_retry_holds_though_a_clock_is_set_back_by_little(database, clock):
    begin(database, 2)
    gateway = FakeGateway(Refused(code=Code.SUBMISSION_FAILED))
    sender = make_pump(database, gateway, make_account(), clock)
    sender.step()
    clock.move(-10)
    assert isinstance(sender.step(), Wait)


def test_a_wait_for_a_gateway_does_not_outlast_a_clock_that_is_set_back(
    database, clock, gateway_at
):
    begin(database, 2)
    make_pump(database, gateway_at(CLOSED_PORT), make_account(), clock).step()
    clock.move(-86_400)
    sender = make_pump(database, OpenGateway(), make_account(), clock)
    assert sender.step().state is BatchState.ACCEPTED


def test_no_more_requests_are_in_flight_than_the_account_may_have(database, clock):
    """Whichever crew claimed them: one that is being replaced brings its own home."""
    begin(database, 8)
    sender = make_pump(database, OpenGateway(), make_account(concurrency=2), clock)
    claim(database)
    claim(database)
    assert isinstance(sender.step(), Wait)


def test_requests_that_fail_in_one_wave_count_once(database, clock, gateway_at):
    begin(database, 4)
    gateway = gateway_at(CLOSED_PORT)
    inner = make_pump(database, gateway, make_account(), clock)

    class Crowded(FakeGateway):
        def send(self, body):
            inner.step()
            return gateway.send(body)

    make_pump(database, Crowded(), make_account(), clock).step()
    assert account_of(database).unreachable == 1
    assert batch_states(database) == ["planned", "planned"]


def test_waits_grow_while_the_gateway_cannot_be_reached_and_then_it_is_given_up(
    database, sandbox, pump, clock
):
    begin(database, 2)
    sender = pump(CLOSED_PORT, retry=Retry(tries=3))
    for wait in (2, 4):
        sender.step()
        step = sender.step()
        assert (step.until, step.given_up) == (clock.now + timedelta(seconds=wait), False)
        clock.move(wait)
    sender.step()
    assert sender.step().given_up


def test_a_gateway_that_answers_again_is_no_longer_counted_as_unreachable(
    database, sandbox, pump, clock
):
    begin(database, 2)
    pump(CLOSED_PORT).step()
    clock.move(2)
    assert pump().step().state is BatchState.ACCEPTED
    assert account_of(database).unreachable == 0


def test_a_rate_spaces_requests(database, sandbox, pump, clock):
    begin(database, 6)
    sender = pump(rate=4.0)
    assert isinstance(sender.step(), Submitted)
    assert sender.step() == Wait(until=NOW + timedelta(milliseconds=250), why="the account's rate")
    clock.move(0.25)
    assert isinstance(sender.step(), Submitted)
    assert isinstance(sender.step(), Wait)


def test_the_state_remembers_since_when_an_account_is_as_it_is(database, sandbox, pump, clock):
    begin(database, 4)
    before = rows_of(database, "SELECT since FROM accounts")
    clock.move(60)
    sender = pump()
    sender.step()
    assert rows_of(database, "SELECT since FROM accounts") == before
    sandbox.add_fault("send:1=10")
    sender.step()
    assert rows_of(database, "SELECT since FROM accounts") == [("2035-09-16T01:01:00.000Z",)]


# ---- rate and pace


def test_a_pace_counts_people(database, clock):
    begin(database, 6, batch_size=3)
    sender = make_pump(database, OpenGateway(), make_account(pace=180), clock)
    assert isinstance(sender.step(), Submitted)
    assert sender.step() == Wait(until=NOW + SECOND, why="the account's pace")
    clock.move(1)
    assert isinstance(sender.step(), Submitted)


def test_the_slower_of_rate_and_pace_counts(database, clock):
    begin(database, 4)
    sender = make_pump(database, OpenGateway(), make_account(rate=10, pace=120), clock)
    sender.step()
    clock.move(0.1)
    assert sender.step() == Wait(until=NOW + SECOND, why="the account's pace")


def send_for(database, sender, clock, minutes):
    """Wait whenever the pump says so, and count what goes out in so many minutes."""
    end = clock.now + timedelta(minutes=minutes)
    sent = []
    while True:
        step = sender.step()
        if isinstance(step, Wait):
            clock.now = step.until
        if isinstance(step, Idle) or clock.now >= end:
            return sent
        if isinstance(step, Submitted):
            sent.append(step.claim)


def test_a_rate_is_what_goes_out_in_a_minute(database, clock):
    begin(database, 500, batch_size=1)
    sender = make_pump(database, OpenGateway(), make_account(rate=3), clock)
    assert len(send_for(database, sender, clock, 1)) == 180


def test_a_pace_is_what_goes_out_in_a_minute_over_all_campaigns_of_an_account(database, clock):
    begin(database, 1000, batch_size=40, name="moon")
    begin(database, 1000, batch_size=10, name="sun")
    account = make_account(pace=600)
    sender = make_pump(database, OpenGateway(), account, clock, scope=None)
    sent = send_for(database, sender, clock, 1)
    assert sum(claim.recipients for claim in sent) == 600
    turns = Counter(claim.campaign for claim in sent)
    assert turns == {"moon": 12, "sun": 12}


def test_a_restart_does_not_send_faster_than_agreed(database, state, clock):
    begin(database, 4)
    account = make_account(rate=0.5)
    make_pump(database, OpenGateway(), account, clock).step()
    database.close()
    again = open_database(state, actor="run")
    sender = make_pump(again, OpenGateway(), account, clock)
    assert sender.step() == Wait(until=NOW + 2 * SECOND, why="the account's rate")
    again.close()


@pytest.mark.parametrize("limits", [{"rate": 0.5}, {"pace": 60_000}])
def test_a_clock_that_was_set_back_stops_an_account_for_one_interval_at_most(
    database, clock, limits
):
    begin(database, 4)
    sender = make_pump(database, OpenGateway(), make_account(**limits), clock)
    sender.step()
    clock.move(-86_400)
    waited = sender.step()
    assert waited.until <= clock.now + 2 * SECOND
    clock.now = waited.until
    assert isinstance(sender.step(), Submitted)


def test_batches_that_were_planned_larger_take_their_whole_time_still(database, clock):
    """The size of batches may be made smaller while a campaign is sent."""
    begin(database, 60, batch_size=20)
    sender = make_pump(database, OpenGateway(), make_account(pace=60, batch_size=1), clock)
    sender.step()
    assert sender.step().until == NOW + 20 * SECOND


# ---- hours, until and turns


def test_outside_the_hours_of_its_account_nothing_goes_out(database, clock):
    begin(database, 2)
    sender = make_pump(
        database, OpenGateway(), make_account(hours=parse_hours("18:00-21:00")), clock
    )
    assert sender.step() == Wait(
        until=NOW + timedelta(hours=9), why="outside the hours 18:00-21:00"
    )
    clock.move(9 * 3600)
    assert isinstance(sender.step(), Submitted)


def test_hours_are_looked_at_before_every_claim(database, clock):
    begin(database, 4)
    hours = parse_hours("08:00-09:01")
    sender = make_pump(database, OpenGateway(), make_account(hours=hours), clock)
    assert isinstance(sender.step(), Submitted)
    clock.move(60)
    assert isinstance(sender.step(), Wait)


def test_a_balance_that_was_topped_up_at_night_sends_nothing_at_night(database, clock):
    begin(database, 2)
    gateway = FakeGateway(Refused(code=Code.LOW_BALANCE), accepted())
    account = make_account(hours=parse_hours("08:00-21:00"))
    sender = make_pump(database, gateway, account, clock)
    assert sender.step().state is BatchState.PLANNED
    clock.move(14 * 3600)  # eleven at night
    assert sender.step() == Asked()
    assert account_of(database).state is AccountState.ACTIVE
    assert sender.step().until == NOW + timedelta(hours=23)
    clock.move(9 * 3600)
    assert sender.step().state is BatchState.ACCEPTED


def test_after_its_until_nothing_of_a_campaign_goes_out(database, clock):
    begin(database, 4, until=NOW + SECOND)
    sender = make_pump(database, OpenGateway(), make_account(), clock)
    assert isinstance(sender.step(), Submitted)
    clock.move(1)
    assert sender.step() == Idle()
    assert batch_states(database) == ["accepted", "planned"]


# ---- starts at the gateway

START = NOW + timedelta(hours=2)


def test_before_the_start_the_gateway_is_told_it_in_its_own_zone(database, sandbox, pump, clock):
    begin(database, 2, start=START, starts_at_gateway=True)
    pump().step()
    assert sandbox.submissions[0].starttime == "2035-09-16 11:00:00"


def test_what_is_submitted_with_a_start_is_what_was_planned(database, sandbox, pump):
    plan = make_plan(2, start=START, starts_at_gateway=True)
    begin(database, 2, start=START, starts_at_gateway=True)
    pump().step()
    body = send_body(
        plan.message,
        plan.batches[0].numbers,
        make_credentials("", password=""),
        starttime="2035-09-16 11:00:00",
    )
    assert sandbox.submissions[0].body == body


def test_reports_of_what_the_gateway_starts_are_waited_for_from_its_start_on(database, pump):
    begin(database, 2, start=START, starts_at_gateway=True)
    pump().step()
    [(deadline,)] = rows_of(database, "SELECT report_deadline FROM batches")
    assert deadline == "2035-09-19T03:00:00.000Z"


def test_after_the_start_the_starttime_is_empty(database, sandbox, pump, clock):
    """A batch that waited for its retry, say."""
    begin(database, 4, start=START, starts_at_gateway=True)
    sender = pump()
    sender.step()
    clock.now = START
    sender.step()
    assert [entry.starttime for entry in sandbox.submissions] == ["2035-09-16 11:00:00", ""]


# ---- brakes


@pytest.mark.parametrize("brake", [CAMPAIGN, FILE, ACCOUNT, EVERYTHING])
def test_a_brake_is_obeyed_before_the_next_claim(database, sandbox, pump, brake):
    begin(database, 6)
    sender = pump()
    sender.step()
    stop(database, brake)
    assert sender.step() == Idle()
    let_go(database, brake)
    assert sender.step().state is BatchState.ACCEPTED


def test_a_brake_of_another_process_is_obeyed_too(database, state, sandbox, pump):
    begin(database, 4)
    beside = open_database(state, actor="anna (pause)")
    stop(beside, EVERYTHING)
    beside.close()
    assert pump().step() == Idle()


def test_what_is_in_flight_when_the_brake_is_pulled_comes_home(database, clock):
    begin(database, 4)
    gateway = FakeGateway(accepted(), during=lambda: stop(database, EVERYTHING))
    sender = make_pump(database, gateway, make_account(), clock)
    assert sender.step().state is BatchState.ACCEPTED
    assert sender.step() == Idle()


@pytest.mark.parametrize(
    ("outcome", "becomes"), [(accepted(), "accepted"), (Refused(code=Code(7)), "cancelled")]
)
def test_what_is_in_flight_when_its_campaign_is_cancelled_comes_home(
    database, clock, outcome, becomes
):
    begin(database, 4)
    gateway = FakeGateway(outcome, during=lambda: cancel(database))
    sender = make_pump(database, gateway, make_account(), clock)
    assert sender.step().state == becomes
    assert sender.step() == Idle()
    assert batch_states(database) == [becomes, "cancelled"]


# ---- who opted out


@pytest.fixture
def optout(tmp_path):
    """A list of people who opted out, written when the tests begin."""
    return OptOutList(tmp_path / "optout.csv")


class OptOutList:
    def __init__(self, path):
        self.path = path
        self.named = NamedList(name="optout", file=str(path))
        self.write()

    def write(self, *mobiles, written=NOW - timedelta(minutes=1)):
        lines = ["mobile", *(f"{mobile}" for mobile in (13912345678, *mobiles))]
        self.path.write_text("\n".join(lines) + "\n")
        os.utime(self.path, (written.timestamp(), written.timestamp()))


@pytest.fixture
def taking():
    return OpenGateway()


@pytest.fixture
def guarded(database, clock, optout, taking):
    """A pump that looks at the list before every request."""
    account = make_account()
    return make_pump(database, taking, account, clock, scope=None, opt_outs=[optout.named])


def test_who_opted_out_after_the_plan_gets_nothing(database, sandbox, gateway_at, clock, optout):
    begin(database, 4)
    optout.write(FIRST, FIRST + 3)
    sender = make_pump(
        database, gateway_at(sandbox.url), make_account(), clock, opt_outs=[optout.named]
    )
    assert sender.step().claim.recipients == 1
    sender.step()
    assert sandbox.copies() == Counter({f"{FIRST + 1}": 1, f"{FIRST + 2}": 1})
    assert counts_of(database) == {"submitted": 2, "cancelled": 2}


def test_why_somebody_got_nothing_stands_in_the_state(database, guarded, optout):
    begin(database, 2)
    optout.write(FIRST)
    guarded.step()
    query = "SELECT cancelled FROM recipients ORDER BY mobile"
    assert rows_of(database, query) == [("on the list optout",), (None,)]


def test_who_opts_out_between_two_requests_gets_nothing(database, guarded, optout):
    begin(database, 4)
    guarded.step()
    optout.write(FIRST + 2)
    guarded.step()
    assert counts_of(database) == {"submitted": 3, "cancelled": 1}


def test_who_opts_out_between_two_tries_gets_nothing(database, clock, optout):
    begin(database, 2)
    gateway = FakeGateway(Refused(code=Code(7)), accepted())
    sender = make_pump(database, gateway, make_account(), clock, opt_outs=[optout.named])
    assert sender.step().state is BatchState.PLANNED
    optout.write(FIRST)
    clock.move(2)
    assert sender.step().claim.recipients == 1
    assert counts_of(database) == {"submitted": 1, "cancelled": 1}


def test_who_opted_out_once_is_left_out_for_good(database, clock, optout):
    begin(database, 2)
    optout.write(FIRST)
    gateway = FakeGateway(Refused(code=Code(7)), accepted())
    sender = make_pump(database, gateway, make_account(), clock, opt_outs=[optout.named])
    sender.step()
    optout.write()
    clock.move(2)
    assert sender.step().claim.recipients == 1


def test_a_batch_of_which_everybody_opted_out_needs_no_request(database, guarded, taking, optout):
    begin(database, 4)
    optout.write(FIRST, FIRST + 1)
    step = guarded.step()
    assert isinstance(step, Emptied)
    assert step.claim.seq == 1
    assert guarded.step().state is BatchState.ACCEPTED
    assert taking.numbers == [2]
    assert batch_states(database) == ["cancelled", "accepted"]
    assert counts_of(database) == {"submitted": 2, "cancelled": 2}


def test_a_campaign_of_which_everybody_opted_out_is_finished(database, guarded, taking, optout):
    begin(database, 2)
    optout.write(FIRST, FIRST + 1)
    guarded.step()
    assert campaign_of(database).state is CampaignState.FINISHED
    assert taking.bodies == []


def test_who_is_left_out_takes_no_time_of_the_line(database, clock, optout):
    begin(database, 6, batch_size=3)
    optout.write(FIRST, FIRST + 3, FIRST + 4, FIRST + 5)
    sender = make_pump(
        database, OpenGateway(), make_account(pace=60), clock, opt_outs=[optout.named]
    )
    sender.step()
    assert sender.step().until == NOW + 2 * SECOND
    clock.move(2)
    assert isinstance(sender.step(), Emptied)
    assert sender.step() == Idle()


# ---- a list that cannot be used


def guard_of(database):
    with database.reading() as transaction:
        return [str(brake) for brake in read_brakes(transaction) if brake.source == "guard"]


def test_without_its_list_nothing_goes_out_and_everybody_is_told(database, guarded, taking, optout):
    begin(database, 2)
    optout.path.unlink()
    step = guarded.step()
    assert (step.until, step.given_up) == (NOW + 2 * SECOND, True)
    assert "list `optout` is missing" in step.why
    assert campaign_of(database).shown == "held"
    assert guard_of(database) == [step.why]
    assert taking.bodies == []


def test_when_the_list_is_back_it_goes_on(database, guarded, optout):
    begin(database, 2)
    optout.path.unlink()
    guarded.step()
    optout.write()
    assert guarded.step().state is BatchState.ACCEPTED
    assert guard_of(database) == []


def test_a_list_that_is_missing_still_is_told_once(database, guarded, optout):
    begin(database, 2)
    optout.path.unlink()
    guarded.step()
    before = rows_of(database, "SELECT * FROM events")
    guarded.step()
    assert rows_of(database, "SELECT * FROM events") == before


def test_another_fault_of_the_list_is_told_instead(database, guarded, optout):
    begin(database, 2)
    optout.path.unlink()
    guarded.step()
    optout.path.write_text("mobile\nnobody\n")
    guarded.step()
    [told] = guard_of(database)
    assert "1 row that is no mobile number" in told


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"max_age": timedelta(seconds=59)}, "is older than its `max_age` of 59s"),
        ({"min_rows": 2}, "has 1 row, fewer than its `min_rows` of 2"),
    ],
)
def test_a_list_that_is_too_old_or_too_short_holds_everything(database, clock, optout, asked, why):
    begin(database, 2)
    named = NamedList(name="optout", file=str(optout.path), **asked)
    gateway = OpenGateway()
    sender = make_pump(database, gateway, make_account(), clock, opt_outs=[named])
    assert why in sender.step().why
    assert gateway.bodies == []


def test_a_list_grows_too_old_while_a_campaign_is_sent(database, clock, optout):
    begin(database, 4)
    named = NamedList(name="optout", file=str(optout.path), max_age=timedelta(seconds=60))
    sender = make_pump(database, OpenGateway(), make_account(), clock, opt_outs=[named])
    assert isinstance(sender.step(), Submitted)
    clock.move(1)
    assert isinstance(sender.step(), Wait)
    optout.write(written=clock.now)
    clock.move(3)
    assert isinstance(sender.step(), Submitted)


def test_a_brake_of_a_list_is_lifted_by_whichever_pump_finds_it_sound(database, clock, optout):
    """The one that set it may have nothing left to send."""
    begin(database, 4, name="moon")
    begin(database, 2, name="sun")
    pumps = [
        make_pump(
            database, OpenGateway(), make_account(), clock, scope=[name], opt_outs=[optout.named]
        )
        for name in ("moon", "sun")
    ]
    assert isinstance(pumps[0].step(), Submitted)
    optout.path.unlink()
    assert isinstance(pumps[1].step(), Wait)
    cancel(database, "sun")
    optout.write()
    assert isinstance(pumps[0].step(), Submitted)
    assert guard_of(database) == []


def test_a_person_s_brake_is_not_lifted_with_the_one_of_a_list(database, guarded, optout):
    begin(database, 2)
    optout.path.unlink()
    guarded.step()
    stop(database, CAMPAIGN)
    optout.write()
    assert guarded.step() == Idle()


def test_what_a_list_kept_from_its_first_claim_for_too_long_is_missed(
    database, guarded, optout, clock
):
    """It is judged when the list is sound again, and nothing of it goes out then."""
    begin(database, 4, name="dawn", start=NOW, latest=timedelta(minutes=5))
    begin(database, 4, name="draft")
    optout.path.unlink()
    guarded.step()
    clock.move(301)
    optout.write()
    step = guarded.step()
    assert step.claim.campaign == "draft"
    assert states_of(database) == {"dawn": "missed", "draft": "running"}
    assert batch_states(database, "dawn") == ["planned", "planned"]


# ---- an account that is tended


def test_an_account_that_ran_low_is_asked_for_its_balance_though_nothing_waits(database, clock):
    begin(database, 2)
    gateway = FakeGateway(Refused(code=Code.LOW_BALANCE))
    sender = make_pump(database, gateway, make_account(), clock, scope=None)
    sender.step()
    cancel(database)
    assert isinstance(sender.step(), Wait)
    clock.move(300)
    assert sender.step() == Asked()
    assert account_of(database).state is AccountState.ACTIVE
    assert sender.step() == Idle()


def test_a_run_that_is_done_asks_nothing_more(database, clock):
    begin(database, 2)
    sender = make_pump(database, FakeGateway(Refused(code=Code.LOW_BALANCE)), make_account(), clock)
    sender.step()
    cancel(database)
    clock.move(300)
    assert sender.step() == Idle()


def test_what_the_files_say_now_is_what_is_sent_of_what_has_not_begun(database, clock):
    gateway = OpenGateway()
    sender = make_pump(database, gateway, make_account(), clock, scope=None)
    for people in (4, 3):
        follow(database, make_campaign(people, start=NOW))
        begin_scheduled(database)
    while sender.step() != Idle():
        pass
    assert gateway.numbers == [2, 1]
