"""What begins, from the state alone: judged once, at the moment when it would begin."""

from __future__ import annotations

from array import array
from datetime import timedelta

import pytest
from builders import (
    ACCOUNT,
    CAMPAIGN,
    EVERYTHING,
    FILE,
    FIRST,
    GUARD,
    NOW,
    SECOND,
    ZONE,
    begin,
    begin_scheduled,
    campaign_of,
    claim,
    let_go,
    make_account,
    make_brake,
    make_campaign,
    make_message,
    make_plan,
    rows_of,
    settle,
    states_of,
    stop,
)

from runner.dispatch.line import take_up
from runner.lifecycle import AccountEvent, AccountState, BatchEvent, CampaignEvent
from runner.model.account import NamedList
from runner.model.campaign import Audience, Source
from runner.store.accounts import change_standing, read_standing, release_account
from runner.store.brakes import Subject
from runner.store.database import open_database
from runner.store.planning import keep_plan, move_campaign
from runner.store.start import begin_due, is_due, miss_late, next_start
from runner.timing import parse_hours

HOUR = timedelta(hours=1)
START = NOW + HOUR  # ten in the morning in the zone of the workspace
LATEST = START + HOUR
EVENING = parse_hours("18:00-21:00")
STOPS = [CAMPAIGN, FILE, ACCOUNT, EVERYTHING]


def schedule(database, **changes):
    with database.writing() as transaction:
        keep_plan(transaction, make_plan(**{"start": START, **changes}), NOW)


def miss(database, now, *, account=None):
    with database.writing() as transaction:
        miss_late(transaction, now, account=account)


def due_at(database, now):
    with database.reading() as transaction:
        return is_due(transaction, now)


def state_of(database, name="moon"):
    return states_of(database)[name]


# ---- what is due


def test_a_campaign_begins_at_its_start_and_not_before(database):
    schedule(database)
    assert begin_scheduled(database, START - timedelta(milliseconds=1)) == []
    assert state_of(database) == "scheduled"
    assert begin_scheduled(database, START) == ["moon"]
    assert state_of(database) == "running"


def test_what_has_begun_begins_once(database):
    schedule(database)
    begin_scheduled(database, START)
    before = rows_of(database, "SELECT * FROM events")
    assert begin_scheduled(database, START + SECOND) == []
    assert rows_of(database, "SELECT * FROM events") == before


def test_the_state_alone_is_enough_to_begin(database, state):
    """The daemon was started again, and its files are broken."""
    schedule(database, hours=parse_hours("08:00-21:00"), until=START + 9 * HOUR)
    database.close()
    again = open_database(state, actor="daemon")
    assert begin_scheduled(again, START) == ["moon"]
    assert claim(again, now=START).seq == 1
    again.close()


def test_several_begin_in_the_order_of_their_starts(database):
    schedule(database, name="second", start=START - SECOND)
    schedule(database, name="third", start=START)
    schedule(database, name="first", start=START - HOUR)
    schedule(database, name="tomorrow", start=START + 24 * HOUR)
    assert begin_scheduled(database, START) == ["first", "second", "third"]


def test_one_of_them_may_be_begun_alone(database):
    schedule(database, name="moon")
    schedule(database, name="sun")
    accounts = {"main": make_account()}
    with database.writing() as transaction:
        assert begin_due(transaction, accounts, ZONE, START, campaign="sun") == ["sun"]
    assert states_of(database) == {"moon": "scheduled", "sun": "running"}


def test_a_draft_never_begins_by_itself(database):
    schedule(database, start=None)
    assert begin_scheduled(database, START + 1000 * HOUR) == []


def test_a_campaign_of_an_account_that_the_settings_lack_rests(database):
    schedule(database, account="closed")
    schedule(database, name="sun")
    assert begin_scheduled(database, START) == ["sun"]
    assert state_of(database) == "scheduled"


def test_whether_something_is_due_is_told_without_beginning_it(database):
    schedule(database)
    with database.reading() as transaction:
        assert not is_due(transaction, START - SECOND)
        assert is_due(transaction, START)
    begin_scheduled(database, START)
    with database.reading() as transaction:
        assert not is_due(transaction, START)


def test_the_next_start_is_the_next_of_what_is_scheduled(database):
    with database.reading() as transaction:
        assert next_start(transaction, NOW) is None
    schedule(database, name="later", start=START + HOUR)
    schedule(database, name="sooner", start=START)
    schedule(database, name="draft", start=None)
    with database.reading() as transaction:
        assert next_start(transaction, NOW) == START
        assert next_start(transaction, START) == START + HOUR
        assert next_start(transaction, START + HOUR) is None


# ---- sent under another name


def schedule_copies(database, *names, **changes):
    for name in names:
        schedule(database, name=name, message=make_message(), **changes)


def test_of_two_copies_that_are_due_at_once_the_first_begins_and_the_other_is_held(database):
    """Though nothing of the first was claimed yet."""
    schedule_copies(database, "copy", "moon")
    assert begin_scheduled(database, START) == ["copy"]
    assert states_of(database) == {"copy": "running", "moon": "held"}
    assert campaign_of(database).reason.startswith("already sent as copy to 4 of its 4 recipients:")
    assert claim(database, now=START) is None


def test_the_first_is_the_one_whose_start_was_first(database):
    schedule_copies(database, "copy")
    schedule_copies(database, "moon", start=START - SECOND)
    assert begin_scheduled(database, START) == ["moon"]
    assert states_of(database) == {"copy": "held", "moon": "running"}


def test_a_copy_that_says_so_begins_too(database):
    schedule_copies(database, "copy")
    schedule_copies(database, "moon", again=("copy",))
    assert begin_scheduled(database, START) == ["copy", "moon"]


def test_a_copy_for_other_people_begins_too(database):
    schedule_copies(database, "copy")
    others = Audience(mobiles=array("Q", [FIRST + 9]), given=1)
    schedule_copies(database, "moon", audience=others)
    assert begin_scheduled(database, START) == ["copy", "moon"]


def test_what_was_sent_since_it_was_planned_holds_it_at_its_start(database):
    schedule_copies(database, "copy")
    begin(database, 2, message=make_message())
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    assert begin_scheduled(database, START) == []
    assert campaign_of(database, "copy").reason.startswith(
        "already sent as moon to 2 of its 4 recipients:"
    )


def test_a_copy_whose_original_was_rejected_begins(database):
    """Nobody got it."""
    schedule_copies(database, "copy")
    begin(database, 2, message=make_message())
    settle(database, claim(database), BatchEvent.REJECT)
    assert begin_scheduled(database, START) == ["copy"]


def test_a_copy_that_comes_too_late_is_missed_and_not_held(database):
    """It would not begin in any case; `resume` looks again."""
    begin(database, message=make_message())
    schedule_copies(database, "copy")
    assert begin_scheduled(database, LATEST + SECOND) == []
    assert state_of(database, "copy") == "missed"


# ---- brakes


@pytest.mark.parametrize("brake", STOPS)
def test_under_a_brake_nothing_begins_until_it_lets_go(database, brake):
    schedule(database)
    stop(database, brake)
    assert begin_scheduled(database, START) == []
    with database.reading() as transaction:
        assert not is_due(transaction, START)
    let_go(database, brake)
    assert begin_scheduled(database, START) == ["moon"]


@pytest.mark.parametrize(
    "brake", [GUARD, make_brake(name="sun"), make_brake(Subject.ACCOUNT, "second")]
)
def test_a_guards_brake_or_another_ones_keeps_nobody_from_beginning(database, brake):
    """The lists of `always_exclude` are looked at before every request."""
    schedule(database)
    stop(database, brake)
    assert begin_scheduled(database, START) == ["moon"]


@pytest.mark.parametrize("brake", STOPS)
def test_kept_by_a_brake_for_longer_than_latest_it_is_missed_when_it_lets_go(database, brake):
    schedule(database)
    stop(database, brake)
    assert begin_scheduled(database, LATEST + SECOND) == []
    assert state_of(database) == "scheduled", "as long as it is kept nobody judges it"
    let_go(database, brake)
    begin_scheduled(database, LATEST + SECOND)
    assert state_of(database) == "missed"


# ---- latest


@pytest.mark.parametrize(
    ("now", "becomes"),
    [
        (LATEST, "running"),
        (LATEST + timedelta(milliseconds=999), "running"),
        (LATEST + SECOND, "missed"),
        (LATEST + 1000 * HOUR, "missed"),
    ],
)
def test_latest_is_judged_at_the_moment_when_it_would_begin(database, now, becomes):
    schedule(database)
    begin_scheduled(database, now)
    assert state_of(database) == becomes


def test_a_missed_campaign_says_why_and_waits(database):
    schedule(database)
    assert begin_scheduled(database, LATEST + SECOND) == []
    assert campaign_of(database).reason == "its start passed longer ago than `latest` allows"
    assert claim(database, now=LATEST + SECOND) is None
    assert begin_scheduled(database, LATEST + HOUR) == []


def test_with_latest_nought_the_wake_up_has_its_second(database):
    schedule(database, latest=timedelta())
    assert begin_scheduled(database, START + timedelta(milliseconds=400)) == ["moon"]


def test_what_starts_now_is_never_late(database):
    schedule(database, start=None, starts_now=True)
    assert begin_scheduled(database, NOW + 1000 * HOUR) == ["moon"]


def test_what_starts_now_is_due_from_the_moment_when_it_was_planned(database):
    schedule(database, start=None, starts_now=True)
    assert begin_scheduled(database, NOW) == ["moon"]
    assert campaign_of(database).start == NOW


# ---- hours


@pytest.mark.parametrize("whose", ["account", "campaign"])
@pytest.mark.parametrize(
    ("latest", "becomes"), [(HOUR, "missed"), (8 * HOUR, "running"), (8 * HOUR - SECOND, "missed")]
)
def test_hours_that_open_later_than_latest_are_missed_at_once(database, whose, latest, becomes):
    """It would wait for hours and then come too late: a person is told now."""
    schedule(database, latest=latest, hours=EVENING if whose == "campaign" else None)
    account = make_account(hours=EVENING if whose == "account" else None)
    begin_scheduled(database, START, account)
    assert state_of(database) == becomes


def test_hours_that_are_never_open_at_once_are_missed(database):
    schedule(database, hours=EVENING, latest=1000 * HOUR)
    begin_scheduled(database, START, make_account(hours=parse_hours("08:00-12:00")))
    assert state_of(database) == "missed"
    assert "hours" in campaign_of(database).reason


def test_what_is_never_late_waits_for_its_hours(database):
    schedule(database, start=None, starts_now=True, hours=EVENING)
    assert begin_scheduled(database, NOW) == ["moon"]
    assert claim(database, now=NOW) is None
    assert claim(database, now=NOW + 9 * HOUR).seq == 1


# ---- lists


def listed(fresh_for):
    """An audience from a list of the settings that stays fresh for so long."""
    named = NamedList(name="members", file="/srv/members.csv", max_age=fresh_for)
    source = Source(name="members", rows=4, digest="sha256:1", modified=NOW, named=named)
    people = make_campaign().audience.mobiles
    return Audience(mobiles=people, given=4, sources=(source,), own=people, lists=("members",))


@pytest.mark.parametrize(
    ("fresh_for", "becomes"), [(HOUR, "running"), (HOUR - SECOND, "held"), (None, "running")]
)
def test_a_list_that_grew_too_old_since_the_plan_holds_it(database, fresh_for, becomes):
    schedule(database, audience=listed(fresh_for))
    begin_scheduled(database, START)
    assert state_of(database) == becomes


def test_what_is_held_for_a_list_says_what_would_let_it_go(database):
    schedule(database, audience=listed(SECOND))
    begin_scheduled(database, START)
    assert campaign_of(database).reason == (
        "a list of it is older than its `max_age`: write the list anew"
    )


def test_too_late_is_too_late_whatever_the_lists(database):
    schedule(database, audience=listed(SECOND))
    begin_scheduled(database, LATEST + SECOND)
    assert state_of(database) == "missed"


# ---- starts at the gateway


def test_where_the_gateway_waits_for_the_start_it_begins_at_once(database):
    schedule(database, starts_at_gateway=True)
    assert begin_scheduled(database, NOW) == ["moon"]


def test_what_the_gateway_would_start_too_late_is_missed_too(database):
    schedule(database, starts_at_gateway=True)
    begin_scheduled(database, LATEST + SECOND)
    assert state_of(database) == "missed"


def test_where_the_gateway_waits_the_hours_do_not_keep_it_from_beginning(database):
    schedule(database, starts_at_gateway=True, start=NOW + 9 * HOUR, hours=EVENING)
    assert begin_scheduled(database, NOW) == ["moon"]


# ---- kept after it had begun


def test_what_was_kept_from_its_first_claim_for_too_long_is_missed(database):
    schedule(database)
    begin_scheduled(database, START)
    miss(database, LATEST)
    assert state_of(database) == "running"
    miss(database, LATEST + SECOND)
    assert state_of(database) == "missed"
    assert campaign_of(database).reason == (
        "it was kept until its start had passed by more than `latest`"
    )


def test_from_its_first_claim_on_it_is_never_missed(database):
    schedule(database)
    begin_scheduled(database, START)
    claim(database, now=START)
    miss(database, LATEST + 1000 * HOUR)
    assert state_of(database) == "running"


def test_what_a_person_began_is_never_missed(database):
    begin(database, name="draft")
    schedule(database, name="resumed")
    begin_scheduled(database, LATEST + SECOND)
    with database.writing() as transaction:
        now = LATEST + HOUR
        move_campaign(transaction, "resumed", CampaignEvent.RESUME, now, start=now)
    miss(database, LATEST + 1000 * HOUR)
    assert states_of(database) == {"draft": "running", "resumed": "running"}
    assert campaign_of(database, "resumed").start == LATEST + HOUR


def test_only_what_the_account_kept_is_judged_when_the_account_lets_go(database):
    schedule(database)
    begin_scheduled(database, START)
    miss(database, LATEST + SECOND, account="second")
    assert state_of(database) == "running"
    miss(database, LATEST + SECOND, account="main")
    assert state_of(database) == "missed"


def test_an_account_that_was_suspended_for_too_long_misses_what_it_kept(database):
    schedule(database)
    begin_scheduled(database, START)
    with database.writing() as transaction:
        change_standing(
            transaction, read_standing(transaction, "main"), AccountEvent.SUSPEND, START
        )
        release_account(transaction, "main", LATEST + SECOND, reason="a person tries again")
        assert read_standing(transaction, "main").state is AccountState.ACTIVE
    assert state_of(database) == "missed"


# ---- a clock that was set


def test_what_began_by_a_clock_that_was_ahead_is_scheduled_again(database):
    schedule(database)
    begin_scheduled(database, START)
    assert begin_scheduled(database, NOW) == []
    assert (state_of(database), campaign_of(database).start) == ("scheduled", START)
    assert begin_scheduled(database, START) == ["moon"]


def test_what_has_begun_is_not_claimed_before_its_start(database):
    """Between two beats of a daemon a sender may be the first to see a clock that was set back."""
    schedule(database)
    begin_scheduled(database, START)
    assert claim(database, now=START - SECOND) is None
    assert claim(database, now=START)


def test_what_was_claimed_goes_on_when_the_clock_is_set_back(database):
    schedule(database)
    begin_scheduled(database, START)
    claim(database, now=START)
    assert begin_scheduled(database, NOW) == []
    assert state_of(database) == "running"
    assert claim(database, now=NOW)


def test_what_a_person_began_goes_on_when_the_clock_is_set_back(database):
    schedule(database)
    begin_scheduled(database, LATEST + SECOND)
    with database.writing() as transaction:
        move_campaign(transaction, "moon", CampaignEvent.RESUME, LATEST, start=LATEST)
    assert begin_scheduled(database, NOW) == []
    assert state_of(database) == "running"
    assert claim(database, now=NOW)


def test_what_the_gateway_is_to_keep_begins_before_its_start(database):
    schedule(database, starts_at_gateway=True)
    assert begin_scheduled(database, NOW) == ["moon"]
    assert not due_at(database, NOW)
    assert claim(database, now=NOW)


@pytest.mark.parametrize(("now", "becomes"), [(NOW, "scheduled"), (LATEST, "running")])
def test_what_was_missed_by_a_clock_that_was_ahead_is_judged_again(database, now, becomes):
    schedule(database)
    begin_scheduled(database, START + timedelta(days=365))
    assert state_of(database) == "missed"
    assert due_at(database, now)
    begin_scheduled(database, now)
    assert state_of(database) == becomes


def test_what_is_too_late_by_the_clock_at_hand_stays_missed(database):
    schedule(database)
    begin_scheduled(database, START + timedelta(days=365))
    assert not due_at(database, LATEST + SECOND)
    begin_scheduled(database, LATEST + SECOND)
    assert state_of(database) == "missed"


@pytest.mark.parametrize("changes", [{"until": START}, {"hours": EVENING}])
def test_what_was_missed_for_another_reason_stays_missed(database, changes):
    schedule(database, **changes)
    for _ in range(2):
        begin_scheduled(database, START)
        assert state_of(database) == "missed"
    assert rows_of(database, "SELECT count(*) FROM events WHERE new_state = 'missed'") == [(1,)]


def test_what_had_begun_and_was_not_claimed_when_the_program_ended_is_judged_by_the_next(database):
    schedule(database)
    begin_scheduled(database, START)
    take_up(database, [], LATEST)
    assert state_of(database) == "running"
    take_up(database, [], LATEST + SECOND)
    assert state_of(database) == "missed"
