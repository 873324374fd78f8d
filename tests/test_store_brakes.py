"""Brakes: durable stops, each lifted by its own source alone; all must let go."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from builders import (
    ACCOUNT,
    CAMPAIGN,
    EVERYTHING,
    FILE,
    GUARD,
    NOW,
    account_of,
    begin,
    campaign_of,
    claim,
    let_go,
    make_brake,
    make_plan,
    rows_of,
    settle,
    stop,
)

from runner.lifecycle import BatchEvent, BrakeSource, CampaignState
from runner.store.brakes import Subject, read_brakes
from runner.store.database import open_database
from runner.store.planning import keep_plan, read_facts

LATER = NOW + timedelta(minutes=5)
STOPS = [CAMPAIGN, FILE, ACCOUNT, EVERYTHING]  # a guard's is looked at by whoever sends


def brakes_of(database):
    with database.reading() as transaction:
        return read_brakes(transaction)


def schedule(database, **changes):
    with database.writing() as transaction:
        keep_plan(transaction, make_plan(start=LATER, **changes), NOW)


def test_a_brake_says_who_set_it_when_and_why(database):
    stop(database, make_brake(reason="wrong picture"))
    [brake] = brakes_of(database)
    assert (brake.subject, brake.name, brake.source) == ("campaign", "moon", "command")
    assert (brake.actor, brake.at, brake.reason) == ("test", NOW, "wrong picture")


def test_brakes_are_told_the_oldest_first(database):
    stop(database, EVERYTHING, LATER)
    stop(database, CAMPAIGN, NOW)
    assert [brake.subject for brake in brakes_of(database)] == [Subject.CAMPAIGN, Subject.ALL]


def test_a_brake_is_durable_and_beside_any_other_process(database, state):
    stop(database)
    beside = open_database(state, actor="anna (pause)")
    stop(beside, EVERYTHING)
    assert [brake.actor for brake in brakes_of(database)] == ["anna (pause)", "test"]
    beside.close()


def test_to_brake_again_changes_nothing(database):
    assert stop(database, make_brake(reason="wrong picture"))
    before = rows_of(database, "SELECT * FROM events")
    assert not stop(database, make_brake(reason="wrong picture"), LATER)
    assert rows_of(database, "SELECT * FROM events") == before
    assert brakes_of(database)[0].at == NOW


def test_a_new_reason_takes_the_place_of_the_old_and_not_its_time(database):
    stop(database, make_brake(reason="wrong picture"))
    assert stop(database, make_brake(reason="wrong list too"), LATER)
    [brake] = brakes_of(database)
    assert (brake.reason, brake.at) == ("wrong list too", NOW)


@pytest.mark.parametrize("brake", [CAMPAIGN, FILE, ACCOUNT, EVERYTHING, GUARD])
def test_each_brake_is_lifted_by_its_own_subject_name_and_source_alone(database, brake):
    stop(database, brake)
    others = [
        make_brake(subject, name, source)
        for subject, name in [
            (Subject.CAMPAIGN, "moon"),
            (Subject.CAMPAIGN, "sun"),
            (Subject.ACCOUNT, "main"),
            (Subject.ACCOUNT, "moon"),
            (Subject.ALL, ""),
        ]
        for source in BrakeSource
        if (subject, name, source) != (brake.subject, brake.name, brake.source)
    ]
    assert not any(let_go(database, other) for other in others)
    assert len(brakes_of(database)) == 1
    assert let_go(database, brake)
    assert brakes_of(database) == []


def test_to_let_go_of_what_is_not_braked_changes_nothing(database):
    assert not let_go(database)
    assert rows_of(database, "SELECT * FROM events") == []


def test_the_log_tells_of_each_brake_and_of_its_end(database):
    stop(database, make_brake(reason="wrong picture"))
    let_go(database, now=LATER)
    log = "SELECT at, actor, subject, name, old_state, new_state, reason FROM events"
    assert rows_of(database, log) == [
        (
            "2035-09-16T01:00:00.000Z",
            "test",
            "campaign",
            "moon",
            None,
            "paused",
            "wrong picture",
        ),
        (
            "2035-09-16T01:05:00.000Z",
            "test",
            "campaign",
            "moon",
            "paused",
            None,
            "no longer paused by command",
        ),
    ]


def test_a_brake_needs_no_campaign_and_no_account(database):
    """A person may pause what only a file knows as yet."""
    stop(database, make_brake(name="2036/spring"))
    stop(database, make_brake(Subject.ACCOUNT, "second"))
    schedule(database, name="2036/spring")
    assert campaign_of(database, "2036/spring").shown == "paused"


# ---- what is under a brake


@pytest.mark.parametrize("brake", STOPS)
def test_a_brake_stops_the_next_claim(database, brake):
    begin(database)
    assert claim(database).seq == 1
    stop(database, brake)
    assert claim(database) is None
    let_go(database, brake)
    assert claim(database).seq == 2


@pytest.mark.parametrize("order", list(permutations(STOPS, 3)))
def test_only_when_the_last_of_them_lets_go_it_goes_on(database, order):
    begin(database)
    for brake in order:
        stop(database, brake)
    for brake in order:
        assert claim(database) is None
        let_go(database, brake)
    assert claim(database).seq == 1


def test_a_guards_brake_is_not_asked_at_a_claim(database):
    """Whoever sends looks at the lists themselves: the brake only shows it."""
    begin(database)
    stop(database, GUARD)
    assert claim(database).seq == 1


@pytest.mark.parametrize(
    "brake",
    [
        make_brake(name="sun"),
        make_brake(name=""),
        make_brake(Subject.ACCOUNT, "second"),
        make_brake(Subject.ACCOUNT, "moon"),
    ],
)
def test_a_brake_on_something_else_stops_nothing(database, brake):
    begin(database)
    stop(database, brake)
    assert claim(database).seq == 1
    assert campaign_of(database).shown == "running"


def test_a_brake_on_one_campaign_leaves_the_others_of_its_account(database):
    begin(database, name="moon")
    begin(database, name="sun")
    stop(database)
    assert [claim(database, scope=None).campaign for _ in range(2)] == ["sun", "sun"]
    assert claim(database, scope=None) is None


def test_what_is_in_flight_under_a_brake_comes_home(database):
    begin(database, 2)
    claimed = claim(database)
    stop(database, EVERYTHING)
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    assert campaign_of(database).state is CampaignState.FINISHED


# ---- how it is shown


@pytest.mark.parametrize("brake", STOPS)
def test_a_campaign_under_a_brake_is_shown_as_paused_and_why(database, brake):
    begin(database)
    stop(database, brake)
    status = campaign_of(database)
    assert (status.shown, status.paused_by_hand) == ("paused", True)
    assert status.state is CampaignState.RUNNING, "a brake changes no state"
    assert len(status.brakes) == 1


def test_what_is_scheduled_is_shown_as_paused_too(database):
    schedule(database)
    stop(database, EVERYTHING)
    assert campaign_of(database).shown == "paused"


def test_under_a_guards_brake_what_would_send_is_shown_as_held(database):
    begin(database)
    stop(database, GUARD)
    status = campaign_of(database)
    assert (status.shown, status.paused_by_hand) == ("held", False)


def test_a_guards_brake_and_a_persons_are_both_told(database):
    begin(database)
    stop(database, GUARD)
    stop(database, CAMPAIGN)
    status = campaign_of(database)
    assert (status.shown, len(status.brakes), status.paused_by_hand) == ("paused", 2, False)


def test_what_has_nothing_left_to_send_is_not_shown_as_paused(database):
    begin(database, 2)
    claimed = claim(database)
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    stop(database, EVERYTHING)
    status = campaign_of(database)
    assert (status.shown, status.brakes, status.paused_by_hand) == ("finished", (), False)


@pytest.mark.parametrize(
    ("brake", "shown"),
    [(ACCOUNT, "paused"), (EVERYTHING, "paused"), (CAMPAIGN, "active"), (GUARD, "active")],
)
def test_an_account_is_shown_as_paused_under_a_brake_of_its_own_or_on_everything(
    database, brake, shown
):
    stop(database, brake)
    assert account_of(database).shown == shown


def test_the_plan_knows_what_a_person_keeps_a_campaign_with(database):
    begin(database)
    stop(database, make_brake(Subject.ALL, "", reason="the gateway is rebuilt"))
    with database.reading() as transaction:
        assert "the gateway is rebuilt" in read_facts(transaction, ["moon"])["moon"].brake


@pytest.mark.parametrize("brake", [FILE, GUARD])
def test_what_a_file_or_a_list_says_is_asked_of_them_and_not_of_their_brakes(database, brake):
    """Whoever plans has both before him: the brake may tell of an older file."""
    begin(database)
    stop(database, brake)
    with database.reading() as transaction:
        assert read_facts(transaction, ["moon"])["moon"].brake is None
