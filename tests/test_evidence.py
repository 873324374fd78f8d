"""What settles a batch in doubt, and what is only a hint for a person: the rules by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import NOW

from runner import evidence
from runner.evidence import (
    CLOCKS_APART,
    PATIENCE,
    Fall,
    Hearing,
    Kind,
    Note,
    Stranger,
    Suspect,
    Verdict,
    weigh_fall,
    weigh_reports,
)

CLAIMED = NOW - timedelta(minutes=10)
HEARD = NOW - timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def suspect(batch=1, people=9, *, open=True, **changes):  # noqa: A002 - named as the field is
    facts = {"claim": 7, "claimed_at": CLAIMED, "believed_until": CLAIMED + timedelta(days=3)}
    return Suspect(batch=batch, people=people, open=open, **(facts | changes))


def task(numbers, *, task_id="77", within=None, alone=None, first=HEARD, last=HEARD, **changes):
    """A task that names so many numbers, all of them batch 1's and no other's, unless it says."""
    within = {1: numbers} if within is None else within
    alone = within if alone is None else alone
    return evidence.Testimony(
        task_id=task_id,
        numbers=numbers,
        heard=(first, last),
        within=within,
        alone=alone,
        **{"claims": 7, **changes},
    )


def stranger(within, numbers, task_id="foreign"):
    return Stranger(task_id=task_id, numbers=numbers, within=within)


def weigh(*testimonies, suspects=None, strangers=(), now=NOW, **facts):
    """Give what is found, as `kind batch task` for a verdict and `kind batch ?` for a note."""
    hearing = Hearing(testimonies=testimonies, strangers={1: strangers}, now=now, **facts)
    return list(weigh_reports(hearing, suspects or [suspect()]))


def sum_up(opinions):
    return [
        f"{opinion.kind} {opinion.batch} {opinion.task_id if isinstance(opinion, Verdict) else '?'}"
        for opinion in opinions
    ]


# reports of an unknown task


@pytest.mark.parametrize(
    ("people", "numbers", "found"),
    [
        (5, 4, "reports 1 ?"),
        (5, 5, "reports 1 77"),
        (9, 4, "reports 1 ?"),
        (9, 5, "reports 1 77"),
        (119, 5, "reports 1 77"),
        (2000, 99, "reports 1 ?"),
        (2000, 100, "reports 1 77"),
    ],
)
def test_five_numbers_and_one_in_twenty_of_a_batch_settle_it_at_once(people, numbers, found):
    assert sum_up(weigh(task(numbers), suspects=[suspect(people=people)])) == [found]


@pytest.mark.parametrize(
    ("numbers", "waited", "found"),
    [
        (4, PATIENCE, "reports 1 ?"),
        (5, PATIENCE - SECOND, "reports 1 ?"),
        (5, PATIENCE, "reports 1 77"),
    ],
)
def test_five_numbers_of_a_large_batch_settle_it_when_nothing_else_was_heard_for_long(
    numbers, waited, found
):
    opinions = weigh(task(numbers), suspects=[suspect(people=2000)], now=HEARD + waited)
    assert sum_up(opinions) == [found]


def test_a_verdict_names_the_task_and_counts_its_numbers():
    [verdict] = weigh(task(6))
    text = "reports of task 77, which no other batch has, name 6 of its people and nobody else"
    assert verdict == Verdict(batch=1, kind=Kind.REPORTS, task_id="77", text=text)


def test_a_note_says_what_is_lacking():
    [note] = weigh(task(4))
    assert note == Note(
        batch=1,
        kind=Kind.REPORTS,
        text="reports of task 77, which no other batch has, name 4 of its people and nobody else:"
        " 5 are wanted",
    )


def test_a_task_that_names_one_person_more_is_none_of_this_batch():
    assert weigh(task(9, within={1: 8})) == []


def test_a_batch_that_is_not_open_is_a_rival_and_is_never_settled():
    assert weigh(task(9), suspects=[suspect(open=False)]) == []


# other batches of ours


def test_people_of_another_batch_that_waits_speak_for_neither():
    both = task(9, within={1: 9, 2: 9}, alone={})
    opinions = weigh(both, suspects=[suspect(), suspect(2, open=False)])
    assert sum_up(opinions) == ["reports 1 ?"]
    assert "other batches that wait for an answer went to the same people" in opinions[0].text


@pytest.mark.parametrize(("alone", "found"), [(4, "reports 1 ?"), (5, "reports 1 77")])
def test_five_must_be_in_no_other_batch_that_waits(alone, found):
    shared = task(9, within={1: 9, 2: 9 - alone}, alone={1: alone})
    assert sum_up(weigh(shared, suspects=[suspect(), suspect(2, open=False)])) == [found]


def test_two_batches_with_a_task_each_are_both_settled():
    first, second = task(5), task(5, task_id="78", within={2: 5})
    opinions = weigh(first, second, suspects=[suspect(), suspect(2)])
    assert sum_up(opinions) == ["reports 1 77", "reports 2 78"]


def test_two_tasks_that_could_both_be_it_settle_nothing():
    tasks = [task(5), task(5, task_id="78")]
    strangers = [stranger(5, 5, task_id="77"), stranger(5, 5, task_id="78")]
    assert sum_up(weigh(*tasks, strangers=strangers)) == ["reports 1 ?"]


# small batches


@pytest.mark.parametrize(
    ("numbers", "exclusive", "found"),
    [
        (4, False, "reports 1 ?"),
        (3, True, "reports 1 ?"),
        (4, True, "reports 1 77"),
    ],
)
def test_a_batch_of_fewer_than_five_wants_all_of_them_and_an_exclusive_account(
    numbers, exclusive, found
):
    opinions = weigh(task(numbers), suspects=[suspect(people=4)], exclusive=exclusive)
    assert sum_up(opinions) == [found]


def test_a_small_batch_of_another_account_s_people_is_left_to_a_person():
    [note] = weigh(task(1), suspects=[suspect(people=1)])
    assert "a person decides, unless `exclusive` is set" in note.text


def test_on_an_exclusive_account_five_of_a_large_batch_are_enough_at_once():
    opinions = weigh(task(5), suspects=[suspect(people=2000)], exclusive=True)
    assert sum_up(opinions) == ["reports 1 77"]


# when it was heard


@pytest.mark.parametrize(("claims", "settles"), [(8, True), (7, True), (6, False), (None, False)])
def test_what_was_asked_for_before_the_claim_is_not_this_batch_s(claims, settles):
    """It goes by the count of claims: a clock that was set tells nothing of before and after."""
    found = sum_up(weigh(task(9, claims=claims, first=CLAIMED - timedelta(days=365))))
    assert found == (["reports 1 77"] if settles else [])


@pytest.mark.parametrize(
    ("last", "settles"),
    [
        (CLAIMED + timedelta(days=3), True),
        (CLAIMED + timedelta(days=3, seconds=1), False),
    ],
)
def test_what_was_heard_too_late_is_not_this_batch_s(last, settles):
    found = sum_up(weigh(task(9, last=last)))
    assert found == (["reports 1 77"] if settles else [])


@pytest.mark.parametrize(
    ("named", "settles"),
    [
        (None, True),
        (CLAIMED, True),
        (CLAIMED - CLOCKS_APART, True),
        (CLAIMED - CLOCKS_APART - SECOND, False),
    ],
)
def test_reports_that_name_a_time_before_the_claim_are_not_this_batch_s(named, settles):
    """Two clocks are never quite the same."""
    found = sum_up(weigh(task(9, earliest=named)))
    assert found == (["reports 1 77"] if settles else [])


# somebody else on the account


@pytest.mark.parametrize(
    ("numbers", "waited", "found"),
    [
        (10, timedelta(), "reports 1 ?"),
        (10, 2 * PATIENCE, "reports 1 ?"),
        (11, timedelta(), "reports 1 77"),
    ],
)
def test_where_somebody_else_sends_to_the_same_people_more_than_half_are_wanted_for_good(
    numbers, waited, found
):
    opinions = weigh(
        task(numbers),
        suspects=[suspect(people=20)],
        strangers=[stranger(3, 40)],
        now=HEARD + waited,
    )
    assert sum_up(opinions) == [found]


@pytest.mark.parametrize(
    ("within", "numbers", "found"),
    [
        (20, 20, "reports 1 ?"),  # its next task may go to these people alone as well
        (16, 20, "reports 1 ?"),
        (15, 20, "reports 1 77"),
        (10, 10, "reports 1 ?"),
        (9, 9, "reports 1 77"),  # by its size it is another kind of task
    ],
)
def test_a_stranger_who_sends_to_hardly_anybody_else_keeps_a_batch_from_being_settled(
    within, numbers, found
):
    opinions = weigh(
        task(100), suspects=[suspect(people=100)], strangers=[stranger(within, numbers)]
    )
    assert sum_up(opinions) == [found]


def test_the_task_itself_is_no_stranger():
    assert sum_up(weigh(task(9), strangers=[stranger(9, 9, task_id="77")])) == ["reports 1 77"]


def test_on_an_exclusive_account_a_stranger_is_one_of_our_own_tasks():
    assert sum_up(weigh(task(5), strangers=[stranger(9, 9)], exclusive=True)) == ["reports 1 77"]


# the extno


@pytest.mark.parametrize("people", [1, 4, 9, 2000])
def test_one_echo_of_its_extno_settles_a_batch_of_any_size(people):
    assert sum_up(weigh(task(1, echoed={1}), suspects=[suspect(people=people)])) == ["extno 1 77"]


def test_an_echoed_extno_tells_a_batch_from_another_with_the_same_people():
    echo = task(9, within={1: 9, 2: 9}, alone={}, echoed={1})
    assert sum_up(weigh(echo, suspects=[suspect(), suspect(2)])) == ["extno 1 77"]


def test_an_echo_counts_for_more_than_a_task_that_only_names_the_people():
    tasks = [task(8), task(1, task_id="78", echoed={1})]
    assert sum_up(weigh(*tasks)) == ["extno 1 78"]


@pytest.mark.parametrize("echoed", [{2}, {None}, {1, 2}, {1, None}])
def test_an_extno_of_another_batch_or_of_nobody_says_that_the_task_is_not_this_batch_s(echoed):
    assert weigh(task(9, echoed=echoed)) == []


def test_a_task_with_an_extno_for_somebody_who_is_not_in_the_batch_is_not_its_task():
    assert weigh(task(9, within={1: 8}, echoed={1})) == []


@pytest.mark.parametrize(("numbers", "found"), [(4, "reports 1 ?"), (5, "reports 1 77")])
def test_where_others_have_our_prefix_an_extno_says_no_more_than_the_numbers(numbers, found):
    opinions = weigh(task(numbers, echoed={1}), prefix_shared=True)
    assert sum_up(opinions) == [found]


def test_two_tasks_with_the_same_extno_settle_nothing():
    """A batch that was claimed twice has had it twice."""
    tasks = [task(5, echoed={1}), task(5, task_id="78", echoed={1})]
    [note] = weigh(*tasks)
    assert note.text == "any of the tasks 77, 78 could be it, and only one can"


# the balance


def fall(lost, unknown, *, accepted=0, open=None, certain=True, **balances):  # noqa: A002 - named as the field is
    facts = {"before": "100000", "after": f"{100_000 - accepted - lost}"}
    return Fall(
        accepted=accepted,
        unknown=unknown,
        open=list(unknown) if open is None else open,
        certain=certain,
        **(facts | balances),
    )


def settled_by(a_fall):
    opinions = list(weigh_fall(a_fall))
    assert {opinion.batch for opinion in opinions} <= set(a_fall.open)
    assert {opinion.kind for opinion in opinions} <= {Kind.BALANCE}
    return [opinion.batch for opinion in opinions if isinstance(opinion, Verdict)]


@pytest.mark.parametrize("accepted", [0, 2000])
@pytest.mark.parametrize(
    ("lost", "unknown", "settled"),
    [
        (2000, {1: 2000}, [1]),
        (0, {1: 2000}, []),
        (1999, {1: 2000}, []),
        (2001, {1: 2000}, []),
        (2000, {1: 2000, 2: 2000}, []),  # either of them
        (4000, {1: 2000, 2: 2000}, [1, 2]),
        (1500, {1: 2000, 2: 1500}, [2]),
        (1000, {1: 1000, 2: 600, 3: 400}, []),  # the first, or the others
        (1600, {1: 1000, 2: 600, 3: 600}, [1]),  # the first in every way
    ],
)
def test_a_fall_settles_what_is_part_of_every_way_to_explain_it(lost, unknown, settled, accepted):
    assert settled_by(fall(lost, unknown, accepted=accepted)) == settled


def test_a_fall_names_no_task():
    [verdict] = weigh_fall(fall(2000, {1: 2000}))
    assert verdict == Verdict(
        batch=1,
        kind=Kind.BALANCE,
        task_id=None,
        text="the balance fell by 2000 more than what was taken for certain, with 2000 recipients"
        " in doubt",
    )


def test_a_balance_that_did_not_fall_is_shown_and_never_taken_for_not_sent():
    [note] = weigh_fall(fall(0, {1: 1}))
    assert isinstance(note, Note)
    assert "fell by no more than what was taken" in note.text


def test_a_fall_that_is_not_certain_is_only_shown():
    """Others use the account, or it may have been topped up in between."""
    opinions = list(weigh_fall(fall(2000, {1: 2000}, certain=False)))
    assert [type(opinion) for opinion in opinions] == [Note]


def test_beside_a_batch_that_a_person_settled_a_fall_settles_nothing():
    """Of that one nobody knows what it took from the balance."""
    assert settled_by(fall(2000, {1: 2000, 2: 300}, open=[1])) == []


def test_more_unknown_batches_than_can_be_tried_are_left_to_a_person():
    assert settled_by(fall(13, dict.fromkeys(range(13), 1))) == []


@pytest.mark.parametrize(
    "balances",
    [
        {"after": "95000.5"},
        {"before": "unlimited"},
        {"after": ""},
        {"before": "NaN"},
        {"after": "100001"},
    ],
)
def test_a_balance_that_cannot_be_told_in_messages_says_nothing(balances):
    assert list(weigh_fall(fall(2000, {1: 2000}, **balances))) == []


def test_where_nothing_is_in_doubt_a_fall_says_nothing():
    assert list(weigh_fall(fall(2000, {}))) == []
