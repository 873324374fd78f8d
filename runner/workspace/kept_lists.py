"""Keeps lists, and what was gathered of them, for who reads the same files again and again.

A list is read anew where its file differs in anything that `stat` tells, or may have been written
in the moment at which it was read: a time of a file has its grain, within which a change does not
show. So only what had come to rest before the reading began, and was the same after it, is kept.
An audience is gathered anew where the digest of one of its lists is another. What is found of long
ones is noted as well, so that another process need not read them to know how many they name.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from runner.model.findings import WORTH_A_NOTE, Findings, digest_people
from runner.workspace.always_excluded import NOBODY
from runner.workspace.audience import describe_audience, gather_audience, recall_audience
from runner.workspace.lists import NumberList, read_list

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from pathlib import Path

    from runner.model.account import NamedList
    from runner.workspace.always_excluded import AlwaysExcluded
    from runner.workspace.audience import GatheredAudience
    from runner.workspace.lists import ListFault

_REST = 2  # seconds: the coarsest grain of a file system in use


class _Version(NamedTuple):
    """A file as `stat` sees it: what is written into it, or put in its place, is another one.

    changed: its ctime, which nobody can set back as they can the mtime; both in nanoseconds.
    """

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    def rests(self, now: int) -> bool:
        return now - max(self.modified, self.changed) >= _REST * 10**9


class _Request(NamedTuple):
    path: Path
    name: str
    sheet: str | None
    column: str | None
    named: NamedList | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one reading of a workspace asked for, by what was asked."""

    lists: dict[_Request, tuple[_Version, NumberList]] = field(default_factory=dict)
    audiences: dict[tuple[Hashable, ...], GatheredAudience] = field(default_factory=dict)


class KeptLists:
    """Lists and audiences as they were read last; used by one thread at a time.

    clock: gives nanoseconds since 1970, as the times of files are.
    findings: what is known of long ones, whoever read them.
    """

    def __init__(
        self, clock: Callable[[], int] = time.time_ns, *, findings: Findings | None = None
    ) -> None:
        self.findings = findings or Findings()
        self._clock = clock
        self._before = _Kept()
        self._kept = _Kept()

    def end(self) -> None:
        """End a reading of the workspace: what it did not ask for is forgotten."""
        self._before, self._kept = self._kept, _Kept()

    def read_list(
        self,
        path: Path,
        *,
        name: str,
        sheet: str | None = None,
        column: str | None = None,
        named: NamedList | None = None,
    ) -> NumberList | ListFault:
        """Give a list as `read_list` does."""
        request = _Request(path, name, sheet, column, named)
        now = self._clock()
        version = _look_at(path)
        kept = self._before.lists.pop(request, None) or self._kept.lists.get(request)
        if kept and kept[0] == version:
            self._kept.lists[request] = kept
            return kept[1]
        del kept  # a list that has changed is not held in memory beside the one it is now
        numbers = read_list(
            path, name=name, sheet=sheet, column=column, named=named, findings=self.findings
        )
        rested = version is not None and version.rests(now) and version == _look_at(path)
        if version and rested and isinstance(numbers, NumberList):
            self._kept.lists[request] = (version, numbers)
        return numbers

    def gather_audience(
        self,
        included: Sequence[NumberList],
        excluded: Sequence[NumberList],
        *,
        skip_invalid: bool,
        always: AlwaysExcluded = NOBODY,
    ) -> GatheredAudience:
        """Give an audience as `gather_audience` does."""
        lists = (tuple(map(_name, numbers)) for numbers in (included, excluded, always.lists))
        key = (*lists, skip_invalid)
        gathered = self._before.audiences.get(key) or self._kept.audiences.get(key)
        if gathered is None:
            gathered = self._gather(included, excluded, skip_invalid=skip_invalid, always=always)
        self._kept.audiences[key] = gathered
        return gathered

    def _gather(
        self,
        included: Sequence[NumberList],
        excluded: Sequence[NumberList],
        *,
        skip_invalid: bool,
        always: AlwaysExcluded,
    ) -> GatheredAudience:
        """Give an audience by what is known of it, else gather it."""
        lists = (included, excluded, always.lists)
        if sum(len(numbers.mobiles) for some in lists for numbers in some) < WORTH_A_NOTE:
            return gather_audience(included, excluded, skip_invalid=skip_invalid, always=always)
        subject = json.dumps(
            ["audience", [list(map(_label, some)) for some in lists], skip_invalid]
        )
        contents = [[_digest(numbers) for numbers in some] for some in lists]
        if found := self.findings.find(subject, contents):
            return recall_audience(
                found, included, excluded, skip_invalid=skip_invalid, always=always
            )
        gathered = gather_audience(included, excluded, skip_invalid=skip_invalid, always=always)
        if not gathered.diagnostics and not any(map(_is_odd, included)):
            self.findings.note(subject, contents, describe_audience(gathered))
        return gathered


def _label(numbers: NumberList) -> tuple[str | None, ...]:
    source = numbers.source
    return (source.name, source.sheet, source.column) if source else (_digest(numbers),)


def _digest(numbers: NumberList) -> str:
    return numbers.source.digest if numbers.source else digest_people(numbers.mobiles)


def _is_odd(numbers: NumberList) -> bool:
    """Whether what is told of it depends on more than its numbers: where a campaign has them."""
    return numbers.source is None and numbers.invalid > 0


def _name(numbers: NumberList) -> Hashable:
    """Name a list by what it was read from, digest and all; numbers in a campaign, by themselves.

    So that what is named holds no list that has changed in memory.
    """
    return numbers.source or (tuple(numbers.mobiles), tuple(numbers.diagnostics))


def _look_at(path: Path) -> _Version | None:
    try:
        found = path.stat()
    except OSError:  # reading it will say why
        return None
    return _Version(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
