"""A person's word settles what nobody else can."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import NOW, batch_states, begin, campaign_of, cancel, claim, counts_of, settle

from runner.codec.answers import ReportPage
from runner.errors import WrongUsage
from runner.lifecycle import BatchEvent, BatchState, CampaignState
from runner.model.outcome import RawAnswer, Report
from runner.store.journal import apply_page, keep_answer
from runner.store.outcomes import find_claimed
from runner.store.resolution import accept_by_hand, require_batch, send_again_by_hand


def accept(database, batch, task_id=None):
    with database.writing() as transaction:
        accept_by_hand(
            transaction,
            batch,
            task_id=task_id,
            reports_within=timedelta(hours=72),
            now=NOW,
        )


def send_again(database, batch):
    with database.writing() as transaction:
        return send_again_by_hand(transaction, batch, now=NOW)


def report(database, task_id, mobile):
    page = ReportPage(
        reports=(
            Report(
                task_id=task_id,
                mobile=mobile,
                delivered=True,
                received_at=NOW,
                error_code="DELIVRD",
            ),
        )
    )
    with database.writing() as transaction:
        entry = keep_answer(transaction, "main", RawAnswer(status=200, body=b"<x/>"), NOW)
        apply_page(transaction, entry, page)


def test_a_batch_in_doubt_counts_as_sent_when_a_person_says_so(database):
    begin(database, 2)
    settle(database, claim(database), BatchEvent.DOUBT)
    accept(database, 1)
    assert counts_of(database) == {"submitted": 2}


def test_with_its_task_id_the_reports_that_wait_find_it(database):
    begin(database, 2)
    settle(database, claim(database), BatchEvent.DOUBT)
    report(database, "77", 13800138000)
    accept(database, 1, task_id="77")
    assert counts_of(database) == {"delivered": 1, "submitted": 1}


def test_the_task_of_another_batch_is_refused(database):
    begin(database, 4)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    settle(database, claim(database), BatchEvent.DOUBT)
    with pytest.raises(WrongUsage, match="batch 1 already"):
        accept(database, 2, task_id="77")
    assert batch_states(database) == ["accepted", "in_doubt"]


@pytest.mark.parametrize("event", [BatchEvent.DOUBT, BatchEvent.REJECT])
def test_a_batch_that_was_not_sent_is_planned_again_and_its_campaign_goes_on(database, event):
    begin(database, 2)
    settle(database, claim(database), event)
    assert send_again(database, 1) is BatchState.PLANNED
    assert batch_states(database) == ["planned"]
    assert campaign_of(database).state is CampaignState.RUNNING
    assert claim(database).batch == 1


@pytest.mark.parametrize("event", [BatchEvent.DOUBT, BatchEvent.REJECT])
def test_a_batch_of_a_cancelled_campaign_that_was_not_sent_stays_unsent(database, event):
    begin(database, 4)
    settle(database, claim(database), event)
    cancel(database)
    assert send_again(database, 1) is BatchState.CANCELLED
    assert counts_of(database) == {"cancelled": 4}
    assert claim(database) is None


def test_a_halted_campaign_goes_on_with_its_rejected_batch(database):
    begin(database, 4)
    settle(database, claim(database), BatchEvent.REJECT, halts=True)
    send_again(database, 1)
    assert campaign_of(database).state is CampaignState.RUNNING


def test_a_campaign_that_a_doubt_had_halted_goes_on_when_it_is_settled(database):
    """A redirect does that; the batches behind it must not wait for ever."""
    begin(database, 4)
    settle(database, claim(database), BatchEvent.DOUBT, halts=True)
    accept(database, 1)
    assert campaign_of(database).state is CampaignState.RUNNING
    assert claim(database).batch == 2


def test_a_halted_campaign_is_finished_when_nothing_of_it_is_left(database):
    begin(database, 2)
    settle(database, claim(database), BatchEvent.DOUBT, halts=True)
    accept(database, 1)
    assert campaign_of(database).state is CampaignState.FINISHED


def test_a_halted_campaign_waits_while_another_batch_is_not_settled(database):
    begin(database, 6)
    first, second = claim(database), claim(database)
    settle(database, first, BatchEvent.REJECT, halts=True)
    settle(database, second, BatchEvent.DOUBT)
    accept(database, second.batch)
    assert campaign_of(database).state is CampaignState.HALTED


def test_the_answer_of_the_old_claim_no_longer_lands_after_a_person_s_word(database):
    begin(database, 2)
    claimed = claim(database)
    settle(database, claimed, BatchEvent.DOUBT)
    send_again(database, 1)
    with database.reading() as transaction:
        assert find_claimed(transaction, claimed) is None


@pytest.mark.parametrize("act", [accept, send_again])
def test_a_batch_that_is_not_in_doubt_is_refused(database, act):
    begin(database, 2)
    with pytest.raises(WrongUsage, match="batch 1 is planned: only one that is in doubt"):
        act(database, 1)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    with pytest.raises(WrongUsage, match="batch 1 is accepted"):
        act(database, 1)


def test_a_batch_in_flight_cannot_be_settled_by_hand(database):
    begin(database, 2)
    claim(database)
    with pytest.raises(WrongUsage, match="batch 1 is submitting"):
        send_again(database, 1)


def test_a_batch_that_does_not_exist_is_told(database):
    with (
        pytest.raises(WrongUsage, match="there is no batch 4711"),
        database.reading() as transaction,
    ):
        require_batch(transaction, 4711)
