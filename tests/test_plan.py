"""A plan says what would be sent, to whom, in which requests, and why it might not go out."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.codec.content import pack_message
from runner.codec.gb2312 import encode_text
from runner.codec.requests import send_body
from runner.lifecycle import CampaignState
from runner.model.account import Account, Credentials, NamedList, SecretKind, SecretRef
from runner.model.campaign import (
    Audience,
    Campaign,
    Expectation,
    Frame,
    Message,
    Part,
    PartType,
    Source,
    Wish,
)
from runner.plan import (
    Action,
    CampaignPlan,
    StoredCampaign,
    Twin,
    UnreadableState,
    campaign_digest,
    find_guard,
    is_repeated,
    plan_campaign,
    plan_digest,
    rejudge,
)
from runner.timing import parse_hours

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2035, 9, 16, 9, 0, tzinfo=ZONE)
BEFORE = START - timedelta(days=1)
TOO_LATE = START + timedelta(hours=1, seconds=1)
NOBODY = Credentials(url="", userid="", account="", password="")


def message_of(text: str = "你好", title: str = "节日") -> Message:
    part = Part(type=PartType.TXT, payload=encode_text(text))
    return Message(title=title, frames=(Frame(duration=3, parts=(part,)),))


def audience_of(*mobiles: int, **counts: Any) -> Audience:
    numbers = array("Q", mobiles or (13800138000, 13900139000))
    return Audience(mobiles=numbers, given=len(numbers), **counts)


def campaign_of(**changes: Any) -> Campaign:
    facts: dict[str, Any] = {
        "id": "mid-autumn",
        "file": "mid-autumn.yaml",
        "message": message_of(),
        "audience": audience_of(),
        "account": "main",
        "start": START,
        "start_as_written": "2035-09-16 09:00",
        "latest": timedelta(hours=1),
    }
    return Campaign(**{**facts, **changes})


def account_of(**changes: Any) -> Account:
    secret = SecretRef(kind=SecretKind.ENV, name="MMS_PASSWORD")
    facts = {"name": "main", "url": "http://x", "userid": "12", "account": "z", "password": secret}
    return Account(**{**facts, **changes})


DRAFT = {"start": None, "start_as_written": None}
NOW = {"start": None, "starts_now": True, "start_as_written": "now"}


def digest_of(campaign: Campaign) -> str:
    return campaign_digest(campaign, pack_message(campaign.message))


def stored_as(
    state: CampaignState, campaign: Campaign, *, frozen: bool, **facts: Any
) -> StoredCampaign:
    return StoredCampaign(state=state, digest=digest_of(campaign), frozen=frozen, **facts)


def plan(
    campaign: Campaign,
    stored: Any = None,
    now: datetime = BEFORE,
    *,
    sending: bool = False,
    **account: Any,
) -> Any:
    return plan_campaign(campaign, account_of(**account), stored, now, ZONE, sending=sending)


def guard_of(campaign: Campaign, now: datetime = BEFORE, **account: Any) -> str | None:
    return find_guard(campaign, account_of(**account), ZONE, now)


# ---- what would be sent, planned again


def plan_again(campaign: Campaign, before: CampaignPlan, **account: Any) -> CampaignPlan:
    return plan_campaign(campaign, account_of(**account), None, BEFORE, ZONE, before=before)


def test_what_the_same_campaign_would_send_is_taken_from_the_plan_before():
    before = plan(campaign_of())
    after = plan_again(campaign_of(), before)
    assert after.batches is before.batches
    assert after == before


@pytest.mark.parametrize(
    "changes",
    [
        {"message": message_of("再见")},
        {"audience": audience_of(13800138000)},
        {"account_as_written": "main"},
        {"start_as_written": "2035-09-16 09:00:00"},
        {"starts_at_gateway": True},
    ],
)
def test_what_another_campaign_would_send_is_planned_anew(changes):
    changed = campaign_of(**changes)
    assert plan_again(changed, plan(campaign_of())) == plan(changed)


def test_another_size_of_batches_cuts_them_anew():
    assert len(plan_again(campaign_of(), plan(campaign_of()), batch_size=1).batches) == 2


def test_a_plan_that_was_made_before_is_judged_by_the_new_time():
    before = plan(campaign_of(), now=TOO_LATE)
    assert plan_again(campaign_of(), before) == plan(campaign_of())


# ---- what would be done


@pytest.mark.parametrize("start", [{}, NOW])
def test_a_new_campaign_with_a_start_is_scheduled(start):
    assert plan(campaign_of(**start)).action is Action.SCHEDULE


def test_a_campaign_that_is_due_is_scheduled_until_it_is_late():
    assert plan(campaign_of(), now=START).action is Action.SCHEDULE
    assert plan(campaign_of(), now=START + timedelta(hours=1)).action is Action.SCHEDULE


def test_a_campaign_without_a_start_is_a_draft():
    assert plan(campaign_of(**DRAFT)).action is Action.DRAFT


@pytest.mark.parametrize("state", ["scheduled", "held", "missed", "running"])
def test_what_has_not_begun_to_be_sent_follows_its_file(state):
    old, new = campaign_of(), campaign_of(message=message_of("再见"))
    stored = stored_as(CampaignState(state), old, frozen=False)
    assert plan(old, stored).action is Action.UNCHANGED
    assert plan(new, stored).action is Action.CHANGE


@pytest.mark.parametrize("state", ["running", "halted"])
def test_from_the_first_claim_on_it_is_frozen_and_an_edit_is_drift(state):
    old, new = campaign_of(), campaign_of(message=message_of("再见"))
    stored = stored_as(CampaignState(state), old, frozen=True)
    assert plan(old, stored).action is Action.FROZEN
    assert plan(new, stored).action is Action.DRIFTED
    assert "copy it to a new file name" in plan(new, stored).reason


def test_a_finished_campaign_is_done_until_its_file_differs():
    stored = stored_as(CampaignState.FINISHED, campaign_of(), frozen=True)
    assert plan(campaign_of(), stored).action is Action.DONE
    assert plan(campaign_of(message=message_of("再见")), stored).action is Action.DRIFTED


def test_what_has_begun_is_neither_late_nor_held():
    campaign = campaign_of(expect=Expectation(least=9, most=9))
    stored = stored_as(CampaignState.RUNNING, campaign, frozen=True)
    assert plan(campaign, stored, now=TOO_LATE).action is Action.FROZEN


@pytest.mark.parametrize("state", [None, "scheduled", "missed", "held"])
def test_past_latest_it_would_not_go_out_by_itself(state):
    stored = stored_as(CampaignState(state), campaign_of(), frozen=False) if state else None
    late = plan(campaign_of(), stored, now=TOO_LATE)
    assert late.action is Action.LATE
    assert late.reason.startswith("its start passed more than 1h ago: give it a new `start`")


def test_what_is_missed_already_may_be_resumed_too():
    """Of anything else the state knows nothing yet that a command could let go."""
    known = stored_as(CampaignState.MISSED, campaign_of(), frozen=False)
    assert plan(campaign_of(), known, now=TOO_LATE).reason.endswith(
        "give it a new `start`, or `mms-runner resume mid-autumn`"
    )
    assert plan(campaign_of(), now=TOO_LATE).reason.endswith("give it a new `start`")


def test_latest_is_judged_once_when_it_begins():
    """A process that died between the beginning and the first claim does not make it late."""
    stored = stored_as(CampaignState.RUNNING, campaign_of(), frozen=False)
    assert plan(campaign_of(), stored, now=TOO_LATE).action is Action.UNCHANGED


@pytest.mark.parametrize("start", [DRAFT, NOW])
def test_what_has_no_time_of_its_own_is_never_late(start):
    assert plan(campaign_of(**start), now=TOO_LATE).action is not Action.LATE


def test_a_new_start_reschedules_a_missed_campaign():
    stored = stored_as(CampaignState.MISSED, campaign_of(), frozen=False)
    later = campaign_of(start=START + timedelta(days=1), start_as_written="2035-09-17 09:00")
    assert plan(later, stored, now=TOO_LATE).action is Action.CHANGE


def test_where_the_state_cannot_be_read_nobody_knows():
    unknown = plan(campaign_of(expect=Expectation(least=9, most=9)), UnreadableState())
    assert unknown.action is Action.UNKNOWN
    assert unknown.reason == "the state cannot be read, so what was sent already is not known"


@pytest.mark.parametrize("start", [{}, DRAFT, NOW])
def test_what_goes_its_way_needs_no_reason(start):
    assert plan(campaign_of(**start)).reason is None


# ---- guards


@pytest.mark.parametrize(("least", "most"), [(2, 2), (1, 2), (2, 3), (0, 9)])
def test_both_ends_of_the_expectation_are_met(least, most):
    assert guard_of(campaign_of(expect=Expectation(least=least, most=most))) is None


@pytest.mark.parametrize(
    ("least", "most", "wanted"), [(3, 9, "3-9"), (0, 1, "0-1"), (3, 3, "3"), (1, 1, "1")]
)
def test_outside_the_expectation_it_is_held(least, most, wanted):
    held = plan(campaign_of(expect=Expectation(least=least, most=most)))
    assert held.action is Action.HELD
    assert held.reason == (
        f"`expect` says {wanted} recipients, but it has 2:"
        " correct the lists, or `expect.recipients`"
    )


def test_the_accounts_limit_holds_what_is_larger():
    assert plan(campaign_of(), recipient_limit=2).action is Action.SCHEDULE
    held = plan(campaign_of(), recipient_limit=1)
    assert held.action is Action.HELD
    assert held.reason == (
        "account main allows a campaign 1 recipients, but it has 2:"
        " split it, or raise `limits.recipients`"
    )


def test_a_guard_is_named_before_lateness():
    campaign = campaign_of(expect=Expectation(least=9, most=9))
    assert plan(campaign, now=TOO_LATE).action is Action.HELD


def test_a_guard_that_is_met_again_lets_it_go():
    stored = stored_as(CampaignState.HELD, campaign_of(), frozen=False)
    assert plan(campaign_of(expect=Expectation(least=2, most=2)), stored).action is Action.UNCHANGED


EVENING = parse_hours("18:00-21:00")


def at_gateway(**changes: Any) -> Campaign:
    return campaign_of(starts_at_gateway=True, **changes)


@pytest.mark.parametrize("whose", ["account", "campaign"])
def test_the_gateway_may_not_start_it_outside_of_the_hours(whose):
    campaign = at_gateway(hours=EVENING if whose == "campaign" else None)
    held = plan(campaign, hours=EVENING if whose == "account" else None)
    assert held.action is Action.HELD
    assert held.reason == (
        "the gateway would start it outside of the `hours`: change `start`, or the hours"
    )


def test_where_the_gateway_waits_the_hours_are_about_the_start_not_the_submission():
    open_then = parse_hours("09:00-09:01")
    assert plan(at_gateway(), now=START - timedelta(hours=9), hours=open_then).reason is None


def test_hours_hold_nothing_that_this_program_starts():
    """It waits for them."""
    assert guard_of(campaign_of(hours=EVENING)) is None


# ---- sent under another name


TWIN = Twin(campaign="2034/mid-autumn", shared=1980, people=2000, again=("2034/mid-autumn",))


def judged(campaign: Campaign, stored: Any = None, now: datetime = BEFORE) -> Any:
    return rejudge(plan(campaign, now=now), stored, TWIN, now)


def test_what_was_sent_under_another_name_is_held_and_says_what_would_let_it_go():
    held = judged(campaign_of())
    assert held.action is Action.HELD
    assert held.reason == (
        "already sent as 2034/mid-autumn to 1,980 of its 2,000 recipients:"
        " write `again: 2034/mid-autumn` into its file if that is meant, else change its"
        " recipients, delete it, or give a renamed file its old name back"
    )


@pytest.mark.parametrize("start", [DRAFT, NOW])
def test_a_draft_and_what_starts_now_are_held_too(start):
    assert judged(campaign_of(**start)).action is Action.HELD


def test_that_it_was_sent_is_named_before_lateness_and_a_pause():
    """Neither a new start nor `resume` would let it go."""
    assert judged(campaign_of(), now=TOO_LATE).reason == str(TWIN)
    assert judged(campaign_of(wish=Wish.PAUSED)).reason == str(TWIN)


def test_a_guard_that_is_not_met_is_named_before_that_it_was_sent():
    held = judged(campaign_of(expect=Expectation(least=9, most=9)))
    assert (held.action, held.reason) == (Action.HELD, held.guard)


def test_what_its_file_cancels_is_not_held():
    assert judged(campaign_of(wish=Wish.CANCELLED)).action is Action.CANCEL


@pytest.mark.parametrize(("state", "action"), [("running", "frozen"), ("finished", "done")])
def test_what_was_sent_itself_is_not_held(state, action):
    stored = stored_as(CampaignState(state), campaign_of(), frozen=True)
    assert judged(campaign_of(), stored).action == action


def test_a_plan_that_was_held_for_it_goes_its_way_when_it_is_judged_without():
    again = rejudge(judged(campaign_of()), None, None, BEFORE)
    assert (again.action, again.reason) == (Action.SCHEDULE, None)


@pytest.mark.parametrize(
    ("shared", "people", "others", "repeated"),
    [
        (0, 0, 0, False),
        (0, 9, 9, False),
        (5, 100, 100, False),
        (6, 100, 100, True),
        (5, 99, 10**6, True),
        (5, 10**6, 99, True),
        (50_000, 10**6, 10**6, False),
        (50_001, 10**6, 10**6, True),
    ],
)
def test_more_than_5_percent_of_the_smaller_of_two_is_a_repetition(
    shared, people, others, repeated
):
    assert is_repeated(shared, people, others) == repeated


# ---- lists of the settings


def named_list(**changes: Any) -> NamedList:
    return NamedList(name="members", file="/srv/members.csv", **changes)


def listed(named: NamedList, *mobiles: int, **audience: Any) -> Audience:
    """Two people, of whom the second stands only in a list of the settings."""
    source = Source(
        name=named.name, rows=2, digest="sha256:1", modified=BEFORE - timedelta(days=1), named=named
    )
    facts: dict[str, Any] = {"sources": (source,), "own": array("Q", [13800138000])}
    return audience_of(*mobiles, **{**facts, "lists": ("members",), **audience})


def test_a_list_that_is_too_old_holds_it_and_says_what_would_let_it_go():
    campaign = campaign_of(audience=listed(named_list(max_age=timedelta(days=1))))
    assert guard_of(campaign, BEFORE) is None
    assert guard_of(campaign, BEFORE + timedelta(seconds=1)) == (
        "list `members` is older than its `max_age` of 1d:"
        " write /srv/members.csv anew, or raise `max_age`"
    )


def test_a_list_that_is_too_short_holds_it_and_says_what_would_let_it_go():
    assert guard_of(campaign_of(audience=listed(named_list(min_rows=2)))) is None
    assert guard_of(campaign_of(audience=listed(named_list(min_rows=3)))) == (
        "list `members` has 2 rows, fewer than its `min_rows` of 3:"
        " check /srv/members.csv, or lower `min_rows`"
    )


def test_the_first_of_its_lists_to_grow_too_old_says_how_long_it_is_fresh():
    sources = tuple(
        Source(
            name="members",
            rows=2,
            digest="sha256:1",
            modified=BEFORE,
            named=named_list(max_age=max_age),
        )
        for max_age in (None, timedelta(days=3), timedelta(days=2))
    )
    assert plan(campaign_of(audience=audience_of(sources=sources))).fresh_until == BEFORE + (
        timedelta(days=2)
    )
    assert plan(campaign_of()).fresh_until is None


MISSING = "list `members` of the settings cannot be found on this machine: bring the file back"


def test_a_list_that_this_machine_lacks_is_a_warning_where_nothing_is_sent():
    planned = plan(campaign_of(audience=listed(named_list(), missing=("members",))))
    assert planned.action is Action.SCHEDULE
    assert planned.warnings == (f"here it would not go out: {MISSING}",)


def test_a_list_that_this_machine_lacks_holds_what_would_be_sent():
    held = plan(campaign_of(audience=listed(named_list(), missing=("members",))), sending=True)
    assert (held.action, held.reason, held.warnings) == (Action.HELD, MISSING, ())


def test_who_is_on_a_list_that_is_not_here_cannot_be_counted():
    expect = Expectation(least=900, most=999)
    away = campaign_of(audience=listed(named_list(), missing=("members",)), expect=expect)
    assert guard_of(away) is None
    assert guard_of(campaign_of(expect=expect)) is not None


def test_a_list_of_the_settings_enters_the_digest_by_its_name_alone():
    """On a laptop, in CI and on the server it is the same."""
    there = listed(named_list())
    laptop = audience_of(
        13800138000, own=array("Q", [13800138000]), lists=("members",), missing=("members",)
    )
    assert digest_of(campaign_of(audience=there)) == digest_of(campaign_of(audience=laptop))


@pytest.mark.parametrize(
    "changes",
    [
        {"lists": ("others",)},
        {"lists": ("members", "others")},
        {"lists": (), "excluded_lists": ("members",)},
        {"excluded_lists": ("staff",)},
        {"own": array("Q", [13900139000])},
        {"own": array("Q")},
    ],
)
def test_a_digest_changes_with_the_names_of_lists_and_with_its_own_files(changes):
    planned = digest_of(campaign_of(audience=listed(named_list())))
    assert digest_of(campaign_of(audience=listed(named_list(), **changes))) != planned


def test_who_opted_out_does_not_change_a_digest():
    """`always_exclude` is no part of the campaign's files."""
    less = audience_of(13800138000, own=array("Q", [13800138000, 13900139000]), excluded=1)
    assert digest_of(campaign_of(audience=less)) == digest_of(campaign_of())


def test_a_list_that_holds_others_now_changes_what_would_be_sent():
    before = plan(campaign_of(audience=listed(named_list())))
    stored = stored_as(
        CampaignState.SCHEDULED, before.campaign, frozen=False, contents=before.contents
    )
    others = listed(named_list(), 13800138000, 13900139009)
    now = plan(campaign_of(audience=others), stored)
    assert (now.digest, now.action) == (before.digest, Action.CHANGE)
    assert plan(before.campaign, stored).action is Action.UNCHANGED


def test_what_a_list_that_is_not_here_holds_cannot_be_compared():
    campaign = campaign_of(audience=listed(named_list(), missing=("members",)))
    stored = stored_as(CampaignState.SCHEDULED, campaign, frozen=False, contents="sha256:server")
    assert plan(campaign, stored).action is Action.UNCHANGED


def test_a_state_of_an_older_version_knows_no_contents_to_compare():
    stored = stored_as(CampaignState.SCHEDULED, campaign_of(), frozen=False)
    assert plan(campaign_of(), stored).action is Action.UNCHANGED


def test_other_contents_of_what_has_begun_to_be_sent_are_no_drift():
    stored = stored_as(
        CampaignState.RUNNING, campaign_of(), frozen=True, contents="sha256:as it was"
    )
    assert plan(campaign_of(), stored).action is Action.FROZEN


# ---- paused and cancelled


def test_its_file_pauses_it():
    paused = plan(campaign_of(wish=Wish.PAUSED))
    assert paused.action is Action.PAUSED
    assert paused.reason == ("`state: paused` in mid-autumn.yaml: take it out to let it go on")


@pytest.mark.parametrize(("state", "frozen"), [("scheduled", False), ("running", True)])
def test_a_persons_brake_pauses_it(state, frozen):
    stored = stored_as(
        CampaignState(state), campaign_of(), frozen=frozen, brake="everything is paused by anna"
    )
    paused = plan(campaign_of(), stored)
    assert (paused.action, paused.reason) == (Action.PAUSED, "everything is paused by anna")


def test_a_guard_is_named_before_a_pause():
    """Letting go of the brake would not let it go."""
    held = plan(campaign_of(wish=Wish.PAUSED, expect=Expectation(least=9, most=9)))
    assert held.action is Action.HELD


def test_its_file_cancels_it_whatever_else_would_keep_it():
    wish = {"wish": Wish.CANCELLED, "expect": Expectation(least=9, most=9)}
    cancelled = plan(campaign_of(**wish), now=TOO_LATE)
    assert cancelled.action is Action.CANCEL
    assert cancelled.reason == "`state: cancelled` in mid-autumn.yaml"


def test_its_file_cancels_what_has_begun_to_be_sent():
    stored = stored_as(CampaignState.RUNNING, campaign_of(), frozen=True)
    assert plan(campaign_of(wish=Wish.CANCELLED), stored).action is Action.CANCEL


def test_what_a_person_cancelled_stays_so_and_keeps_its_reason():
    stored = stored_as(CampaignState.CANCELLED, campaign_of(), frozen=True, reason="the wrong list")
    for campaign in (campaign_of(), campaign_of(message=message_of("再见"))):
        cancelled = plan(campaign, stored)
        assert (cancelled.action, cancelled.reason) == (Action.CANCEL, "the wrong list")


def test_what_is_done_is_neither_paused_nor_cancelled():
    stored = stored_as(CampaignState.FINISHED, campaign_of(), frozen=True, brake="paused by anna")
    for wish in (None, Wish.PAUSED, Wish.CANCELLED):
        assert plan(campaign_of(wish=wish), stored).action is Action.DONE


@pytest.mark.parametrize(
    "changes",
    [{"wish": Wish.PAUSED}, {"wish": Wish.CANCELLED}, {"hours": EVENING}, {"until": START}],
)
def test_what_stays_live_is_no_part_of_the_digest(changes):
    assert digest_of(campaign_of(**changes)) == digest_of(campaign_of())


def test_a_plan_is_judged_anew_by_what_the_state_knows_by_then():
    planned = plan(campaign_of())
    stored = stored_as(CampaignState.RUNNING, campaign_of(), frozen=True)
    begun = rejudge(planned, stored, None, TOO_LATE)
    assert (begun.action, begun.stored) == (Action.FROZEN, stored)
    assert begun.batches is planned.batches
    assert rejudge(planned, None, None, TOO_LATE).action is Action.LATE


# ---- batches


@settings(deadline=None)
@given(
    mobiles=st.lists(st.integers(13_000_000_000, 19_999_999_999), max_size=40, unique=True),
    batch_size=st.integers(1, 12),
)
def test_every_recipient_is_in_exactly_one_batch_and_none_is_too_large(mobiles, batch_size):
    audience = Audience(mobiles=array("Q", mobiles), given=len(mobiles))
    batches = plan(campaign_of(audience=audience), batch_size=batch_size).batches
    assert [batch.seq for batch in batches] == list(range(1, len(batches) + 1))
    shares = [list(map(int, batch.numbers.split(","))) for batch in batches]
    assert [batch.recipients for batch in batches] == list(map(len, shares))
    assert all(1 <= len(share) <= batch_size for share in shares)
    assert all(share == sorted(share) for share in shares)
    assert sorted(chain(*shares)) == sorted(mobiles)
    assert len(batches) == -(-len(mobiles) // batch_size)


def test_batches_are_cut_in_the_order_of_first_mention():
    audience = audience_of(13900139000, 13700137000, 13800138000)
    batches = plan(campaign_of(audience=audience), batch_size=2).batches
    assert [batch.numbers for batch in batches] == ["13700137000,13900139000", "13800138000"]


@settings(deadline=None)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    mobiles=st.lists(
        st.integers(13_000_000_000, 19_999_999_999), min_size=1, max_size=9, unique=True
    ),
)
def test_a_requests_size_is_that_of_the_real_body_without_credentials(title, mobiles):
    campaign = campaign_of(message=message_of(title=title), audience=audience_of(*mobiles))
    planned = plan(campaign, batch_size=4)
    for batch in planned.batches:
        body = send_body(planned.message, batch.numbers, NOBODY)
        assert batch.request_bytes == len(body)
        assert batch.digest.startswith("sha256:")


def test_a_start_that_the_gateway_waits_for_is_part_of_each_request():
    planned = plan(at_gateway(), batch_size=1)
    for batch in planned.batches:
        body = send_body(planned.message, batch.numbers, NOBODY, starttime="2035-09-16 09:00:00")
        assert batch.request_bytes == len(body)
    assert planned.contents != plan(campaign_of(), batch_size=1).contents


def test_contents_are_those_of_all_requests():
    contents = {
        plan(campaign_of(), batch_size=2).contents,
        plan(campaign_of(), batch_size=1).contents,
        plan(campaign_of(audience=audience_of(13800138000)), batch_size=2).contents,
        plan(campaign_of(message=message_of("再见")), batch_size=2).contents,
    }
    assert len(contents) == 4


def test_batches_of_other_people_have_other_digests():
    batches = plan(campaign_of(), batch_size=1).batches
    assert len({batch.digest for batch in batches}) == 2


# ---- digests


def test_a_digest_is_the_same_on_every_machine():
    """Written down: another value would make everything in flight look drifted."""
    assert digest_of(campaign_of()) == (
        "sha256:81d712c2b552f8e079ecf6016a673f7eaec1ffb3e47d17bc66e4465e880a04d4"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"message": message_of("再见")},
        {"message": message_of(title="假日")},
        {"audience": audience_of(13800138000)},
        {"audience": audience_of(13800138000, 13900139001)},
        {"start_as_written": "2035-09-16 09:01"},
        {"start_as_written": None},
        {"account_as_written": "main"},
    ],
)
def test_a_digest_changes_with_message_recipients_start_and_account(changes):
    assert digest_of(campaign_of(**changes)) != digest_of(campaign_of())


@pytest.mark.parametrize(
    "changes",
    [
        {"expect": Expectation(least=1, most=9)},
        {"latest": timedelta(days=3)},
        {"start": START.astimezone(UTC)},
        {"account": "other"},
        {"again": ("2034/mid-autumn",)},
        {"id": "2036/spring", "file": "2036/spring.yml"},
        {"audience": audience_of(duplicates=4, sources=(Source(name="l", rows=2, digest="d"),))},
    ],
)
def test_a_digest_stays_with_whatever_else_changes(changes):
    assert digest_of(campaign_of(**changes)) == digest_of(campaign_of())


def test_a_digest_does_not_depend_on_time_state_or_the_accounts_settings():
    stored = stored_as(CampaignState.FINISHED, campaign_of(), frozen=True)
    other = SecretRef(kind=SecretKind.FILE, name="/etc/secret")
    plans = [
        plan(campaign_of()),
        judged(campaign_of()),
        plan(campaign_of(), now=TOO_LATE),
        plan(campaign_of(), stored),
        plan(campaign_of(), UnreadableState()),
        plan(campaign_of(), password=other, url="https://y", batch_size=1, extno="7"),
    ]
    assert {entry.digest for entry in plans} == {digest_of(campaign_of())}
    assert {plan_digest([entry]) for entry in plans} == {plan_digest(plans[:1])}


def test_a_plans_digest_covers_every_campaign_and_its_name():
    one, other = plan(campaign_of()), plan(campaign_of(id="other"))
    digests = {plan_digest(plans) for plans in ([], [one], [other], [one, other])}
    assert len(digests) == 4
    assert all(digest.startswith("sha256:") for digest in digests)


# ---- warnings


def test_numbers_that_were_skipped_are_named_by_their_places():
    places = ("lists/a.csv:3", "lists/a.csv:9")
    skipped = audience_of(invalid=2, invalid_places=places)
    assert plan(campaign_of(audience=skipped)).warnings == (
        "2 skipped as invalid: lists/a.csv:3, lists/a.csv:9",
    )


def test_of_many_skipped_numbers_the_first_places_are_named():
    skipped = audience_of(invalid=12, invalid_places=("lists/a.csv:3",))
    assert plan(campaign_of(audience=skipped)).warnings == (
        "12 skipped as invalid: lists/a.csv:3 and 11 more",
    )


def test_without_a_reason_nothing_is_warned_of():
    assert plan(campaign_of()).warnings == ()
