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

from runner.dispatch.pump import Idle
from runner.errors import StateRefused
from runner.lifecycle import AccountEvent, AccountState
from runner.model.account import ReportPolling
from runner.model.outcome import NoAnswer, RawAnswer
from runner.reports import apply_left_over, may_poll, poll_reports
from runner.store.accounts import change_standing, read_standing, release_accounts
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


def poll(database, gateway, **settings):
    return poll_reports(database, make_account(**settings), gateway, NOW)


def may(database, **settings):
    with database.reading() as transaction:
        return may_poll(transaction, make_account(**settings))


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
    class DamagedPage:
        def reports(self):
            return RawAnswer(status=200, body=b"<returnsms><statusbox/><statusbox/></returnsms>")

    assert poll(database, DamagedPage(), reports=ReportPolling(page=2)).full


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
        transaction.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE UPDATE ON recipients"
            " BEGIN SELECT RAISE(ABORT, 'as if it crashed'); END"
        )
    with pytest.raises(Exception, match="as if it crashed"):
        poll(database, sent)
    with database.writing() as transaction:
        transaction.exec_driver_sql("DROP TRIGGER broken")
    assert counts_of(database) == {"submitted": 6}
    assert apply_left_over(database, NOW) == 6
    assert counts_of(database) == {"delivered": 6}


def test_what_was_journalled_before_a_crash_is_applied_once(database, sandbox, sent):
    with database.writing() as transaction:
        keep_answer(transaction, "main", sent.reports(), NOW)
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
    class Unreachable:
        def reports(self):
            return NoAnswer(why="connection refused")

    assert poll(database, Unreachable()).problem == "connection refused"
    assert rows_of(database, "SELECT count(*) FROM report_journal") == [(0,)]
