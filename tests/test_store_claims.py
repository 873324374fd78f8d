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
from sqlalchemy import bindparam, text

from runner.lifecycle import BatchEvent, BatchState, CampaignState
from runner.store import claims, outcomes
from runner.store.claims import (
    count_in_flight,
    load_message,
    load_mobiles,
    next_due,
    size_of_next,
)
from runner.store.database import open_database
from runner.store.outcomes import doubt_abandoned, find_claimed
from runner.store.planning import keep_plan


def abandon(database):
    with database.writing() as transaction:
        return doubt_abandoned(transaction, NOW)


def claimed_batch(database, claimed):
    with database.reading() as transaction:
        return find_claimed(transaction, claimed)


def explain(database, statement, **parameters):
    """The steps in which SQLite would carry out one of our statements."""
    question = text(f"EXPLAIN QUERY PLAN {statement.text}")
    if "scope" in parameters:
        question = question.bindparams(bindparam("scope", expanding=True))
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
        assert next_due(transaction, "main", ["moon"]) == later
    assert claim(database, now=later).seq == 1


def test_only_campaigns_of_the_scope_are_claimed(database):
    begin(database, name="moon")
    begin(database, name="sun")
    assert claim(database, scope=["sun"]).campaign == "sun"
    assert claim(database, scope=[]) is None


def test_a_campaign_that_has_not_begun_is_not_claimed(database):
    with database.writing() as transaction:
        keep_plan(transaction, make_plan(), NOW)
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
        assert load_mobiles(transaction, claimed.batch) == [FIRST, FIRST + 1]


def test_what_is_in_flight_and_what_comes_next_is_counted(database):
    begin(database, 3)
    with database.reading() as transaction:
        assert (
            count_in_flight(transaction, "main"),
            size_of_next(transaction, "main", ["moon"]),
        ) == (
            0,
            2,
        )
    claim(database)
    with database.reading() as transaction:
        assert (
            count_in_flight(transaction, "main"),
            size_of_next(transaction, "main", ["moon"]),
        ) == (
            1,
            1,
        )


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


@pytest.mark.parametrize("campaigns", [1, 2, 3, 100])
def test_a_claim_does_not_walk_through_finished_batches(database, campaigns):
    scope = [f"2026/{number}" for number in range(campaigns)]
    steps = explain(database, claims._NEXT, account="main", now="2035", scope=scope)
    [search] = [step for step in steps if step.startswith("SEARCH b ")]
    assert "batches_planned (account=?)" in search or "state=?" in search
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in steps)


@pytest.mark.parametrize(
    ("statement", "index", "parameters"),
    [
        (
            claims._WAITING_UNTIL,
            "batches_(planned|by_state)",
            {"account": "main", "scope": ["moon", "sun"]},
        ),
        (
            claims._SIZE_OF_NEXT,
            "batches_(planned|by_state)",
            {"account": "main", "scope": ["moon", "sun"]},
        ),
        (claims._IN_FLIGHT, "batches_submitting", {"account": "main"}),
        (outcomes._IS_LEFT, "batches_by_state", {"campaign": "moon"}),
        (outcomes._ABANDONED, "batches_submitting", {}),
    ],
)
def test_every_question_of_a_step_is_answered_by_an_index(database, statement, index, parameters):
    steps = explain(database, statement, **parameters)
    assert any(re.search(rf"INDEX {index}\b", step) for step in steps), steps
