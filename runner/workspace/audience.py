"""Makes one audience of many lists: each person once, in order of first mention."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from runner.model.campaign import Audience

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.model.diagnostic import Diagnostic
    from runner.workspace.lists import NumberList

_NAMED_PLACES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredAudience:
    """An audience, and what is wrong in its lists: an error forbids to use the audience."""

    audience: Audience
    diagnostics: tuple[Diagnostic, ...]


def gather_audience(
    included: Sequence[NumberList], excluded: Sequence[NumberList], *, skip_invalid: bool
) -> GatheredAudience:
    """Join lists into an audience.

    included: in the order of the campaign, numbers written inline first.
    skip_invalid: rows without a number are counted and named, not errors; an exclusion that
    cannot be read is always one, since it would let a message through.
    """
    mentioned = sum(len(numbers.mobiles) for numbers in included)
    distinct = dict.fromkeys(chain.from_iterable(numbers.mobiles for numbers in included))
    unwanted = set(chain.from_iterable(numbers.mobiles for numbers in excluded))
    mobiles = array("Q", (mobile for mobile in distinct if mobile not in unwanted))
    invalid = sum(numbers.invalid for numbers in included)
    audience = Audience(
        mobiles=mobiles,
        given=mentioned + invalid,
        duplicates=mentioned - len(distinct),
        invalid=invalid,
        excluded=len(distinct) - len(mobiles),
        sources=tuple(numbers.source for numbers in (*included, *excluded) if numbers.source),
        invalid_places=_name_places(included) if skip_invalid else (),
    )
    told = excluded if skip_invalid else (*included, *excluded)
    return GatheredAudience(audience=audience, diagnostics=tuple(_unique_diagnostics(told)))


def _name_places(lists: Iterable[NumberList]) -> tuple[str, ...]:
    faults = islice(_unique_diagnostics(lists), _NAMED_PLACES)
    return tuple(f"{fault.file}:{fault.span.line}" for fault in faults)


def _unique_diagnostics(lists: Iterable[NumberList]) -> Iterable[Diagnostic]:
    # a list that is named twice has its faults only once
    return dict.fromkeys(chain.from_iterable(numbers.diagnostics for numbers in lists))
