"""What a changed file does: before the first claim, and from it on."""

from __future__ import annotations

from array import array
from datetime import timedelta

import pytest
from builders import (
    CAMPAIGN,
    FIRST,
    NOW,
    SECOND,
    batch_states,
    begin_scheduled,
    campaign_of,
    cancel,
    claim,
    counts_of,
    follow,
    let_go,
    make_account,
    make_campaign,
    make_message,
    rows_of,
    run,
    settle,
    states_of,
    stop,
)

from runner.lifecycle import BatchEvent, CampaignEvent
from runner.model.account import NamedList
from runner.model.campaign import Audience, Expectation, Source, Wish
from runner.store.brakes import read_brakes
from runner.store.claims import read_numbers
from runner.store.planning import move_campaign
from runner.timing import parse_hours

HOUR = timedelta(hours=1)
START = NOW + HOUR
TOO_LATE = START + HOUR + SECOND
TOMORROW = {"start": START + 24 * HOUR, "start_as_written": "tomorrow"}
EDITED = make_message("改了")


def campaign(people=4, **changes):
    facts = {"start": START, "start_as_written": "2035-09-16 10:00"}
    return make_campaign(people, **{**facts, **changes})


def state_of(database, name="moon"):
    return states_of(database).get(name)


def brakes_of(database):
    with database.reading() as transaction:
        return [brake.source for brake in read_brakes(transaction)]


def send_one(database, event=BatchEvent.ACCEPT, *, now=START, **change):
    """Send the next batch."""
    claimed = claim(database, now=now)
    task = {"task_id": f"{claimed.batch}"} if event is BatchEvent.ACCEPT else {}
    settle(database, claimed, event, **task, **change)


@pytest.fixture
def scheduled(database):
    follow(database, campaign())
    return database


@pytest.fixture
def missed(scheduled):
    begin_scheduled(scheduled, TOO_LATE)
    return scheduled


@pytest.fixture
def running(scheduled):
    """Half of it is sent."""
    begin_scheduled(scheduled, START)
    send_one(scheduled)
    return scheduled


# ---- a new file


def test_a_new_file_with_a_start_is_scheduled(scheduled):
    assert states_of(scheduled) == {"moon": "scheduled"}
    assert counts_of(scheduled) == {"pending": 4}


def test_a_new_draft_is_not_kept(database):
    follow(database, make_campaign())
    assert states_of(database) == {}


def test_a_new_file_that_starts_now_begins(database):
    follow(database, make_campaign(starts_now=True))
    assert begin_scheduled(database) == ["moon"]


def test_a_new_file_that_is_too_late_already_is_missed(database):
    follow(database, campaign(), now=TOO_LATE)
    assert state_of(database) == "missed"


def test_a_new_file_that_is_cancelled_is_shown_so_and_can_be_taken_back(database):
    follow(database, campaign(wish=Wish.CANCELLED))
    assert (state_of(database), counts_of(database)) == ("cancelled", {"cancelled": 4})
    follow(database, campaign())
    assert (state_of(database), counts_of(database)) == ("scheduled", {"pending": 4})


def test_a_new_file_that_is_paused_waits_for_its_file(database):
    follow(database, campaign(wish=Wish.PAUSED))
    assert campaign_of(database).shown == "paused"
    assert begin_scheduled(database, START) == []
    follow(database, campaign())
    assert begin_scheduled(database, START) == ["moon"]


def test_files_that_say_what_they_said_change_nothing(scheduled):
    before = rows_of(scheduled, "SELECT * FROM events")
    follow(scheduled, campaign())
    assert rows_of(scheduled, "SELECT * FROM events") == before
    assert rows_of(scheduled, "SELECT min(id) FROM batches") == [(1,)]


# ---- before its start


def test_an_edit_replaces_it(scheduled):
    follow(scheduled, campaign(6, message=EDITED))
    assert state_of(scheduled) == "scheduled"
    assert counts_of(scheduled) == {"pending": 6}
    assert rows_of(scheduled, "SELECT count(*) FROM messages") == [(1,)]


def test_a_new_start_reschedules_it(scheduled):
    follow(scheduled, campaign(**TOMORROW))
    assert begin_scheduled(scheduled, START) == []
    assert begin_scheduled(scheduled, START + 24 * HOUR) == ["moon"]


def test_a_removed_file_unschedules_it(scheduled):
    follow(scheduled)
    assert states_of(scheduled) == {}


def test_a_removed_start_unschedules_it(scheduled):
    follow(scheduled, make_campaign())
    assert states_of(scheduled) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"until": START + HOUR},
        {"hours": parse_hours("08:00-21:00")},
        {"latest": 5 * HOUR},
        {"starts_at_gateway": True},
    ],
)
def test_whatever_says_when_is_followed(scheduled, changes):
    query = "SELECT until, hours, latest_until, starts_at_gateway FROM campaigns"
    before = rows_of(scheduled, query)
    follow(scheduled, campaign(**changes))
    changed = rows_of(scheduled, query)
    assert sum(old != new for old, new in zip(before[0], changed[0], strict=True)) == 1
    follow(scheduled, campaign())
    assert rows_of(scheduled, query) == before


def test_another_size_of_batches_replaces_it(scheduled):
    follow(scheduled, campaign(), account=make_account(batch_size=3))
    assert rows_of(scheduled, "SELECT recipients FROM batches") == [(3,), (1,)]


def test_a_file_that_comes_back_schedules_it_anew(scheduled):
    follow(scheduled)
    follow(scheduled, campaign())
    assert state_of(scheduled) == "scheduled"


# ---- missed


def test_a_missed_campaign_stays_so_while_its_file_stays_the_same(missed):
    before = rows_of(missed, "SELECT * FROM events")
    follow(missed, campaign(), now=TOO_LATE)
    assert state_of(missed) == "missed"
    assert rows_of(missed, "SELECT * FROM events") == before


def test_a_new_start_reschedules_a_missed_one(missed):
    follow(missed, campaign(**TOMORROW), now=TOO_LATE)
    assert state_of(missed) == "scheduled"
    assert begin_scheduled(missed, START + 24 * HOUR) == ["moon"]


def test_an_edit_of_its_text_leaves_a_missed_one_missed(missed):
    follow(missed, campaign(message=EDITED), now=TOO_LATE)
    assert state_of(missed) == "missed"
    assert begin_scheduled(missed, TOO_LATE) == []


def test_an_edited_missed_one_goes_out_as_edited_when_it_is_resumed(missed):
    follow(missed, campaign(6, message=EDITED), now=TOO_LATE)
    with missed.writing() as transaction:
        move_campaign(transaction, "moon", CampaignEvent.RESUME, TOO_LATE, start=TOO_LATE)
    assert claim(missed, now=TOO_LATE).seq == 1
    assert counts_of(missed) == {"pending": 6}


def test_a_larger_latest_reschedules_a_missed_one(missed):
    follow(missed, campaign(latest=3 * HOUR), now=TOO_LATE)
    assert state_of(missed) == "scheduled"
    assert begin_scheduled(missed, TOO_LATE) == ["moon"]


def test_a_pause_does_not_reschedule_a_missed_one(missed):
    """Else it would be missed a second time when the pause ends."""
    stop(missed, CAMPAIGN)
    follow(missed, campaign(), now=TOO_LATE)
    assert state_of(missed) == "missed"
    follow(missed, campaign(wish=Wish.PAUSED), now=TOO_LATE)
    assert state_of(missed) == "missed"


def test_a_missed_one_whose_guard_is_not_met_is_held(missed):
    """What is missed a person could resume; what is held must not go out."""
    follow(missed, campaign(expect=Expectation(least=9, most=9)), now=TOO_LATE)
    assert state_of(missed) == "held"
    follow(missed, campaign(), now=TOO_LATE)
    assert state_of(missed) == "missed"


def test_what_a_person_resumed_is_not_late_when_its_file_is_read_again(missed):
    with missed.writing() as transaction:
        move_campaign(transaction, "moon", CampaignEvent.RESUME, TOO_LATE, start=TOO_LATE)
    follow(missed, campaign(), now=TOO_LATE + HOUR)
    assert state_of(missed) == "running"
    assert rows_of(missed, "SELECT latest_until FROM campaigns") == [(None,)]


@pytest.mark.parametrize("files", [[], [make_campaign()]])
def test_a_missed_one_without_a_file_or_a_start_is_unscheduled(missed, files):
    follow(missed, *files, now=TOO_LATE)
    assert states_of(missed) == {}


# ---- between its start and its first claim


@pytest.fixture
def begun(scheduled):
    begin_scheduled(scheduled, START)
    return scheduled


def test_until_its_first_claim_a_begun_campaign_follows_its_file(begun):
    follow(begun, campaign(6), now=START)
    assert begin_scheduled(begun, START) == ["moon"]
    assert claim(begun, now=START).seq == 1
    assert counts_of(begun) == {"pending": 6}


def test_until_its_first_claim_a_begun_campaign_goes_with_its_file(begun):
    follow(begun, now=START)
    assert states_of(begun) == {}


def test_until_its_first_claim_a_new_start_takes_a_begun_campaign_back(begun):
    follow(begun, campaign(**TOMORROW), now=START)
    assert state_of(begun) == "scheduled"
    assert claim(begun, now=START) is None


def test_until_its_first_claim_a_guard_holds_a_begun_campaign(begun):
    follow(begun, campaign(expect=Expectation(least=9, most=9)), now=START)
    assert state_of(begun) == "held"
    assert claim(begun, now=START) is None


def test_latest_is_not_judged_again_while_a_begun_campaign_waits_for_its_turn(begun):
    follow(begun, campaign(), now=TOO_LATE)
    assert state_of(begun) == "running"


def test_a_draft_that_was_named_and_edited_before_its_first_claim_goes_out_as_edited(database):
    run(database, make_campaign(), named=True)
    follow(database, make_campaign(6, message=EDITED))
    assert state_of(database) == "running"
    assert campaign_of(database).start == NOW
    assert counts_of(database) == {"pending": 6}


def test_a_draft_that_was_named_is_not_unscheduled_by_having_no_start(database):
    run(database, make_campaign(), named=True)
    follow(database, make_campaign())
    assert state_of(database) == "running"


# ---- from the first claim on


def test_an_edit_of_what_has_begun_is_drift_and_changes_nothing(running):
    follow(running, campaign(9, message=EDITED), now=START)
    status = campaign_of(running)
    assert (status.shown, status.drifted) == ("running", True)
    claimed = claim(running, now=START)
    with running.reading() as transaction:
        assert read_numbers(transaction, claimed.batch) == f"{FIRST + 2},{FIRST + 3}"
    assert counts_of(running) == {"submitted": 2, "pending": 2}


def test_an_edit_that_is_taken_back_is_no_drift(running):
    follow(running, campaign(message=EDITED), now=START)
    follow(running, campaign(), now=START)
    assert not campaign_of(running).drifted


@pytest.mark.parametrize("edit", [TOMORROW, {"start": None, "start_as_written": None}])
def test_another_start_of_what_has_begun_changes_nothing(running, edit):
    follow(running, campaign(**edit), now=START)
    assert campaign_of(running).drifted
    assert claim(running, now=START).seq == 2


def test_a_guard_does_not_stop_what_has_begun(running):
    follow(running, campaign(expect=Expectation(least=9, most=9)), now=START)
    assert claim(running, now=START).seq == 2


def test_its_until_stays_live(running):
    follow(running, campaign(until=START), now=START)
    assert claim(running, now=START) is None
    follow(running, campaign(until=START + SECOND), now=START)
    assert claim(running, now=START).seq == 2
    assert not campaign_of(running).drifted


def test_its_hours_stay_live(running):
    follow(running, campaign(hours=parse_hours("18:00-21:00")), now=START)
    assert claim(running, now=START) is None
    follow(running, campaign(), now=START)
    assert claim(running, now=START).seq == 2


def test_of_a_drifted_file_state_until_and_hours_are_obeyed_still(running):
    follow(running, campaign(9, until=START), now=START)
    assert claim(running, now=START) is None
    follow(running, campaign(9, wish=Wish.PAUSED), now=START)
    assert claim(running, now=START) is None
    follow(running, campaign(9), now=START)
    assert claim(running, now=START).seq == 2


def test_what_is_finished_only_drifts(running):
    send_one(running)
    follow(running, campaign(9), now=START)
    assert state_of(running) == "finished"
    assert campaign_of(running).drifted
    follow(running, now=START)
    assert state_of(running) == "finished"
    assert brakes_of(running) == []


# ---- paused


def test_paused_by_its_file_it_stops_and_goes_on_when_the_file_lets_go(running):
    follow(running, campaign(wish=Wish.PAUSED), now=START)
    assert campaign_of(running).shown == "paused"
    assert claim(running, now=START) is None
    follow(running, campaign(), now=START)
    assert claim(running, now=START).seq == 2


@pytest.mark.parametrize("first", ["file", "command"])
def test_paused_by_file_and_by_command_both_must_let_go(running, first):
    follow(running, campaign(wish=Wish.PAUSED), now=START)
    stop(running, CAMPAIGN)
    lift = {
        "file": lambda: follow(running, campaign(), now=START),
        "command": lambda: let_go(running, CAMPAIGN),
    }
    lift.pop(first)()
    assert claim(running, now=START) is None
    [last] = lift.values()
    last()
    assert claim(running, now=START).seq == 2


def test_a_file_does_not_lift_a_persons_brake(running):
    stop(running, CAMPAIGN)
    for wish in (None, Wish.PAUSED, None):
        follow(running, campaign(wish=wish), now=START)
    assert brakes_of(running) == ["command"]


def test_paused_by_its_file_before_its_start_it_is_missed_when_that_takes_too_long(scheduled):
    follow(scheduled, campaign(wish=Wish.PAUSED))
    follow(scheduled, campaign(), now=TOO_LATE)
    begin_scheduled(scheduled, TOO_LATE)
    assert state_of(scheduled) == "missed"


# ---- a file that vanishes


def test_a_file_that_vanishes_while_its_campaign_runs_pauses_it(running):
    follow(running, now=START)
    status = campaign_of(running)
    assert status.shown == "paused"
    assert "its file is gone" in str(status.brakes[0])
    assert claim(running, now=START) is None


def test_a_file_that_comes_back_lets_it_go_on(running):
    follow(running, now=START)
    follow(running, campaign(), now=START)
    assert claim(running, now=START).seq == 2


def test_a_file_that_comes_back_paused_keeps_it_paused(running):
    follow(running, now=START)
    follow(running, campaign(wish=Wish.PAUSED), now=START)
    assert "state: paused" in str(campaign_of(running).brakes[0])
    assert claim(running, now=START) is None


def test_a_file_that_vanishes_of_what_was_halted_keeps_it_from_going_on(scheduled):
    begin_scheduled(scheduled, START)
    send_one(scheduled, BatchEvent.REJECT, halts=True)
    follow(scheduled, now=START)
    with scheduled.writing() as transaction:
        move_campaign(transaction, "moon", CampaignEvent.RESUME, START)
    assert claim(scheduled, now=START) is None


def test_what_is_in_flight_when_its_file_vanishes_comes_home(running):
    claimed = claim(running, now=START)
    follow(running, now=START)
    settle(running, claimed, BatchEvent.ACCEPT, task_id="88")
    assert state_of(running) == "finished"


# ---- cancelled


def test_cancelled_by_its_file_before_the_first_claim_it_can_be_taken_back(scheduled):
    follow(scheduled, campaign(wish=Wish.CANCELLED))
    assert counts_of(scheduled) == {"cancelled": 4}
    assert begin_scheduled(scheduled, START) == []
    follow(scheduled, campaign())
    assert counts_of(scheduled) == {"pending": 4}
    assert begin_scheduled(scheduled, START) == ["moon"]


def test_what_is_taken_back_too_late_is_missed(scheduled):
    follow(scheduled, campaign(wish=Wish.CANCELLED))
    follow(scheduled, campaign(), now=TOO_LATE)
    assert state_of(scheduled) == "missed"
    assert counts_of(scheduled) == {"pending": 4}


def test_a_missed_one_may_be_cancelled_by_its_file_and_taken_back(missed):
    follow(missed, campaign(wish=Wish.CANCELLED), now=TOO_LATE)
    assert state_of(missed) == "cancelled"
    follow(missed, campaign(**TOMORROW), now=TOO_LATE)
    assert state_of(missed) == "scheduled"


def test_cancelled_by_its_file_after_the_first_claim_it_is_for_good(running):
    follow(running, campaign(wish=Wish.CANCELLED), now=START)
    assert batch_states(running) == ["accepted", "cancelled"]
    follow(running, campaign(), now=START)
    assert state_of(running) == "cancelled"
    assert claim(running, now=START) is None


def test_cancelled_by_command_it_is_for_good_at_once(scheduled):
    cancel(scheduled)
    follow(scheduled, campaign())
    follow(scheduled, campaign(message=EDITED, **TOMORROW))
    assert state_of(scheduled) == "cancelled"
    assert begin_scheduled(scheduled, START) == []


def test_cancelled_for_good_it_is_remembered_without_its_file(scheduled):
    """A file of the same name that comes back must not go out after all."""
    cancel(scheduled)
    follow(scheduled)
    follow(scheduled, campaign())
    assert state_of(scheduled) == "cancelled"


def test_cancelled_by_its_file_it_is_forgotten_with_the_file(scheduled):
    follow(scheduled, campaign(wish=Wish.CANCELLED))
    follow(scheduled)
    assert states_of(scheduled) == {}


def test_files_that_go_on_saying_cancelled_change_nothing_more(scheduled):
    follow(scheduled, campaign(wish=Wish.CANCELLED))
    before = rows_of(scheduled, "SELECT * FROM events")
    follow(scheduled, campaign(wish=Wish.CANCELLED))
    assert rows_of(scheduled, "SELECT * FROM events") == before


def test_what_is_finished_cannot_be_cancelled_by_its_file(running):
    send_one(running)
    follow(running, campaign(wish=Wish.CANCELLED), now=START)
    assert state_of(running) == "finished"


def test_a_cancelled_file_is_not_paused(running):
    follow(running, campaign(wish=Wish.PAUSED), now=START)
    follow(running, campaign(wish=Wish.CANCELLED), now=START)
    assert brakes_of(running) == []


# ---- guards


def test_a_guard_that_is_not_met_holds_it_and_says_what_would_let_it_go(scheduled):
    follow(scheduled, campaign(expect=Expectation(least=9, most=9)))
    status = campaign_of(scheduled)
    assert status.shown == "held"
    assert status.reason == (
        "`expect` says 9 recipients, but it has 4: correct the lists, or `expect.recipients`"
    )
    assert begin_scheduled(scheduled, START) == []


def test_a_guard_that_is_met_again_lets_it_go(scheduled):
    for least, becomes in [(9, "held"), (4, "scheduled"), (9, "held"), (4, "scheduled")]:
        follow(scheduled, campaign(expect=Expectation(least=least, most=least)))
        assert state_of(scheduled) == becomes
    assert begin_scheduled(scheduled, START) == ["moon"]


def test_another_guard_that_is_not_met_is_told_instead(scheduled):
    follow(scheduled, campaign(expect=Expectation(least=9, most=9)))
    follow(scheduled, campaign(expect=Expectation(least=7, most=8)))
    assert campaign_of(scheduled).reason.startswith("`expect` says 7-8 recipients")


def test_a_guard_that_goes_on_not_being_met_changes_nothing_more(scheduled):
    held = campaign(expect=Expectation(least=9, most=9))
    follow(scheduled, held)
    before = rows_of(scheduled, "SELECT * FROM events")
    follow(scheduled, held)
    assert rows_of(scheduled, "SELECT * FROM events") == before


def test_a_guard_that_is_met_too_late_lets_it_be_missed(scheduled):
    follow(scheduled, campaign(expect=Expectation(least=9, most=9)))
    follow(scheduled, campaign(), now=TOO_LATE)
    assert state_of(scheduled) == "missed"


def test_what_is_held_and_paused_needs_both_to_let_go(scheduled):
    follow(scheduled, campaign(expect=Expectation(least=9, most=9), wish=Wish.PAUSED))
    assert campaign_of(scheduled).shown == "held"
    follow(scheduled, campaign(wish=Wish.PAUSED))
    assert campaign_of(scheduled).shown == "paused"
    follow(scheduled, campaign())
    assert begin_scheduled(scheduled, START) == ["moon"]


# ---- sent under another name


def copy_of(people=4, *, name="copy", **changes):
    """Another file with the same message as `moon.yaml`, to the same people."""
    return campaign(people, name=name, message=make_message(), **changes)


def skip(people, count):
    """As many people as the workspace usually has, behind the first few."""
    mobiles = array("Q", range(FIRST + people, FIRST + people + count))
    return Audience(mobiles=mobiles, given=count)


def test_a_copy_of_what_runs_is_held_and_says_of_whom_and_what_to_do(running):
    follow(running, campaign(), copy_of(**TOMORROW), now=START)
    status = campaign_of(running, "copy")
    assert status.shown == "held"
    assert status.reason == (
        "already sent as moon to 4 of its 4 recipients: write `again: moon` into its file if that"
        " is meant, else change its recipients, delete it, or give a renamed file its old name back"
    )
    assert campaign_of(running).shown == "running"
    assert begin_scheduled(running, START + 24 * HOUR) == []


def test_a_copy_of_what_is_finished_is_held_too(running):
    send_one(running)
    follow(running, campaign(), copy_of(**TOMORROW), now=START)
    assert states_of(running) == {"moon": "finished", "copy": "held"}


def test_again_in_its_file_lets_it_go_at_the_next_look(running):
    follow(running, campaign(), copy_of(**TOMORROW), now=START)
    follow(running, campaign(), copy_of(again=("moon",), **TOMORROW), now=START)
    assert state_of(running, "copy") == "scheduled"
    assert begin_scheduled(running, START + 24 * HOUR) == ["copy"]


def test_again_for_another_one_lets_nothing_go(running):
    follow(running, campaign(), copy_of(again=("sun",), **TOMORROW), now=START)
    assert state_of(running, "copy") == "held"


def test_again_that_is_taken_out_before_the_start_holds_it(running):
    follow(running, campaign(), copy_of(again=("moon",), **TOMORROW), now=START)
    follow(running, campaign(), copy_of(**TOMORROW), now=START)
    assert state_of(running, "copy") == "held"


def test_again_that_is_taken_out_before_the_first_claim_takes_a_begun_copy_back(running):
    meant = copy_of(again=("moon",))
    for reading in range(2):
        follow(running, campaign(), meant, now=START)
        assert begin_scheduled(running, START) == ([] if reading else ["copy"])
    follow(running, campaign(), copy_of(), now=START)
    assert state_of(running, "copy") == "held"


def test_a_copy_counts_what_is_left_when_its_original_is_cancelled_in_the_same_reading(running):
    copies = [copy_of(), copy_of(name="other")]
    follow(running, copies[0], campaign(wish=Wish.CANCELLED), copies[1], now=START)
    assert "to 4 of its 4 recipients" in campaign_of(running, "copy").reason
    assert "to 2 of its 4 recipients" in campaign_of(running, "other").reason


def test_again_that_is_all_that_changed_is_obeyed_at_the_start(database):
    """Neither was sent when the file was read, and nothing of the plan is another one."""
    follow(database, campaign(), copy_of())
    before = rows_of(database, "SELECT id FROM batches")
    follow(database, campaign(), copy_of(again=("moon",)))
    assert rows_of(database, "SELECT id FROM batches") == before
    assert begin_scheduled(database, START) == ["copy", "moon"]


def test_again_that_was_all_that_was_taken_out_is_obeyed_at_the_start(database):
    follow(database, campaign(), copy_of(again=("moon",)))
    follow(database, campaign(), copy_of())
    assert begin_scheduled(database, START) == ["copy"]
    assert states_of(database) == {"copy": "running", "moon": "held"}


def test_other_recipients_let_a_copy_go(running):
    follow(running, campaign(), copy_of(**TOMORROW), now=START)
    follow(running, campaign(), copy_of(audience=skip(4, 4), **TOMORROW), now=START)
    assert state_of(running, "copy") == "scheduled"


def test_a_copy_that_lets_go_too_late_is_missed(running):
    follow(running, campaign(), copy_of(), now=START)
    follow(running, campaign(), copy_of(again=("moon",)), now=TOO_LATE)
    assert state_of(running, "copy") == "missed"


def test_a_copy_that_goes_on_being_held_changes_nothing_more(running):
    files = [campaign(), copy_of(**TOMORROW)]
    follow(running, *files, now=START)
    before = rows_of(running, "SELECT * FROM events")
    follow(running, *files, now=START)
    assert rows_of(running, "SELECT * FROM events") == before


def test_a_copy_that_was_held_at_its_start_is_not_planned_again_for_the_same_reason(database):
    files = [campaign(), copy_of()]
    follow(database, *files)
    begin_scheduled(database, START)
    before = rows_of(database, "SELECT * FROM events")
    follow(database, *files, now=START)
    assert rows_of(database, "SELECT * FROM events") == before


def test_a_missed_one_that_was_sent_under_another_name_is_held(database):
    follow(database, campaign())
    begin_scheduled(database, TOO_LATE)
    copy = copy_of(start=TOO_LATE, start_as_written="now")
    follow(database, campaign(), copy, now=TOO_LATE)
    begin_scheduled(database, TOO_LATE)
    follow(database, campaign(), copy, now=TOO_LATE)
    assert states_of(database) == {"moon": "held", "copy": "running"}


@pytest.mark.parametrize("before", ["scheduled", "missed", "held", "running"])
def test_a_file_that_is_renamed_before_anything_of_it_was_sent_goes_its_way(database, before):
    guarded = {"expect": Expectation(least=9, most=9)} if before == "held" else {}
    follow(database, campaign(**guarded))
    begin_scheduled(database, TOO_LATE if before == "missed" else START)
    if before == "scheduled":
        follow(database, campaign(**TOMORROW), now=START)
    assert state_of(database) == before
    follow(database, copy_of(**TOMORROW), now=START)
    assert states_of(database) == {"copy": "scheduled"}
    assert begin_scheduled(database, START + 24 * HOUR) == ["copy"]


def test_a_file_that_is_renamed_while_it_runs_is_paused_and_held_until_its_name_is_back(running):
    follow(running, copy_of(**TOMORROW), now=START)
    old, new = campaign_of(running), campaign_of(running, "copy")
    assert (old.shown, new.shown) == ("paused", "held")
    assert "put it back" in str(old.brakes[0])
    assert "give a renamed file its old name back" in new.reason
    assert claim(running, scope=None, now=START) is None
    follow(running, campaign(), now=START)
    assert states_of(running) == {"moon": "running"}
    assert claim(running, now=START).seq == 2


@pytest.mark.parametrize("copy", ["eclipse", "sun"])
def test_what_has_begun_is_not_held_by_its_own_copy_when_it_is_planned_anew(begun, copy):
    """Whichever of the two stands first in the workspace."""
    twin = campaign(name=copy, message=make_message())
    follow(begun, *sorted([campaign(), twin], key=lambda each: each.id), now=START)
    assert states_of(begun) == {"moon": "running", copy: "held"}
    follow(begun, *sorted([campaign(6), twin], key=lambda each: each.id), now=START)
    assert begin_scheduled(begun, START) == ["moon"]
    assert states_of(begun) == {"moon": "running", copy: "held"}


@pytest.mark.parametrize("copy", ["eclipse", "sun"])
@pytest.mark.parametrize("edit", [{"message": EDITED}, TOMORROW])
def test_what_has_begun_and_is_taken_back_frees_its_copy_in_the_same_reading(begun, copy, edit):
    twin = campaign(name=copy, message=make_message())
    follow(begun, campaign(), twin, now=START)
    assert state_of(begun, copy) == "held"
    follow(begun, twin, campaign(**edit), now=START)
    assert state_of(begun, copy) == "scheduled"


def test_what_has_begun_is_held_when_an_edit_makes_it_a_copy(begun):
    send_one(begun)
    other = campaign(name="other")
    follow(begun, campaign(), other, now=START)
    begin_scheduled(begun, START)
    assert state_of(begun, "other") == "running"
    follow(begun, campaign(), campaign(name="other", message=make_message()), now=START)
    assert state_of(begun, "other") == "held"


def test_what_was_sent_as_a_repetition_is_never_held_again(running):
    repeated = copy_of(again=("moon",), **TOMORROW)
    follow(running, campaign(), repeated, now=START)
    begin_scheduled(running, START + 24 * HOUR)
    claim(running, scope=["copy"], now=START + 24 * HOUR)
    follow(running, campaign(), copy_of(**TOMORROW), now=START + 24 * HOUR)
    assert states_of(running) == {"moon": "running", "copy": "running"}


def test_a_copy_that_is_cancelled_by_its_file_is_not_held(running):
    follow(running, campaign(), copy_of(wish=Wish.CANCELLED, **TOMORROW), now=START)
    assert state_of(running, "copy") == "cancelled"


# ---- lists of the settings


def listed(*mobiles, age=timedelta(), missing=()):
    """An audience whose people all come from a list of the settings."""
    named = NamedList(name="members", file="/srv/members.csv", max_age=24 * HOUR)
    source = Source(
        name="members", rows=len(mobiles), digest="sha256:1", modified=NOW - age, named=named
    )
    return Audience(
        mobiles=array("Q", mobiles),
        given=len(mobiles),
        sources=() if missing else (source,),
        own=array("Q"),
        lists=("members",),
        missing=missing,
    )


def test_a_list_that_holds_others_now_replaces_the_plan_before_the_start(database):
    follow(database, campaign(audience=listed(FIRST, FIRST + 1)))
    [(digest, contents)] = rows_of(database, "SELECT digest, contents FROM campaigns")
    follow(database, campaign(audience=listed(FIRST, FIRST + 2, FIRST + 3)))
    [(digest_now, contents_now)] = rows_of(database, "SELECT digest, contents FROM campaigns")
    assert digest == digest_now
    assert contents != contents_now
    assert counts_of(database) == {"pending": 3}


def test_a_list_that_holds_others_now_is_no_drift_of_what_has_begun(database):
    follow(database, campaign(audience=listed(FIRST, FIRST + 1)))
    begin_scheduled(database, START)
    claim(database, now=START)
    follow(database, campaign(audience=listed(FIRST, FIRST + 2, FIRST + 3)), now=START)
    assert not campaign_of(database).drifted
    assert counts_of(database) == {"pending": 2}


def test_a_list_that_was_written_anew_with_the_same_people_is_fresh_again(database):
    follow(database, campaign(audience=listed(FIRST, age=24 * HOUR)))
    follow(database, campaign(audience=listed(FIRST)))
    assert begin_scheduled(database, START) == ["moon"]


def test_a_list_that_is_too_old_holds_it_until_it_is_written_anew(database):
    old = campaign(audience=listed(FIRST, age=25 * HOUR))
    follow(database, old)
    assert state_of(database) == "held"
    follow(database, campaign(audience=listed(FIRST)))
    assert begin_scheduled(database, START) == ["moon"]


def test_what_was_held_at_its_start_for_an_old_list_is_told_which_when_the_files_are_read(database):
    aged = campaign(audience=listed(FIRST, age=24 * HOUR))
    follow(database, aged)
    begin_scheduled(database, START)
    follow(database, aged, now=START)
    assert campaign_of(database).reason.startswith("list `members` is older than its `max_age`")


def test_a_list_that_is_missing_holds_it_until_it_is_back(database):
    follow(database, campaign(audience=listed(FIRST)))
    follow(database, campaign(audience=listed(missing=("members",))))
    assert state_of(database) == "held"
    follow(database, campaign(audience=listed(FIRST)))
    assert begin_scheduled(database, START) == ["moon"]


# ---- mass removal


def names(count):
    return [f"2036/{number}" for number in range(count)]


def schedule_many(database, count):
    follow(database, *(campaign(name=name) for name in names(count)))


def keep_only(database, count, **how):
    return follow(database, *(campaign(name=name) for name in names(count)), **how)


@pytest.mark.parametrize(("before", "after"), [(5, 2), (3, 0), (100, 49), (6, 2)])
def test_more_than_half_and_at_least_three_are_not_unscheduled_by_one_reload(
    database, before, after
):
    schedule_many(database, before)
    removal = keep_only(database, after)
    assert (len(removal.removed), removal.scheduled) == (before - after, before)
    assert f"unschedule {before - after} of {before} campaigns" in str(removal)
    assert "`mms-runner reload --force`" in str(removal)
    assert len(states_of(database)) == before


@pytest.mark.parametrize(("before", "after"), [(2, 0), (1, 0), (6, 3), (100, 50), (4, 2)])
def test_half_of_them_or_two_may_go(database, before, after):
    schedule_many(database, before)
    assert keep_only(database, after) is None
    assert len(states_of(database)) == after


def test_a_refused_reload_changes_nothing_at_all(database):
    schedule_many(database, 3)
    tables = ("campaigns", "batches", "events", "brakes")
    before = [rows_of(database, f"SELECT * FROM {table}") for table in tables]
    new = campaign(name="new")
    edited = campaign(name="2036/0", message=EDITED, wish=Wish.PAUSED, **TOMORROW)
    assert follow(database, new, edited) is None, "two of three: allowed"
    schedule_many(database, 3)
    before = [rows_of(database, f"SELECT * FROM {table}") for table in tables]
    assert follow(database, campaign(name="other")) is not None
    assert [rows_of(database, f"SELECT * FROM {table}") for table in tables] == before


def test_whoever_means_it_forces_it(database):
    schedule_many(database, 5)
    assert keep_only(database, 0, forced=True) is None
    assert states_of(database) == {}


def test_removed_starts_are_removals_too(database):
    schedule_many(database, 3)
    assert follow(database, *(make_campaign(name=name) for name in names(3))) is not None
    assert set(states_of(database).values()) == {"scheduled"}


def test_what_is_held_or_missed_counts(database):
    guarded = {"expect": Expectation(least=9, most=9)}
    late = {"start": NOW - 9 * HOUR}
    follow(
        database,
        campaign(name="held", **guarded),
        campaign(name="missed", **late),
        campaign(name="scheduled"),
    )
    assert sorted(states_of(database).values()) == ["held", "missed", "scheduled"]
    assert follow(database) is not None


def test_what_has_begun_is_finished_or_cancelled_does_not_count(database):
    others = ("running", "finished", "cancelled", "dropped")
    follow(database, *(campaign(2, name=name) for name in (*others, *names(5))))
    for name in ("running", "finished"):
        with database.writing() as transaction:
            move_campaign(transaction, name, CampaignEvent.BEGIN, NOW)
        claimed = claim(database, scope=[name], now=START)
        if name == "finished":
            settle(database, claimed, BatchEvent.ACCEPT, task_id=name)
    cancel(database, "cancelled")
    cancel(database, "dropped", for_good=False)
    removal = keep_only(database, 2)
    assert (len(removal.removed), removal.scheduled) == (3, 5)
    assert set(removal.removed).isdisjoint(others)


def test_many_names_are_cut_short(database):
    schedule_many(database, 9)
    assert str(keep_only(database, 0)).count("2036/") == 5
