"""What is made of every answer: the tables of the gateway protocol, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runner.dispatch.policy import Ruling, covers, rule, rule_balance, unreached
from runner.lifecycle import (
    ACCOUNT,
    BATCH,
    AccountEvent,
    AccountState,
    BatchEvent,
    BatchState,
    after,
)
from runner.model.account import (
    Account,
    OnCode8,
    ReportPolling,
    Retry,
    SecretKind,
    SecretRef,
)
from runner.model.outcome import (
    Accepted,
    Balance,
    Code,
    NoAnswer,
    NotSent,
    NotTaken,
    Outcome,
    QueryRefused,
    Refused,
    Unknown,
)
from runner.store.accounts import Standing
from runner.store.outcomes import StoredBatch

NOW = datetime(2035, 9, 16, 1, 0, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)
SECOND = timedelta(seconds=1)

RECEIPT = Accepted(task_id="27349872349823", balance="100")
LOST = Unknown(why="HTTP 502 Bad Gateway")
REDIRECT = Unknown(why="HTTP 302 Found", redirected=True)
UNREACHED = NotSent(why="connection refused")


def account_of(**changes: Any) -> Account:
    secret = SecretRef(kind=SecretKind.ENV, name="MMS_PASSWORD")
    facts: dict[str, Any] = {"name": "main", "url": "http://x", "userid": "12", "account": "z"}
    retry = Retry(tries=3, first=2 * SECOND, most=60 * SECOND)
    return Account(**{**facts, "password": secret, "retry": retry, **changes})


def standing_of(state: AccountState = AccountState.ACTIVE, **changes: Any) -> Standing:
    reason = None if state is AccountState.ACTIVE else "what stopped it"
    return Standing(**{"name": "main", "state": state, "reason": reason, **changes})


def judge(
    outcome: Outcome,
    standing: Standing | None = None,
    *,
    refusals: int = 0,
    starttime: datetime | None = None,
    **account: Any,
) -> Ruling:
    batch = StoredBatch(
        id=1, account="main", campaign="c", state=BatchState.SUBMITTING, refusals=refusals
    )
    judged = standing or standing_of()
    return rule(outcome, account_of(**account), batch, judged, NOW, starttime=starttime)


def state_after(standing: Standing, event: AccountEvent | None) -> AccountState:
    return after(ACCOUNT, standing.state, event) if event else standing.state


# ---- the table: what becomes of the batch, whether the campaign halts, where the account ends

PLANNED, REJECTED = BatchState.PLANNED, BatchState.REJECTED
ACCEPTED, IN_DOUBT = BatchState.ACCEPTED, BatchState.IN_DOUBT
STAYS, SUSPENDED, LOW = None, AccountState.SUSPENDED, AccountState.LOW_BALANCE

TABLE: list[tuple[Outcome, BatchState, bool, AccountState | None]] = [
    (RECEIPT, ACCEPTED, False, STAYS),
    (Refused(code=Code(0)), REJECTED, True, STAYS),
    (Refused(code=Code(1)), PLANNED, False, SUSPENDED),
    (Refused(code=Code(2)), PLANNED, False, SUSPENDED),
    (Refused(code=Code(3)), REJECTED, True, STAYS),
    (Refused(code=Code(4)), REJECTED, True, STAYS),
    (Refused(code=Code(5)), REJECTED, True, STAYS),
    (Refused(code=Code(6)), PLANNED, False, LOW),
    (Refused(code=Code(7)), PLANNED, False, STAYS),
    (Refused(code=Code(8)), IN_DOUBT, False, STAYS),
    (Refused(code=Code(9)), REJECTED, True, STAYS),
    (Refused(code=Code(10)), PLANNED, False, SUSPENDED),
    (NotTaken(status=400), REJECTED, True, STAYS),
    (NotTaken(status=413), REJECTED, True, STAYS),
    (UNREACHED, PLANNED, False, STAYS),
    (LOST, IN_DOUBT, False, STAYS),
    (REDIRECT, IN_DOUBT, True, STAYS),
]


def name(value: object) -> str | None:
    if isinstance(value, Refused):
        return f"code-{value.code.value}"
    return type(value).__name__ if isinstance(value, Outcome) else None


@pytest.mark.parametrize("state", AccountState)
@pytest.mark.parametrize(("outcome", "batch", "halts", "moves_to"), TABLE, ids=name)
def test_what_is_made_of_an_outcome(outcome, batch, halts, moves_to, state):
    standing = standing_of(state)
    ruling = judge(outcome, standing)
    assert after(BATCH, BatchState.SUBMITTING, ruling.batch.event) is batch
    assert ruling.batch.halts is halts
    # A wider brake is never lifted by what was in flight when it was pulled.
    kept = state is AccountState.SUSPENDED or moves_to is STAYS
    assert state_after(standing, ruling.event) is (state if kept else moves_to)
    assert ruling.standing.state is state, "the table of the lifecycle alone changes it"


@pytest.mark.parametrize(("outcome", "batch", "halts", "moves_to"), TABLE, ids=name)
def test_a_late_answer_to_a_claim_in_doubt_is_legal_too(outcome, batch, halts, moves_to):
    assert after(BATCH, BatchState.IN_DOUBT, judge(outcome).batch.event) is batch


@pytest.mark.parametrize("code", Code)
def test_a_refusal_keeps_its_code_and_says_what_it_means(code):
    change = judge(Refused(code=code)).batch
    assert change.code == code
    assert change.reason is not None
    assert change.reason.startswith(f"the gateway answered {code.value}, ")


def test_every_outcome_but_a_receipt_says_why():
    assert judge(LOST).batch.reason == "HTTP 502 Bad Gateway"
    assert judge(UNREACHED).batch.reason == "not sent: connection refused"
    assert judge(NotTaken(status=413)).batch.reason == "the gateway did not take it: HTTP 413"


# ---- a receipt


def test_an_accepted_batch_has_its_task_and_the_time_until_reports_must_have_come():
    ruling = judge(RECEIPT, reports=ReportPolling(deadline=timedelta(hours=72)))
    assert ruling.batch.task_id == "27349872349823"
    assert ruling.batch.report_deadline == NOW + timedelta(hours=72)


def test_where_the_gateway_waits_for_the_start_reports_must_have_come_so_long_after_it():
    start = NOW + timedelta(days=5)
    assert judge(RECEIPT, starttime=start).batch.report_deadline == start + timedelta(hours=72)


def test_a_start_that_passed_before_the_receipt_does_not_shorten_the_time_for_reports():
    """A clock may have gone on while the request was in flight."""
    ruling = judge(RECEIPT, starttime=NOW - SECOND)
    assert ruling.batch.report_deadline == NOW + timedelta(hours=72)


def test_an_accepted_batch_ends_the_probation():
    assert not judge(RECEIPT, standing_of(probation=True)).standing.probation


@pytest.mark.parametrize("outcome", [Refused(code=Code(0)), Refused(code=Code(7)), LOST, UNREACHED])
def test_nothing_else_ends_the_probation(outcome):
    assert judge(outcome, standing_of(probation=True)).standing.probation


# ---- credentials, permission, balance


@pytest.mark.parametrize(("code", "blames"), [(1, True), (2, True), (10, False)])
def test_only_codes_1_and_2_blame_the_credentials(code, blames):
    """Reports are still polled where the credentials are sound."""
    standing = judge(Refused(code=Code(code))).standing
    assert standing.wrong_credentials is blames
    assert standing.reason is not None
    assert standing.reason.startswith(f"the gateway answered {code}, ")


def test_a_low_balance_is_asked_again_after_five_minutes():
    standing = judge(Refused(code=Code.LOW_BALANCE)).standing
    assert standing.not_before == NOW + FIVE_MINUTES
    assert standing.reason == "the gateway answered 6, balance too low"


@pytest.mark.parametrize("outcome", [Refused(code=Code(6)), Refused(code=Code(10)), LOST])
def test_a_suspended_account_keeps_saying_what_suspended_it(outcome):
    standing = standing_of(AccountState.SUSPENDED, unknowns=5, wrong_credentials=True)
    ruled = judge(outcome, standing).standing
    assert (ruled.reason, ruled.wrong_credentials) == ("what stopped it", True)


def test_a_receipt_does_not_lift_a_low_balance():
    standing = standing_of(AccountState.LOW_BALANCE, not_before=NOW + SECOND)
    ruling = judge(RECEIPT, standing)
    assert ruling.event is None
    assert (ruling.standing.reason, ruling.standing.not_before) == ("what stopped it", NOW + SECOND)


# ---- 7 and 8


def test_code_7_is_tried_again_after_growing_waits_and_then_rejected():
    changes = [judge(Refused(code=Code(7)), refusals=refusals).batch for refusals in range(3)]
    assert [(change.event, change.again_at, change.refusals) for change in changes] == [
        (BatchEvent.NOT_SENT, NOW + 2 * SECOND, 1),
        (BatchEvent.NOT_SENT, NOW + 4 * SECOND, 2),
        (BatchEvent.REJECT, None, 3),
    ]
    assert changes[-1].reason == "the gateway answered 7, submission failed, 3 times"
    assert not any(change.halts for change in changes)


def test_one_try_is_one_try():
    only = Retry(tries=1)
    assert judge(Refused(code=Code(7)), retry=only).batch.event is BatchEvent.REJECT


def test_code_8_is_in_doubt_at_once_unless_the_account_says_otherwise():
    ruling = judge(Refused(code=Code(8)))
    assert ruling.batch.event is BatchEvent.DOUBT
    assert (ruling.standing.ask_balance, ruling.standing.unknowns) == (True, 1)


def test_code_8_may_be_tried_again_and_then_is_in_doubt():
    rulings = [
        judge(Refused(code=Code(8)), refusals=refusals, on_code_8=OnCode8.RETRY)
        for refusals in range(3)
    ]
    assert [(ruling.batch.event, ruling.batch.again_at) for ruling in rulings] == [
        (BatchEvent.NOT_SENT, NOW + 2 * SECOND),
        (BatchEvent.NOT_SENT, NOW + 4 * SECOND),
        (BatchEvent.DOUBT, None),
    ]
    assert [ruling.standing.unknowns for ruling in rulings] == [0, 0, 1]
    assert rulings[-1].batch.reason == "the gateway answered 8, other error, 3 times"


def test_the_account_goes_on_while_a_batch_waits_for_its_retry():
    standing = judge(Refused(code=Code(7))).standing
    assert (standing.not_before, standing.ask_balance) == (None, False)


# ---- unknown outcomes


@pytest.mark.parametrize("outcome", [LOST, REDIRECT, Refused(code=Code(8))])
def test_after_an_unknown_outcome_the_balance_is_asked_before_anything_goes_out(outcome):
    assert judge(outcome).standing.ask_balance


@pytest.mark.parametrize("outcome", [LOST, REDIRECT, Refused(code=Code(8))])
@pytest.mark.parametrize(("before", "suspends"), [(0, False), (1, False), (2, True), (3, True)])
def test_three_unknown_outcomes_in_a_row_suspend_the_account(outcome, before, suspends):
    ruling = judge(outcome, standing_of(unknowns=before))
    assert ruling.standing.unknowns == before + 1
    assert (ruling.event is AccountEvent.SUSPEND) is suspends


def test_the_reason_names_the_last_unknown_outcome():
    standing = judge(LOST, standing_of(unknowns=2)).standing
    assert standing.reason == "3 unknown outcomes in a row, the last: HTTP 502 Bad Gateway"
    assert not standing.wrong_credentials


@pytest.mark.parametrize(
    "outcome",
    [RECEIPT, NotTaken(status=413), *(Refused(code=code) for code in Code if code != 8)],
    ids=name,
)
def test_a_definite_answer_ends_the_row_but_not_the_question(outcome):
    """The balance is asked all the same: what is in doubt is not settled by another batch."""
    standing = judge(outcome, standing_of(unknowns=2, ask_balance=True)).standing
    assert (standing.unknowns, standing.ask_balance) == (0, True)


def test_what_was_not_sent_neither_ends_the_row_nor_lengthens_it():
    assert judge(UNREACHED, standing_of(unknowns=2)).standing.unknowns == 2


# ---- a gateway that cannot be reached


def test_a_batch_that_was_not_sent_is_free_at_once_and_its_account_waits():
    ruling = judge(UNREACHED)
    assert (ruling.batch.again_at, ruling.batch.refusals) == (None, None)
    assert (ruling.standing.unreachable, ruling.standing.not_before) == (1, NOW + 2 * SECOND)
    assert ruling.standing.reason == "connection refused"


def test_the_account_waits_longer_after_each_failure_up_to_most():
    standing, now, waits = standing_of(), NOW, []
    for _ in range(7):
        standing = unreached(standing, account_of(), "connection refused", now)
        assert standing.not_before is not None
        waits.append((standing.not_before - now).total_seconds())
        now = standing.not_before
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    assert standing.unreachable == 7


def test_failures_of_the_same_moment_count_once():
    standing = unreached(standing_of(), account_of(), "connection refused", NOW)
    assert unreached(standing, account_of(), "connection refused", NOW + SECOND) == standing


@pytest.mark.parametrize("outcome", [RECEIPT, Refused(code=Code(7)), NotTaken(status=413), LOST])
def test_whatever_shows_that_the_gateway_is_there_ends_the_waiting(outcome):
    standing = standing_of(unreachable=4, not_before=NOW - SECOND, reason="connection refused")
    ruled = judge(outcome, standing).standing
    assert (ruled.unreachable, ruled.not_before, ruled.reason) == (0, None, None)


@pytest.mark.parametrize("state", [AccountState.LOW_BALANCE, AccountState.SUSPENDED])
def test_a_stopped_account_keeps_its_reason_when_it_cannot_be_reached(state):
    assert judge(UNREACHED, standing_of(state)).standing.reason == "what stopped it"


# ---- the balance


@pytest.mark.parametrize(
    ("left", "payment", "needed", "enough"),
    [
        ("100", "预付费", 100, True),
        ("100", None, 101, False),
        ("99.50", "预付费", 100, False),
        ("100.5", "预付费", 100, True),
        ("0", "预付费", 0, True),
        ("-1", "预付费", 0, False),
        ("-1", "后付费", 2000, True),
        ("12345678901234567890", None, 2000, True),
        ("plenty", None, 1, False),
        ("NaN", None, 1, False),
    ],
)
def test_a_balance_counts_people(left, payment, needed, enough):
    assert covers(Balance(left=left, payment=payment), needed) is enough


def judge_balance(
    answer: Balance | QueryRefused | NoAnswer, standing: Standing, needed: int = 100
) -> tuple[Standing, AccountEvent | None]:
    return rule_balance(answer, account_of(), standing, needed, NOW)


def test_a_balance_answer_lets_an_account_in_doubt_go_on():
    standing = standing_of(ask_balance=True, unknowns=2, unreachable=3, reason="connection refused")
    ruled, event = judge_balance(Balance(left="0"), standing)
    assert event is None
    assert ruled == standing_of(unknowns=2)


def test_a_balance_that_covers_the_next_batch_ends_the_pause():
    standing = standing_of(AccountState.LOW_BALANCE, not_before=NOW, ask_balance=True)
    ruled, event = judge_balance(Balance(left="100"), standing)
    assert state_after(standing, event) is AccountState.ACTIVE
    assert (ruled.reason, ruled.not_before, ruled.ask_balance) == (None, None, False)


def test_a_balance_that_does_not_is_asked_again_after_five_minutes():
    standing = standing_of(AccountState.LOW_BALANCE, not_before=NOW)
    ruled, event = judge_balance(Balance(left="99"), standing)
    assert event is None
    assert (ruled.reason, ruled.not_before) == ("what stopped it", NOW + FIVE_MINUTES)


def test_a_balance_does_not_lift_a_suspension():
    standing = standing_of(AccountState.SUSPENDED, ask_balance=True)
    ruled, event = judge_balance(Balance(left="100"), standing)
    assert event is None
    assert ruled.reason == "what stopped it"


@pytest.mark.parametrize("state", AccountState)
def test_a_balance_query_that_blames_the_credentials_suspends(state):
    standing = standing_of(state)
    refusal = QueryRefused(remark="用户名或密码错误", wrong_credentials=True)
    ruled, event = judge_balance(refusal, standing)
    assert state_after(standing, event) is AccountState.SUSPENDED
    assert ruled.wrong_credentials
    assert ruled.reason == "the balance query was refused: 用户名或密码错误"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (NoAnswer(why="HTTP 502"), "HTTP 502"),
        (QueryRefused(remark="系统繁忙"), "the balance query was refused: 系统繁忙"),
    ],
)
def test_a_balance_query_without_an_amount_is_asked_again_later(answer, why):
    standing = standing_of(ask_balance=True)
    ruled, event = judge_balance(answer, standing)
    assert event is None
    assert ruled == replace(standing, unreachable=1, not_before=NOW + 2 * SECOND, reason=why)
