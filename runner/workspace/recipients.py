"""Reads the `recipients` of campaign files: numbers, files of the workspace, lists of the settings.

A list of the settings that this machine lacks is no fault here: the machine that sends has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path as FilePath
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from runner.model.recipient import parse_mobile
from runner.workspace.lists import MISSING_FILE, InlineNumber, ListFault, NumberList, read_inline
from runner.workspace.locate import locate_named
from runner.workspace.named_lists import refuse_unknown_list
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runner.model.campaign import Audience
    from runner.model.diagnostic import Span
    from runner.workspace.always_excluded import AlwaysExcluded
    from runner.workspace.audience import GatheredAudience
    from runner.workspace.faults import Faults
    from runner.workspace.named_lists import KnownLists
    from runner.workspace.yaml_tree import Document, Path

_NUMBER_NOT_FILE = ListFault(
    rule="number-not-file",
    message="this is a number, where the path of a list belongs",
    hint="numbers stand under `numbers`; those to exclude, in a list file",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A name under `files`, `lists` or `exclude`; path: its place."""

    key: str
    name: str
    path: Path

    @property
    def may_be_a_list(self) -> bool:
        """Whether it may be meant as a list of the settings where it is no file."""
        return self.key == "exclude" and "/" not in self.name and "." not in self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """Lists of the settings, as a campaign names them.

    absent: those that this machine lacks, or whose settings cannot be read.
    """

    names: tuple[str, ...]
    read: tuple[NumberList, ...]
    absent: tuple[str, ...]


class RecipientReader:
    """Reads the audiences of one workspace.

    lists: those of the settings, None where nobody can say which there are.
    read_list, gather_audience: as the functions of these names, and may spare to do a thing twice.
    """

    def __init__(
        self,
        root: FilePath,
        *,
        lists: KnownLists | None,
        always: AlwaysExcluded,
        read_list: Callable[..., NumberList | ListFault],
        gather_audience: Callable[..., GatheredAudience],
    ) -> None:
        self._root = root
        self._lists = lists
        self._always = always
        self._read_list = read_list
        self._gather_audience = gather_audience

    def read(self, data: Mapping[str, Any], faults: Faults) -> Audience:
        """Gather an audience from a campaign's `recipients`; what is wrong is in `faults`."""
        own = [_read_inline(data.get("numbers"), faults), *self._read_files("files", data, faults)]
        own_excluded = [*self._read_files("exclude", data, faults)]
        lists, excluded_lists = (
            self._read_named(key, data, faults) for key in ("lists", "exclude")
        )
        skip_invalid = data.get("invalid") == "skip"
        gathered = self._gather_audience(
            [*own, *lists.read],
            [*own_excluded, *excluded_lists.read],
            skip_invalid=skip_invalid,
            always=self._always,
        )
        faults.found += gathered.diagnostics
        mobiles = gathered.audience.mobiles
        depends = lists.names or excluded_lists.names or self._always.names
        if depends:
            mobiles = self._gather_audience(
                own, own_excluded, skip_invalid=skip_invalid
            ).audience.mobiles
        # Whom lists of the settings leave is another thing each day: where it is nobody, that holds
        # the campaign, and is no fault of its file.
        if not mobiles and not lists.names and not gathered.diagnostics:
            _refuse_nobody(faults)
        absent = (*lists.absent, *excluded_lists.absent, *self._always.missing)
        return replace(
            gathered.audience,
            own=mobiles if depends else None,
            lists=lists.names,
            excluded_lists=excluded_lists.names,
            missing=tuple(dict.fromkeys(absent)),
        )

    def _read_files(
        self, key: str, data: Mapping[str, Any], faults: Faults
    ) -> Iterator[NumberList]:
        for entry in _entries(key, data, faults):
            if self._is_named(entry):
                continue
            numbers = self._read_file(entry, _column(data), faults)
            if isinstance(numbers, NumberList):
                yield numbers
            elif numbers:
                faults.at_value(entry.path, numbers.rule, numbers.message, numbers.hint)

    def _read_file(
        self, entry: _Entry, column: str | None, faults: Faults
    ) -> NumberList | ListFault | None:
        """Read a list of the workspace; None where that is told, or need not be."""
        if parse_mobile(entry.name) is not None:
            return _NUMBER_NOT_FILE
        file = locate_named(self._root, entry.path, entry.name, faults)
        if file is None:
            return None
        # normalised, so that a list has one name in every campaign
        numbers = self._read_list(file, name=normpath(entry.name), column=column)
        return self._explain(entry, numbers) if isinstance(numbers, ListFault) else numbers

    def _explain(self, entry: _Entry, fault: ListFault) -> ListFault | None:
        """Say that there is no list of that name either; None where nobody can say that."""
        if fault.rule != MISSING_FILE or not entry.may_be_a_list:
            return fault
        if self._lists is None:
            return None
        message = f"{fault.message}, and no list of that name in the settings"
        hint = fault.hint or nearest(entry.name, self._lists)
        return replace(fault, message=message, hint=hint)

    def _read_named(self, key: str, data: Mapping[str, Any], faults: Faults) -> _Named:
        names, read, absent = [], [], []
        for entry in filter(self._is_named, _entries(key, data, faults)):
            if self._lists is not None and entry.name not in self._lists:
                refuse_unknown_list(faults, entry.path, entry.name, self._lists)
                continue
            names.append(entry.name)
            numbers = self._read_list_of_settings(entry.name, _column(data))
            if isinstance(numbers, NumberList):
                read.append(numbers)
            elif numbers is None or numbers.rule == MISSING_FILE:
                absent.append(entry.name)
            else:
                faults.at_value(entry.path, numbers.rule, numbers.message, numbers.hint)
        return _Named(names=tuple(names), read=tuple(read), absent=tuple(absent))

    def _read_list_of_settings(
        self, name: str, column: str | None
    ) -> NumberList | ListFault | None:
        """Read a list; None where the settings do not say soundly where it lies."""
        named = (self._lists or {}).get(name)
        if named is None:
            return None
        return self._read_list(FilePath(named.file), name=name, column=column, named=named)

    def _is_named(self, entry: _Entry) -> bool:
        """Whether an entry stands for a list of the settings rather than for a file."""
        return entry.key == "lists" or entry.name in (self._lists or {})


def _entries(key: str, data: Mapping[str, Any], faults: Faults) -> Iterator[_Entry]:
    """Give what stands under a key and can be read."""
    names = data.get(key)
    for index, name in enumerate(names if isinstance(names, list) else []):
        path = ("recipients", key, index)
        if isinstance(name, str) and not faults.is_told(path):
            yield _Entry(key=key, name=name, path=path)


def _column(data: Mapping[str, Any]) -> str | None:
    column = data.get("column")
    return column if isinstance(column, str) else None


def _refuse_nobody(faults: Faults) -> None:
    """Note that nobody is left, unless that follows from what is told."""
    if not faults.any_within(("recipients",)):
        message = "nobody is left to send this to"
        hint = "name `numbers`, `files` or `lists`, or exclude fewer"
        faults.at_key(("recipients",), "no-recipients", message, hint)


def _read_inline(numbers: object, faults: Faults) -> NumberList:
    entries = [
        InlineNumber(text=number, place=partial(_locate_number, faults.document, index))
        for index, number in enumerate(numbers if isinstance(numbers, list) else [])
        if isinstance(number, str)
    ]
    return read_inline(entries, file=faults.document.file)


def _locate_number(document: Document, index: int) -> tuple[Span, str | None]:
    span = document.at(("recipients", "numbers", index)).span
    return span, document.excerpt(span.line)
