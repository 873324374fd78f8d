"""Finds campaigns that reach many of the same people within a day: an annoyance, and no fault.

Pure, over plans and a time that is passed in; it names nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING

from runner.language import N_
from runner.plan import Action
from runner.timing import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from runner.plan import CampaignPlan

_A_DAY = timedelta(days=1)
_MANY = 10  # percent of the smaller audience: of what is less, nobody hears
_AT_ONCE = 2_000_000  # people looked at in one pass, in some 250 MB

_GONE = {Action.FROZEN, Action.DRIFTED, Action.DONE}  # it has begun, and cannot be moved
_NEVER = {Action.CANCEL, Action.LATE}


_LATER = N_(
    "{shared} of its {people} recipients ({percent} %) also get {campaign}, which starts {apart}"
    " later: start one of the two on another day, or exclude the list of the other"
)
_EARLIER = N_(
    "{shared} of its {people} recipients ({percent} %) also get {campaign}, which starts {apart}"
    " earlier: start one of the two on another day, or exclude the list of the other"
)
_TOGETHER = N_(
    "{shared} of its {people} recipients ({percent} %) also get {campaign}, which starts at the"
    " same time: start one of the two on another day, or exclude the list of the other"
)


def find_overlaps(plans: Iterable[CampaignPlan], now: datetime) -> Mapping[str, list[str]]:
    """Say, by the ids of campaigns, which others reach many of the same people within a day.

    now: the start of those that start now. One that has no start, or does not go out, is left out.
    """
    dated = [(plan, start) for plan in plans if (start := _start(plan, now))]
    dated.sort(key=lambda entry: entry[1])
    pairs = list(_find_neighbours(dated))
    involved = sorted({index for pair in pairs for index in pair})
    audiences = {index: dated[index][0].campaign.audience.mobiles for index in involved}
    shared = _count_shared(audiences)
    told = defaultdict(list)
    for pair in pairs:
        fewer = min(len(audiences[index]) for index in pair)
        if 100 * shared[pair] > _MANY * fewer:
            for own, other in (pair, pair[::-1]):
                told[dated[own][0].campaign.id].append(
                    _tell(dated[own], dated[other], shared[pair])
                )
    return told


def _start(plan: CampaignPlan, now: datetime) -> datetime | None:
    if plan.action in _NEVER:
        return None
    return now if plan.campaign.starts_now else plan.campaign.start


def _find_neighbours(
    dated: Sequence[tuple[CampaignPlan, datetime]],
) -> Iterator[tuple[int, int]]:
    """Give the pairs that start less than a day apart, and of which one can still be moved."""
    for first, (plan, start) in enumerate(dated):
        for second in range(first + 1, len(dated)):
            other, later = dated[second]
            if later - start >= _A_DAY:
                break
            if not {plan.action, other.action} <= _GONE:
                yield first, second


class _Joined(dict[tuple[int, ...], tuple[int, ...]]):
    """Gives a group of audiences with one more, the same tuple each time."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self._index = index

    def __missing__(self, group: tuple[int, ...]) -> tuple[int, ...]:
        joined = self[group] = (*group, self._index)
        return joined


def _count_shared(audiences: Mapping[int, Sequence[int]]) -> Counter[tuple[int, int]]:
    """Count the people of each two audiences.

    Everybody is looked up once for each audience that they are in, not once for each two: hundreds
    of shops may write to their own customers on one day. In several passes where there are many.
    """
    shared: Counter[tuple[int, int]] = Counter()
    passes = ceil(sum(map(len, audiences.values())) / _AT_ONCE)
    for number in range(passes):
        groups: dict[int, tuple[int, ...]] = {}
        for index, mobiles in audiences.items():
            joined = _Joined(index)
            some = (mobile for mobile in mobiles if mobile % passes == number)
            for mobile in mobiles if passes == 1 else some:
                groups[mobile] = joined[groups.get(mobile, ())]
        for group, people in Counter(groups.values()).items():
            for pair in combinations(group, 2):
                shared[pair] += people
    return shared


def _tell(
    own: tuple[CampaignPlan, datetime], other: tuple[CampaignPlan, datetime], shared: int
) -> str:
    people = len(own[0].campaign.audience.mobiles)
    told = _LATER if other[1] > own[1] else _EARLIER if other[1] < own[1] else _TOGETHER
    return told.format(
        shared=f"{shared:,}",
        people=f"{people:,}",
        percent=100 * shared // people,
        campaign=other[0].campaign.id,
        apart=format_duration(abs(other[1] - own[1])),
    )
