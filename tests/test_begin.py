"""What a person runs: it begins, goes on, or says what keeps it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import (
    ACCOUNT,
    CAMPAIGN,
    EVERYTHING,
    FILE,
    GUARD,
    NOW,
    SECOND,
    begin_scheduled,
    campaign_of,
    cancel,
    claim,
    counts_of,
    follow,
    let_go,
    make_campaign,
    make_message,
    rows_of,
    run,
    settle,
    stop,
)

from runner.dispatch.begin import Begin
from runner.lifecycle import BatchEvent, CampaignState
from runner.model.campaign import Expectation, Wish
from runner.plan import Action
from runner.store.brakes import read_brakes
from runner.store.planning import list_campaigns, read_facts

HOUR = timedelta(hours=1)


def facts_of(database):
    with database.reading() as transaction:
        return read_facts(transaction, list_campaigns(transaction))


def start(database, campaign, *, named=False, now=NOW):
    return run(database, campaign, named=named, now=now)[1]


# ---- due


def test_a_campaign_that_is_due_begins(database):
    assert start(database, make_campaign(start=NOW)) is Begin.BEGUN
    assert facts_of(database)["moon"].state is CampaignState.RUNNING


def test_nothing_is_kept_of_a_campaign_before_its_start(database):
    later = make_campaign(start=NOW + timedelta(days=1))
    assert start(database, later, named=True) is Begin.NOT_DUE
    assert facts_of(database) == {}


def test_a_draft_begins_only_when_a_person_names_it(database):
    assert start(database, make_campaign()) is Begin.NOT_DUE
    assert start(database, make_campaign(), named=True) is Begin.BEGUN


def test_a_draft_remembers_when_it_was_begun(database):
    start(database, make_campaign(), named=True)
    assert rows_of(database, "SELECT start FROM campaigns") == [("2035-09-16T01:00:00.000Z",)]


def test_a_campaign_far_past_its_start_is_missed(database):
    late = make_campaign(start=NOW - timedelta(hours=2))
    assert start(database, late) is Begin.KEPT_BACK
    assert facts_of(database)["moon"].state is CampaignState.MISSED


def test_a_campaign_whose_guard_is_not_met_is_held_until_it_is(database):
    held = make_campaign(start=NOW, expect=Expectation(least=10, most=20))
    assert start(database, held) is Begin.KEPT_BACK
    assert facts_of(database)["moon"].state is CampaignState.HELD
    assert start(database, make_campaign(start=NOW)) is Begin.BEGUN


def test_an_edit_between_the_beginning_and_the_first_claim_counts(database):
    start(database, make_campaign(4, start=NOW))
    assert start(database, make_campaign(2, start=NOW)) is Begin.GOES_ON
    assert rows_of(database, "SELECT count(*) FROM recipients") == [(2,)]


def test_beginning_twice_changes_nothing(database):
    start(database, make_campaign(start=NOW))
    before = rows_of(database, "SELECT * FROM events")
    assert start(database, make_campaign(start=NOW)) is Begin.GOES_ON
    assert rows_of(database, "SELECT * FROM events") == before


def test_from_the_first_claim_on_an_edit_changes_nothing(database):
    start(database, make_campaign(4, start=NOW))
    claim(database)
    assert start(database, make_campaign(2, start=NOW)) is Begin.GOES_ON
    assert rows_of(database, "SELECT count(*) FROM recipients") == [(4,)]


def test_a_missed_campaign_with_a_new_start_is_scheduled_again(database):
    start(database, make_campaign(start=NOW - timedelta(days=1)))
    assert facts_of(database)["moon"].state is CampaignState.MISSED
    later = make_campaign(start=NOW + timedelta(days=1), start_as_written="tomorrow")
    assert start(database, later) is Begin.NOT_DUE
    assert facts_of(database)["moon"].state is CampaignState.SCHEDULED


def test_a_new_start_before_the_first_claim_takes_a_begun_campaign_back(database):
    start(database, make_campaign(start=NOW))
    later = make_campaign(start=NOW + timedelta(days=1), start_as_written="tomorrow")
    assert start(database, later) is Begin.NOT_DUE
    assert facts_of(database)["moon"].state is CampaignState.SCHEDULED


def test_a_begun_draft_that_was_edited_before_its_first_claim_goes_out_as_edited(database):
    start(database, make_campaign(4), named=True)
    assert start(database, make_campaign(5), named=False) is Begin.GOES_ON
    assert facts_of(database)["moon"].state is CampaignState.RUNNING
    assert counts_of(database) == {"pending": 5}


@pytest.mark.parametrize("named", [False, True])
def test_what_starts_now_begins_named_or_not(database, named):
    assert start(database, make_campaign(starts_now=True), named=named) is Begin.BEGUN
    assert campaign_of(database).start == NOW


@pytest.mark.parametrize("named", [False, True])
def test_where_the_gateway_waits_for_the_start_it_begins_at_once(database, named):
    later = make_campaign(start=NOW + HOUR, starts_at_gateway=True)
    assert start(database, later, named=named) is Begin.BEGUN


def test_a_name_begins_nothing_before_its_start_that_is_scheduled_already(database):
    later = make_campaign(start=NOW + HOUR)
    follow(database, later)
    assert start(database, later, named=True) is Begin.NOT_DUE
    assert facts_of(database)["moon"].state is CampaignState.SCHEDULED


def test_a_draft_is_never_late(database):
    start(database, make_campaign(), named=True)
    assert rows_of(database, "SELECT latest_until FROM campaigns") == [(None,)]


def test_a_plan_is_judged_by_what_the_state_knows_when_it_begins(database):
    """Between the plan and its beginning somebody else may have sent it."""
    start(database, make_campaign(start=NOW))
    claim(database)
    plan, begun = run(database, make_campaign(2, start=NOW))
    assert (plan.action, begun) == (Action.DRIFTED, Begin.GOES_ON)


# ---- what keeps it


@pytest.mark.parametrize("brake", [CAMPAIGN, ACCOUNT, EVERYTHING])
@pytest.mark.parametrize("changes", [{"start": NOW}, {"starts_now": True}, {}])
def test_under_a_persons_brake_it_is_paused_and_begins_when_that_lets_go(database, brake, changes):
    stop(database, brake)
    assert start(database, make_campaign(**changes), named=True) is Begin.PAUSED
    assert claim(database) is None
    let_go(database, brake)
    assert start(database, make_campaign(**changes), named=True) is Begin.BEGUN


def test_a_guards_brake_keeps_nobody_from_beginning(database):
    stop(database, GUARD)
    assert start(database, make_campaign(start=NOW)) is Begin.BEGUN


@pytest.mark.parametrize("changes", [{"start": NOW}, {"starts_now": True}, {}])
def test_paused_by_its_file_nothing_of_it_is_kept(database, changes):
    paused = make_campaign(wish=Wish.PAUSED, **changes)
    assert start(database, paused, named=True) is Begin.PAUSED
    assert facts_of(database) == {}
    assert start(database, make_campaign(**changes), named=True) is Begin.BEGUN


def test_paused_by_its_file_after_it_began_it_goes_on_when_the_file_lets_go(database):
    start(database, make_campaign(start=NOW))
    claim(database)
    assert start(database, make_campaign(start=NOW, wish=Wish.PAUSED)) is Begin.PAUSED
    assert claim(database) is None
    assert start(database, make_campaign(start=NOW)) is Begin.GOES_ON
    assert claim(database).seq == 2


def test_a_named_draft_that_its_file_paused_in_the_meantime_does_not_begin(database):
    stop(database, CAMPAIGN)
    start(database, make_campaign(), named=True)
    let_go(database, CAMPAIGN)
    assert start(database, make_campaign(wish=Wish.PAUSED), named=True) is Begin.PAUSED
    assert facts_of(database)["moon"].state is CampaignState.SCHEDULED


def test_what_its_file_lets_go_is_not_paused_by_what_the_file_said_before(database):
    """The brake of the older file is lifted in the same breath."""
    start(database, make_campaign(start=NOW))
    stop(database, FILE)
    plan, begun = run(database, make_campaign(start=NOW))
    assert (plan.action, begun) == (Action.UNCHANGED, Begin.GOES_ON)
    with database.reading() as transaction:
        assert read_brakes(transaction) == []


@pytest.mark.parametrize("changes", [{"start": NOW}, {"starts_now": True}, {}])
def test_cancelled_by_its_file_nothing_of_it_is_kept(database, changes):
    cancelled = make_campaign(wish=Wish.CANCELLED, **changes)
    assert start(database, cancelled, named=True) is Begin.AT_REST
    assert facts_of(database) == {}


def test_cancelled_by_its_file_after_it_began_nothing_more_goes_out(database):
    start(database, make_campaign(start=NOW))
    claim(database)
    assert start(database, make_campaign(start=NOW, wish=Wish.CANCELLED)) is Begin.AT_REST
    assert claim(database) is None
    assert counts_of(database) == {"pending": 2, "cancelled": 2}


def test_cancelled_for_good_it_rests_whatever_its_file_says(database):
    start(database, make_campaign(), named=True)
    cancel(database)
    assert start(database, make_campaign(), named=True) is Begin.AT_REST
    assert start(database, make_campaign(2), named=True) is Begin.AT_REST
    assert counts_of(database) == {"cancelled": 4}


def test_a_draft_that_its_file_cancelled_and_took_back_begins_when_named(database):
    start(database, make_campaign(), named=True)
    start(database, make_campaign(wish=Wish.CANCELLED), named=True)
    assert start(database, make_campaign()) is Begin.NOT_DUE
    assert start(database, make_campaign(), named=True) is Begin.BEGUN


def test_a_finished_campaign_rests(database):
    start(database, make_campaign(2, start=NOW))
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    assert start(database, make_campaign(2, start=NOW)) is Begin.AT_REST


def test_a_halted_campaign_rests(database):
    start(database, make_campaign(start=NOW))
    settle(database, claim(database), BatchEvent.REJECT, halts=True)
    assert start(database, make_campaign(start=NOW)) is Begin.AT_REST


def test_a_missed_campaign_stays_missed_however_often_it_is_run(database):
    late = make_campaign(start=NOW - 2 * HOUR)
    start(database, late)
    before = rows_of(database, "SELECT * FROM events")
    assert start(database, late, named=True) is Begin.KEPT_BACK
    assert rows_of(database, "SELECT * FROM events") == before


def test_a_campaign_that_is_held_stays_held_however_often_it_is_run(database):
    held = make_campaign(start=NOW, expect=Expectation(least=10, most=20))
    start(database, held)
    before = rows_of(database, "SELECT * FROM events")
    assert start(database, held, named=True) is Begin.KEPT_BACK
    assert rows_of(database, "SELECT * FROM events") == before


def test_a_named_draft_whose_guard_is_not_met_begins_when_it_is_met_and_named_again(database):
    guarded = {"expect": Expectation(least=10, most=20)}
    assert start(database, make_campaign(**guarded), named=True) is Begin.KEPT_BACK
    assert start(database, make_campaign(12, **guarded)) is Begin.NOT_DUE
    assert start(database, make_campaign(12, **guarded), named=True) is Begin.BEGUN


def test_a_begun_draft_whose_edit_breaks_its_guard_is_held(database):
    guarded = {"expect": Expectation(least=4, most=4)}
    start(database, make_campaign(4, **guarded), named=True)
    assert start(database, make_campaign(5, **guarded), named=True) is Begin.KEPT_BACK
    assert claim(database) is None


def test_a_draft_keeps_the_moment_when_it_was_named_through_an_edit(database):
    start(database, make_campaign(), named=True)
    edited = make_campaign(message=make_message("改了"))
    start(database, edited, named=True, now=NOW + SECOND)
    assert campaign_of(database).start == NOW
    assert begin_scheduled(database) == []
    assert claim(database).seq == 1


# ---- sent under another name


SAME = {"message": make_message()}


def send(database, campaign):
    start(database, campaign, named=True)
    while claimed := claim(database, scope=[campaign.id]):
        settle(database, claimed, BatchEvent.ACCEPT, task_id=f"{claimed.batch}")


@pytest.mark.parametrize("changes", [{}, {"start": NOW}, {"starts_now": True}])
def test_a_copy_of_what_was_sent_does_not_begin_though_it_is_named(database, changes):
    send(database, make_campaign())
    plan, begun = run(database, make_campaign(name="copy", **SAME, **changes), named=True)
    assert (plan.action, begun) == (Action.HELD, Begin.KEPT_BACK)
    assert plan.reason.startswith("already sent as moon to 4 of its 4 recipients:")
    assert claim(database, scope=["copy"]) is None


@pytest.mark.parametrize("changes", [{}, {"start": NOW}])
def test_of_two_copies_of_which_nothing_was_claimed_the_first_that_is_run_begins(database, changes):
    copies = [make_campaign(name=name, **SAME, **changes) for name in ("moon", "copy")]
    assert start(database, copies[0], named=True) is Begin.BEGUN
    assert start(database, copies[1], named=True) is Begin.KEPT_BACK
    assert start(database, copies[0], named=True) is Begin.GOES_ON


def test_a_draft_that_says_so_is_sent_again_at_the_next_word(database):
    send(database, make_campaign())
    start(database, make_campaign(name="copy", **SAME), named=True)
    meant = make_campaign(name="copy", again=("moon",), **SAME)
    assert start(database, meant) is Begin.NOT_DUE
    assert start(database, meant, named=True) is Begin.BEGUN


def test_a_copy_is_held_however_often_it_is_run(database):
    send(database, make_campaign())
    copy = make_campaign(name="copy", **SAME)
    start(database, copy, named=True)
    before = rows_of(database, "SELECT * FROM events")
    assert start(database, copy, named=True) is Begin.KEPT_BACK
    assert rows_of(database, "SELECT * FROM events") == before


def test_an_edit_before_the_first_claim_can_make_a_copy_of_a_begun_draft(database):
    send(database, make_campaign())
    start(database, make_campaign(name="copy"), named=True)
    assert start(database, make_campaign(name="copy", **SAME)) is Begin.KEPT_BACK


def test_a_begun_draft_is_not_held_by_its_own_copy_when_it_is_edited(database):
    start(database, make_campaign(), named=True)
    assert start(database, make_campaign(name="copy", **SAME), named=True) is Begin.KEPT_BACK
    assert start(database, make_campaign(6)) is Begin.GOES_ON
    assert facts_of(database)["copy"].state is CampaignState.HELD
