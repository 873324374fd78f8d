"""What was found in contents that take long to read: by their digests, and without the numbers.

Whoever meets the same contents again, in another process too, need not look through them. Who is
named there is gathered only when somebody needs to know it: a plan, a warning and a comparison
mostly ask how many they are, and whether they are the same.
"""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from collections.abc import Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from runner import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_Item = TypeVar("_Item")

WORTH_A_NOTE = 1000  # numbers; fewer are read in less than a millisecond


class Finding(NamedTuple):
    """What was found. contents: of what, exactly; found: JSON."""

    contents: str
    found: str


class Findings:
    """What is known of contents, by subject: the newest contents of each.

    known: what earlier processes kept.
    """

    def __init__(self, known: Mapping[str, Finding] = MappingProxyType({})) -> None:
        self._known = dict(known)
        self._used: set[str] = set()
        self._news: dict[str, Finding] = {}

    def take_news(self) -> dict[str, Finding]:
        """Give what was found since they were taken last, for whoever keeps it."""
        news, self._news = self._news, {}
        return news

    @property
    def unused(self) -> list[str]:
        """The subjects that nobody asked for yet."""
        return [subject for subject in self._known if subject not in self._used]

    def knows_of(self, subject: str) -> bool:
        """Whether anything was found of a subject, whatever its contents were."""
        return subject in self._known

    def find(self, subject: str, contents: object) -> Any | None:
        """Give what was found; None where the contents are others, or were never looked at.

        contents: JSON, all that it depends on but for the program itself.
        """
        known = self._known.get(subject)
        if known is None or known.contents != _name(contents):
            return None
        self._used.add(subject)
        return json.loads(known.found)

    def note(self, subject: str, contents: object, found: object) -> None:
        """Take note of what was found; contents: as for `find`; found: JSON."""
        self._used.add(subject)
        finding = Finding(_name(contents), json.dumps(found))
        if self._known.get(subject) != finding:
            self._known[subject] = self._news[subject] = finding


def _name(contents: object) -> str:
    return json.dumps([__version__, contents])  # another version may find something else


class Later(Sequence[_Item]):
    """A sequence of known length whose items are gathered when somebody asks for one.

    gather: gives them, or raises where they are no longer what was counted.
    """

    def __init__(self, count: int, gather: Callable[[], Sequence[_Item]]) -> None:
        self._count = count
        self._gather = gather

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        return self._items[index]

    def __iter__(self) -> Iterator[_Item]:
        return iter(self._items)

    def gather(self) -> None:
        """Gather them now, for who would rather wait here than later."""
        self._items  # noqa: B018 - it is kept

    @cached_property
    def _items(self) -> Sequence[_Item]:
        return self._gather() if self._count else ()


class LaterPeople(Later[int]):
    """Mobile numbers whose digest is known as well; digest: as `digest_people` gives it.

    It equals the same numbers in the same order, and nobody is gathered to see that.
    """

    def __init__(self, count: int, gather: Callable[[], Sequence[int]], *, digest: str) -> None:
        super().__init__(count, gather)
        self.digest = digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.digest == digest_people(other)

    __hash__ = None  # type: ignore[assignment] # as of a list, whose place it takes


def digest_people(mobiles: Sequence[int]) -> str:
    """Give the hexadecimal digest of numbers in their order, each as 8 bytes, the lowest first."""
    if isinstance(mobiles, LaterPeople):
        return mobiles.digest
    return hashlib.sha256(_little_endian(mobiles)).hexdigest()


def _little_endian(mobiles: Sequence[int]) -> array[int]:
    if sys.byteorder == "little" and isinstance(mobiles, array):
        return mobiles  # millions of them are not copied
    numbers = array("Q", mobiles)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
