"""Keeping plans: replaced as long as nothing was claimed, by content, and quickly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import (
    FIRST,
    NOW,
    begin,
    claim,
    make_account,
    make_campaign,
    make_message,
    make_plan,
    rows_of,
)

from runner.dispatch.begin import Begin, begin_campaign
from runner.lifecycle import CampaignEvent, CampaignState, IllegalTransition
from runner.model.campaign import Expectation
from runner.plan import plan_campaign
from runner.store.claims import load_message, load_mobiles
from runner.store.planning import keep_plan, move_campaign, read_facts
from runner.store.progress import read_recipients


def keep(database, plan):
    with database.writing() as transaction:
        keep_plan(transaction, plan, NOW)


def facts_of(database):
    with database.reading() as transaction:
        return read_facts(transaction)


def start(database, campaign, *, named=False):
    """Plan and begin a campaign as a run does."""
    stored = facts_of(database).get(campaign.id)
    plan = plan_campaign(campaign, make_account(batch_size=2), stored, NOW)
    with database.writing() as transaction:
        return begin_campaign(transaction, plan, stored, NOW, named=named)


def test_a_kept_plan_is_scheduled_with_every_recipient_in_one_batch(database):
    keep(database, make_plan(5, batch_size=2))
    with database.reading() as transaction:
        people = [(row.mobile, row.batch) for row in read_recipients(transaction, "moon")]
    assert people == [(FIRST, 1), (FIRST + 1, 1), (FIRST + 2, 2), (FIRST + 3, 2), (FIRST + 4, 3)]
    assert facts_of(database)["moon"].state is CampaignState.SCHEDULED


def test_batches_remember_the_size_and_digest_of_their_requests(database):
    plan = make_plan(5, batch_size=2)
    keep(database, plan)
    kept = rows_of(database, "SELECT seq, recipients, request_bytes, digest FROM batches")
    assert kept == [
        (batch.seq, len(batch.mobiles), batch.request_bytes, batch.digest) for batch in plan.batches
    ]


def test_the_message_is_kept_by_content(database):
    plan = make_plan()
    keep(database, plan)
    with database.reading() as transaction:
        assert load_message(transaction, plan.message.digest) == plan.message


def test_campaigns_with_the_same_message_share_it(database):
    keep(database, make_plan(name="moon"))
    keep(database, make_plan(name="sun"))
    assert rows_of(database, "SELECT count(*) FROM messages") == [(1,)]


def test_an_edit_before_the_first_claim_replaces_everything(database):
    keep(database, make_plan(6))
    keep(database, make_plan(2, message=make_message("改了")))
    assert rows_of(database, "SELECT count(*) FROM recipients") == [(2,)]
    assert rows_of(database, "SELECT count(*) FROM batches") == [(1,)]
    assert rows_of(database, "SELECT count(*) FROM messages") == [(1,)]


def test_a_batch_id_is_never_used_again(database):
    keep(database, make_plan(4))
    keep(database, make_plan(4))
    assert rows_of(database, "SELECT id FROM batches") == [(3,), (4,)]


def test_a_message_that_another_campaign_needs_stays(database):
    keep(database, make_plan(name="moon"))
    keep(database, make_plan(name="sun"))
    keep(database, make_plan(name="moon", message=make_message("改了")))
    assert rows_of(database, "SELECT count(*) FROM messages") == [(2,)]


def test_a_finished_campaign_cannot_be_planned_again(database):
    begin(database)
    with database.writing() as transaction:
        move_campaign(transaction, "moon", CampaignEvent.COMPLETE, NOW)
    with pytest.raises(IllegalTransition):
        keep(database, make_plan())


def test_half_a_million_recipients_are_kept_and_given_back(database):
    plan = make_plan(500_000, batch_size=2000)
    keep(database, plan)
    assert rows_of(database, "SELECT count(*) FROM batches") == [(250,)]
    with database.reading() as transaction:
        assert load_mobiles(transaction, 250) == list(plan.batches[-1].mobiles)


def test_recipients_are_given_in_the_order_of_the_indexes(database):
    query = "SELECT mobile FROM recipient_status WHERE campaign = 'moon' ORDER BY seq, mobile"
    plan = " ".join(str(row) for row in rows_of(database, f"EXPLAIN QUERY PLAN {query}"))
    assert "TEMP B-TREE" not in plan


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
    assert start(database, make_campaign(2, start=NOW)) is Begin.BEGUN
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
    assert start(database, make_campaign(5), named=False) is Begin.BEGUN
    assert facts_of(database)["moon"].state is CampaignState.RUNNING
