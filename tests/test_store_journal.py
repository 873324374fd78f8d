"""Delivery reports: durable before they are read, applied once, and never dropped."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import (
    FIRST,
    NOW,
    account_of,
    begin,
    campaign_of,
    claim,
    counts_of,
    rows_of,
    settle,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.codec.answers import ReportPage, Unread
from runner.lifecycle import BatchEvent, RecipientState
from runner.model.outcome import RawAnswer, Report
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from runner.store.journal import apply_page, find_new_entries, keep_answer, match_waiting
from runner.store.progress import read_recipients

RAW = RawAnswer(status=200, body=b"<returnsms>as it came</returnsms>")


def make_report(mobile=FIRST, *, task_id="77", delivered=True, **changes):
    facts = {"received_at": NOW, "error_code": "DELIVRD" if delivered else "EXPIRED"}
    return Report(task_id=task_id, mobile=mobile, delivered=delivered, **(facts | changes))


def receive(database, *reports, unread=()):
    """Journal an answer and apply what it held."""
    with database.writing() as transaction:
        entry = keep_answer(transaction, "main", RAW, NOW)
    with database.writing() as transaction:
        apply_page(transaction, entry, ReportPage(reports=reports, unread=unread))
    return entry


def find_task(database, task_id="77"):
    with database.writing() as transaction:
        match_waiting(transaction, "main", task_id)


def apart(database):
    """The reports kept apart from their recipients: number, verdict, matter."""
    query = "SELECT mobile, delivered, matter FROM reports ORDER BY id"
    return [(mobile, bool(good), matter) for mobile, good, matter in rows_of(database, query)]


def recipient(database, mobile=FIRST):
    with database.reading() as transaction:
        rows = read_recipients(transaction, "moon")
        return next(row for row in rows if row.mobile == mobile)


@pytest.fixture
def sent(database):
    """A campaign of four people, accepted as task 77."""
    begin(database, 4, batch_size=4)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    return database


def test_an_answer_is_durable_before_anything_looks_into_it(database, state):
    with database.writing() as transaction:
        keep_answer(transaction, "main", RAW, NOW)
    beside = open_database(state, actor="somebody else")
    assert rows_of(beside, "SELECT body, state, complete FROM report_journal") == [
        (RAW.body, "received", 1)
    ]
    beside.close()


def test_an_answer_that_a_crash_kept_from_being_read_is_found(database, state):
    killed = """
import os, signal, sys
from pathlib import Path
from builders import NOW
from runner.model.outcome import RawAnswer
from runner.store.database import open_database
from runner.store.journal import keep_answer
database = open_database(Path(sys.argv[1]), actor="run")
with database.writing() as transaction:
    keep_answer(transaction, "main", RawAnswer(status=200, body=b"<returnsms/>"), NOW)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", killed, str(state)]
    assert subprocess.run(command, cwd=__file__.rpartition("/")[0], check=False).returncode == -9
    with database.reading() as transaction:
        assert [entry.body for entry in find_new_entries(transaction)] == [b"<returnsms/>"]


def test_a_crash_while_applying_leaves_the_answer_to_be_applied_whole(sent):
    with sent.writing() as transaction:
        entry = keep_answer(transaction, "main", RAW, NOW)
    page = ReportPage(reports=(make_report(),))
    with pytest.raises(KeyError), sent.writing() as transaction:
        apply_page(transaction, entry, page)
        raise KeyError
    assert counts_of(sent) == {"submitted": 4}
    with sent.reading() as transaction:
        assert find_new_entries(transaction) == [entry]


def test_reports_become_their_recipients_states(sent):
    receive(sent, make_report(FIRST), make_report(FIRST + 1, delivered=False))
    assert counts_of(sent) == {"delivered": 1, "failed": 1, "submitted": 2}
    person = recipient(sent, FIRST + 1)
    assert (person.state, person.error_code) == (RecipientState.FAILED, "EXPIRED")
    assert person.received_at == datetime(2035, 9, 16, 1, tzinfo=UTC)
    assert apart(sent) == []


def test_applying_an_answer_again_changes_nothing(sent):
    page = ReportPage(
        reports=(make_report(), make_report(task_id="88")),
        unread=(Unread(text="<x", reason="cut"),),
    )
    with sent.writing() as transaction:
        entry = keep_answer(transaction, "main", RAW, NOW)
        apply_page(transaction, entry, page)
    tables = ("batches", "recipients", "reports", "quarantine", "accounts", "report_journal")
    before = [rows_of(sent, f"SELECT * FROM {table}") for table in tables]
    with sent.writing() as transaction:
        apply_page(transaction, entry, page)
    assert [rows_of(sent, f"SELECT * FROM {table}") for table in tables] == before


def test_what_cannot_be_read_is_quarantined_beside_what_can(sent):
    receive(sent, make_report(), unread=(Unread(text="<statusbox><mob", reason="cut"),))
    assert rows_of(sent, "SELECT reason, text FROM quarantine") == [("cut", "<statusbox><mob")]
    assert rows_of(sent, "SELECT state, reports FROM report_journal") == [("quarantined", 1)]
    assert (account_of(sent).received, account_of(sent).quarantined) == (1, 1)
    assert counts_of(sent) == {"delivered": 1, "submitted": 3}


def test_an_answer_without_a_report_leaves_no_row(sent):
    receive(sent)
    assert rows_of(sent, "SELECT * FROM report_journal") == []


def test_reports_of_an_unknown_task_are_kept_and_counted(sent):
    receive(sent, make_report(task_id="88"))
    assert apart(sent) == [(FIRST, True, "unmatched")]
    assert (account_of(sent).received, account_of(sent).unmatched) == (1, 1)


def test_reports_that_came_before_their_receipt_are_applied_with_it(database):
    begin(database, 4, batch_size=4)
    claimed = claim(database)
    receive(database, make_report(FIRST), make_report(FIRST + 1, delivered=False))
    receive(database, make_report(FIRST + 2))
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    find_task(database)
    assert counts_of(database) == {"delivered": 2, "failed": 1, "submitted": 1}
    assert (account_of(database).received, account_of(database).unmatched) == (3, 0)


def test_a_known_task_takes_no_reports_of_other_tasks(sent):
    receive(sent, make_report(task_id="88"), make_report(task_id="7"))
    find_task(sent)
    assert counts_of(sent) == {"submitted": 4}
    assert account_of(sent).unmatched == 2


def test_a_task_of_another_account_is_another_task(sent):
    with sent.writing() as transaction:
        ensure_accounts(transaction, ["second"], NOW)
        entry = keep_answer(transaction, "second", RAW, NOW)
        apply_page(transaction, entry, ReportPage(reports=(make_report(),)))
    assert counts_of(sent) == {"submitted": 4}
    assert apart(sent) == [(FIRST, True, "unmatched")]


def test_a_number_that_is_not_in_the_task_is_kept_apart(sent):
    receive(sent, make_report(FIRST + 99), make_report(FIRST))
    assert counts_of(sent) == {"delivered": 1, "submitted": 3}
    assert apart(sent) == [(FIRST + 99, True, "unmatched")]
    find_task(sent)
    assert apart(sent) == [(FIRST + 99, True, "unmatched")]


@pytest.mark.parametrize("delivered", [True, False])
def test_the_same_verdict_twice_counts_once_and_both_are_kept(sent, delivered):
    receive(sent, make_report(delivered=delivered))
    receive(sent, make_report(delivered=delivered))
    state = "delivered" if delivered else "failed"
    assert counts_of(sent) == {state: 1, "submitted": 3}
    assert apart(sent) == [(FIRST, delivered, "repeated")]


def test_the_same_number_twice_in_one_answer_counts_once(sent):
    receive(sent, make_report(), make_report(), make_report(FIRST + 1))
    assert counts_of(sent) == {"delivered": 2, "submitted": 2}
    assert apart(sent) == [(FIRST, True, "repeated")]


@pytest.mark.parametrize("order", [(True, False), (False, True)])
@pytest.mark.parametrize("together", [True, False])
def test_delivered_beats_failed_in_either_order_and_both_are_kept(sent, order, together):
    reports = [make_report(delivered=delivered) for delivered in order]
    for answer in [reports] if together else [[report] for report in reports]:
        receive(sent, *answer)
    assert counts_of(sent) == {"delivered": 1, "submitted": 3}
    assert apart(sent) == [(FIRST, False, "overruled")]
    assert recipient(sent).error_code == "DELIVRD"
    kept = rows_of(sent, "SELECT error_code FROM reports")
    assert kept == [("EXPIRED",)]


def test_a_late_report_corrects_an_unreported_recipient(database):
    begin(database, 2)
    past = NOW - timedelta(days=365 * 20)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77", report_deadline=past)
    receive(database, make_report())
    assert counts_of(database) == {"delivered": 1, "unreported": 1}


def test_a_report_without_a_time_waits_and_is_applied_like_any_other(database):
    begin(database, 2)
    claimed = claim(database)
    receive(database, make_report(received_at=None, delivered=False))
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    find_task(database)
    receive(database, make_report())
    assert counts_of(database) == {"delivered": 1, "submitted": 1}


def test_a_whole_page_with_a_few_repeated_reports_is_applied(database):
    begin(database, 2000, batch_size=2000)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    reports = [make_report(FIRST + n, delivered=n % 10 != 0) for n in range(2000)]
    receive(database, *reports, *reports[:5])
    assert counts_of(database) == {"delivered": 1800, "failed": 200}
    assert len(apart(database)) == 5


def test_reports_of_many_tasks_in_one_answer_find_their_batches(database):
    begin(database, 700, batch_size=1)
    for task in range(700):
        settle(database, claim(database), BatchEvent.ACCEPT, task_id=f"{task}")
    receive(database, *(make_report(FIRST + task, task_id=f"{task}") for task in range(700)))
    assert counts_of(database) == {"delivered": 700}


REPORTS = st.builds(
    make_report,
    st.integers(FIRST, FIRST + 5),
    task_id=st.sampled_from(["1", "2", "9"]),
    delivered=st.booleans(),
)
EVENTS = st.sampled_from([None, BatchEvent.ACCEPT, BatchEvent.REJECT, BatchEvent.DOUBT])


@settings(max_examples=25, deadline=None)
@given(
    pages=st.lists(st.lists(REPORTS, max_size=6), max_size=5),
    outcomes=st.lists(EVENTS, min_size=2, max_size=2),
)
def test_counts_add_up_after_every_step_and_no_report_is_lost(pages, outcomes):
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder) / "state.db", actor="test")
        try:
            follow(database, pages, outcomes)
        finally:
            database.close()


def follow(database, pages, outcomes):
    with database.writing() as transaction:
        ensure_accounts(transaction, ["main"], NOW)
    begin(database, 4)
    steps = [lambda page=page: receive(database, *page) for page in pages]
    for place, event in enumerate(outcomes):
        steps.insert(
            2 * place, lambda place=place, event=event: settle_next(database, place, event)
        )
    for step in steps:
        step()
        check_counts(database)
    received = sum(len(page) for page in pages)
    with_state = rows_of(database, "SELECT count(*) FROM recipients WHERE delivered IS NOT NULL")
    assert account_of(database).received == received
    assert with_state[0][0] + len(apart(database)) == received


def settle_next(database, place, event):
    claimed = claim(database)
    if event and claimed:
        task_id = f"{place + 1}" if event is BatchEvent.ACCEPT else None
        settle(database, claimed, event, task_id=task_id)
        find_task(database, f"{place + 1}")


def check_counts(database):
    status = campaign_of(database)
    assert sum(status.recipients.values()) == status.total == 4
    with database.reading() as transaction:
        people = Counter(row.state for row in read_recipients(transaction, "moon"))
    assert people == Counter(status.recipients)
