"""Reads lists of recipients: CSV files of any size in bounded memory, and numbers written inline.

What keeps a file from being read at all is one `ListFault`, for the place that names the file. A
row without a mobile number is a `Diagnostic` in the list itself, and the rows after it are read
on. Which paths may be named is not decided here. What is read depends on path and column alone.
A list of the settings lies outside of the workspace: its rows' faults name its path.
"""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.model.campaign import Source
from runner.model.diagnostic import Diagnostic, Span
from runner.model.recipient import parse_mobile, why_no_mobile
from runner.workspace.csv_rows import BrokenQuotes, LineTooLong
from runner.workspace.list_numbers import read_numbers
from runner.workspace.list_text import (
    SAVE_AS_CSV,
    DigestedText,
    UnreadableList,
    choose_encoding,
)
from runner.workspace.masking import show_name
from runner.workspace.opening import NotAFile, open_file, open_resolved
from runner.workspace.suggest import nearest_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import BinaryIO

    from runner.model.account import NamedList

MISSING_FILE = "missing-file"
UNREADABLE_FILE = "unreadable-file"

_MOST_DIAGNOSTICS = 1000
_LAST_SECOND = datetime(2999, 12, 31, tzinfo=UTC).timestamp()  # a file system may go further


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFault:
    """Why a list file cannot be read at all."""

    rule: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberList:
    """The numbers of one list, as they stand in it.

    mobiles: the valid ones in order, duplicates included; invalid: how many rows hold none.
    diagnostics: the first 1,000 of these rows, then one for all the others.
    source: None for numbers that stand in the campaign itself.
    """

    mobiles: array[int]
    invalid: int
    diagnostics: tuple[Diagnostic, ...]
    source: Source | None

    def name_place(self, fault: Diagnostic) -> str:
        """Say where a row stands: the list as the campaign names it, and the line."""
        return f"{self.source.name if self.source else fault.file}:{fault.span.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineNumber:
    """A number as a campaign writes it.

    place: gives where it stands, and its source line, masked; asked for only where it is no number.
    """

    text: str
    place: Callable[[], tuple[Span, str | None]]


def read_list(
    path: Path, *, name: str, column: str | None = None, named: NamedList | None = None
) -> NumberList | ListFault:
    """Read a list file.

    path: of a list of the workspace, its real path.
    name: how the campaign names it, with `/`; it stands in every message about the list.
    named: what the settings say of it, where it is a list of theirs.
    column: the heading of the numbers where it is none of HEADINGS; a file that begins with a
    number has no headings, and its numbers are its first column.
    """
    try:
        # a list of the settings may lie behind links; one of the workspace must not lead out of it
        with open_file(path) if named else open_resolved(path) as file:
            return _read_file(file, name, column, named)
    except NotAFile as other:
        message, hint = f"`{name}` is {other}", "name a CSV file with the numbers"
        return ListFault(rule="not-a-file", message=message, hint=hint)
    except UnreadableList as unreadable:
        return ListFault(rule=unreadable.rule, message=str(unreadable), hint=unreadable.hint)
    except FileNotFoundError:
        return _missing_file(path, name)
    except OSError as error:
        return ListFault(
            rule=UNREADABLE_FILE,
            message=f"`{show_name(name)}` cannot be read: {error.strerror}",
        )


def read_inline(numbers: Iterable[InlineNumber], *, file: str) -> NumberList:
    """Read the numbers that stand in a campaign file."""
    mobiles = array("Q")
    faults = _Faults(file)
    for number in numbers:
        mobile = parse_mobile(number.text)
        if mobile is None:
            faults.add(number.text, number.place)
        else:
            mobiles.append(mobile)
    return faults.conclude(mobiles, None)


@dataclass(slots=True)
class _Faults:
    """Gathers rows without a mobile number: all are counted, the first ones are told."""

    file: str
    count: int = 0
    told: list[Diagnostic] = field(default_factory=list)
    beyond: Span | None = None  # the first one that is only counted

    def add(self, text: str, place: Callable[[], tuple[Span, str | None]]) -> None:
        """Count a row; place: its span and its line, masked, asked for only where it is told."""
        self.count += 1
        if len(self.told) < _MOST_DIAGNOSTICS:
            span, excerpt = place()
            message = f"this is no mobile number: {why_no_mobile(text)}"
            hint = "correct it; `invalid: skip` leaves it out, except in an exclusion list"
            self.told.append(self._diagnostic("invalid-number", span, message, hint, excerpt))
        elif self.beyond is None:
            self.beyond, _ = place()

    def conclude(self, mobiles: array[int], source: Source | None) -> NumberList:
        if self.beyond is not None:
            message = f"{self.count - len(self.told)} more rows from here on hold no mobile number"
            hint = "is this the column with the numbers?"
            self.told.append(self._diagnostic("invalid-numbers", self.beyond, message, hint, None))
        return NumberList(
            mobiles=mobiles, invalid=self.count, diagnostics=tuple(self.told), source=source
        )

    def _diagnostic(
        self, rule: str, span: Span, message: str, hint: str, excerpt: str | None
    ) -> Diagnostic:
        return Diagnostic(
            file=self.file, span=span, rule=rule, message=message, hint=hint, excerpt=excerpt
        )


def _missing_file(path: Path, name: str) -> ListFault:
    message = f"there is no file `{show_name(name)}`"
    return ListFault(rule=MISSING_FILE, message=message, hint=nearest_file(path))


def _read_file(
    file: BinaryIO, name: str, column: str | None, named: NamedList | None
) -> NumberList:
    faults = _Faults(named.file if named else name)
    try:
        with DigestedText(file, encoding=choose_encoding(file, name)) as text:
            mobiles = read_numbers(text, name, column, faults.add)
    except UnicodeDecodeError as error:
        message = f"`{name}` is neither UTF-8 nor GB18030"
        raise UnreadableList("unknown-encoding", message, SAVE_AS_CSV) from error
    except LineTooLong as error:
        message = f"`{name}` has more than 64 KiB in line {error.line}"
        raise UnreadableList("line-too-long", message, "a list has one row a recipient") from error
    except BrokenQuotes as error:
        message = (
            f"`{name}` has a quote in line {error.line} that is not closed where its cell ends"
        )
        hint = 'close it before the next comma; a `"` inside such a cell is written twice'
        raise UnreadableList("broken-quotes", message, hint) from error
    source = Source(
        name=name,
        rows=len(mobiles) + faults.count,
        digest=text.digest,
        modified=_modified(file),
        named=named,
        column=column,
    )
    return faults.conclude(mobiles, source)


def _modified(file: BinaryIO) -> datetime:
    seconds = os.fstat(file.fileno()).st_mtime
    return datetime.fromtimestamp(max(0, min(seconds, _LAST_SECOND)), UTC)
