"""The claim before the POST and the outcome after it: durable, exclusive, and never undone."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest
from builders import (
    FIRST,
    NOW,
    SECOND,
    ZONE,
    account_of,
    batch_states,
    begin,
    campaign_of,
    claim,
    counts_of,
    make_message,
    make_plan,
    rows_of,
    settle,
)

from runner.codec.answers import ReportPage
from runner.codec.requests import join_numbers
from runner.due import Rest, choose_turn
from runner.lifecycle import BatchEvent, BatchState, CampaignState
from runner.model.outcome import RawAnswer, Report
from runner.store import (
    claims,
    doubt,
    fall,
    journal,
    outcomes,
    planning,
    progress,
    start,
    steering,
)
from runner.store.accounts import Slots, keep_slots, read_slots
from runner.store.claims import (
    cancel_recipients,
    claim_batch,
    count_in_flight,
    load_message,
    read_candidates,
    read_numbers,
    size_of_next,
)
from runner.store.database import open_database
from runner.store.journal import apply_page, keep_answer
from runner.store.outcomes import doubt_abandoned, find_claimed
from runner.store.planning import keep_plan
from runner.store.progress import read_recipients
from runner.timing import parse_hours


def abandon(database):
    with database.writing() as transaction:
        return doubt_abandoned(transaction, NOW)


def claimed_batch(database, claimed):
    with database.reading() as transaction:
        return find_claimed(transaction, claimed)


def explain(database, statement, **parameters):
    """The steps in which SQLite would carry out one of our statements."""
    question = f"EXPLAIN QUERY PLAN {statement}"
    with database.reading() as transaction:
        return [row[-1] for row in transaction.execute(question, parameters)]


def test_batches_are_claimed_in_their_order_and_then_there_is_none(database):
    begin(database, 4)
    assert [claim(database).seq, claim(database).seq, claim(database)] == [1, 2, None]


def test_a_claim_is_durable_before_it_is_given(database, state):
    begin(database)
    claimed = claim(database)
    beside = open_database(state, actor="somebody else")
    assert batch_states(beside) == ["submitting", "planned"]
    assert claimed_batch(beside, claimed).state is BatchState.SUBMITTING
    beside.close()


def test_a_process_killed_after_its_claim_leaves_a_batch_that_nobody_sends_again(database, state):
    begin(database)
    killed = """
import os, signal, sys
from pathlib import Path
from builders import claim
from runner.store.database import open_database
claim(open_database(Path(sys.argv[1]), actor="run"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", killed, str(state)]
    assert subprocess.run(command, cwd=__file__.rpartition("/")[0], check=False).returncode == -9
    assert batch_states(database) == ["submitting", "planned"]
    assert [batch.id for batch in abandon(database)] == [1]
    assert batch_states(database) == ["in_doubt", "planned"]
    assert claim(database).seq == 2
    assert claim(database) is None


def test_a_batch_given_up_in_doubt_says_whose_it_was(database):
    begin(database)
    claim(database)
    abandon(database)
    reason = campaign_of(database).batches[0].reason
    assert reason == "process 1 ended before it recorded the answer"


def test_giving_up_twice_changes_nothing(database):
    begin(database)
    claim(database)
    abandon(database)
    before = rows_of(database, "SELECT * FROM events")
    assert abandon(database) == []
    assert rows_of(database, "SELECT * FROM events") == before


def test_two_claims_of_one_batch_bear_different_tokens(database):
    begin(database, 2)
    first = claim(database)
    settle(database, first, BatchEvent.NOT_SENT)
    assert claim(database).token != first.token


def test_a_late_answer_settles_a_batch_that_was_given_up_in_doubt(database):
    begin(database)
    claimed = claim(database)
    abandon(database)
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    assert batch_states(database) == ["accepted", "planned"]


def test_an_answer_to_an_older_claim_is_too_late(database):
    begin(database, 2)
    first = claim(database)
    settle(database, first, BatchEvent.NOT_SENT)
    assert claimed_batch(database, first) is None
    claim(database)
    assert claimed_batch(database, first) is None


@pytest.mark.parametrize("event", [BatchEvent.ACCEPT, BatchEvent.REJECT])
def test_a_settled_batch_takes_no_other_answer(database, event):
    begin(database)
    claimed = claim(database)
    settle(database, claimed, event)
    assert claimed_batch(database, claimed) is None


def test_a_batch_that_waits_is_not_claimed_before_its_time(database):
    begin(database, 2)
    later = NOW + timedelta(seconds=30)
    settle(database, claim(database), BatchEvent.NOT_SENT, again_at=later)
    assert claim(database, now=later - timedelta(milliseconds=1)) is None
    with database.reading() as transaction:
        [candidate] = read_candidates(transaction, "main", None)
    assert candidate.not_before == later
    assert claim(database, now=later).seq == 1


def test_only_campaigns_of_the_scope_are_claimed(database):
    begin(database, name="moon")
    begin(database, name="sun")
    assert claim(database, scope=["sun"]).campaign == "sun"
    assert claim(database, scope=[]) is None
    assert claim(database, scope=None).campaign == "moon"


def test_a_campaign_that_has_not_begun_is_not_claimed(database):
    with database.writing() as transaction:
        keep_plan(transaction, make_plan(), NOW)
        assert claim_batch(transaction, "moon", owner="process 1", now=NOW) is None
    assert claim(database) is None


def test_a_halted_campaign_is_not_claimed(database):
    begin(database)
    settle(database, claim(database), BatchEvent.REJECT, reason="no content", halts=True)
    assert claim(database) is None
    assert campaign_of(database).state is CampaignState.HALTED
    assert counts_of(database) == {"rejected": 2, "pending": 2}


def test_a_campaign_is_finished_with_the_outcome_of_its_last_batch(database):
    begin(database, 4)
    first, second = claim(database), claim(database)
    settle(database, second, BatchEvent.ACCEPT, task_id="2")
    assert campaign_of(database).state is CampaignState.RUNNING
    settle(database, first, BatchEvent.DOUBT)
    assert campaign_of(database).state is CampaignState.FINISHED


def test_a_campaign_halted_by_its_last_batch_is_halted(database):
    begin(database, 2)
    settle(database, claim(database), BatchEvent.REJECT, halts=True)
    assert campaign_of(database).state is CampaignState.HALTED


def test_a_finished_campaign_goes_on_when_a_late_answer_says_not_sent(database):
    begin(database, 2)
    claimed = claim(database)
    abandon(database)
    assert campaign_of(database).state is CampaignState.FINISHED
    settle(database, claimed, BatchEvent.NOT_SENT)
    assert campaign_of(database).state is CampaignState.RUNNING
    assert claim(database).seq == 1


def test_what_is_claimed_is_what_was_planned_whatever_else_is_planned_later(database):
    plan = make_plan(2)
    begin(database, 2)
    claimed = claim(database)
    begin(database, 2, name="sun", message=make_message("改了"))
    with database.reading() as transaction:
        assert load_message(transaction, claimed.message) == plan.message
        assert read_numbers(transaction, claimed.batch) == join_numbers([FIRST, FIRST + 1])


def test_what_is_in_flight_and_what_comes_next_is_counted(database):
    begin(database, 3)
    counts = []
    for _ in range(3):
        with database.reading() as transaction:
            in_flight = count_in_flight(transaction, "main")
            counts.append((in_flight, size_of_next(transaction, "moon", NOW)))
        claim(database)
    assert counts == [(0, 2), (1, 1), (2, 0)]


def test_many_threads_claim_every_batch_once(database):
    begin(database, 120, batch_size=1)
    taken = []

    def work():
        while claimed := claim(database):
            taken.append(claimed.batch)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(taken) == Counter(range(1, 121))


def test_two_databases_in_two_hands_claim_every_batch_once(database, state):
    begin(database, 60, batch_size=1)
    beside = open_database(state, actor="somebody else")
    taken = []

    def work(own):
        while claimed := claim(own):
            taken.append(claimed.batch)

    threads = [threading.Thread(target=work, args=(own,)) for own in (database, beside)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    beside.close()
    assert Counter(taken) == Counter(range(1, 61))


@pytest.mark.parametrize(
    ("statement", "indexes", "parameters"),
    [
        (
            claims._CANDIDATES,
            ["campaigns_running (account=?)", "batches_next (campaign=?)"],
            {"account": "main"},
        ),
        (claims._NEXT, ["batches_next (campaign=?)"], {"campaign": "moon", "now": "2035"}),
        (claims._IN_FLIGHT, ["batches_submitting (account=?)"], {"account": "main"}),
        (outcomes._IS_LEFT, ["batches_by_state (campaign=?"], {"campaign": "moon"}),
        (outcomes._ABANDONED, ["batches_submitting"], {}),
        (
            start._IS_DUE,
            ["campaigns_scheduled (start>?)", "campaigns_live", "campaigns_missed"],
            {"campaign": None, "now": "2035", "second": "2035"},
        ),
        (start._NEXT_START, ["campaigns_scheduled (start>?)"], {"now": "2035"}),
        (planning.LIVE, ["campaigns_live"], {}),
        (start._KEPT, ["campaigns_live"], {"account": None}),
        (steering._UNCLAIMED, ["campaigns_live"], {}),
        (steering._MISSED, ["campaigns_missed"], {}),
        (progress._UNFINISHED, ["campaigns_live"], {}),
        (progress._NEWEST_OVER, ["campaigns_over"], {"most": 20}),
        (
            progress._COUNT_UNSETTLED,
            ["batches_by_state (campaign=? AND state=?)"],
            {"scope": "[]"},
        ),
        (progress._BATCHES_OF, ["sqlite_autoindex_batches_1 (campaign=?)"], {"campaign": "moon"}),
        (
            progress._ACCOUNTS,
            ["reports_by_mobile (account=?)", "quarantine_by_account (account=?)"],
            {},
        ),
        (
            progress._CURRENT,
            ["batches_in_doubt", "batches_by_deadline", "campaigns_live", "batches_submitting"],
            {},
        ),
        (doubt._EVIDENCE_OF, ["sqlite_autoindex_batches_1 (campaign=?)"], {"campaign": "moon"}),
        (journal._NEW, ["report_journal_new"], {}),
        (planning._FACTS, ["sqlite_autoindex_campaigns_1 (id=?)"], {"campaigns": "[]"}),
        (planning._FORGET_MESSAGE, ["campaigns_by_message (message=?)"], {"digest": ""}),
        (
            journal._BATCHES_OF_TASKS,
            ["batches_by_task (account=? AND task_id=?)"],
            {"account": "main", "tasks": "[]"},
        ),
        (
            doubt._WITNESSES,
            ["reports_by_task (account=? AND task_id=?)"],
            {"account": "main", "task_id": "1", "suspects": "[]"},
        ),
        (
            doubt._SUSPECTS,
            ["batches_in_doubt", "batches_without_task", "batches_disowned", "batches_refused"],
            {"account": "main", "repeats": True},
        ),
        (
            fall._NEWEST_CLAIM,
            ["batches_by_claim (account=? AND claim>?)"],
            {"account": "main"},
        ),
        (
            fall._UNKNOWN_SINCE,
            ["batches_in_doubt", "batches_disowned", "batches_settled", "batches_refused"],
            {"account": "main", "repeats": True, "base": 1, "since": "2035"},
        ),
        (
            fall._TAKEN_SINCE,
            ["batches_by_claim (account=? AND claim>?)"],
            {"account": "main", "base": 1},
        ),
    ],
)
def test_no_question_of_a_step_walks_through_what_is_finished(
    database, statement, indexes, parameters
):
    steps = explain(database, statement, **parameters)
    assert all(any(f"INDEX {index}" in step for step in steps) for index in indexes), steps
    assert not any(re.match("SCAN (batches|campaigns|[bc])$", step) for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


def test_the_people_of_a_batch_are_looked_up_among_a_strangers_reports_and_not_the_reverse(
    database,
):
    steps = explain(database, doubt._STRANGERS, account="main", batch=1)
    assert steps[0] == "SEARCH p USING PRIMARY KEY (batch=?)"
    assert steps[1] == "SEARCH r USING INDEX reports_by_mobile (account=? AND mobile=?)"


# ---- whose turn it is


def test_campaigns_of_one_account_are_claimed_in_turns(database):
    """A small one is not stuck behind a large one."""
    begin(database, 20, name="large")
    begin(database, 4, name="small")
    turns = [claim(database, scope=None, now=NOW + step * SECOND).campaign for step in range(7)]
    assert turns == ["large", "small", "large", "small", "large", "large", "large"]


def test_a_campaign_that_begins_later_is_next(database):
    begin(database, 20, name="large")
    for step in range(3):
        claim(database, scope=None, now=NOW + step * SECOND)
    begin(database, 2, name="new")
    assert claim(database, scope=None, now=NOW + 9 * SECOND).campaign == "new"


def test_who_waited_longest_is_known_to_the_next_process(database, state):
    begin(database, 8, name="moon")
    begin(database, 8, name="sun")
    assert claim(database, scope=None).campaign == "moon"
    database.close()
    again = open_database(state, actor="run")
    assert claim(again, scope=None, now=NOW + SECOND).campaign == "sun"
    again.close()


def test_of_one_campaign_what_was_never_tried_comes_before_a_retry(database):
    begin(database, 6)
    settle(database, claim(database), BatchEvent.NOT_SENT, again_at=NOW + SECOND)
    order = [claim(database, now=NOW + 2 * SECOND).seq for _ in range(3)]
    assert order == [2, 3, 1]


def test_what_was_not_sent_and_need_not_wait_comes_in_its_old_place(database):
    begin(database, 6)
    settle(database, claim(database), BatchEvent.NOT_SENT)
    assert claim(database).seq == 1


def test_a_candidate_brings_what_its_file_says_of_time(database):
    hours, until = parse_hours("08:00-21:00"), NOW + timedelta(hours=9)
    begin(database, start=NOW, hours=hours, until=until)
    with database.reading() as transaction:
        [candidate] = read_candidates(transaction, "main", None)
    assert (candidate.hours, candidate.until, candidate.start) == (hours, until, None)


def test_a_start_is_handed_on_only_where_the_gateway_waits_for_it(database):
    begin(database, start=NOW + SECOND, starts_at_gateway=True)
    with database.reading() as transaction:
        [candidate] = read_candidates(transaction, "main", None)
    assert candidate.start == NOW + SECOND


def test_what_has_nothing_left_to_claim_is_no_candidate(database):
    begin(database, 2)
    claim(database)
    with database.reading() as transaction:
        assert read_candidates(transaction, "main", None) == []


def test_a_campaign_of_another_account_is_no_candidate(database):
    begin(database, account="second")
    with database.reading() as transaction:
        assert read_candidates(transaction, "main", None) == []


def test_after_its_until_nothing_is_claimed_whatever_is_left(database):
    begin(database, until=NOW + SECOND)
    assert claim(database).seq == 1
    assert claim(database, now=NOW + SECOND) is None
    assert counts_of(database) == {"pending": 4}


def test_outside_its_hours_nothing_is_claimed(database):
    begin(database, hours=parse_hours("18:00-21:00"))
    assert claim(database) is None
    with database.reading() as transaction:
        candidates = read_candidates(transaction, "main", None)
    assert isinstance(choose_turn(candidates, None, ZONE, NOW), Rest)
    assert claim(database, now=NOW + timedelta(hours=9)).seq == 1


# ---- the account's line


def test_when_the_line_is_free_again_is_kept_over_a_restart_to_the_microsecond(database, state):
    slots = Slots(request=NOW + timedelta(microseconds=333_334), people=NOW + timedelta(seconds=24))
    with database.writing() as transaction:
        assert read_slots(transaction, "main") == Slots()
        keep_slots(transaction, "main", slots)
    database.close()
    again = open_database(state, actor="run")
    with again.reading() as transaction:
        assert read_slots(transaction, "main") == slots
    again.close()


def test_a_line_that_was_never_used_is_free(database):
    with database.writing() as transaction:
        keep_slots(transaction, "main", Slots(request=NOW))
        assert read_slots(transaction, "main") == Slots(request=NOW)


# ---- people who are left out


def leave_out(database, claimed, *mobiles, reason="on the list optout"):
    with database.writing() as transaction:
        cancel_recipients(transaction, claimed.batch, mobiles, reason, NOW)


def receive(database, *reports):
    with database.writing() as transaction:
        entry = keep_answer(transaction, "main", RawAnswer(status=200, body=b"<r/>"), NOW)
        apply_page(transaction, entry, ReportPage(reports=reports))


def report(mobile):
    return Report(
        task_id="77", mobile=mobile, delivered=True, received_at=NOW, error_code="DELIVRD"
    )


@pytest.fixture
def thinned(database):
    """The claim of a batch of four, of whom the first was left out."""
    begin(database, 4, batch_size=4)
    claimed = claim(database)
    leave_out(database, claimed, FIRST)
    return claimed


def test_who_is_left_out_is_cancelled_and_the_others_go_out(database, thinned):
    with database.reading() as transaction:
        assert read_numbers(transaction, thinned.batch) == join_numbers(
            [FIRST + 1, FIRST + 2, FIRST + 3]
        )
    assert counts_of(database) == {"pending": 3, "cancelled": 1}


def test_who_is_left_out_is_so_whatever_becomes_of_the_others(database, thinned):
    settle(database, thinned, BatchEvent.ACCEPT, task_id="77")
    assert counts_of(database) == {"submitted": 3, "cancelled": 1}
    with database.reading() as transaction:
        states = [person.state.value for person in read_recipients(transaction, "moon")]
    assert states == ["cancelled", "submitted", "submitted", "submitted"]


@pytest.mark.parametrize(
    ("event", "counted"),
    [
        (BatchEvent.REJECT, "rejected"),
        (BatchEvent.DOUBT, "in_doubt"),
        (BatchEvent.NOT_SENT, "pending"),
    ],
)
def test_counts_add_up_with_some_left_out(database, thinned, event, counted):
    settle(database, thinned, event)
    assert counts_of(database) == {counted: 3, "cancelled": 1}


def test_why_somebody_was_left_out_stands_beside_him_and_in_the_log(database, thinned):
    assert rows_of(database, "SELECT mobile, cancelled FROM recipients LIMIT 2") == [
        (FIRST, "on the list optout"),
        (FIRST + 1, None),
    ]
    [(reason,)] = rows_of(database, "SELECT reason FROM events ORDER BY id DESC LIMIT 1")
    assert reason == "1 recipient cancelled: on the list optout"


def test_the_log_counts_who_was_left_out_and_names_nobody(database, thinned):
    leave_out(database, thinned, FIRST + 1, FIRST + 2, reason="on the list staff")
    [(reason,)] = rows_of(database, "SELECT reason FROM events ORDER BY id DESC LIMIT 1")
    assert reason == "2 recipients cancelled: on the list staff"


def test_a_report_for_somebody_who_was_left_out_is_unmatched(database, thinned):
    settle(database, thinned, BatchEvent.ACCEPT, task_id="77")
    receive(database, report(FIRST + 1), report(FIRST))
    assert counts_of(database) == {"delivered": 1, "submitted": 2, "cancelled": 1}
    assert account_of(database).unmatched == 1
    receive(database, report(FIRST))
    assert account_of(database).unmatched == 2
    assert counts_of(database) == {"delivered": 1, "submitted": 2, "cancelled": 1}


def test_a_retry_leaves_them_out_still(database, thinned):
    settle(database, thinned, BatchEvent.NOT_SENT)
    with database.reading() as transaction:
        assert size_of_next(transaction, "moon", NOW) == 3
    again = claim(database)
    assert again.recipients == 3
    with database.reading() as transaction:
        assert read_numbers(transaction, again.batch) == join_numbers(
            [FIRST + 1, FIRST + 2, FIRST + 3]
        )


def test_a_batch_with_nobody_left_is_cancelled(database, thinned):
    leave_out(database, thinned, FIRST + 1, FIRST + 2, FIRST + 3)
    settle(database, thinned, BatchEvent.CANCEL, reason="everybody in it opted out")
    assert batch_states(database) == ["cancelled"]
    assert counts_of(database) == {"cancelled": 4}
    assert campaign_of(database).state is CampaignState.FINISHED
