"""Evidence settles batches in doubt in a real state, by what its pump and collector are told."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    FIRST,
    NOW,
    account_of,
    batch_states,
    begin,
    calls_of,
    campaign_of,
    counts_of,
    make_message,
    make_pump,
    rows_of,
)
from hand_written_line import HandWrittenLine, numbers, page_of

from runner.dispatch.pump import Asked, Wait
from runner.evidence import PATIENCE
from runner.lifecycle import BatchState, CampaignState
from runner.model.account import NamedList, OnCode8, ReportPolling
from runner.model.campaign import Audience
from runner.model.outcome import Accepted, Code, RawAnswer, Refused, Unknown
from runner.reports import apply_left_over
from runner.store.journal import keep_answer
from runner.store.outcomes import doubt_abandoned
from runner.store.resolution import accept_by_hand, send_again_by_hand

LOST = Unknown(why="no answer within 60s")
REDIRECTED = Unknown(why="HTTP 302", redirected=True)
EIGHT = Refused(code=Code.OTHER_ERROR)


def taken(task_id, balance="1000000"):
    return Accepted(task_id=task_id, balance=balance)


@pytest.fixture
def line(database, clock):
    return HandWrittenLine(database, clock)


@pytest.fixture
def exclusive(database, clock):
    return HandWrittenLine(database, clock, exclusive=True)


def begin_list(database, name, mobiles, *, batch_size=10):
    mobiles = array("Q", mobiles)
    audience = Audience(mobiles=mobiles, given=len(mobiles))
    begin(database, name=name, audience=audience, batch_size=batch_size)


def batches_of(database):
    query = "SELECT state, task_id, settled_by FROM batches ORDER BY id"
    return rows_of(database, query)


def evidence_of(database, batch=1):
    return [text for (text,) in rows_of(database, f"SELECT text FROM evidence WHERE batch={batch}")]


def reasons_of(database, batch=1):
    query = f"SELECT reason FROM events WHERE subject = 'batch' AND name = '{batch}' ORDER BY id"
    return [reason for (reason,) in rows_of(database, query)]


def accept(database, batch, task_id=None, now=NOW):
    with database.writing() as transaction:
        accept_by_hand(
            transaction, batch, task_id=task_id, reports_within=timedelta(hours=72), now=now
        )


def send_again(database, batch, now=NOW):
    with database.writing() as transaction:
        send_again_by_hand(transaction, batch, now=now)


# what reports settle


def test_reports_of_an_unknown_task_settle_the_batch_whose_people_they_name(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    assert batches_of(database) == [("in_doubt", None, None)]
    line.hear("77", numbers(6))
    assert batches_of(database) == [("accepted", "77", "evidence")]


def test_the_reports_that_settled_a_batch_and_those_that_come_later_are_its_people_s(
    database, line
):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(6))
    assert counts_of(database) == {"delivered": 6, "submitted": 4}
    line.hear("77", numbers(2, first=6), status=20)
    assert counts_of(database) == {"delivered": 6, "failed": 2, "submitted": 2}
    assert account_of(database).unmatched == 0


def test_reports_that_came_while_the_request_was_under_way_settle_it_at_the_next_poll(
    database, line
):
    begin(database, 10, batch_size=10)
    line.during = lambda: line.hear("77", numbers(10))
    line.submit(LOST)
    assert batch_states(database) == ["in_doubt"]
    line.poll()
    assert counts_of(database) == {"delivered": 10}


def test_a_batch_that_is_in_flight_is_not_settled(database, line):
    begin(database, 10, batch_size=10)
    states = []

    def hear():
        line.hear("77", numbers(10))
        states.extend(batch_states(database))

    line.during = hear
    line.submit(taken("77"))
    assert states == ["submitting"]
    assert batches_of(database) == [("accepted", "77", None)]


def test_reports_are_counted_over_several_polls(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(3))
    line.hear("77", numbers(2))  # twice the same
    assert batch_states(database) == ["in_doubt"]
    line.hear("77", numbers(3, first=3))
    assert counts_of(database) == {"delivered": 6, "submitted": 4}


def test_nothing_is_settled_before_all_pages_that_wait_were_read(database, clock):
    """The next one may speak against it."""
    line = HandWrittenLine(database, clock, reports=ReportPolling(page=6))
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.report("77", numbers(6))
    line.report("77", numbers(1, first=10))
    line.poll()
    assert batch_states(database) == ["in_doubt"]
    assert reasons_of(database)[-1] == "no answer within 60s"


def test_a_few_reports_of_a_large_batch_settle_it_when_nothing_else_comes_for_a_day(database, line):
    begin(database, 200, batch_size=200)
    line.submit(LOST)
    line.hear("77", numbers(5))
    assert batch_states(database) == ["in_doubt"]
    line.poll(later=PATIENCE)
    assert counts_of(database) == {"delivered": 5, "submitted": 195}


def test_what_was_heard_before_the_claim_settles_nothing(database, line):
    line.hear("77", numbers(6))
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(4, first=6))
    assert batch_states(database) == ["in_doubt"]
    assert "task 77" not in "".join(evidence_of(database))


def test_reports_of_before_the_claim_that_come_after_it_settle_nothing(database, line, clock):
    """Nobody polled in the meantime, so they had to wait."""
    line.report("77", numbers(10))
    clock.move(600)
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.poll()
    assert batch_states(database) == ["in_doubt"]


def test_the_event_log_has_the_evidence(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(6))
    assert reasons_of(database)[-1] == (
        "settled by evidence: reports of task 77, which no other batch has, name 6 of its people"
        " and nobody else"
    )


def test_status_has_what_speaks_for_a_batch_in_doubt_and_what_settled_it(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(3))
    [batch] = campaign_of(database).batches
    told = "reports of task 77, which no other batch has, name 3 of its people and nobody else"
    assert batch.evidence == (f"{told}: 5 are wanted",)
    line.hear("77", numbers(3, first=3))
    [batch] = campaign_of(database).batches
    assert batch.reason == f"settled by evidence: {told.replace('3 of', '6 of')}"


def test_a_batch_with_people_who_opted_out_is_settled_by_the_others(
    database, clock, line, tmp_path
):
    optout = tmp_path / "optout.csv"
    optout.write_text("".join(f"{mobile}\n" for mobile in numbers(3)), "utf-8")
    begin(database, 10, batch_size=10)
    line.restart(opt_outs=[NamedList(name="optout", file=str(optout))])
    line.submit(LOST)
    line.hear("77", numbers(5, first=3))
    assert counts_of(database) == {"delivered": 5, "submitted": 2, "cancelled": 3}


def test_a_task_that_names_somebody_who_was_left_out_is_not_the_batch_s(
    database, clock, line, tmp_path
):
    optout = tmp_path / "optout.csv"
    optout.write_text(f"{FIRST}\n", "utf-8")
    begin(database, 10, batch_size=10)
    line.restart(opt_outs=[NamedList(name="optout", file=str(optout))])
    line.submit(LOST)
    line.hear("77", numbers(10))
    assert counts_of(database) == {"in_doubt": 9, "cancelled": 1}


def test_a_batch_that_the_gateway_starts_waits_for_its_reports_from_the_start_on(
    database, clock, line
):
    start = NOW + timedelta(days=2)
    begin(database, 10, batch_size=10, start=start, starts_at_gateway=True)
    line.submit(LOST)
    line.poll(later=timedelta(days=4))
    line.hear("77", numbers(10))
    [(deadline,)] = rows_of(database, "SELECT report_deadline FROM batches")
    assert batch_states(database) == ["accepted"]
    assert deadline.startswith(f"{max(start, clock.now) + timedelta(hours=72):%Y-%m-%dT%H:%M}")


# what follows for the campaign


def test_the_rest_of_a_campaign_is_sent_after_its_doubt_was_settled(database, line):
    begin(database, 20, batch_size=10)
    line.during = lambda: line.hear("77", numbers(10))
    line.outcomes = [LOST, taken("78")]
    line.pump.step()
    line.poll()
    assert campaign_of(database).state is CampaignState.RUNNING
    line.submit()
    assert campaign_of(database).state is CampaignState.FINISHED
    assert counts_of(database) == {"delivered": 10, "submitted": 10}


def test_a_campaign_that_a_redirect_halted_stays_halted(database, line):
    """That the batch was taken does not mend the address."""
    begin(database, 20, batch_size=10)
    line.submit(REDIRECTED)
    line.hear("77", numbers(10))
    assert batch_states(database) == ["accepted", "planned"]
    assert campaign_of(database).state is CampaignState.HALTED


def test_a_batch_of_a_cancelled_campaign_is_settled_too(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    with database.writing() as transaction:
        transaction.execute("UPDATE campaigns SET state = 'cancelled'")
    line.hear("77", numbers(10))
    assert counts_of(database) == {"delivered": 10}


# others with the same people


def test_the_same_list_in_two_campaigns_in_doubt_settles_neither_and_says_why(database, line):
    begin(database, 10, batch_size=10)
    begin(database, 10, batch_size=10, name="sun")
    line.submit(LOST, LOST)
    line.hear("77", numbers(10))
    line.hear("78", numbers(10))
    assert [state for state, *_ in batches_of(database)] == ["in_doubt", "in_doubt"]
    for batch in (1, 2):
        told = "; ".join(evidence_of(database, batch))
        assert "other batches that wait for an answer went to the same people" in told


def test_when_a_person_has_named_the_task_of_one_the_other_is_settled_by_what_is_left(
    database, line
):
    begin(database, 10, batch_size=10)
    begin(database, 10, batch_size=10, name="sun")
    line.submit(LOST, LOST)
    line.hear("77", numbers(10))
    line.hear("78", numbers(10))
    accept(database, 1, "78")
    line.poll()
    assert batches_of(database) == [("accepted", "78", "person"), ("accepted", "77", "evidence")]


def test_what_a_person_called_not_sent_is_a_rival_for_good(database, line):
    """He may have been wrong, and then the reports are those of the batch that he spoke of."""
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    send_again(database, 1)
    line.submit(taken("76"))
    begin(database, 10, batch_size=10, name="sun")
    line.submit(LOST)
    line.hear("77", numbers(10))
    assert batches_of(database)[1] == ("in_doubt", None, None)


def test_what_was_sent_again_after_code_8_is_a_rival_too(database, clock):
    line = HandWrittenLine(database, clock, on_code_8=OnCode8.RETRY)
    begin(database, 10, batch_size=10)
    line.outcomes = [EIGHT, taken("76")]
    line.pump.step()
    clock.move(60)
    line.submit()
    begin(database, 10, batch_size=10, name="sun")
    line.submit(LOST)
    line.hear("77", numbers(10))
    assert batches_of(database)[1] == ("in_doubt", None, None)


def test_a_batch_that_is_in_flight_is_a_rival_until_its_answer_comes(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    begin(database, 10, batch_size=10, name="sun")
    states = []

    def hear():
        line.hear("77", numbers(10))
        states.extend(batch_states(database))

    line.during = hear
    line.submit(taken("78"))
    assert states == ["in_doubt"]
    line.poll()
    assert batch_states(database) == ["accepted"]


def test_when_evidence_has_settled_one_batch_its_rival_is_settled_by_what_is_left(database, line):
    begin_list(database, "moon", numbers(20), batch_size=20)
    begin_list(database, "sun", numbers(20, first=10), batch_size=20)
    line.submit(LOST, LOST)
    line.pages.append(page_of("78", numbers(13, first=10), at=line.clock.now))
    line.hear("77", numbers(20))  # fetched after the other, and weighed with it
    line.poll()
    assert [task for _, task, _ in batches_of(database)] == ["77", "78"]


def test_a_batch_that_was_accepted_by_hand_finds_its_task(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    accept(database, 1)
    line.hear("77", numbers(6))
    assert batches_of(database) == [("accepted", "77", "person")]
    assert counts_of(database) == {"delivered": 6, "submitted": 4}
    assert reasons_of(database)[-1].startswith("its task is 77: reports of task 77")


# somebody else on the account


def test_more_than_half_is_wanted_where_somebody_else_was_heard_to_send_to_these_people(
    database, line
):
    line.hear("11", [*numbers(2), *numbers(20, first=500)])
    begin(database, 20, batch_size=20)
    line.submit(LOST)
    line.hear("77", numbers(10))
    line.poll(later=2 * PATIENCE)
    assert batch_states(database) == ["in_doubt"]
    line.hear("77", numbers(1, first=10))
    assert batch_states(database) == ["accepted"]


def test_who_sent_to_these_people_alone_before_keeps_them_from_being_settled(database, line):
    line.hear("11", numbers(8))
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(10))
    assert batch_states(database) == ["in_doubt"]
    assert evidence_of(database)[0].endswith("and nobody else: but so do those of another")


def test_a_task_that_names_others_too_is_nobody_s_of_ours(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("11", numbers(11))
    assert batch_states(database) == ["in_doubt"]
    assert evidence_of(database) == []


@pytest.fixture
def mistaken(database, line):
    """A batch that was settled by reports of what turns out to be another program's task."""
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("11", numbers(6))
    assert batches_of(database) == [("accepted", "11", "evidence")]
    line.hear("11", numbers(3, first=9))  # one of ours, and two others
    return line


def test_what_a_later_report_of_the_same_task_speaks_against_is_taken_back(database, mistaken):
    assert batches_of(database) == [("in_doubt", None, None)]
    assert counts_of(database) == {"in_doubt": 10}
    assert evidence_of(database) == ["task 11 was taken for it, but names others too"]
    assert reasons_of(database)[-1] == "task 11 was taken for it, but names others too"


def test_the_reports_of_what_was_taken_back_wait_for_their_task_again(database, mistaken):
    assert account_of(database).unmatched == 9
    assert rows_of(database, "SELECT DISTINCT task_id, matter FROM reports") == [
        ("11", "unmatched")
    ]


def test_the_same_task_cannot_settle_it_again_and_its_own_still_can(database, mistaken):
    mistaken.poll(later=PATIENCE)
    assert batch_states(database) == ["in_doubt"]
    mistaken.hear("77", numbers(10))
    assert batches_of(database) == [("accepted", "77", "evidence")]


def test_a_receipt_is_not_doubted_for_a_report_of_somebody_else(database, line):
    begin(database, 10, batch_size=10)
    line.submit(taken("77"))
    line.hear("77", numbers(11))
    assert batches_of(database) == [("accepted", "77", None)]
    assert counts_of(database) == {"delivered": 10}


# the extno


@pytest.fixture
def numbered(database, clock):
    """An account whose batches have sub-numbers, with two that went to the same people."""
    line = HandWrittenLine(database, clock, extno="81")
    begin(database, 10, batch_size=10)
    begin(database, 10, batch_size=10, name="sun")
    line.submit(LOST, LOST)
    return line


def test_an_echoed_extno_settles_the_batch_that_it_names(database, numbered):
    numbered.hear("77", numbers(1), extno="8100000002")
    assert batches_of(database) == [("in_doubt", None, None), ("accepted", "77", "evidence")]
    assert reasons_of(database, 2)[-1].endswith("and nobody else, and echo its extno")


@pytest.mark.parametrize("extno", ["8200000002", "8100000003", "2", "10698100000002"])
def test_an_extno_that_is_not_the_batch_s_says_that_its_task_is_not_either(
    database, numbered, extno
):
    accept(database, 1, "76")
    numbered.hear("77", numbers(10), extno=extno)
    assert batch_states(database, "sun") == ["in_doubt"]


@pytest.mark.parametrize(
    ("mobiles", "extno"),
    [
        (numbers(1, first=500), "8100000002"),  # not in that batch
        (numbers(1), "8100000003"),  # there is none with that id
        (numbers(1), "8100000099"),
    ],
)
def test_an_extno_counts_for_nothing_where_another_program_has_our_prefix(
    database, numbered, mobiles, extno
):
    numbered.hear("11", mobiles, extno=extno)
    numbered.hear("77", numbers(10), extno="8100000002")
    numbered.poll(later=PATIENCE)
    assert batch_states(database, "sun") == ["in_doubt"]


def test_an_extno_of_a_batch_that_has_its_task_says_that_another_program_has_our_prefix(
    database, numbered
):
    begin_list(database, "news", numbers(10, first=100))
    numbered.restart()
    numbered.submit(taken("76"))
    numbered.hear("11", numbers(1, first=100), extno="8100000003")
    numbered.hear("77", numbers(10), extno="8100000002")
    assert batch_states(database, "sun") == ["in_doubt"]


def test_an_account_without_a_prefix_does_not_look_at_extnos(database, line):
    """Some gateways write the carrier's own number there."""
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(10), extno="1069")
    assert batch_states(database) == ["accepted"]


# a clock that is set


@pytest.mark.parametrize("step", [-86_400, 86_400])
def test_what_was_heard_after_the_claim_settles_it_whatever_the_clock_did(
    database, line, clock, step
):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    sent_at = clock.now
    clock.move(step)
    line.pages.append(page_of("77", numbers(10), at=sent_at))
    line.poll()
    assert counts_of(database) == {"delivered": 10}


def test_what_was_asked_for_before_the_claim_does_not_settle_it_after_the_clock_was_set_back(
    database, line, clock
):
    begin(database, 10, batch_size=10)
    line.hear("77", numbers(9))
    clock.move(-86_400)
    line.submit(LOST)
    line.poll()
    assert counts_of(database) == {"in_doubt": 10}


# crashes


def test_what_an_earlier_process_had_fetched_settles_at_the_next_poll(database, line, clock):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    answer = RawAnswer(status=200, body=page_of("77", numbers(10), at=clock.now))
    with database.writing() as transaction:
        keep_answer(transaction, "main", answer, clock.now, claims=1)
    apply_left_over(database, clock.now)
    assert batch_states(database) == ["in_doubt"]
    line.poll()
    assert counts_of(database) == {"delivered": 10}


def test_a_crash_while_a_batch_is_settled_leaves_it_in_doubt_with_its_reports(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    with database.writing() as transaction:
        transaction.execute(
            "CREATE TRIGGER broken BEFORE UPDATE ON recipients"
            " BEGIN SELECT RAISE(ABORT, 'as if it crashed'); END"
        )
    with pytest.raises(Exception, match="as if it crashed"):
        line.hear("77", numbers(10))
    assert counts_of(database) == {"in_doubt": 10}
    assert evidence_of(database) == []
    with database.writing() as transaction:
        transaction.execute("DROP TRIGGER broken")
    line.poll()
    assert counts_of(database) == {"delivered": 10}


def test_what_a_crash_left_in_doubt_is_settled_as_well(database, line, clock):
    begin(database, 10, batch_size=10)

    class Crash(BaseException):
        pass

    def crash():
        raise Crash

    line.during = crash
    with pytest.raises(Crash):
        line.submit(LOST)
    with database.writing() as transaction:
        doubt_abandoned(transaction, clock.now)
    line.hear("77", numbers(10))
    assert counts_of(database) == {"delivered": 10}


# the balance


def test_an_exclusive_account_is_asked_before_its_first_request_and_after_a_doubt(
    database, exclusive
):
    begin(database, 10, batch_size=10)
    exclusive.left = "999990"
    exclusive.submit(LOST)
    assert exclusive.asked == 2


def fall_by(line, people):
    """Let the balance fall during the next request."""
    line.during = lambda: setattr(line, "left", str(int(line.left) - people))


def test_a_fall_of_the_balance_settles_a_batch_of_an_exclusive_account(database, exclusive):
    begin(database, 3, batch_size=10)
    fall_by(exclusive, 3)
    exclusive.submit(LOST)
    assert batches_of(database) == [("accepted", None, "evidence")]
    assert counts_of(database) == {"submitted": 3}
    assert "settled by evidence: the balance fell by 3 more than" in reasons_of(database)[-1]


def test_what_the_balance_settled_finds_its_task_by_its_reports(database, exclusive):
    begin(database, 3, batch_size=10)
    fall_by(exclusive, 3)
    exclusive.submit(LOST)
    exclusive.hear("77", numbers(3))
    assert batches_of(database) == [("accepted", "77", "evidence")]
    assert counts_of(database) == {"delivered": 3}


def test_a_balance_that_did_not_fall_leaves_the_batch_in_doubt(database, exclusive):
    begin(database, 3, batch_size=10)
    exclusive.submit(LOST)
    assert batch_states(database) == ["in_doubt"]
    assert "fell by no more than" in evidence_of(database)[0]


def test_on_an_account_that_others_use_the_fall_is_only_shown(database, line):
    begin(database, 6, batch_size=3)
    line.outcomes = [taken("76", "1000000"), LOST]
    line.pump.step()
    line.left = "999997"
    line.submit()
    assert batch_states(database) == ["accepted", "in_doubt"]
    assert "the balance fell by 3 more than" in evidence_of(database, 2)[0]


def test_requests_that_cross_let_no_fall_be_seen_where_there_was_none(database, clock):
    line = HandWrittenLine(database, clock, concurrency=2)
    begin(database, 9, batch_size=3)
    line.outcomes = [taken("77", "999994"), taken("76", "999997")]

    def cross():
        line.during = lambda: None
        line.pump.step()  # it is taken after the other, and recorded before

    line.during = cross
    line.pump.step()
    line.left = "999994"
    line.submit(LOST)

    assert batch_states(database) == ["accepted", "accepted", "in_doubt"]
    assert "fell by no more than what was taken for certain" in evidence_of(database, 3)[0]


def test_what_was_accepted_in_between_is_no_evidence(database, exclusive):
    """Though it was claimed in the very millisecond in which the balance was asked."""
    begin(database, 8, batch_size=4)
    exclusive.outcomes = [taken("76", "999996")]
    assert exclusive.pump.step() == Asked()
    exclusive.pump.step()
    exclusive.left = "999996"
    exclusive.submit(LOST)
    assert batch_states(database) == ["accepted", "in_doubt"]


@pytest.mark.parametrize("bought", ["1000003", None])
def test_where_it_may_have_been_topped_up_the_fall_settles_nothing(database, exclusive, bought):
    begin(database, 3, batch_size=10)

    def top_up():
        exclusive.left, exclusive.bought = "999997", bought

    exclusive.during = top_up
    exclusive.submit(LOST)
    assert batch_states(database) == ["in_doubt"]


def test_where_it_was_topped_up_nothing_is_said_of_the_fall(database, exclusive):
    begin(database, 3, batch_size=10)
    exclusive.during = lambda: setattr(exclusive, "bought", "1000003")
    exclusive.submit(LOST)
    assert evidence_of(database) == []


def test_two_batches_of_one_size_of_which_one_was_taken_stay_in_doubt(database, exclusive):
    begin(database, 6, batch_size=3)
    exclusive.outcomes = [LOST, LOST]
    exclusive.submit()
    exclusive.left = "999997"
    exclusive.restart()
    begin(database, 3, name="sun")
    assert exclusive.pump.step() == Asked()
    assert batch_states(database) == ["in_doubt", "in_doubt"]


def test_the_base_outlives_the_process(database, exclusive):
    """What a crash left in doubt is weighed by the next one, before its first request."""
    begin(database, 3, batch_size=10)
    assert exclusive.pump.step() == Asked()

    class Crash(BaseException):
        pass

    def crash():
        exclusive.left = "999997"
        raise Crash

    exclusive.during = crash
    with pytest.raises(Crash):
        exclusive.pump.step()
    with database.writing() as transaction:
        doubt_abandoned(transaction, exclusive.clock.now)
    exclusive.restart()
    begin(database, 3, name="sun")
    assert exclusive.pump.step() == Asked()
    assert batch_states(database) == ["accepted"]


def test_a_batch_that_was_claimed_twice_may_be_in_the_fall_twice(database, exclusive):
    begin(database, 3, batch_size=10)
    exclusive.submit(LOST)
    send_again(database, 1, exclusive.clock.now)
    exclusive.left = "999997"  # the first request was taken after all
    exclusive.submit(LOST)
    assert batch_states(database) == ["in_doubt"]


def test_after_code_8_nobody_knows_how_often_a_batch_is_in_the_fall(database, clock):
    line = HandWrittenLine(database, clock, on_code_8=OnCode8.RETRY, exclusive=True)
    begin(database, 6, batch_size=3)
    fall_by(line, 3)
    line.outcomes = [EIGHT]
    assert line.pump.step() == Asked()
    line.pump.step()
    line.during = lambda: None
    line.outcomes = [LOST]
    line.pump.step()  # the second batch, while the first one waits for its next try
    assert line.pump.step() == Asked()
    assert batch_states(database) == ["planned", "in_doubt"]


def test_what_evidence_settled_since_is_no_evidence_for_another(database, exclusive):
    """Not even where it was claimed in the very millisecond in which the balance was asked."""
    begin(database, 6, batch_size=3)
    exclusive.outcomes = [LOST]
    assert exclusive.pump.step() == Asked()
    exclusive.pump.step()
    assert exclusive.pump.step() == Asked()  # the gateway is still at work on it
    exclusive.left = "999997"
    exclusive.hear("77", numbers(3))
    exclusive.submit(LOST)
    assert batch_states(database) == ["accepted", "in_doubt"]


def test_what_the_gateway_took_late_is_no_evidence_for_the_next_batch(database, clock):
    begin(database, 3, batch_size=3)
    HandWrittenLine(database, clock).submit(LOST)
    exclusive = HandWrittenLine(database, clock, exclusive=True)
    begin(database, 3, batch_size=3, name="sun")
    fall_by(exclusive, 3)
    exclusive.submit(LOST)
    assert [state for state, *_ in batches_of(database)] == ["in_doubt", "in_doubt"]


@pytest.mark.parametrize("taken_too", [True, False])
def test_a_clock_that_was_set_back_does_not_hide_what_was_taken_since(
    database, exclusive, taken_too
):
    begin(database, 6, batch_size=3)
    assert exclusive.pump.step() == Asked()
    exclusive.clock.move(-3600)
    exclusive.left = "999994" if taken_too else "999997"
    exclusive.submit(taken("76", "999997"), LOST)
    assert batch_states(database) == ["accepted", "accepted" if taken_too else "in_doubt"]


def test_what_was_in_doubt_at_the_base_may_be_in_the_fall_though_reports_have_settled_it(
    database, clock
):
    begin(database, 5, batch_size=5)
    HandWrittenLine(database, clock).submit(LOST)
    exclusive = HandWrittenLine(database, clock, exclusive=True)
    begin(database, 10, batch_size=5, name="sun")
    assert exclusive.pump.step() == Asked()
    exclusive.left = "999995"  # the gateway takes the first, which reports tell
    exclusive.hear("77", numbers(5))
    exclusive.submit(LOST, LOST)
    assert [state for state, *_ in batches_of(database)] == ["accepted", "in_doubt", "in_doubt"]


def test_while_another_request_is_in_flight_the_balance_says_nothing(database, clock):
    line = HandWrittenLine(database, clock, concurrency=2)
    begin(database, 12, batch_size=3)
    line.outcomes = [taken("76"), LOST, taken("77")]
    line.pump.step()
    beside = make_pump(database, line, line.account, clock, scope=None)
    line.left = "999997"

    def fail_beside():
        line.during = lambda: None
        beside.step()
        assert beside.step() == Asked()

    line.during = fail_beside
    line.pump.step()
    assert batch_states(database) == ["accepted", "accepted", "in_doubt", "planned"]
    assert evidence_of(database, 3) == []


def test_an_exclusive_account_waits_for_what_is_in_flight_before_it_asks(database, clock):
    line = HandWrittenLine(database, clock, concurrency=2, exclusive=True)
    begin(database, 12, batch_size=3)
    assert line.pump.step() == Asked()
    beside = make_pump(database, line, line.account, clock, scope=None)
    seen = []
    line.during = lambda: seen.append(beside.step())
    line.outcomes = [taken("76")]
    line.pump.step()
    assert seen == [Wait(until=None, why="what is in flight, so that the balance can be read")]
    assert line.asked == 1


def test_every_message_that_is_kept_as_evidence_masks_whom_it_is_about(database, exclusive):
    begin(database, 10, batch_size=10, message=make_message())
    exclusive.submit(LOST)
    exclusive.hear("77", numbers(4))
    texts = [text for (text,) in rows_of(database, "SELECT text FROM evidence")]
    assert len(texts) == 2
    assert not any(str(mobile) in text for mobile in numbers(10) for text in texts)


# what is weighed, and what need not be


WEIGHING = "weigh_reports"


@pytest.fixture
def doubtful(database, line):
    """A batch in doubt, of which too little was heard, and that has been weighed."""
    begin(database, 300, batch_size=300)
    line.submit(LOST)
    line.hear("77", numbers(5))
    line.poll()
    return line


def test_what_did_not_change_is_not_weighed_again(doubtful):
    assert WEIGHING not in calls_of(doubtful.poll)


def test_a_new_process_weighs_once(doubtful):
    doubtful.restart()
    assert WEIGHING in calls_of(doubtful.poll)
    assert WEIGHING not in calls_of(doubtful.poll)


def test_a_report_that_was_heard_since_is_weighed(doubtful):
    assert WEIGHING in calls_of(lambda: doubtful.hear("78", numbers(1, first=9)))


def test_a_claim_that_came_since_is_weighed(database, doubtful):
    begin(database, 10, name="other", batch_size=10)
    doubtful.submit(LOST)
    assert WEIGHING in calls_of(doubtful.poll)


def test_where_waiting_may_settle_it_it_is_weighed_when_that_is_over(database, doubtful):
    assert batch_states(database) == ["in_doubt"]
    doubtful.poll(later=PATIENCE)
    assert batch_states(database) == ["accepted"]


def test_what_no_waiting_settles_is_not_weighed_again_either(database, line):
    begin(database, 10, batch_size=10)
    begin(database, 10, batch_size=10, name="sun")
    line.submit(LOST, LOST)
    line.hear("77", numbers(10))
    line.poll(later=2 * PATIENCE)
    assert [state for state, *_ in batches_of(database)] == ["in_doubt", "in_doubt"]
    assert WEIGHING not in calls_of(line.poll)


def test_after_a_clock_was_set_back_it_is_weighed(doubtful):
    assert WEIGHING in calls_of(lambda: doubtful.poll(later=-timedelta(hours=1)))


def test_by_other_settings_it_is_weighed(database, doubtful):
    doubtful.account = replace(doubtful.account, exclusive=True)
    doubtful.poll()
    assert batch_states(database) == ["accepted"]


def test_a_settled_batch_is_not_weighed_again(database, line):
    begin(database, 10, batch_size=10)
    line.submit(LOST)
    line.hear("77", numbers(10))
    before = rows_of(database, "SELECT count(*) FROM events")
    line.hear("78", numbers(10))
    assert rows_of(database, "SELECT count(*) FROM events") == before
    assert campaign_of(database).batches[0].state is BatchState.ACCEPTED
