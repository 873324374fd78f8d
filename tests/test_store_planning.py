"""Keeping plans: replaced as long as nothing was claimed, by content; forgotten or cancelled."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from builders import (
    CAMPAIGN,
    FILE,
    FIRST,
    NOW,
    SECOND,
    batch_states,
    begin,
    campaign_of,
    cancel,
    claim,
    counts_of,
    make_message,
    make_plan,
    rows_of,
    settle,
    stop,
)

from runner.codec.answers import ReportPage
from runner.lifecycle import BatchEvent, CampaignEvent, CampaignState, IllegalTransition
from runner.model.account import NamedList
from runner.model.campaign import Audience, Source
from runner.model.outcome import RawAnswer, Report
from runner.store.brakes import read_brakes
from runner.store.claims import load_message, read_numbers
from runner.store.journal import apply_page, keep_answer
from runner.store.outcomes import doubt_abandoned, find_claimed
from runner.store.planning import (
    forget_campaign,
    keep_conditions,
    keep_live,
    keep_plan,
    list_campaigns,
    move_campaign,
    read_fact,
    read_facts,
)
from runner.store.progress import read_recipients
from runner.store.resolution import send_again_by_hand
from runner.timing import parse_hours

START = NOW + timedelta(hours=1)


def keep(database, plan):
    with database.writing() as transaction:
        keep_plan(transaction, plan, NOW)


def facts_of(database):
    with database.reading() as transaction:
        return read_facts(transaction, list_campaigns(transaction))


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
        (batch.seq, batch.recipients, batch.request_bytes, batch.digest) for batch in plan.batches
    ]


def test_the_message_is_kept_by_content(database):
    plan = make_plan()
    keep(database, plan)
    with database.reading() as transaction:
        assert load_message(transaction, plan.message.digest) == plan.message


def test_campaigns_with_the_same_message_share_it(database):
    keep(database, make_plan(name="moon", message=make_message()))
    keep(database, make_plan(name="sun", message=make_message()))
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
    keep(database, make_plan(name="sun", message=make_message()))
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
        assert read_numbers(transaction, 250) == plan.batches[-1].numbers


def test_recipients_are_given_in_the_order_of_the_indexes(database):
    query = "SELECT mobile FROM recipient_status WHERE campaign = 'moon' ORDER BY seq, mobile"
    plan = " ".join(str(row) for row in rows_of(database, f"EXPLAIN QUERY PLAN {query}"))
    assert "TEMP B-TREE" not in plan


# ---- what the store knows


def test_what_is_known_of_a_campaign_is_what_was_planned(database):
    plan = make_plan(start=START)
    keep(database, plan)
    known = facts_of(database)["moon"]
    assert (known.digest, known.contents) == (plan.digest, plan.contents)
    assert (known.title, known.account, known.start) == ("中秋快乐", "main", START)
    assert (known.recipients, known.frozen, known.brake) == (4, False, None)


def test_of_a_campaign_that_was_never_planned_nothing_is_known(database):
    keep(database, make_plan(name="sun"))
    with database.reading() as transaction:
        assert read_fact(transaction, "moon") is None
        assert (
            read_fact(transaction, "sun")
            == read_facts(transaction, list_campaigns(transaction))["sun"]
        )


def test_a_campaign_is_frozen_from_its_first_claim_on(database):
    begin(database)
    assert not facts_of(database)["moon"].frozen
    settle(database, claim(database), BatchEvent.NOT_SENT)
    assert facts_of(database)["moon"].frozen


TIMES = "SELECT start, latest_until, until, hours, fresh_until FROM campaigns"


def listed():
    named = NamedList(name="members", file="/srv/members.csv", max_age=timedelta(days=3))
    source = Source(name="members", rows=4, digest="sha256:1", modified=NOW, named=named)
    return Audience(mobiles=range(FIRST, FIRST + 4), given=4, sources=(source,))


def test_all_that_says_when_stands_in_the_state(database):
    """The daemon begins and sends from it, whatever has become of the files."""
    late = {"start": START, "latest": timedelta(minutes=5), "until": START + timedelta(hours=2)}
    keep(database, make_plan(hours=parse_hours("21:00-08:00"), audience=listed(), **late))
    assert rows_of(database, TIMES) == [
        (
            "2035-09-16T02:00:00.000Z",
            "2035-09-16T02:05:00.000Z",
            "2035-09-16T04:00:00.000Z",
            "21:00-08:00",
            "2035-09-19T01:00:00.000Z",
        )
    ]


def test_what_starts_now_starts_when_it_was_planned_and_is_never_late(database):
    keep(database, make_plan(starts_now=True))
    assert rows_of(database, TIMES) == [("2035-09-16T01:00:00.000Z", None, None, None, None)]


def test_a_draft_has_no_times(database):
    keep(database, make_plan())
    assert rows_of(database, TIMES) == [(None,) * 5]


def test_of_what_has_begun_until_hours_and_drift_are_kept_and_nothing_else(database):
    begin(database, start=START)
    claim(database)
    before = rows_of(database, "SELECT digest, message, recipients, latest_until FROM campaigns")
    edited = make_plan(2, start=START, hours=parse_hours("08:00-21:00"), until=START + SECOND)
    with database.writing() as transaction:
        keep_live(transaction, edited, drifted=True)
    live = rows_of(database, "SELECT until, hours, drifted FROM campaigns")
    assert live == [("2035-09-16T02:00:01.000Z", "08:00-21:00", 1)]
    after = rows_of(database, "SELECT digest, message, recipients, latest_until FROM campaigns")
    assert after == before
    assert campaign_of(database).drifted


def test_a_list_that_was_written_anew_is_fresh_for_longer(database):
    keep(database, make_plan(start=START))
    with database.writing() as transaction:
        keep_conditions(transaction, make_plan(start=START, latest=timedelta(), audience=listed()))
    assert rows_of(database, "SELECT latest_until, fresh_until FROM campaigns") == [
        ("2035-09-16T02:00:00.000Z", "2035-09-19T01:00:00.000Z")
    ]
    assert not campaign_of(database).drifted


def test_what_a_person_resumed_stays_without_a_latest(database):
    """Reading its file again must not make it late."""
    keep(database, make_plan(start=START))
    with database.writing() as transaction:
        move_campaign(transaction, "moon", CampaignEvent.MISS, NOW)
        move_campaign(transaction, "moon", CampaignEvent.RESUME, NOW, start=NOW)
        keep_conditions(transaction, make_plan(start=START))
    assert rows_of(database, "SELECT latest_until FROM campaigns") == [(None,)]


# ---- forgotten


def forget(database, name="moon"):
    with database.writing() as transaction:
        forget_campaign(transaction, name, NOW, reason="its file is gone")


def test_a_forgotten_campaign_leaves_nothing_but_its_log(database):
    keep(database, make_plan())
    forget(database)
    for table in ("campaigns", "batches", "recipients", "messages"):
        assert rows_of(database, f"SELECT count(*) FROM {table}") == [(0,)]
    log = "SELECT subject, name, old_state, new_state, reason FROM events ORDER BY id DESC LIMIT 1"
    assert rows_of(database, log) == [("campaign", "moon", "scheduled", None, "its file is gone")]


def test_other_campaigns_keep_what_they_share_with_a_forgotten_one(database):
    keep(database, make_plan(name="moon"))
    keep(database, make_plan(name="sun"))
    forget(database)
    assert list(facts_of(database)) == ["sun"]
    assert counts_of(database, "sun") == {"pending": 4}


def test_with_its_file_the_brake_of_the_file_is_gone(database):
    keep(database, make_plan())
    stop(database, FILE)
    forget(database)
    with database.reading() as transaction:
        assert read_brakes(transaction) == []


def test_a_persons_brake_outlives_the_file(database):
    """A checkout that goes back and forth must not let go of what a person has stopped."""
    keep(database, make_plan())
    stop(database, CAMPAIGN)
    forget(database)
    keep(database, make_plan())
    assert facts_of(database)["moon"].brake
    assert campaign_of(database).shown == "paused"


# ---- cancelled


def check_counts(database, **expected):
    """The counts, which add up, and are those of the recipients one by one."""
    counts = counts_of(database)
    assert counts == expected
    assert sum(counts.values()) == campaign_of(database).total
    with database.reading() as transaction:
        people = Counter(row.state.value for row in read_recipients(transaction, "moon"))
    assert people == Counter(expected)


def test_what_is_not_sent_of_a_cancelled_campaign_stays_unsent(database):
    begin(database, 6)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    assert cancel(database) == 2
    assert batch_states(database) == ["accepted", "cancelled", "cancelled"]
    assert campaign_of(database).state is CampaignState.CANCELLED
    assert claim(database) is None
    check_counts(database, submitted=2, cancelled=4)


@pytest.mark.parametrize(
    "event", [None, CampaignEvent.HOLD, CampaignEvent.MISS, CampaignEvent.BEGIN]
)
def test_it_may_be_cancelled_wherever_it_waits(database, event):
    keep(database, make_plan())
    if event:
        with database.writing() as transaction:
            move_campaign(transaction, "moon", event, NOW)
    cancel(database)
    check_counts(database, cancelled=4)


def test_a_halted_campaign_may_be_cancelled(database):
    begin(database)
    settle(database, claim(database), BatchEvent.REJECT, halts=True)
    cancel(database)
    check_counts(database, rejected=2, cancelled=2)


@pytest.mark.parametrize(
    ("event", "becomes", "counted"),
    [
        (BatchEvent.ACCEPT, "accepted", "submitted"),
        (BatchEvent.NOT_SENT, "cancelled", "cancelled"),
        (BatchEvent.REJECT, "rejected", "rejected"),
        (BatchEvent.DOUBT, "in_doubt", "in_doubt"),
    ],
)
@pytest.mark.parametrize("halts", [False, True])
def test_what_is_in_flight_of_a_cancelled_campaign_comes_home(
    database, event, becomes, counted, halts
):
    begin(database)
    claimed = claim(database)
    cancel(database)
    check_counts(database, pending=2, cancelled=2)
    settle(database, claimed, event, halts=halts, reason="as the gateway says")
    assert batch_states(database) == [becomes, "cancelled"]
    status = campaign_of(database)
    assert (status.state, status.reason) == (CampaignState.CANCELLED, "a test")
    expected = Counter({"cancelled": 2})
    expected[counted] += 2
    check_counts(database, **expected)


def test_what_did_not_arrive_of_a_cancelled_campaign_waits_for_no_retry(database):
    begin(database, 2)
    claimed = claim(database)
    cancel(database)
    settle(database, claimed, BatchEvent.NOT_SENT, again_at=NOW + SECOND, refusals=1)
    assert rows_of(database, "SELECT state, not_before FROM batches") == [("cancelled", None)]


def test_what_a_crash_left_of_a_cancelled_campaign_is_in_doubt(database):
    begin(database)
    claim(database)
    cancel(database)
    with database.writing() as transaction:
        doubt_abandoned(transaction, NOW)
    check_counts(database, in_doubt=2, cancelled=2)


@pytest.mark.parametrize("event", [BatchEvent.DOUBT, BatchEvent.REJECT])
def test_what_a_person_says_was_not_sent_of_a_cancelled_campaign_stays_unsent(database, event):
    begin(database, 2)
    claimed = claim(database)
    cancel(database)
    settle(database, claimed, event)
    with database.writing() as transaction:
        send_again_by_hand(transaction, claimed.batch, now=NOW)
    check_counts(database, cancelled=2)
    assert campaign_of(database).state is CampaignState.CANCELLED


def test_reports_of_a_cancelled_campaign_still_count(database):
    begin(database)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    cancel(database)
    report = Report(
        task_id="77", mobile=FIRST, delivered=True, received_at=NOW, error_code="DELIVRD"
    )
    with database.writing() as transaction:
        entry = keep_answer(transaction, "main", RawAnswer(status=200, body=b"<r/>"), NOW)
        apply_page(transaction, entry, ReportPage(reports=(report,)))
    check_counts(database, delivered=1, submitted=1, cancelled=2)


def test_an_answer_to_a_batch_that_was_never_claimed_is_none(database):
    begin(database, 2)
    claimed = claim(database)
    settle(database, claimed, BatchEvent.NOT_SENT)
    cancel(database)
    with database.reading() as transaction:
        assert find_claimed(transaction, claimed) is None


def test_cancelled_for_good_its_file_can_never_take_it_back(database):
    keep(database, make_plan())
    cancel(database, for_good=True)
    assert facts_of(database)["moon"].frozen


def test_cancelled_by_its_file_it_can_be_planned_again(database):
    keep(database, make_plan())
    cancel(database, for_good=False)
    assert not facts_of(database)["moon"].frozen
    keep(database, make_plan())
    assert batch_states(database) == ["planned", "planned"]
    check_counts(database, pending=4)


def test_a_finished_campaign_has_nothing_left_to_cancel(database):
    begin(database, 2)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    with pytest.raises(IllegalTransition):
        cancel(database)


def test_the_log_tells_of_everything_that_was_cancelled_and_why(database):
    begin(database)
    cancel(database)
    log = "SELECT subject, name, old_state, new_state, reason FROM events ORDER BY id DESC LIMIT 3"
    assert rows_of(database, log) == [
        ("batch", "2", "planned", "cancelled", "a test"),
        ("batch", "1", "planned", "cancelled", "a test"),
        ("campaign", "moon", "running", "cancelled", "a test"),
    ]
