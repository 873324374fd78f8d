"""What may go out now, and else when: hours, turns, rate, pace, lateness and the age of lists."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.due import (
    CATCH_UP,
    Candidate,
    Rest,
    Turn,
    bound_slot,
    choose_turn,
    find_unfit,
    is_too_late,
    next_opening,
    take_slot,
    time_for_people,
    time_for_request,
)
from runner.model.account import NamedList
from runner.model.hours import Hours
from runner.timing import parse_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
APIA = ZoneInfo("Pacific/Apia")
NOW = datetime(2035, 9, 16, 1, 0, tzinfo=UTC)  # nine in the morning in Shanghai
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NOTHING = timedelta()


def moment(text: str) -> datetime:
    """Read a moment that is written with its offset."""
    return datetime.fromisoformat(text)


def opening(zone: ZoneInfo, now: str, *hours: str) -> datetime | None:
    return next_opening(zone, moment(now), *(parse_hours(stretch) for stretch in hours))


# ---- hours


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        pytest.param("08:00-21:00", "16T08:00", "16T08:00", id="the first minute is in it"),
        pytest.param("08:00-21:00", "16T20:59", "16T20:59", id="the last minute is in it"),
        pytest.param("08:00-21:00", "16T21:00", "17T08:00", id="its end is not"),
        pytest.param("08:00-21:00", "16T07:59", "16T08:00", id="it opens to the minute"),
        pytest.param("21:00-08:00", "16T21:00", "16T21:00", id="past midnight, before it"),
        pytest.param("21:00-08:00", "17T00:00", "17T00:00", id="past midnight, at it"),
        pytest.param("21:00-08:00", "17T07:59", "17T07:59", id="past midnight, after it"),
        pytest.param("21:00-08:00", "17T08:00", "17T21:00", id="past midnight, at its end"),
        pytest.param("18:00-24:00", "16T23:59", "16T23:59", id="24:00 is the end of the day"),
        pytest.param("18:00-24:00", "17T00:00", "17T18:00", id="24:00 is not in it"),
        pytest.param("20:00-00:00", "17T00:00", "17T20:00", id="00:00 as an end is 24:00"),
        pytest.param("00:00-24:00", "17T00:00", "17T00:00", id="the whole day"),
        pytest.param("09:00-09:01", "16T09:01", "17T09:00", id="a single minute"),
    ],
)
def test_hours_are_a_stretch_of_every_day_whose_end_is_not_in_it(hours, now, opens):
    found = opening(SHANGHAI, f"2035-09-{now}:00+08:00", hours)
    assert found == moment(f"2035-09-{opens}:00+08:00")


def test_the_next_opening_comes_with_the_second_of_its_minute():
    assert opening(SHANGHAI, "2035-09-16T07:59:59.999999+08:00", "08:00-21:00") == moment(
        "2035-09-16T08:00:00+08:00"
    )


def test_within_the_hours_it_is_now_to_the_microsecond():
    now = "2035-09-16T20:59:59.999999+08:00"
    assert opening(SHANGHAI, now, "08:00-21:00") == moment(now)


def test_without_hours_it_is_always_open():
    assert next_opening(SHANGHAI, NOW) == NOW
    assert next_opening(SHANGHAI, NOW, None, None) == NOW


@pytest.mark.parametrize(
    ("zone", "hours", "now", "opens"),
    [
        pytest.param(
            NEW_YORK,
            "02:00-03:00",
            "2026-03-07T03:00:00-05:00",
            "2026-03-09T02:00:00-04:00",
            id="an hour that the clock skips does not open that day",
        ),
        pytest.param(
            NEW_YORK,
            "02:30-04:00",
            "2026-03-08T01:59:00-05:00",
            "2026-03-08T03:00:00-04:00",
            id="what opens within the skipped hour opens after it",
        ),
        pytest.param(
            NEW_YORK,
            "00:00-02:30",
            "2026-03-08T03:00:00-04:00",
            "2026-03-09T00:00:00-04:00",
            id="what closes within the skipped hour is closed after it",
        ),
        pytest.param(
            NEW_YORK,
            "01:00-01:30",
            "2026-11-01T01:30:00-04:00",
            "2026-11-01T01:00:00-05:00",
            id="an hour that the clock shows twice opens twice",
        ),
        pytest.param(
            NEW_YORK,
            "08:00-21:00",
            "2026-10-31T21:00:00-04:00",
            "2026-11-01T08:00:00-05:00",
            id="the night before a day of 25 hours is an hour longer",
        ),
        pytest.param(
            LORD_HOWE,
            "02:00-02:30",
            "2026-10-03T02:30:00+10:30",
            "2026-10-05T02:00:00+11:00",
            id="half an hour that the clock skips does not open that day",
        ),
        pytest.param(
            LORD_HOWE,
            "02:15-03:00",
            "2026-10-04T01:59:00+10:30",
            "2026-10-04T02:30:00+11:00",
            id="what opens within the skipped half hour opens after it",
        ),
        pytest.param(
            LORD_HOWE,
            "01:30-01:45",
            "2026-04-05T01:45:00+11:00",
            "2026-04-05T01:30:00+10:30",
            id="half an hour that the clock shows twice opens twice",
        ),
        pytest.param(
            SHANGHAI,
            "08:00-21:00",
            "2026-03-08T21:00:00+08:00",
            "2026-03-09T08:00:00+08:00",
            id="China's clock knows no summer",
        ),
        pytest.param(
            APIA,
            "08:00-21:00",
            "2011-12-29T21:00:00-10:00",
            "2011-12-31T08:00:00+14:00",
            id="a day that the calendar skips is no day",
        ),
        pytest.param(
            SHANGHAI,
            "08:00-21:00",
            "2028-02-28T21:00:00+08:00",
            "2028-02-29T08:00:00+08:00",
            id="a leap day is a day",
        ),
        pytest.param(
            SHANGHAI,
            "08:00-21:00",
            "2027-02-28T21:00:00+08:00",
            "2027-03-01T08:00:00+08:00",
            id="and in other years there is none",
        ),
    ],
)
def test_hours_go_by_the_clock_on_the_wall(zone, hours, now, opens):
    assert opening(zone, now, hours) == moment(opens)


@pytest.mark.parametrize(
    ("account", "campaign", "opens"),
    [
        ("08:00-12:00", "10:00-20:00", "17T10:00"),
        ("22:00-06:00", "05:00-07:00", "17T05:00"),
        ("22:00-06:00", "23:00-02:00", "16T23:00"),
        ("18:00-24:00", "00:00-24:00", "16T18:00"),
    ],
)
def test_of_two_stretches_both_must_be_open(account, campaign, opens):
    found = opening(SHANGHAI, "2035-09-16T12:00:00+08:00", account, campaign)
    assert found == moment(f"2035-09-{opens}:00+08:00")


@pytest.mark.parametrize("campaign", ["12:00-20:00", "20:00-08:00"])
def test_two_stretches_that_are_never_open_at_once_never_open(campaign):
    assert opening(SHANGHAI, "2035-09-16T12:00:00+08:00", "08:00-12:00", campaign) is None


minutes_of_a_day = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(
    lambda pair: pair[0] != pair[1]
)


def is_open(hours: Hours, wall: datetime) -> bool:
    """The same question, asked around the clock."""
    length = (hours.closes - hours.opens) % 1440 or 1440
    return (wall.hour * 60 + wall.minute - hours.opens) % 1440 < length


@settings(deadline=None, max_examples=60)
@given(
    zone=st.sampled_from([SHANGHAI, NEW_YORK, LORD_HOWE, APIA, ZoneInfo("Europe/Dublin")]),
    now=st.datetimes(
        min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2060, 12, 30),  # noqa: DTZ001 - as above
        timezones=st.just(UTC),
    )
    | st.sampled_from(
        [moment(text) for text in ("2011-12-30T09:58:00+00:00", "2026-03-08T06:59:59+00:00")]
    ),
    stretches=st.lists(minutes_of_a_day, min_size=1, max_size=2),
)
def test_the_next_opening_is_open_and_no_whole_minute_before_it_is(zone, now, stretches):
    asked = [Hours(opens=opens, closes=closes) for opens, closes in stretches]
    found = next_opening(zone, now, *asked)
    last = found or now + 2 * 24 * HOUR
    assert found is None or all(is_open(hours, found.astimezone(zone)) for hours in asked)
    earlier = now.replace(second=0, microsecond=0) + MINUTE
    if found != now:
        assert not all(is_open(hours, now.astimezone(zone)) for hours in asked)
        while earlier < last:
            assert not all(is_open(hours, earlier.astimezone(zone)) for hours in asked)
            earlier += MINUTE


@settings(deadline=None, max_examples=40)
@given(minutes_of_a_day, st.sampled_from([SHANGHAI, NEW_YORK, LORD_HOWE, APIA]))
def test_a_single_stretch_always_opens_again(pair, zone):
    hours = Hours(opens=pair[0], closes=pair[1])
    for now in ("2011-12-29T12:00:00+00:00", "2026-03-07T12:00:00+00:00", "2026-10-03T03:00:00Z"):
        assert next_opening(zone, moment(now), hours) is not None


# ---- turns


def choose(*candidates: Candidate, hours: str | None = None, now: datetime = NOW) -> object:
    return choose_turn(candidates, parse_hours(hours) if hours else None, SHANGHAI, now)


def test_where_nothing_is_to_claim_nobody_has_a_turn():
    assert choose() is None


def test_who_waited_longest_comes_first_and_who_never_had_a_turn_before_all():
    order = [
        Candidate(campaign="new"),
        Candidate(campaign="old", last_claim=NOW - MINUTE),
        Candidate(campaign="recent", last_claim=NOW - SECOND),
    ]
    for expected in ("new", "old", "recent"):
        assert choose(*reversed(order)) == Turn(campaign=expected)
        order.pop(0)


def test_a_small_campaign_is_not_stuck_behind_a_large_one():
    left = {"large": 1000, "small": 3}
    last: dict[str, datetime] = {"large": NOW - HOUR}
    turns = []
    for step in range(7):
        now = NOW + step * SECOND
        turn = choose(
            *(Candidate(campaign=name, last_claim=last.get(name)) for name in left if left[name]),
            now=now,
        )
        turns.append(turn.campaign)
        left[turn.campaign] -= 1
        last[turn.campaign] = now
    assert turns == ["small", "large", "small", "large", "small", "large", "large"]


def test_a_turn_that_was_taken_before_the_clock_was_set_back_does_not_count():
    """Else a campaign would wait behind all others until the old time comes again."""
    ahead = Candidate(campaign="ahead", last_claim=NOW + 24 * HOUR)
    assert choose(Candidate(campaign="other", last_claim=NOW - SECOND), ahead) == Turn(
        campaign="ahead"
    )


def test_from_its_until_on_nothing_of_a_campaign_is_claimed():
    campaign = Candidate(campaign="moon", until=NOW)
    assert choose(campaign, now=NOW - timedelta(microseconds=1)) == Turn(campaign="moon")
    assert choose(campaign) is None
    assert choose(campaign, Candidate(campaign="sun")) == Turn(campaign="sun")


def test_outside_the_hours_it_rests_until_they_open():
    opens = moment("2035-09-16T18:00:00+08:00")
    evening = parse_hours("18:00-21:00")
    assert choose(Candidate(campaign="moon", hours=evening)) == Rest(
        until=opens, why="outside the hours 18:00-21:00"
    )
    assert choose(Candidate(campaign="moon"), hours="18:00-21:00") == Rest(
        until=opens, why="outside the hours 18:00-21:00"
    )
    assert choose(Candidate(campaign="moon", hours=evening), hours="19:00-20:00") == Rest(
        until=moment("2035-09-16T19:00:00+08:00"),
        why="outside the hours 19:00-20:00 and 18:00-21:00",
    )


def test_the_hours_of_one_campaign_keep_no_other():
    resting = Candidate(campaign="moon", hours=parse_hours("18:00-21:00"))
    assert choose(resting, Candidate(campaign="sun", last_claim=NOW)) == Turn(campaign="sun")


def test_hours_that_open_after_its_until_are_none_for_it():
    evening = parse_hours("18:00-21:00")
    until = moment("2035-09-16T18:00:00+08:00")
    assert choose(Candidate(campaign="moon", hours=evening, until=until)) is None
    later = until + MINUTE
    assert choose(Candidate(campaign="moon", hours=evening, until=later)) == Rest(
        until=until, why="outside the hours 18:00-21:00"
    )


def test_hours_that_are_never_open_at_once_leave_nothing_to_wait_for():
    never = Candidate(campaign="moon", hours=parse_hours("08:00-12:00"))
    assert choose(never, hours="12:00-20:00") is None


def test_a_retry_is_waited_for_while_others_go_out():
    waiting = Candidate(campaign="moon", not_before=NOW + 2 * SECOND)
    assert choose(waiting) == Rest(until=NOW + 2 * SECOND, why="a retry is due then")
    assert choose(waiting, now=NOW + 2 * SECOND) == Turn(campaign="moon")
    assert choose(waiting, Candidate(campaign="sun", last_claim=NOW)) == Turn(campaign="sun")


def test_a_retry_that_is_due_after_its_until_is_not_waited_for():
    over = Candidate(campaign="moon", not_before=NOW + MINUTE, until=NOW + SECOND)
    assert choose(over) is None


def test_of_several_that_rest_the_first_to_wake_is_waited_for():
    assert choose(
        Candidate(campaign="hours", hours=parse_hours("18:00-21:00")),
        Candidate(campaign="slow", not_before=NOW + 2 * MINUTE),
        Candidate(campaign="quick", not_before=NOW + MINUTE),
    ) == Rest(until=NOW + MINUTE, why="a retry is due then")


# ---- starts at the gateway

EVENING = moment("2035-09-16T18:30:00+08:00")


def test_before_its_start_the_gateway_is_to_wait_for_it():
    assert choose(Candidate(campaign="moon", start=EVENING)) == Turn(
        campaign="moon", starttime=EVENING
    )


@pytest.mark.parametrize("after", [NOTHING, SECOND, 2 * HOUR])
def test_from_its_start_on_the_starttime_is_empty(after):
    assert choose(Candidate(campaign="moon", start=EVENING), now=EVENING + after) == Turn(
        campaign="moon"
    )


@pytest.mark.parametrize("whose", ["account", "campaign"])
def test_hours_guard_the_start_and_not_the_submission(whose):
    hours = "18:00-21:00"
    candidate = Candidate(
        campaign="moon", start=EVENING, hours=parse_hours(hours) if whose == "campaign" else None
    )
    assert choose(candidate, hours=hours if whose == "account" else None) == Turn(
        campaign="moon", starttime=EVENING
    )


def test_a_start_outside_of_the_hours_is_not_handed_to_the_gateway():
    candidate = Candidate(campaign="moon", start=EVENING, hours=parse_hours("08:00-18:00"))
    assert choose(candidate) == Rest(
        until=moment("2035-09-17T08:00:00+08:00"), why="outside the hours 08:00-18:00"
    )


def test_a_start_that_is_not_before_its_until_is_not_handed_to_the_gateway():
    """Its `until` stays live, and may come to stand before the start."""
    assert choose(Candidate(campaign="moon", start=EVENING, until=EVENING)) is None


def test_after_the_start_the_hours_are_those_of_the_submission():
    candidate = Candidate(campaign="moon", start=EVENING, hours=parse_hours("18:00-21:00"))
    late = moment("2035-09-16T21:00:00+08:00")
    assert choose(candidate, now=late) == Rest(
        until=moment("2035-09-17T18:00:00+08:00"), why="outside the hours 18:00-21:00"
    )


# ---- rate and pace: what ten minutes come to

TEN_MINUTES = 10 * MINUTE
SEEDS = [0, 1, 2, 3]  # with 0 nobody is ever late


def send_all(costs: list[timedelta], seed: int) -> list[timedelta]:
    """Say when each piece goes out, counted from the first, where every wake-up is late by chance.

    A wake-up is late by less than CATCH_UP; whoever finds the line free does not sleep.
    """
    chance = random.Random(seed)
    now, slot, sent = NOW, None, []
    for cost in costs:
        if slot and slot > now:
            now = slot + CATCH_UP * chance.uniform(0, 0.999) * bool(seed)
        sent.append(now - NOW)
        slot = take_slot(slot, cost, now)
    return sent


def check_beat(sent: list[timedelta], costs: list[timedelta]) -> None:
    """Each goes out when all before it have had their time, and within a wake-up of that."""
    due = NOTHING
    for at, cost in zip(sent, costs, strict=True):
        assert due <= at < due + CATCH_UP
        due += cost


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [3, 0.5, 7.5, 40])
def test_a_rate_is_exact_over_ten_minutes_however_late_the_wake_ups(rate, seed):
    requests = int(rate * 600)
    costs = [time_for_request(rate)] * (requests + 1)
    sent = send_all(costs, seed)
    check_beat(sent, costs)
    # So many requests in ten minutes, and not one more: the next begins the eleventh.
    assert sent[requests - 1] < TEN_MINUTES + CATCH_UP
    assert TEN_MINUTES <= sent[requests] < TEN_MINUTES + CATCH_UP + 10 * timedelta(milliseconds=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pace_is_exact_over_ten_minutes_with_full_batches(seed):
    costs = [time_for_people(5000, 2000)] * 26
    sent = send_all(costs, seed)
    check_beat(sent, costs)
    assert sum(2000 for at in sent if at < TEN_MINUTES) == 50_000


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pace_is_exact_with_batches_of_all_sizes(seed):
    chance = random.Random(seed)
    sizes = [chance.choice([1, 7, 60, 333, 2000]) for _ in range(400)]
    costs = [time_for_people(5000, size) for size in sizes]
    sent = send_all(costs, seed)
    check_beat(sent, costs)
    gone = sum(size for size, at in zip(sizes, sent, strict=True) if at < TEN_MINUTES)
    assert 50_000 - 2000 < gone < 50_000 + 2000  # the last batch stands for its own time


@given(rate=st.floats(0.01, 1000), requests=st.integers(1, 100_000))
def test_so_many_requests_never_take_less_than_their_time(rate, requests):
    """What is cut off a slot adds up to more requests than were agreed."""
    assert requests * time_for_request(rate).total_seconds() >= requests / rate * (1 - 1e-9)


@given(pace=st.integers(1, 1_000_000), people=st.integers(1, 2000))
def test_so_many_people_never_take_less_than_their_time(pace, people):
    assert time_for_people(pace, people) // timedelta(microseconds=1) * pace >= people * 60_000_000


def test_what_has_no_limit_takes_no_time():
    assert (time_for_request(None), time_for_people(None, 2000)) == (NOTHING, NOTHING)


@pytest.mark.parametrize("campaigns", [2, 3, 7])
def test_campaigns_of_one_account_get_equal_turns(campaigns):
    last: dict[str, datetime | None] = {f"{number}": None for number in range(campaigns)}
    now, slot, turns = NOW, None, Counter()
    for _ in range(1800):
        now = max(slot or now, now)
        turn = choose(*(Candidate(campaign=name, last_claim=last[name]) for name in last), now=now)
        last[turn.campaign] = now
        turns[turn.campaign] += 1
        slot = take_slot(slot, time_for_request(3), now)
    assert max(turns.values()) - min(turns.values()) <= 1


@pytest.mark.parametrize("idle", [CATCH_UP + timedelta(milliseconds=1), HOUR])
def test_time_in_which_nothing_was_to_go_is_not_made_up_for(idle):
    now = NOW + idle
    assert take_slot(NOW, SECOND, now) == now + SECOND


def test_a_wake_up_that_was_late_is_made_up_for():
    assert take_slot(NOW, SECOND, NOW + CATCH_UP) == NOW + SECOND


def test_a_line_that_is_ahead_of_the_clock_is_not_built_upon():
    assert take_slot(NOW + HOUR, SECOND, NOW) == NOW + SECOND


def test_the_first_request_of_all_begins_the_beat():
    assert take_slot(None, SECOND, NOW) == NOW + SECOND


def test_a_clock_that_was_set_back_stops_an_account_for_one_interval_at_most():
    assert bound_slot(NOW + 24 * HOUR, SECOND, NOW) == NOW + SECOND


@pytest.mark.parametrize("slot", [None, NOW - HOUR, NOW, NOW + SECOND])
def test_any_other_slot_stays_what_it_is(slot):
    assert bound_slot(slot, SECOND, NOW) == slot


# ---- too late


@pytest.mark.parametrize(
    ("late_by", "too_late"),
    [
        (-SECOND, False),
        (NOTHING, False),
        (timedelta(microseconds=999_999), False),
        (SECOND, True),
        (HOUR, True),
    ],
)
def test_a_campaign_is_too_late_from_the_second_after_its_latest_on(late_by, too_late):
    """A start with `latest: 0` is not missed by the time that it takes to wake up."""
    assert is_too_late(NOW, NOW + late_by) is too_late


def test_what_has_no_latest_is_never_too_late():
    assert not is_too_late(None, NOW + 3650 * 24 * HOUR)


# ---- lists of the settings


def named(**asked: object) -> NamedList:
    return NamedList(name="optout", file="/srv/optout.csv", **asked)


def test_a_list_is_too_old_once_more_than_its_age_has_passed():
    aged = named(max_age=3 * 24 * HOUR)
    assert find_unfit(aged, 0, NOW - 72 * HOUR, NOW) is None
    assert find_unfit(aged, 0, NOW - 72 * HOUR - timedelta(microseconds=1), NOW) == (
        "list `optout` is older than its `max_age` of 3d:"
        " write /srv/optout.csv anew, or raise `max_age`"
    )


def test_a_list_is_too_short_below_its_rows():
    assert find_unfit(named(min_rows=1000), 1000, NOW, NOW) is None
    assert find_unfit(named(min_rows=1000), 999, NOW, NOW) == (
        "list `optout` has 999 rows, fewer than its `min_rows` of 1000:"
        " check /srv/optout.csv, or lower `min_rows`"
    )


def test_a_list_of_which_nothing_is_asked_is_always_fit():
    assert find_unfit(named(), 0, NOW - 3650 * 24 * HOUR, NOW) is None


def test_a_list_that_was_written_before_the_clock_was_set_back_is_not_old():
    assert find_unfit(named(max_age=HOUR), 0, NOW + 24 * HOUR, NOW) is None
