"""Makes one audience of many lists: each person once, in order of first mention."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.model.campaign import Audience
from runner.model.findings import LaterPeople, digest_people
from runner.workspace.always_excluded import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.model.campaign import Source
    from runner.model.diagnostic import Diagnostic
    from runner.workspace.always_excluded import AlwaysExcluded
    from runner.workspace.lists import NumberList

_NAMED_PLACES = 20
_ROUNDED = range(13_000_000_000, 20_000_000_000, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredAudience:
    """An audience, and what is wrong in its lists: an error forbids to use the audience.

    rounded: how many of its numbers end in six zeros, as a spreadsheet leaves them.
    """

    audience: Audience
    rounded: int
    diagnostics: tuple[Diagnostic, ...]


def gather_audience(
    included: Sequence[NumberList],
    excluded: Sequence[NumberList],
    *,
    skip_invalid: bool,
    always: AlwaysExcluded = NOBODY,
) -> GatheredAudience:
    """Join lists into an audience.

    included: in the order of the campaign, numbers written inline first.
    skip_invalid: rows without a number are counted and named, not errors; an exclusion that
    cannot be read is always one, since it would let a message through.
    always: whom nothing may reach; what is wrong in its lists was told with the settings.
    """
    mentioned = sum(len(numbers.mobiles) for numbers in included)
    people = _choose_people(included, excluded, always)
    invalid = sum(numbers.invalid for numbers in included)
    audience = Audience(
        mobiles=people.mobiles,
        given=mentioned + invalid,
        duplicates=mentioned - people.excluded - len(people.mobiles),
        invalid=invalid,
        excluded=people.excluded,
        sources=_list_sources(included, excluded, always),
        invalid_places=_name_places(included) if skip_invalid else (),
    )
    told = excluded if skip_invalid else (*included, *excluded)
    return GatheredAudience(
        audience=audience,
        rounded=people.rounded,
        diagnostics=tuple(_unique_diagnostics(told)),
    )


def describe_audience(gathered: GatheredAudience) -> dict[str, object]:
    """Give what may be remembered of an audience, as JSON: nobody's number."""
    audience = gathered.audience
    return {
        "people": len(audience.mobiles),
        "digest": digest_people(audience.mobiles),
        "given": audience.given,
        "duplicates": audience.duplicates,
        "invalid": audience.invalid,
        "excluded": audience.excluded,
        "invalid_places": audience.invalid_places,
        "rounded": gathered.rounded,
    }


def recall_audience(
    described: Mapping[str, Any],
    included: Sequence[NumberList],
    excluded: Sequence[NumberList],
    *,
    skip_invalid: bool,
    always: AlwaysExcluded,
) -> GatheredAudience:
    """Make an audience of what was remembered; who is in it is gathered when somebody asks.

    The lists, and other parameters, must be the same as when it was gathered.
    """

    def gather() -> Sequence[int]:
        gathered = gather_audience(included, excluded, skip_invalid=skip_invalid, always=always)
        return gathered.audience.mobiles

    audience = Audience(
        mobiles=LaterPeople(described["people"], gather, digest=described["digest"]),
        given=described["given"],
        duplicates=described["duplicates"],
        invalid=described["invalid"],
        excluded=described["excluded"],
        sources=_list_sources(included, excluded, always),
        invalid_places=tuple(described["invalid_places"]),
    )
    return GatheredAudience(audience=audience, rounded=described["rounded"], diagnostics=())


class _People(NamedTuple):
    """Whom lists leave, in order of first mention; excluded: how many others they name."""

    mobiles: array[int]
    excluded: int
    rounded: int


def _choose_people(
    included: Sequence[NumberList], excluded: Sequence[NumberList], always: AlwaysExcluded
) -> _People:
    people = dict.fromkeys(_mention(included))
    mentioned = len(people)
    for mobile in filter(people.__contains__, _mention(excluded)):
        del people[mobile]
    # Whom the campaign names is looked up among them, not the other way round: a small campaign
    # costs little, however many people are always excluded.
    for mobile in always.mobiles.intersection(people if always.mobiles else ()):
        del people[mobile]
    return _People(array("Q", people), mentioned - len(people), _count_rounded(people))


def _list_sources(
    included: Sequence[NumberList], excluded: Sequence[NumberList], always: AlwaysExcluded
) -> tuple[Source, ...]:
    sources = [numbers.source for numbers in (*included, *excluded) if numbers.source]
    return (*sources, *(source for source in always.sources if source not in sources))


def _count_rounded(people: Mapping[int, object]) -> int:
    """Count the numbers that end in six zeros; there are few of them, however long a list is."""
    if len(people) < len(_ROUNDED):
        return sum(mobile in _ROUNDED for mobile in people)
    return sum(mobile in people for mobile in _ROUNDED)


def _mention(lists: Iterable[NumberList]) -> Iterable[int]:
    return chain.from_iterable(numbers.mobiles for numbers in lists)


def _name_places(lists: Iterable[NumberList]) -> tuple[str, ...]:
    places = {
        fault: numbers.name_place(fault) for numbers in lists for fault in numbers.diagnostics
    }
    return tuple(islice(places.values(), _NAMED_PLACES))


def _unique_diagnostics(lists: Iterable[NumberList]) -> Iterable[Diagnostic]:
    # a list that is named twice has its faults only once
    return dict.fromkeys(chain.from_iterable(numbers.diagnostics for numbers in lists))
