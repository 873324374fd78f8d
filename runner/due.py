"""What may go out now, and else when: hours, rate, pace, turns and the fitness of lists.

Pure decisions over facts and a time that is passed in: nothing here sleeps, reads a clock or knows
of a store. What must wait is given as the moment until when, so that whoever asks can wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from runner.language import N_
from runner.timing import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from runner.model.account import NamedList
    from runner.model.hours import Hours

CATCH_UP = timedelta(seconds=1 / 4)  # how late a wake-up may be and still keep the beat

_BEGINS = N_("it begins then")
_RETRIED = N_("a retry is due then")

_MINUTE = timedelta(minutes=1)
_MOST_MINUTES = 2 * 24 * 60  # a stretch of the day opens within two days, whatever its clock does


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A campaign that has begun, and has batches to claim.

    last_claim: its newest; not_before: when its next batch may go, None for at once.
    until and hours: as its file says. start: set where the gateway itself waits for it.
    due: set where nothing of it was claimed yet: its start, before which nothing may be.
    """

    campaign: str
    last_claim: datetime | None = None
    not_before: datetime | None = None
    until: datetime | None = None
    hours: Hours | None = None
    start: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """It is this campaign's turn. starttime: the gateway is to wait until then, None for not."""

    campaign: str
    starttime: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Nothing may be claimed before `until`; why: for a person."""

    until: datetime
    why: str


def choose_turn(
    candidates: Iterable[Candidate], hours: Hours | None, zone: tzinfo, now: datetime
) -> Turn | Rest | None:
    """Say whose turn it is; None where nothing is left that may ever be claimed.

    Who waited longest comes first, so that a small campaign is not stuck behind a large one.
    hours: of the account; zone: the one in which all hours are meant.
    """
    rests = []
    for candidate in sorted(candidates, key=lambda candidate: _by_wait(candidate, now)):
        found = _look_at(candidate, hours, zone, now)
        if isinstance(found, Turn):
            return found
        if found:
            rests.append(found)
    return min(rests, key=lambda rest: rest.until, default=None)


@lru_cache(maxsize=64)  # a thousand campaigns ask it of the same hours at the same moment
def next_opening(zone: tzinfo, now: datetime, *hours: Hours | None) -> datetime | None:
    """Give the first moment from `now` on at which all hours are open; None where none is.

    hours: None stands for always. Minutes are walked through one by one, since a clock on the wall
    may skip an hour or show it twice.
    """
    asked = [stretch for stretch in hours if stretch]
    moment = now.astimezone(UTC)
    for _ in range(_MOST_MINUTES):
        if all(_is_open(stretch, moment.astimezone(zone)) for stretch in asked):
            return moment
        moment = moment.replace(second=0, microsecond=0) + _MINUTE
    return None


def is_too_late(latest_until: datetime | None, would_begin: datetime) -> bool:
    """Whether a campaign that was kept until `would_begin` may no longer begin by itself.

    To the second: a start with `latest: 0` is not missed by the time that it takes to wake up.
    """
    return latest_until is not None and would_begin.replace(microsecond=0) > latest_until


def take_slot(slot: datetime | None, cost: timedelta, now: datetime) -> datetime:
    """Say when the line is free again, after something went now that takes `cost` of it.

    slot: since when it was free, None where nothing ever went. A wake-up that was late is made up
    for by the next one, so that a rate is exact over minutes; time in which nothing was to go is
    not, so that nothing piles up.
    """
    on_the_beat = slot is not None and timedelta() <= now - slot <= CATCH_UP
    return (slot if slot and on_the_beat else now) + cost


def bound_slot(slot: datetime | None, longest: timedelta, now: datetime) -> datetime | None:
    """Give a slot as it can be: a clock that was set back must not stop an account for hours."""
    return slot and min(slot, now + longest)


def time_for_request(rate: float | None) -> timedelta:
    """Give how much of the line a request takes; rate: requests a second, None for no limit."""
    # Rounded up: what is cut off a slot adds up to more requests than were agreed.
    return timedelta(microseconds=ceil(1_000_000 / rate)) if rate else timedelta()


def time_for_people(pace: int | None, people: int) -> timedelta:
    """Give how much of the line so many people take; pace: people a minute, None for no limit."""
    # Rounded up, as above.
    return timedelta(microseconds=ceil(people * 60_000_000 / pace)) if pace else timedelta()


def find_unfit(named: NamedList, rows: int, modified: datetime, now: datetime) -> str | None:
    """Say why a list of the settings must not be used, and what would let it; None where it may.

    rows and modified: of its file.
    """
    if named.max_age is not None and modified + named.max_age < now:
        return N_(
            "list `{name}` is older than its `max_age` of {age}: write {file} anew, or raise"
            " `max_age`"
        ).format(name=named.name, age=format_duration(named.max_age), file=named.file)
    if named.min_rows is not None and rows < named.min_rows:
        few = (
            N_(
                "list `{name}` has 1 row, fewer than its `min_rows` of {least}: check {file},"
                " or lower `min_rows`"
            )
            if rows == 1
            else N_(
                "list `{name}` has {rows} rows, fewer than its `min_rows` of {least}: check {file},"
                " or lower `min_rows`"
            )
        )
        return few.format(name=named.name, rows=rows, least=named.min_rows, file=named.file)
    return None


def _by_wait(candidate: Candidate, now: datetime) -> tuple[bool, datetime, str]:
    last = candidate.last_claim
    if last is None or last > now:  # never, or by a clock that was set back since
        return False, now, candidate.campaign
    return True, last, candidate.campaign


def _look_at(
    candidate: Candidate, hours: Hours | None, zone: tzinfo, now: datetime
) -> Turn | Rest | None:
    if _is_over(candidate, now):
        return None
    if candidate.due and candidate.due > now:
        return Rest(until=candidate.due, why=_BEGINS)
    at_gateway = candidate.start if candidate.start and candidate.start > now else None
    # Hours are about when people are reached: where the gateway waits, that is its start.
    reached = at_gateway or now
    opening = next_opening(zone, reached, hours, candidate.hours)
    if opening is None or _is_over(candidate, opening):
        return None
    if opening > reached:
        return Rest(until=opening, why=_name_closed(hours, candidate.hours))
    retry = candidate.not_before
    if retry and retry > now:
        return None if _is_over(candidate, retry) else Rest(until=retry, why=_RETRIED)
    return Turn(campaign=candidate.campaign, starttime=at_gateway)


def _is_over(candidate: Candidate, moment: datetime) -> bool:
    return candidate.until is not None and candidate.until <= moment


@lru_cache(maxsize=64)  # as above
def _name_closed(*hours: Hours | None) -> str:
    one, *others = dict.fromkeys(str(stretch) for stretch in hours if stretch)
    if others:
        return N_("outside the hours {one} and {other}").format(one=one, other=others[0])
    return N_("outside the hours {hours}").format(hours=one)


def _is_open(hours: Hours, wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    if hours.opens < hours.closes:
        return hours.opens <= minute < hours.closes
    return minute >= hours.opens or minute < hours.closes
