"""The collector: whatever the gateway hands out is kept, whatever state the account is in."""

from __future__ import annotations

import pytest
from builders import (
    NOW,
    account_of,
    begin,
    counts_of,
    make_account,
    make_pump,
    rows_of,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.dispatch.pump import Idle
from runner.errors import StateRefused
from runner.lifecycle import AccountEvent, AccountState
from runner.model.account import ReportPolling
from runner.model.outcome import NoAnswer, RawAnswer
from runner.reports import apply_left_over, may_poll, poll_reports
from runner.store.accounts import change_standing, read_standing, release_accounts
from runner.store.database import open_database
from runner.store.journal import keep_answer


@pytest.fixture
def sent(database, sandbox, gateway_at, clock):
    """A gateway client of a sandbox that has six reports ready."""
    begin(database, 6)
    gateway = gateway_at(sandbox.url)
    pump = make_pump(database, gateway, make_account(), clock)
    while pump.step() != Idle():
        pass
    sandbox.make_reports_ready()
    return gateway


class Line:
    """A gateway that answers query after query as told; asked: how many reports each wanted."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def reports(self, page):
        self.asked.append(page)
        return self.answers.pop(0)


def poll(database, gateway, **facts):
    return poll_reports(database, make_account(**facts), gateway, NOW)


def may(database, **facts):
    with database.reading() as transaction:
        return may_poll(transaction, make_account(**facts))


def test_reports_are_fetched_and_applied(database, sandbox, sent):
    result = poll(database, sent)
    assert (result.reports, result.problem, result.full) == (6, None, False)
    assert counts_of(database) == {"delivered": 6}
    assert account_of(database).received == 6


def test_where_nothing_is_to_report_nothing_is_kept(database, sandbox, sent):
    poll(database, sent)
    kept = rows_of(database, "SELECT count(*) FROM report_journal")
    assert poll(database, sent).reports == 0
    assert rows_of(database, "SELECT count(*) FROM report_journal") == kept


def test_a_full_page_says_that_more_may_wait(database, sandbox, sent, gateway_at):
    small = {"reports": ReportPolling(page=4)}
    gateway = gateway_at(sandbox.url, **small)
    first, second = poll(database, gateway, **small), poll(database, gateway, **small)
    assert ((first.reports, first.full), (second.reports, second.full)) == ((4, True), (2, False))
    assert counts_of(database) == {"delivered": 6}


def test_a_page_is_full_with_a_report_that_cannot_be_read_too(database):
    damaged = RawAnswer(status=200, body=b"<returnsms><statusbox/><statusbox/></returnsms>")
    assert poll(database, Line(damaged), reports=ReportPolling(page=2)).full


@pytest.mark.parametrize("effect", ["gb2312", "bom", "cdata"])
def test_reports_in_any_manner_of_writing_are_read(database, sandbox, sent, effect):
    sandbox.add_fault(f"report:1={effect}")
    assert poll(database, sent).problem is None
    assert counts_of(database) == {"delivered": 6}


@pytest.mark.parametrize("effect", ["cut", "short"])
def test_of_an_answer_that_was_cut_the_whole_reports_count_and_the_rest_is_kept(
    database, sandbox, sent, effect
):
    sandbox.add_fault(f"report:1={effect}")
    result = poll(database, sent)
    assert result.problem
    assert 0 < result.reports < 6
    assert counts_of(database) == {"delivered": result.reports, "submitted": 6 - result.reports}
    assert account_of(database).quarantined == 1
    [(text,)] = rows_of(database, "SELECT text FROM quarantine")
    assert text.startswith("<statusbox>")


@pytest.mark.parametrize("effect", ["html", "garbage", "http-502"])
def test_an_answer_that_holds_no_reports_is_quarantined_and_the_next_poll_gets_them(
    database, sandbox, sent, effect
):
    sandbox.add_fault(f"report:1={effect}")
    result = poll(database, sent)
    assert result.problem
    assert result.unanswered
    assert account_of(database).quarantined >= 1
    poll(database, sent)
    assert counts_of(database) == {"delivered": 6}


def test_no_answer_at_all_is_told_and_changes_nothing(database, sandbox, sent):
    sandbox.add_fault("report:1=reset")
    result = poll(database, sent)
    assert result.unanswered
    assert result.problem
    assert counts_of(database) == {"submitted": 6}
    assert may(database)


@pytest.mark.parametrize("error", [1, 2])
def test_refused_credentials_suspend_the_account_and_stop_the_polling(
    database, sandbox, sent, error
):
    sandbox.add_fault(f"report:1=error-{error}")
    assert poll(database, sent).problem
    assert account_of(database).state is AccountState.SUSPENDED
    assert account_of(database).wrong_credentials
    assert not may(database)


@pytest.mark.parametrize("error", [3, 4])
def test_a_refused_query_stops_the_polling_and_not_the_account(database, sandbox, sent, error):
    sandbox.add_fault(f"report:1=error-{error}")
    problem = poll(database, sent).problem
    assert account_of(database).state is AccountState.ACTIVE
    assert account_of(database).reports_stopped == problem
    assert not may(database)


def test_a_refusal_stays_in_the_journal(database, sandbox, sent):
    sandbox.add_fault("report:1=error-3")
    poll(database, sent)
    [(state, reports, body)] = rows_of(database, "SELECT state, reports, body FROM report_journal")
    assert (state, reports) == ("applied", 0)
    assert b"errorstatus" in body


@pytest.mark.parametrize("error", [1, 3])
def test_a_new_process_polls_again(database, sandbox, sent, error):
    sandbox.add_fault(f"report:1=error-{error}")
    poll(database, sent)
    with database.writing() as transaction:
        release_accounts(transaction, NOW)
    assert may(database)
    poll(database, sent)
    assert counts_of(database) == {"delivered": 6}


def test_an_account_suspended_for_another_reason_is_polled(database):
    with database.writing() as transaction:
        change_standing(transaction, read_standing(transaction, "main"), AccountEvent.SUSPEND, NOW)
    assert may(database)


def test_credentials_that_were_refused_once_are_not_held_against_a_later_suspension(
    database, sandbox, sent
):
    sandbox.add_fault("report:1=error-2")
    poll(database, sent)
    with database.writing() as transaction:
        release_accounts(transaction, NOW)
        change_standing(transaction, read_standing(transaction, "main"), AccountEvent.SUSPEND, NOW)
    assert may(database)


def test_an_account_that_collects_nothing_is_not_polled(database):
    assert not may(database, reports=ReportPolling(collect=False))


def test_an_answer_is_durable_before_it_is_applied(database, sandbox, sent):
    """Where applying it fails, the next process finds it and applies it."""
    with database.writing() as transaction:
        transaction.execute(
            "CREATE TRIGGER broken BEFORE UPDATE ON recipients"
            " BEGIN SELECT RAISE(ABORT, 'as if it crashed'); END"
        )
    with pytest.raises(Exception, match="as if it crashed"):
        poll(database, sent)
    with database.writing() as transaction:
        transaction.execute("DROP TRIGGER broken")
    assert counts_of(database) == {"submitted": 6}
    assert apply_left_over(database, NOW) == 6
    assert counts_of(database) == {"delivered": 6}


def test_what_was_journalled_before_a_crash_is_applied_once(database, sandbox, sent):
    with database.writing() as transaction:
        keep_answer(transaction, "main", sent.reports(4000), NOW)
    assert counts_of(database) == {"submitted": 6}
    assert apply_left_over(database, NOW) == 6
    assert counts_of(database) == {"delivered": 6}
    assert apply_left_over(database, NOW) == 0


def test_nothing_is_asked_for_where_the_disk_has_no_room_for_the_answer(database, sandbox, sent):
    """The gateway hands every report out once."""
    with pytest.raises(StateRefused, match="the disk is full"):
        poll(database, sent, reports=ReportPolling(page=10**15))
    assert sandbox.requests["report"] == 0
    poll(database, sent)
    assert counts_of(database) == {"delivered": 6}


def test_a_report_of_another_program_s_task_is_kept(database, sandbox, sent):
    sandbox.add_report(task_id="4711", mobile="13900139000")
    assert poll(database, sent).reports == 7
    assert account_of(database).unmatched == 1


def test_a_query_without_an_answer_is_no_reason_to_keep_anything(database):
    assert poll(database, Line(NoAnswer(why="connection refused"))).problem == "connection refused"
    assert rows_of(database, "SELECT count(*) FROM report_journal") == [(0,)]


def test_an_answer_that_broke_off_between_two_reports_is_told(database):
    """Nothing of it is damaged, and yet it is not all that was handed out."""
    answer = RawAnswer(status=200, body=b"<returnsms>" + BOX)
    result = poll(database, Line(answer))
    assert (result.reports, result.problem) == (
        1,
        "an answer broke off between two reports: what else it held is lost",
    )


# While the line is bad a query asks for fewer reports, since a bad answer may lose all of them.

BOX = b"<statusbox><mobile>13800138000</mobile><taskid>1</taskid><status>10</status></statusbox>"
BAD = {
    "cut": RawAnswer(status=200, body=b"<returnsms>" + BOX + b"<st", complete=False, why="cut"),
    "cut between two reports": RawAnswer(status=200, body=b"<returnsms>" + BOX),
    "cut before anything was said": RawAnswer(status=200, body=b"\n", complete=False, why="cut"),
    "larger than the cap": RawAnswer(status=200, body=b"x" * 9, complete=False, why="too large"),
    "one box unreadable": RawAnswer(status=200, body=b"<returnsms><statusbox/></returnsms>"),
    "a proxy's page": RawAnswer(status=502, body=b"<html>busy</html>", why="HTTP 502"),
    "never came": NoAnswer(why="reset", begun=True),
}
WHOLE = {
    "reports": RawAnswer(status=200, body=b"<returnsms>" + BOX + b"</returnsms>"),
    "reports of another status": RawAnswer(
        status=500, body=b"<returnsms>" + BOX + b"</returnsms>", why="HTTP 500"
    ),
    "no report": RawAnswer(status=200, body=b"<returnsms></returnsms>"),
    "nothing": RawAnswer(status=200, body=b""),
    "a refusal": RawAnswer(
        status=200, body=b"<returnsms><errorstatus><error>4</error></errorstatus></returnsms>"
    ),
}
REFUSED = NoAnswer(why="connection refused", begun=False)


def asked_for(database, *answers, page=4000):
    """How many reports each query asks for, with such answers; and the one after them."""
    line = Line(*answers, WHOLE["nothing"])
    for _ in range(len(answers) + 1):
        poll(database, line, reports=ReportPolling(page=page))
    return line.asked


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("whole", WHOLE)
def test_a_bad_answer_halves_what_is_asked_for_and_a_whole_one_doubles_it(database, bad, whole):
    assert asked_for(database, BAD[bad], WHOLE[whole]) == [4000, 2000, 4000]


def test_whoever_refuses_the_connection_has_lost_nothing_and_changes_nothing(database):
    answers = [REFUSED, BAD["never came"], REFUSED, WHOLE["nothing"]]
    assert asked_for(database, *answers) == [4000, 4000, 2000, 2000, 4000]


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        (4000, [4000, 2000, 1000, 500, 250, 125, 100, 100]),
        (150, [150, 100, 100]),
        (100, [100, 100]),
        (30, [30, 30]),
        (1, [1, 1]),
    ],
)
def test_it_is_never_less_than_a_hundred_or_than_the_accounts_own_page(database, page, asked):
    bad = [BAD["never came"]] * (len(asked) - 1)
    assert asked_for(database, *bad, page=page) == asked


def test_whole_answers_bring_it_back_to_the_accounts_own_page_and_no_further(database):
    answers = [BAD["cut"]] * 3 + [WHOLE["reports"]] * 4
    asked = asked_for(database, *answers, page=3000)
    assert asked == [3000, 1500, 750, 375, 750, 1500, 3000, 3000]


def test_the_accounts_own_page_may_change_meanwhile(database):
    line = Line(*[BAD["cut"]] * 3)
    for page in (4000, 1000, 6000):
        poll(database, line, reports=ReportPolling(page=page))
    assert line.asked == [4000, 1000, 500]


def test_how_much_is_asked_for_is_known_to_the_next_process(database, state):
    asked_for(database, BAD["cut"], BAD["never came"], BAD["never came"])
    beside = open_database(state, actor="somebody else")
    assert asked_for(beside) == [1000]
    beside.close()


def test_a_crash_before_an_answer_is_applied_counts_as_a_bad_one(database):
    with database.writing() as transaction:
        transaction.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON reports"
            " BEGIN SELECT RAISE(ABORT, 'as if it crashed'); END"
        )
    with pytest.raises(Exception, match="as if it crashed"):
        poll(database, Line(WHOLE["reports"]))
    with database.writing() as transaction:
        transaction.execute("DROP TRIGGER broken")
    apply_left_over(database, NOW)
    assert asked_for(database) == [2000]


def test_a_smaller_page_that_came_in_full_says_that_more_may_wait(database):
    hundred = RawAnswer(status=200, body=b"<returnsms>" + BOX * 100 + b"</returnsms>")
    line = Line(BAD["never came"], hundred, hundred)
    small = {"reports": ReportPolling(page=200)}
    assert [poll(database, line, **small).full for _ in range(3)] == [False, True, False]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    answers=st.lists(st.sampled_from([*BAD.values(), *WHOLE.values(), REFUSED]), max_size=12),
    page=st.sampled_from([50, 100, 3333, 10_000]),
)
def test_after_so_many_bad_answers_in_a_row_no_more_is_at_risk_than_the_bound(
    database, answers, page
):
    """After k in a row a page is at most max(100, page / 2^k), or the account's own if below."""
    with database.writing() as transaction:
        transaction.execute("UPDATE accounts SET report_page = NULL")
    row = 0
    for answer, asked in zip(answers, asked_for(database, *answers, page=page), strict=False):
        assert asked <= min(page, max(100, page / 2**row))
        if answer in BAD.values():
            row += 1
        elif answer is not REFUSED:
            row = 0


def test_over_the_wire_no_answer_loses_more_than_the_page_that_was_asked_for(
    database, sandbox, gateway_at, clock
):
    begin(database, 1000, batch_size=1000)
    many = {"reports": ReportPolling(page=400)}
    gateway = gateway_at(sandbox.url)
    pump = make_pump(database, gateway, make_account(), clock)
    while pump.step() != Idle():
        pass
    sandbox.make_reports_ready()
    sandbox.add_fault("report:1=reset-afterx2")
    bad = [poll(database, gateway, **many) for _ in range(2)]
    assert all(result.unanswered for result in bad)
    assert sandbox.reports_left == 1000 - 400 - 200
    while poll(database, gateway, **many).full:
        pass
    assert counts_of(database) == {"delivered": 400, "submitted": 600}
