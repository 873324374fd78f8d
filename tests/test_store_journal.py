"""Delivery reports: durable before they are read, applied once, and never dropped."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
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
    open_new_state,
    rows_of,
    settle,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.codec.answers import ReportPage, Unread, decode_reports
from runner.lifecycle import BatchEvent, RecipientState
from runner.model.outcome import QueryRefused, RawAnswer, Report
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from runner.store.journal import (
    apply_page,
    apply_page_again,
    find_entry,
    find_new_entries,
    keep_answer,
    mark_refusal,
    match_waiting,
)
from runner.store.progress import read_recipients
from runner.timing import stamp

RAW = RawAnswer(status=200, body=b"<returnsms>as it came</returnsms>")


def make_report(mobile=FIRST, *, task_id="77", delivered=True, **changes):
    facts = {"received_at": NOW, "error_code": "DELIVRD" if delivered else "EXPIRED"}
    return Report(task_id=task_id, mobile=mobile, delivered=delivered, **(facts | changes))


def receive(database, *reports, unread=(), answer=RAW):
    """Journal an answer and apply what it held."""
    with database.writing() as transaction:
        entry = keep_answer(transaction, "main", answer, NOW)
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


def hear(database, answer, *, minute=0):
    """Journal and apply an answer as it is read."""
    now = NOW + timedelta(minutes=minute)
    with database.writing() as transaction:
        entry = keep_answer(transaction, "main", answer, now)
    page = decode_reports(answer.body)
    with database.writing() as transaction:
        if isinstance(page, QueryRefused):
            mark_refusal(transaction, entry)
        else:
            apply_page(transaction, entry, page)


def kept(database):
    """What is kept of the answers: the body, how often it came, and when it came last."""
    query = "SELECT body, times, last_received_at FROM report_journal ORDER BY id"
    return rows_of(database, query)


DOWN = RawAnswer(status=502, body=b"<html>down</html>")
REFUSAL = b"<returnsms><errorstatus><error>3</error></errorstatus></returnsms>"


@pytest.mark.parametrize("body", [DOWN.body, b"<?xml version", b"<returnsms>", REFUSAL])
def test_an_answer_without_a_report_that_comes_again_and_again_is_kept_once_and_counted(sent, body):
    """An outage of hours brings the same page at each poll."""
    for minute in range(20):
        hear(sent, RawAnswer(status=200, body=body), minute=minute)
    assert kept(sent) == [(body, 20, stamp(NOW + timedelta(minutes=19)))]
    assert rows_of(sent, "SELECT count(*) FROM quarantine") <= [(1,)]


def test_pages_that_take_turns_are_each_kept_once(sent):
    pages = [RawAnswer(status=200, body=f"<html>{number}</html>".encode()) for number in range(3)]
    for turn in range(9):
        hear(sent, pages[turn % 3])
    assert [times for _, times, _ in kept(sent)] == [3, 3, 3]


@pytest.mark.parametrize(
    "other", [{"body": b"<html>Down</html>"}, {"status": 503}, {"complete": False}]
)
def test_an_answer_that_differs_in_anything_is_kept_itself(sent, other):
    hear(sent, DOWN)
    hear(sent, replace(DOWN, **other))
    assert [times for _, times, _ in kept(sent)] == [1, 1]


def test_the_same_page_from_another_account_is_kept_for_that_account(sent):
    hear(sent, DOWN)
    with sent.writing() as transaction:
        ensure_accounts(transaction, ["other"], NOW)
        other = keep_answer(transaction, "other", DOWN, NOW)
        apply_page(transaction, other, decode_reports(DOWN.body))
    assert rows_of(sent, "SELECT account, times FROM report_journal") == [("main", 1), ("other", 1)]


def test_an_answer_with_a_report_is_kept_each_time_though_the_same_came_before(sent):
    """The gateway may well mean it twice; both are kept, and the second is told as repeated."""
    for _ in range(2):
        receive(sent, make_report(), unread=(Unread(text="<statusbox>", reason="cut"),))
    assert [times for _, times, _ in kept(sent)] == [1, 1]
    assert apart(sent) == [(FIRST, True, "repeated")]


def test_a_page_of_long_ago_is_kept_anew_so_that_it_stands_among_the_newest(sent):
    for page in [
        DOWN,
        *(replace(DOWN, body=b"<html>%d</html>" % each) for each in range(10)),
        DOWN,
    ]:
        hear(sent, page)
    assert len(kept(sent)) == 12


def test_of_pages_that_an_older_version_kept_again_and_again_the_newest_is_counted(sent):
    for body in (DOWN.body, b"<html>other</html>"):
        hear(sent, replace(DOWN, body=body))
    with sent.writing() as transaction:
        alike = "UPDATE report_journal SET body = :body"
        transaction.execute(alike, {"body": DOWN.body})
    hear(sent, DOWN)
    assert [times for _, times, _ in kept(sent)] == [1, 2]


def test_a_page_that_was_counted_by_another_process_is_not_counted_twice(sent):
    hear(sent, DOWN)
    with sent.writing() as transaction:
        entry = keep_answer(transaction, "main", DOWN, NOW)
    for _ in range(2):
        with sent.writing() as transaction:
            apply_page(transaction, entry, decode_reports(DOWN.body))
    assert [times for _, times, _ in kept(sent)] == [2]


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


# Applying again: a later version reads more of an answer than an earlier one did.


def read_again(database, entry, *reports, unread=()):
    """Read a kept answer again, and find this in it; gives the number of new reports."""
    with database.writing() as transaction:
        stored = find_entry(transaction, entry.id)
        return apply_page_again(
            transaction, stored, ReportPage(reports=reports, unread=unread), NOW
        )


def everything_in(database):
    """Every row of every table."""
    names = rows_of(database, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name: rows_of(database, f"SELECT * FROM {name}") for (name,) in names}


def test_what_a_later_version_can_read_gets_its_place(sent):
    entry = receive(sent, make_report(), unread=(Unread(text="<box>", reason="odd"),))
    assert read_again(sent, entry, make_report(), make_report(FIRST + 1, delivered=False)) == 1
    assert counts_of(sent) == {"delivered": 1, "failed": 1, "submitted": 2}
    assert (account_of(sent).received, account_of(sent).quarantined) == (2, 0)
    assert rows_of(sent, "SELECT state, reports FROM report_journal") == [("applied", 2)]
    assert apart(sent) == []


def test_what_a_later_version_read_of_which_answer_is_in_the_event_log(sent):
    entry = receive(sent, unread=(Unread(text="<box>", reason="odd"),))
    read_again(sent, entry, make_report(), unread=(Unread(text="<b", reason="odd"),))
    read_again(sent, entry, make_report())
    events = "SELECT name, old_state, new_state, reason FROM events WHERE subject = 'report'"
    assert rows_of(sent, events) == [
        (
            f"{entry.id}",
            "quarantined",
            "quarantined",
            "read again; reports: 1, new: 1, unreadable pieces: 1",
        ),
        (
            f"{entry.id}",
            "quarantined",
            "applied",
            "read again; reports: 1, new: 0, unreadable pieces: 0",
        ),
    ]


def test_what_still_cannot_be_read_replaces_what_could_not_be(sent):
    first, second = Unread(text="<one>", reason="odd"), Unread(text="<two>", reason="odd")
    entry = receive(sent, unread=(first, second))
    other = receive(sent, unread=(first,), answer=DOWN)
    assert read_again(sent, entry, unread=(Unread(text="<two>", reason="still odd"),)) == 0
    kept = rows_of(sent, "SELECT journal, text, reason FROM quarantine ORDER BY journal")
    assert kept == [(entry.id, "<two>", "still odd"), (other.id, "<one>", "odd")]
    assert rows_of(sent, "SELECT state FROM report_journal") == [("quarantined",)] * 2


PLACED = {
    "its recipient's": [make_report()],
    "its recipient's, without a time": [make_report(received_at=None)],
    "its recipient's, overruled": [make_report(delivered=False), make_report()],
    "a repeated one": [make_report(), make_report(received_at=NOW + timedelta(hours=1))],
    "twice the same": [make_report(), make_report()],
    "a failure after a success": [make_report(), make_report(delivered=False)],
    "of an unknown task": [make_report(task_id="88")],
    "of a number that is not in the task": [make_report(FIRST + 99)],
}


@pytest.mark.parametrize("case", PLACED)
@pytest.mark.parametrize("together", [True, False])
def test_a_report_that_has_its_place_is_left_there(sent, case, together):
    answers = [PLACED[case]] if together else [[report] for report in PLACED[case]]
    entries = [receive(sent, *answer) for answer in answers]
    before = everything_in(sent)
    for entry, answer in zip(entries, answers, strict=True):
        assert read_again(sent, entry, *answer) == 0
    assert everything_in(sent) == before


def test_reports_that_found_their_task_since_are_not_applied_twice(database):
    begin(database, 4, batch_size=4)
    claimed = claim(database)
    entry = receive(database, make_report(), make_report(FIRST + 99))
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    find_task(database)
    before = everything_in(database)
    assert read_again(database, entry, make_report(), make_report(FIRST + 99)) == 0
    assert everything_in(database) == before


@pytest.mark.parametrize("task_id", ["77", "88"])
def test_the_report_of_another_account_is_another_report(sent, task_id):
    receive(sent, make_report(task_id=task_id))
    with sent.writing() as transaction:
        ensure_accounts(transaction, ["second"], NOW)
        entry = keep_answer(transaction, "second", RAW, NOW)
        apply_page(transaction, entry, ReportPage(unread=(Unread(text="<b", reason="odd"),)))
    assert read_again(sent, entry, make_report(task_id=task_id)) == 1
    query = "SELECT count(*) FROM reports WHERE account = 'second' AND matter = 'unmatched'"
    assert rows_of(sent, query) == [(1,)]


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
        database = open_new_state(Path(folder) / "state.db")
        try:
            follow(database, pages, outcomes)
        finally:
            database.close()


def follow(database, pages, outcomes):
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


@settings(max_examples=25, deadline=None)
@given(page=st.lists(REPORTS, max_size=12), numbers=st.permutations(range(12)))
def test_a_page_comes_to_what_its_reports_come_to_one_after_another(page, numbers):
    """Whatever order it is applied in, the reports of one recipient stay in theirs."""
    told = [report._replace(error_code=f"{n}") for report, n in zip(page, numbers, strict=False)]
    query = "SELECT task_id, mobile, error_code, matter FROM reports ORDER BY mobile, error_code"
    tables = [query, "SELECT * FROM recipients", "SELECT id, delivered, failed FROM batches"]
    with opened() as at_once, opened() as singly:
        receive(at_once, *told)
        for report in told:
            receive(singly, report)
        assert [rows_of(at_once, each) for each in tables] == [
            rows_of(singly, each) for each in tables
        ]


@settings(max_examples=25, deadline=None)
@given(pages=st.lists(st.lists(REPORTS, max_size=6), max_size=4), data=st.data())
def test_what_an_older_version_could_not_read_ends_where_it_would_have_been(pages, data):
    """Delivered, failed and unmatched people come out the same, in whatever order it was read."""
    seen = [[data.draw(st.booleans()) for _ in page] for page in pages]
    with opened() as at_once, opened() as later:
        entries = []
        for number, (page, readable) in enumerate(zip(pages, seen, strict=True)):
            # Else one would be kept and counted, of all in which nothing can be read.
            answer = replace(RAW, body=b"<returnsms>%d</returnsms>" % number)
            receive(at_once, *page, answer=answer)
            missed = [Unread(text="<box>", reason="odd") for read in readable if not read]
            found = [report for report, read in zip(page, readable, strict=True) if read]
            entries.append(receive(later, *found, unread=tuple(missed), answer=answer))
        for entry, page in zip(entries, pages, strict=True):
            if page:
                read_again(later, entry, *page)
                check_counts(later)
        assert counts_of(later) == counts_of(at_once)
        assert set(unmatched(later)) == set(unmatched(at_once))
        assert account_of(later).quarantined == 0


@contextmanager
def opened():
    """A state in which two tasks of four people are known."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_new_state(Path(folder) / "state.db")
        try:
            begin(database, 4)
            for task_id in ("1", "2"):
                settle(database, claim(database), BatchEvent.ACCEPT, task_id=task_id)
            yield database
        finally:
            database.close()


def unmatched(database):
    query = "SELECT mobile, delivered, task_id FROM reports WHERE matter = 'unmatched'"
    return rows_of(database, query)


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
