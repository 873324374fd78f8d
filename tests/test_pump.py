"""One step at a time: what is sent, and what becomes of the batch and of its account."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from builders import (
    FIRST,
    NOW,
    account_of,
    batch_states,
    begin,
    campaign_of,
    counts_of,
    make_account,
    make_credentials,
    make_plan,
    make_pump,
    rows_of,
)

from runner.codec.requests import send_body
from runner.dispatch.pump import Asked, Idle, Submitted, Wait
from runner.lifecycle import AccountState, BatchState, CampaignState
from runner.model.account import OnCode8, Retry, Timeouts
from runner.model.outcome import Accepted, Balance, RawAnswer, Unknown
from runner.reports import poll_reports
from runner.sandbox import Sandbox, SandboxSettings
from runner.store.accounts import release_accounts
from runner.store.database import open_database
from runner.store.outcomes import doubt_abandoned
from runner.store.resolution import send_again_by_hand

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


def test_what_is_sent_is_what_was_planned(database, sandbox, pump):
    plan = make_plan(2)
    begin(database, 2)
    begin(database, 2, name="sun", message=make_plan(2, name="sun").campaign.message)
    pump().step()
    body = send_body(plan.message, plan.batches[0].mobiles, make_credentials("", password=""))
    assert sandbox.submissions[0].body == body


def test_each_batch_carries_its_own_extno_where_the_account_has_a_prefix(database, sandbox, pump):
    begin(database, 4)
    sender = pump(extno="81")
    sender.step()
    sender.step()
    assert [submission.extno for submission in sandbox.submissions] == ["811", "812"]


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
        def reports(self):
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
