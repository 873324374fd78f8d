"""Reads the `recipients` of campaign files: numbers, files of the workspace, lists of the settings.

A list of the settings that this machine lacks is no fault here: the machine that sends has it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path as FilePath
from posixpath import normpath
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.language import N_
from runner.model.recipient import parse_mobile
from runner.workspace.lists import MISSING_FILE, InlineNumber, ListFault, NumberList, read_inline
from runner.workspace.locate import locate_named, mend_path
from runner.workspace.named_lists import refuse_unknown_list
from runner.workspace.row_place import RowPlace
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from runner.model.campaign import Audience
    from runner.workspace.always_excluded import AlwaysExcluded
    from runner.workspace.audience import GatheredAudience
    from runner.workspace.faults import Faults
    from runner.workspace.named_lists import KnownLists
    from runner.workspace.yaml_tree import Document, Path

_NUMBER_NOT_FILE = ListFault(
    rule="number-not-file",
    message=N_("this is a number, where the path of a list belongs"),
    hint=N_("numbers stand under `numbers`; those to exclude, in a list file"),
)

_FIELDS = {
    **dict.fromkeys(("unknown-sheet", "no-sheets"), "sheet"),
    **dict.fromkeys(("no-column", "ambiguous-column"), "column"),
}


_FEWEST_ROUNDED = 2  # one may be somebody's lucky number


class _Entry(NamedTuple):
    """A name under `files`, `lists` or `exclude`, or what a mapping there says of a file.

    path: its place; column: its own or that of all lists; fields: the keys of the mapping.
    """

    key: str
    name: str
    path: Path
    sheet: str | None = None
    column: str | None = None
    fields: Collection[str] = ()

    @property
    def is_file(self) -> bool:
        """Whether it can be nothing else: lists of the settings are named, and no more."""
        return bool(self.fields)

    @property
    def may_be_a_list(self) -> bool:
        """Whether it may be meant as a list of the settings where it is no file."""
        is_name = "/" not in self.name and "." not in self.name
        return self.key == "exclude" and is_name and not self.is_file

    def locate(self, rule: str | None = None) -> Path:
        """Give the place of what a rule is about, where that is written."""
        field = _FIELDS.get(rule or "", "path")
        return (*self.path, field if field in self.fields else "path") if self.fields else self.path


class _Named(NamedTuple):
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
        self._located: dict[str, FilePath] = {}  # by the names that campaigns write

    def read(self, data: Mapping[str, Any], faults: Faults) -> Audience:
        """Gather an audience from a campaign's `recipients`; what is wrong is in `faults`."""
        files = [numbers for _, numbers in self._read_files("files", data, faults)]
        own = [_read_inline(data.get("numbers"), faults), *files]
        own_excluded = [numbers for _, numbers in self.read_excluded(data, faults)]
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
        if gathered.rounded >= _FEWEST_ROUNDED:
            _warn_of_rounded(gathered.rounded, faults)
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

    def read_excluded(
        self, data: Mapping[str, Any], faults: Faults
    ) -> Iterator[tuple[Path, NumberList]]:
        """Give the lists of the workspace that `recipients` excludes, and where each is named."""
        return self._read_files("exclude", data, faults)

    def _read_files(
        self, key: str, data: Mapping[str, Any], faults: Faults
    ) -> Iterator[tuple[Path, NumberList]]:
        for entry in _entries(key, data, faults):
            if self._is_named(entry):
                continue
            numbers = self._read_file(entry, faults)
            if isinstance(numbers, NumberList):
                yield entry.path, numbers
            elif numbers:
                place = entry.locate(numbers.rule)
                is_missing = numbers.rule == MISSING_FILE
                fix = mend_path(self._root, place, entry.name, faults) if is_missing else None
                hint = N_("write `{text}`").format(text=fix.text) if fix else numbers.hint
                faults.at_value(place, numbers.rule, numbers.message, hint, fix=fix)

    def _read_file(self, entry: _Entry, faults: Faults) -> NumberList | ListFault | None:
        """Read a list of the workspace; None where that is told, or need not be."""
        file = self._located.get(entry.name)
        if file is None:
            if parse_mobile(entry.name) is not None:
                return _NUMBER_NOT_FILE
            file = locate_named(self._root, entry.locate(), entry.name, faults)
            if file is None:
                return None
            self._located[entry.name] = file
        # normalised, so that a list has one name in every campaign
        numbers = self._read_list(
            file, name=normpath(entry.name), sheet=entry.sheet, column=entry.column
        )
        return self._explain(entry, numbers) if isinstance(numbers, ListFault) else numbers

    def _explain(self, entry: _Entry, fault: ListFault) -> ListFault | None:
        """Say that there is no list of that name either; None where nobody can say that."""
        if fault.rule != MISSING_FILE or not entry.may_be_a_list:
            return fault
        if self._lists is None:
            return None
        message = N_("{message}, and no list of that name in the settings").format(
            message=fault.message
        )
        hint = fault.hint or nearest(entry.name, self._lists)
        return replace(fault, message=message, hint=hint)

    def _read_named(self, key: str, data: Mapping[str, Any], faults: Faults) -> _Named:
        names, read, absent = [], [], []
        for entry in filter(self._is_named, _entries(key, data, faults)):
            if self._lists is not None and entry.name not in self._lists:
                refuse_unknown_list(faults, entry.path, entry.name, self._lists)
                continue
            names.append(entry.name)
            numbers = self._read_list_of_settings(entry.name, entry.column)
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
        is_known = entry.name in (self._lists or {})
        return entry.key == "lists" or (is_known and not entry.is_file)


def _entries(key: str, data: Mapping[str, Any], faults: Faults) -> Iterator[_Entry]:
    """Give what stands under a key and can be read."""
    entries = data.get(key)
    column = _text(data.get("column"))
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        path = ("recipients", key, index)
        fields = entry if isinstance(entry, dict) else {}
        name = _text(fields.get("path", entry))
        if name is None or faults.any_within(path):
            continue
        yield _Entry(
            key=key,
            name=name,
            path=path,
            sheet=_text(fields.get("sheet")),
            column=_text(fields.get("column")) or column,
            fields=fields.keys(),
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _refuse_nobody(faults: Faults) -> None:
    """Note that nobody is left, unless that follows from what is told."""
    if not faults.any_within(("recipients",)):
        message = N_("nobody is left to send this to")
        hint = N_("name `numbers`, `files` or `lists`, or exclude fewer")
        faults.at_key(("recipients",), "no-recipients", message, hint)


def _warn_of_rounded(count: int, faults: Faults) -> None:
    message = N_(
        "{count} of the numbers end in 000000, as a spreadsheet leaves what it rounded"
    ).format(count=count)
    hint = N_("compare them with their source, and format the column as text before you export it")
    faults.at_key(("recipients",), "rounded-numbers", message, hint)


def _read_inline(numbers: object, faults: Faults) -> NumberList:
    entries = [
        InlineNumber(text=number, place=partial(_locate_number, faults.document, index))
        for index, number in enumerate(numbers if isinstance(numbers, list) else [])
        if isinstance(number, str)
    ]
    return read_inline(entries, file=faults.document.file)


def _locate_number(document: Document, index: int) -> RowPlace:
    span = document.at(("recipients", "numbers", index)).span
    return RowPlace(span, document.excerpt(span.line))
