"""A person's word settles what nobody else can."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import (
    FIRST,
    NOW,
    account_of,
    batch_states,
    begin,
    campaign_of,
    cancel,
    claim,
    counts_of,
    rows_of,
    settle,
)
from hand_written_line import HandWrittenLine, numbers, page_of

from runner.codec.answers import ReportPage
from runner.errors import WrongUsage
from runner.lifecycle import BatchEvent, BatchState, CampaignState
from runner.model.outcome import Accepted, RawAnswer, Report, Unknown
from runner.reports import apply_left_over
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


# overruling what evidence settled


@pytest.fixture
def line(database, clock):
    return HandWrittenLine(database, clock)


@pytest.fixture
def settled(database, line):
    """A batch that reports of task 77 settled, some of which say different things."""
    begin(database, 10, batch_size=10)
    line.submit(Unknown(why="no answer"))
    line.hear("77", numbers(4), status=20)
    line.hear("77", numbers(6))
    line.hear("77", numbers(1, first=5))
    assert counts_of(database) == {"delivered": 6, "submitted": 4}
    return line


def reports_of(database, task_id="77"):
    query = f"SELECT mobile, delivered, matter FROM reports WHERE task_id = '{task_id}' ORDER BY id"
    return rows_of(database, query)


def test_what_evidence_settled_can_be_called_not_sent(database, settled):
    assert send_again(database, 1) is BatchState.PLANNED
    assert counts_of(database) == {"pending": 10}
    assert campaign_of(database).state is CampaignState.RUNNING


def test_every_report_that_had_settled_it_waits_for_its_task_again_as_it_came(database, settled):
    send_again(database, 1)
    failed = [(mobile, 0, "unmatched") for mobile in numbers(4)]
    delivered = [(mobile, 1, "unmatched") for mobile in [*numbers(6), FIRST + 5]]
    assert reports_of(database) == [*failed, *delivered]
    assert account_of(database).received == 11


def test_what_spoke_for_the_claim_that_was_overruled_is_not_shown_of_the_next(database, settled):
    send_again(database, 1)
    settled.submit(Unknown(why="no answer again"))
    [batch] = campaign_of(database).batches
    assert (batch.state, batch.evidence) == (BatchState.IN_DOUBT, ())


def test_what_spoke_for_a_claim_that_was_not_sent_is_not_shown_of_the_next(database, line):
    begin(database, 10, batch_size=10)
    line.submit(Unknown(why="no answer"))
    line.hear("77", numbers(4))
    assert len(campaign_of(database).batches[0].evidence) == 1
    send_again(database, 1)
    line.submit(Unknown(why="no answer again"))
    assert campaign_of(database).batches[0].evidence == ()


def test_the_event_log_keeps_what_was_overruled(database, settled):
    send_again(database, 1)
    query = "SELECT old_state, new_state, reason FROM events WHERE subject = 'batch' ORDER BY id"
    evidence, overruled, word = rows_of(database, query)[-3:]
    assert evidence[2].startswith("settled by evidence: reports of task 77")
    assert overruled == ("accepted", "in_doubt", "a person knows better than the evidence")
    assert word == ("in_doubt", "planned", "a person says that it was not sent")


def test_the_same_task_cannot_settle_the_next_claim(database, settled):
    send_again(database, 1)
    settled.submit(Unknown(why="no answer again"))
    settled.hear("77", numbers(4, first=6))
    assert batch_states(database) == ["in_doubt"]


def test_a_person_can_name_another_task(database, settled):
    settled.hear("78", numbers(3, first=500))
    settled.hear("79", numbers(2))
    accept(database, 1, task_id="79")
    assert counts_of(database) == {"delivered": 2, "submitted": 8}
    assert [row[2] for row in reports_of(database)] == ["unmatched"] * 11
    assert campaign_of(database).batches[0].evidence == ()


@pytest.mark.parametrize("task_id", [None, "77"])
def test_what_counts_as_sent_already_needs_no_word(database, settled, task_id):
    with pytest.raises(WrongUsage, match="batch 1 counts as sent already"):
        accept(database, 1, task_id=task_id)


def test_a_person_s_own_word_can_be_overruled_too(database, line):
    """The task that he had named by mistake was heard of before the claim."""
    line.hear("77", numbers(3))
    line.clock.move(1)
    begin(database, 10, batch_size=10)
    line.submit(Unknown(why="no answer"))
    accept(database, 1, task_id="77")
    assert counts_of(database) == {"delivered": 3, "submitted": 7}
    send_again(database, 1)
    assert counts_of(database) == {"pending": 10}
    assert len(reports_of(database)) == 3


def test_reports_are_given_back_though_the_clock_was_set_back_after_the_claim(database, line):
    begin(database, 10, batch_size=10)
    line.submit(Unknown(why="no answer"))
    sent_at = line.clock.now
    line.clock.move(-86_400)
    line.pages.append(page_of("77", numbers(10), at=sent_at))
    line.poll()
    assert counts_of(database) == {"delivered": 10}
    send_again(database, 1)
    assert len(reports_of(database)) == 10


def test_an_answer_that_nobody_has_applied_yet_is_not_counted_twice(database, settled):
    """A crash left it; the next process applies it."""
    answer = RawAnswer(status=200, body=page_of("77", numbers(1, first=9), at=NOW))
    with database.writing() as transaction:
        keep_answer(transaction, "main", answer, settled.clock.now)
    send_again(database, 1)
    apply_left_over(database, settled.clock.now)
    assert [mobile for mobile, *_ in reports_of(database)].count(FIRST + 9) == 1


@pytest.mark.parametrize("act", [accept, send_again])
def test_a_batch_that_a_receipt_accepted_cannot_be_overruled(database, line, act):
    begin(database, 10, batch_size=10)
    line.submit(Accepted(task_id="77", balance="1"))
    with pytest.raises(WrongUsage, match="batch 1 is accepted"):
        act(database, 1)


def test_a_batch_of_a_cancelled_campaign_that_evidence_settled_stays_unsent(database, settled):
    with database.writing() as transaction:
        transaction.execute("UPDATE campaigns SET state = 'cancelled'")
    assert send_again(database, 1) is BatchState.CANCELLED
    assert counts_of(database) == {"cancelled": 10}
