"""Who was sent the same under another name: the same message, and more than 5 % of the people."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    FIRST,
    NOW,
    batch_states,
    begin,
    begin_scheduled,
    calls_of,
    campaign_of,
    cancel,
    claim,
    make_message,
    make_plan,
    settle,
    states_of,
)

from runner.lifecycle import BatchEvent, CampaignEvent, CampaignState
from runner.model.campaign import Audience
from runner.model.findings import WORTH_A_NOTE, Findings
from runner.plan import StoredCampaign
from runner.store.claims import cancel_recipients
from runner.store.planning import keep_plan, move_campaign
from runner.store.twins import Twins

HOUR = timedelta(hours=1)
SAME = make_message()


def audience(count, *, skip=0):
    """So many people, of the endless row of all, behind those that are skipped."""
    mobiles = array("Q", range(FIRST + skip, FIRST + skip + count))
    return Audience(mobiles=mobiles, given=count)


def send(database, people=4, *, name="moon", batch_size=2, skip=0, **changes):
    """Begin a campaign and let the gateway take all of it."""
    facts = {"message": SAME, "audience": audience(people, skip=skip), **changes}
    begin(database, name=name, batch_size=batch_size, **facts)
    while claimed := claim(database, scope=[name], now=NOW + HOUR):
        settle(database, claimed, BatchEvent.ACCEPT, task_id=f"{name}-{claimed.batch}")


def plan_of(people=4, *, name="copy", skip=0, **changes):
    facts = {"message": SAME, "audience": audience(people, skip=skip), **changes}
    return make_plan(name=name, **facts)


def keep(database, plan):
    with database.writing() as transaction:
        keep_plan(transaction, plan, NOW)


def twin_of(database, plan, stored=None, *, begun=()):
    with database.reading() as transaction:
        return Twins(transaction, NOW, begun=begun).find(plan, stored)


def kept_twin_of(database, name="copy"):
    with database.reading() as transaction:
        return Twins(transaction, NOW).find_kept(name)


def test_the_same_message_to_the_same_people_is_a_twin(database):
    send(database)
    twin = twin_of(database, plan_of())
    assert (twin.campaign, twin.shared, twin.people) == ("moon", 4, 4)


def test_another_message_is_none(database):
    send(database)
    assert twin_of(database, plan_of(message=make_message("改了"))) is None
    assert twin_of(database, plan_of(message=make_message(title="假日"))) is None


def test_other_people_are_none(database):
    send(database)
    assert twin_of(database, plan_of(skip=4)) is None


def test_whatever_account_sends_it_people_are_people(database):
    send(database)
    assert twin_of(database, plan_of(account="second")).campaign == "moon"


def test_nothing_is_its_own_twin(database):
    send(database)
    assert twin_of(database, plan_of(name="moon")) is None


@pytest.mark.parametrize(
    ("sent", "people", "shared", "is_twin"),
    [
        (100, 100, 5, False),  # exactly 5 % is not more than 5 %
        (100, 100, 6, True),
        (20, 20, 1, False),
        (19, 20, 1, True),
        (20, 19, 1, True),
        (100, 1000, 5, False),  # of the smaller one, whichever it is
        (100, 1000, 6, True),
        (1000, 100, 5, False),
        (1000, 100, 6, True),
        (1, 1000, 1, True),
        (1000, 1, 1, True),
    ],
)
def test_it_takes_more_than_5_percent_of_the_smaller_of_the_two(
    database, sent, people, shared, is_twin
):
    send(database, sent, batch_size=2000)
    plan = plan_of(people, skip=sent - shared)
    twin = twin_of(database, plan)
    assert (twin is not None) == is_twin
    if twin:
        assert (twin.shared, twin.people) == (shared, people)
    keep(database, plan)
    assert kept_twin_of(database) == twin


# ---- what counts as sent


def running(database):
    begin(database, message=SAME)


def halted(database):
    begin(database, message=SAME)
    settle(database, claim(database), BatchEvent.REJECT, halts=True)


def cancelled_after_a_claim(database):
    begin(database, message=SAME)
    claim(database)
    cancel(database, for_good=False)


def scheduled(database):
    keep(database, plan_of(name="moon", start=NOW))


def held(database):
    scheduled(database)
    with database.writing() as transaction:
        move_campaign(transaction, "moon", CampaignEvent.HOLD, NOW)


def missed(database):
    scheduled(database)
    begin_scheduled(database, NOW + 2 * HOUR)


def cancelled_before_a_claim(database):
    begin(database, message=SAME)
    cancel(database)


@pytest.mark.parametrize(
    ("way", "shared"),
    [(running, 4), (halted, 2), (send, 4), (cancelled_after_a_claim, 2)],
)
def test_whoever_got_it_may_have_got_it_or_will_get_it_counts(database, way, shared):
    way(database)
    assert twin_of(database, plan_of()).shared == shared


@pytest.mark.parametrize("way", [scheduled, held, missed, cancelled_before_a_claim])
def test_what_was_sent_to_nobody_is_nobodys_twin(database, way):
    way(database)
    assert twin_of(database, plan_of()) is None


@pytest.mark.parametrize(
    ("event", "shared"),
    [(BatchEvent.ACCEPT, 2), (BatchEvent.DOUBT, 2), (BatchEvent.REJECT, 0), (BatchEvent.CANCEL, 0)],
)
def test_of_what_went_out_counts_what_may_have_arrived(database, event, shared):
    begin(database, 2, message=SAME)
    task = {"task_id": "77"} if event is BatchEvent.ACCEPT else {}
    settle(database, claim(database), event, **task)
    twin = twin_of(database, plan_of(2))
    assert (twin.shared if twin else 0) == shared


def test_what_is_in_flight_counts(database):
    begin(database, 2, message=SAME)
    claim(database)
    assert batch_states(database) == ["submitting"]
    assert twin_of(database, plan_of(2)).shared == 2


def test_a_person_who_was_left_out_did_not_get_it(database):
    begin(database, 2, message=SAME)
    claimed = claim(database)
    with database.writing() as transaction:
        cancel_recipients(transaction, claimed.batch, [FIRST], "opted out", NOW)
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    assert twin_of(database, plan_of(1)) is None
    assert twin_of(database, plan_of(2)).shared == 1


def test_who_was_left_out_is_not_counted_among_those_who_got_it(database):
    """Of 19 who got it one is more than 5 %, of 20 it would not be."""
    begin(database, 20, message=SAME, batch_size=20)
    claimed = claim(database)
    with database.writing() as transaction:
        cancel_recipients(transaction, claimed.batch, [FIRST], "opted out", NOW)
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    assert twin_of(database, plan_of(100, skip=19)).shared == 1


def test_the_smaller_one_is_counted_without_those_who_did_not_get_it(database):
    """Of 100 people 2 got it; one of these is more than 5 % of them."""
    begin(database, 100, message=SAME, batch_size=2)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    cancel(database)
    assert twin_of(database, plan_of(100, skip=1)).shared == 1


def test_what_is_frozen_is_never_judged(database):
    send(database)
    plan = plan_of()
    sent = StoredCampaign(state=CampaignState.RUNNING, digest=plan.digest, frozen=True)
    assert twin_of(database, plan, sent) is None


def test_what_has_begun_is_judged_anew_only_with_another_plan(database):
    send(database)
    plan = plan_of(again=("sun",))
    begun = StoredCampaign(
        state=CampaignState.RUNNING,
        digest=plan.digest,
        contents=plan.contents,
        again=("sun",),
        frozen=False,
    )
    assert twin_of(database, plan, begun) is None
    for change in (
        {"digest": "sha256:another"},
        {"contents": "sha256:another"},
        {"again": ("sun", "moon")},
        {"state": CampaignState.SCHEDULED},
    ):
        assert twin_of(database, plan, replace(begun, **change)).campaign == "moon"


def test_many_that_send_one_message_to_different_people_are_no_twins(database):
    """Each shop to its own customers, begun in one breath; then one to those of another."""
    for shop in range(20):
        keep(database, plan_of(9, name=f"shop-{shop}", skip=9 * shop, start=NOW))
    keep(database, plan_of(9, name="shop-again", skip=9 * 7, start=NOW))
    assert len(begin_scheduled(database)) == 20
    assert campaign_of(database, "shop-again").reason.startswith("already sent as shop-7 to 9 of")


def test_what_had_begun_and_is_planned_anew_for_now_counts_as_begun(database):
    """For the moment between its new plan and its new beginning."""
    keep(database, plan_of(name="moon", start=NOW))
    assert twin_of(database, plan_of(), begun=["moon"]).campaign == "moon"
    keep(database, plan_of(name="moon", start=NOW + HOUR))
    assert twin_of(database, plan_of(), begun=["moon"]) is None
    keep(database, plan_of(name="moon", start=NOW + HOUR, starts_at_gateway=True))
    assert twin_of(database, plan_of(), begun=["moon"]).campaign == "moon"


def test_whoever_is_planned_anew_is_compared_by_the_new_plan(database):
    begin(database, message=SAME)
    with database.writing() as transaction:
        twins = Twins(transaction, NOW)
        assert twins.find(plan_of(), None).campaign == "moon"
        keep_plan(transaction, plan_of(name="moon", skip=4), NOW)
        move_campaign(transaction, "moon", CampaignEvent.BEGIN, NOW)
        assert twins.find(plan_of(), None) is None
        assert twins.find(plan_of(skip=4), None).campaign == "moon"


# ---- what was compared before

MANY = WORTH_A_NOTE + 200


@pytest.fixture
def look(database):
    """Look for a twin as processes do that know what was found before."""
    findings = Findings()

    def find(people=MANY, **facts):
        with database.reading() as transaction:
            return Twins(transaction, NOW, findings=findings).find(plan_of(people, **facts), None)

    return find


def test_who_was_compared_is_not_compared_again(database, look):
    send(database, MANY, batch_size=500, skip=MANY)
    assert "count_shared" in calls_of(look)
    assert "count_shared" not in calls_of(look)


def test_other_people_are_compared_with_those_of_before(database, look):
    send(database, MANY, batch_size=500)
    assert look(skip=MANY) is None
    assert look().campaign == "moon"


def test_who_was_planned_anew_since_is_compared_again(database, look):
    begin(database, message=SAME, audience=audience(MANY), batch_size=500)
    assert look().campaign == "moon"
    with database.writing() as transaction:
        keep_plan(transaction, plan_of(MANY, name="moon", skip=MANY, batch_size=500), NOW)
        move_campaign(transaction, "moon", CampaignEvent.BEGIN, NOW)
    assert look() is None
    assert look(skip=MANY).campaign == "moon"


def test_what_was_cancelled_since_is_compared_no_more(database, look):
    begin(database, message=SAME, audience=audience(MANY), batch_size=500)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="1")
    assert look(skip=500).campaign == "moon"
    cancel(database)
    assert look(skip=500) is None
    assert look().campaign == "moon"


# ---- again


def test_what_it_says_that_it_sends_again_is_no_twin(database):
    send(database)
    assert twin_of(database, plan_of(again=("moon",))) is None
    assert twin_of(database, plan_of(again=("sun",))).campaign == "moon"


def test_another_campaign_that_it_repeats_too_still_holds_it(database):
    send(database)
    send(database, name="sun")
    assert twin_of(database, plan_of()).campaign == "moon"
    twin = twin_of(database, plan_of(again=("moon",)))
    assert twin.campaign == "sun"
    assert "write `again: [moon, sun]` into its file" in str(twin)
    assert twin_of(database, plan_of(again=("moon", "sun"))) is None


def test_of_what_is_kept_the_state_alone_says_what_it_sends_again(database):
    send(database)
    send(database, name="sun")
    for again in ((), ("moon",), ("moon", "sun")):
        plan = plan_of(again=again)
        keep(database, plan)
        assert kept_twin_of(database) == twin_of(database, plan)
    assert kept_twin_of(database) is None


def test_what_was_sent_as_a_repetition_of_it_does_not_hold_it(database):
    """Whoever wrote it knew of both, whichever of them goes out first."""
    send(database, name="copy", again=("moon",))
    assert twin_of(database, plan_of(name="moon")) is None
    assert twin_of(database, plan_of(name="sun")).campaign == "copy"


def test_of_several_the_one_that_started_first_is_named(database):
    send(database, name="a", start=NOW + HOUR)
    send(database, name="c", start=NOW)
    send(database, name="b", start=NOW)
    assert twin_of(database, plan_of()).campaign == "b"
    assert states_of(database) == dict.fromkeys("abc", "finished")
