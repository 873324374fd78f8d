"""A person's hand on what goes out: every state of a campaign under every command."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    ACCOUNT,
    CAMPAIGN,
    EVERYTHING,
    FILE,
    GUARD,
    NOW,
    account_of,
    batch_states,
    begin,
    begin_scheduled,
    campaign_of,
    cancel,
    claim,
    counts_of,
    follow,
    let_go,
    make_brake,
    make_campaign,
    make_message,
    rows_of,
    settle,
    states_of,
    stop,
)

from runner.errors import WrongUsage
from runner.lifecycle import AccountEvent, AccountState, BatchEvent, CampaignState
from runner.model.campaign import Expectation, Wish
from runner.store.accounts import change_standing, read_standing, stop_reports
from runner.store.brakes import Subject, read_brakes
from runner.store.steering import cancel_for_good, list_cancellable, may_cancel, pause, resume

HOUR = timedelta(hours=1)
REFUSED = "refused"


def pause_it(database, brake=CAMPAIGN, now=NOW):
    with database.writing() as transaction:
        return pause(transaction, brake, now)


def resume_it(database, brake=CAMPAIGN, now=NOW):
    with database.writing() as transaction:
        return resume(transaction, brake, now)


def cancel_it(database, name="moon"):
    with database.writing() as transaction:
        if may_cancel(transaction, name):
            cancel_for_good(transaction, name, NOW, reason="by anna (cancel)")


def brakes_of(database):
    with database.reading() as transaction:
        return read_brakes(transaction)


# every state × every command


def schedule(database, **changes):
    follow(database, make_campaign(start=NOW + HOUR, **changes))


def schedule_and_pause(database):
    schedule(database)
    stop(database)


def hold(database):
    schedule(database, expect=Expectation(least=9, most=9))


def miss(database):
    follow(database, make_campaign(start=NOW - 2 * HOUR))


def begin_and_pause(database):
    begin(database)
    stop(database)


def halt(database):
    begin(database)
    settle(database, claim(database), BatchEvent.REJECT, halts=True)


def finish(database):
    begin(database, 2)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")


def cancel_by_file(database):
    schedule(database)
    follow(database, make_campaign(start=NOW + HOUR, wish=Wish.CANCELLED))


def cancel_by_command(database):
    schedule(database)
    cancel(database)


COMMANDS = {"pause": pause_it, "resume": resume_it, "cancel": cancel_it}

# How a campaign gets into a state, and how it is shown after each command; what is paused is still
# scheduled or running.
MATRIX = {
    # state: (the way there, after pause, after resume, after cancel)
    "scheduled": (schedule, "paused", "scheduled", "cancelled"),
    "paused before its start": (schedule_and_pause, "paused", "scheduled", "cancelled"),
    "held": (hold, "held", "held", "cancelled"),
    "missed": (miss, "missed", "running", "cancelled"),
    "running": (begin, "paused", "running", "cancelled"),
    "paused while running": (begin_and_pause, "paused", "running", "cancelled"),
    "halted": (halt, "halted", "running", "cancelled"),
    "finished": (finish, REFUSED, "finished", REFUSED),
    "cancelled by its file": (cancel_by_file, REFUSED, "cancelled", "cancelled"),
    "cancelled for good": (cancel_by_command, REFUSED, "cancelled", "cancelled"),
}
ROWS = [
    (state, command, after)
    for state, (_, *outcomes) in MATRIX.items()
    for command, after in zip(COMMANDS, outcomes, strict=True)
]


@pytest.mark.parametrize(("stands", "command", "after"), ROWS)
def test_every_command_does_to_every_state_what_the_table_says(database, stands, command, after):
    MATRIX[stands][0](database)
    before = campaign_of(database)
    if after is REFUSED:
        with pytest.raises(WrongUsage, match=before.state):
            COMMANDS[command](database)
        assert campaign_of(database) == before
        assert brakes_of(database) == []
        return
    COMMANDS[command](database)
    campaign = campaign_of(database)
    assert campaign.shown == after
    assert sum(campaign.recipients.values()) == campaign.total
    if command == "cancel":
        assert not {"planned", "submitting"} & set(batch_states(database))
    else:
        assert len(brakes_of(database)) == (command == "pause")


@pytest.mark.parametrize("stands", MATRIX)
def test_nothing_is_claimed_while_it_is_paused(database, stands):
    MATRIX[stands][0](database)
    stop(database)
    begin_scheduled(database, NOW + HOUR)
    assert claim(database, now=NOW + HOUR) is None


# pause


def test_a_campaign_of_which_the_state_knows_nothing_is_paused_before_it_comes(database):
    pause_it(database)
    schedule(database)
    assert campaign_of(database).shown == "paused"
    assert begin_scheduled(database, NOW + HOUR) == []


def test_who_paused_it_when_and_why_stand_beside_it(database):
    assert pause_it(database, replace(CAMPAIGN, reason="legal looks at it")) is None
    [brake] = brakes_of(database)
    assert (brake.actor, brake.at, brake.reason) == ("test", NOW, "legal looks at it")


def test_who_pauses_it_again_is_told_who_did_before(database):
    pause_it(database, replace(CAMPAIGN, reason="legal looks at it"))
    known = pause_it(database, now=NOW + HOUR)
    assert (known.actor, known.at, known.reason) == ("test", NOW, "legal looks at it")
    assert brakes_of(database) == [known]


def test_a_second_reason_takes_the_place_of_the_first(database):
    pause_it(database, replace(CAMPAIGN, reason="legal looks at it"))
    pause_it(database, replace(CAMPAIGN, reason="the price is wrong"), NOW + HOUR)
    [brake] = brakes_of(database)
    assert (brake.at, brake.reason) == (NOW, "the price is wrong")


@pytest.mark.parametrize("brake", [ACCOUNT, EVERYTHING])
def test_an_account_and_everything_are_paused_whatever_their_campaigns_do(database, brake):
    finish(database)
    pause_it(database, brake)
    assert len(brakes_of(database)) == 1


# resume


@pytest.mark.parametrize("brake", [CAMPAIGN, ACCOUNT, EVERYTHING])
def test_resume_lifts_the_very_brake_and_no_other(database, brake):
    begin(database)
    for each in (CAMPAIGN, ACCOUNT, EVERYTHING, FILE, GUARD):
        stop(database, each)
    resumed = resume_it(database, brake)
    assert (resumed.lifted.subject, resumed.lifted.source) == (brake.subject, brake.source)
    left = {(each.subject, each.source) for each in brakes_of(database)}
    assert len(left) == 4
    assert (brake.subject, brake.source) not in left
    assert campaign_of(database).shown == "paused"


def test_what_neither_command_nor_file_keeps_goes_on(database):
    begin(database)
    stop(database)
    stop(database, FILE)
    resume_it(database)
    assert claim(database) is None
    let_go(database, FILE)
    assert claim(database)


def test_what_was_not_stopped_is_not_news(database):
    begin(database)
    assert not resume_it(database).is_news


def test_a_halted_campaign_of_which_nothing_is_left_is_finished(database):
    begin(database, 2)
    settle(database, claim(database), BatchEvent.DOUBT, halts=True)
    assert resume_it(database).restarted is CampaignState.HALTED
    assert campaign_of(database).state is CampaignState.FINISHED
    assert counts_of(database) == {"in_doubt": 2}


def test_a_halted_campaign_goes_on_without_the_batch_that_was_rejected(database):
    halt(database)
    resume_it(database)
    assert claim(database).batch == 2
    assert batch_states(database) == ["rejected", "submitting"]


def test_a_missed_campaign_starts_at_the_moment_of_the_word(database):
    miss(database)
    assert resume_it(database, now=NOW + HOUR).restarted is CampaignState.MISSED
    assert campaign_of(database).start == NOW + HOUR
    assert claim(database, now=NOW + HOUR)


def test_a_missed_campaign_that_was_sent_under_another_name_is_held(database):
    miss(database)
    begin(database, 2, name="copy", message=make_message())
    resumed = resume_it(database)
    assert (resumed.restarted, resumed.is_news) == (None, True)
    assert resumed.held.startswith("already sent as copy to 2 of its 4 recipients:")
    assert campaign_of(database).state is CampaignState.HELD
    assert campaign_of(database).reason == resumed.held
    assert claim(database) is None


def test_a_missed_campaign_that_says_so_starts_again(database):
    follow(database, make_campaign(start=NOW - 2 * HOUR, again=("copy",)))
    begin(database, name="copy", message=make_message())
    assert resume_it(database).restarted is CampaignState.MISSED
    assert campaign_of(database).state is CampaignState.RUNNING


def test_of_two_copies_that_were_missed_one_starts(database):
    copies = [
        make_campaign(start=NOW - 2 * HOUR, name=name, message=make_message())
        for name in ("moon", "copy")
    ]
    follow(database, *copies)
    assert resume_it(database).restarted is CampaignState.MISSED
    assert resume_it(database, make_brake(name="copy")).held.startswith("already sent as moon")


def test_what_was_halted_goes_on_whatever_copies_of_it_there_are(database):
    halt(database)
    begin(database, name="copy", message=make_message())
    resumed = resume_it(database)
    assert (resumed.restarted, resumed.held) == (CampaignState.HALTED, None)


def test_what_a_person_started_is_never_late_again(database):
    miss(database)
    resume_it(database)
    stop(database)
    assert resume_it(database, now=NOW + 9 * HOUR).missed == ()
    assert campaign_of(database).shown == "running"


@pytest.mark.parametrize("brake", [CAMPAIGN, ACCOUNT, EVERYTHING])
@pytest.mark.parametrize("had_begun", [False, True])
def test_what_was_paused_until_it_was_too_late_is_missed_until_a_second_word(
    database, brake, had_begun
):
    schedule(database)
    if had_begun:
        begin_scheduled(database, NOW + HOUR)
    stop(database, brake)
    too_late = NOW + 2 * HOUR + timedelta(seconds=1)
    assert resume_it(database, brake, too_late).missed == ("moon",)
    assert states_of(database) == {"moon": "missed"}
    resume_it(database, now=too_late)
    assert states_of(database) == {"moon": "running"}


def test_what_may_still_begin_waits_for_whoever_sends(database):
    schedule(database)
    stop(database)
    assert resume_it(database, now=NOW + 2 * HOUR).missed == ()
    assert begin_scheduled(database, NOW + 2 * HOUR) == ["moon"]


def test_what_had_been_claimed_before_the_pause_is_never_too_late(database):
    schedule(database)
    begin_scheduled(database, NOW + HOUR)
    settle(database, claim(database, now=NOW + HOUR), BatchEvent.ACCEPT, task_id="77")
    stop(database)
    assert resume_it(database, now=NOW + 99 * HOUR).missed == ()
    assert campaign_of(database).shown == "running"


def test_what_another_brake_still_keeps_is_not_judged_yet(database):
    schedule(database)
    stop(database)
    stop(database, FILE)
    assert resume_it(database, now=NOW + 9 * HOUR).missed == ()
    assert states_of(database) == {"moon": "scheduled"}


def test_another_campaign_is_not_judged_with_it(database):
    """It may only be waiting for its turn: nothing has let it go."""
    campaigns = [make_campaign(start=NOW, name=name) for name in ("moon", "sun")]
    follow(database, *campaigns)
    begin_scheduled(database)
    stop(database)
    assert resume_it(database, now=NOW + 9 * HOUR).missed == ("moon",)
    assert states_of(database) == {"moon": "missed", "sun": "running"}


def test_what_was_not_paused_is_not_judged(database):
    schedule(database)
    begin_scheduled(database, NOW + HOUR)
    assert resume_it(database, now=NOW + 9 * HOUR).missed == ()
    assert states_of(database) == {"moon": "running"}


def stop_account(database, event):
    with database.writing() as transaction:
        standing = replace(read_standing(transaction, "main"), reason="the gateway says so")
        change_standing(transaction, standing, event, NOW)


@pytest.mark.parametrize("event", [AccountEvent.SUSPEND, AccountEvent.RUN_LOW])
def test_an_account_that_was_stopped_is_tried_again_one_request_at_a_time(database, event):
    stop_account(database, event)
    assert resume_it(database, ACCOUNT).released
    assert account_of(database).state is AccountState.ACTIVE
    assert rows_of(database, "SELECT probation FROM accounts") == [(1,)]


def test_a_campaign_or_everything_resumed_releases_no_account(database):
    begin(database)
    stop_account(database, AccountEvent.SUSPEND)
    resume_it(database)
    resume_it(database, EVERYTHING)
    assert account_of(database).state is AccountState.SUSPENDED


def test_what_a_suspended_account_kept_for_too_long_is_missed(database):
    schedule(database)
    begin_scheduled(database, NOW + HOUR)
    stop_account(database, AccountEvent.SUSPEND)
    assert resume_it(database, ACCOUNT, NOW + 9 * HOUR).missed == ("moon",)


def test_reports_that_were_stopped_are_polled_again(database):
    with database.writing() as transaction:
        stop_reports(transaction, "main", "the gateway answered 4", NOW)
    assert resume_it(database, ACCOUNT).polled
    assert account_of(database).reports_stopped is None
    assert not resume_it(database, ACCOUNT).is_news


def test_an_account_that_was_never_used_can_be_paused_and_resumed(database):
    new = make_brake(Subject.ACCOUNT, "second")
    pause_it(database, new)
    assert resume_it(database, new).lifted
    assert not resume_it(database, new).is_news


# cancel


def test_what_its_file_had_cancelled_can_no_longer_be_taken_back(database):
    cancel_by_file(database)
    cancel_it(database)
    follow(database, make_campaign(start=NOW + HOUR))
    assert states_of(database) == {"moon": "cancelled"}
    assert campaign_of(database).reason == "by anna (cancel)"


def test_what_was_cancelled_for_good_is_not_cancelled_twice(database):
    cancel_by_command(database)
    events = rows_of(database, "SELECT count(*) FROM events")
    cancel_it(database)
    assert rows_of(database, "SELECT count(*) FROM events") == events


def test_what_is_in_flight_comes_home_after_the_cancel(database):
    begin(database, 4)
    claimed = claim(database)
    cancel_it(database)
    assert batch_states(database) == ["submitting", "cancelled"]
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    assert counts_of(database) == {"submitted": 2, "cancelled": 2}


def test_only_what_is_meant_and_can_be_cancelled_is_named(database):
    campaigns = [
        make_campaign(start=NOW + HOUR, name="moon"),
        make_campaign(start=NOW + HOUR, name="sun", account="second"),
        make_campaign(start=NOW + HOUR, name="star"),
    ]
    follow(database, *campaigns)
    cancel(database, "star")
    with database.reading() as transaction:
        assert list_cancellable(transaction, ACCOUNT) == ["moon"]
        assert sorted(list_cancellable(transaction, EVERYTHING)) == ["moon", "sun"]


# who


def test_the_event_log_names_who_did_it(database):
    begin(database)
    pause_it(database)
    resume_it(database)
    cancel_it(database)
    told = "SELECT actor, new_state FROM events WHERE subject = 'campaign' ORDER BY id DESC LIMIT 3"
    assert rows_of(database, told) == [("test", "cancelled"), ("test", None), ("test", "paused")]
