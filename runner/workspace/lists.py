"""Reads lists of recipients, CSV and .xlsx, in bounded memory, and numbers written inline.

What keeps a file from being read at all is one `ListFault`, for the place that names the file. A
row without a mobile number is a `Diagnostic` in the list itself, and the rows after it are read
on. Which paths may be named is not decided here. What is read depends on path, sheet and column
alone.
A list of the settings lies outside of the workspace: its rows' faults name its path.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import FilesMoved
from runner.language import N_
from runner.model.campaign import Source
from runner.model.diagnostic import Diagnostic
from runner.model.findings import WORTH_A_NOTE, Later
from runner.model.recipient import parse_mobile, why_no_mobile
from runner.workspace.csv_rows import BrokenQuotes, LineTooLong
from runner.workspace.list_numbers import read_numbers
from runner.workspace.list_text import (
    SAVE_AS_CSV,
    DigestedText,
    UnreadableList,
    choose_encoding,
    is_spreadsheet_name,
    without_sheets,
)
from runner.workspace.masking import show_name
from runner.workspace.opening import NotAFile, open_file, open_resolved
from runner.workspace.suggest import nearest_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from io import BufferedReader
    from pathlib import Path

    from runner.model.account import NamedList
    from runner.model.findings import Findings
    from runner.workspace.row_place import Locate, RowPlace

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

    mobiles: Sequence[int]
    invalid: int
    diagnostics: Sequence[Diagnostic]
    source: Source | None

    def name_place(self, fault: Diagnostic) -> str:
        """Say where a row stands: the list as the campaign names it, and the line or the cell."""
        name = self.source.name if self.source else fault.file
        return f"{name}:{fault.cell or fault.span.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineNumber:
    """A number as a campaign writes it.

    place: gives where it stands; asked for only where it is no number.
    """

    text: str
    place: Locate


def read_list(
    path: Path,
    *,
    name: str,
    sheet: str | None = None,
    column: str | None = None,
    named: NamedList | None = None,
    findings: Findings | None = None,
) -> NumberList | ListFault:
    """Read a list file.

    path: of a list of the workspace, its real path.
    name: how the campaign names it, with `/`; it stands in every message about the list.
    named: what the settings say of it, where it is a list of theirs; its own column goes first.
    findings: what is known of lists; one whose very contents were read before is only digested, and
    read when somebody needs its numbers, which raises FilesMoved where it has changed by then.
    sheet: of an .xlsx workbook, None for the first that is shown.
    column: the heading of the numbers where it is none of HEADINGS; a file that begins with a
    number has no headings, and its numbers are its first column.
    """
    if named:
        sheet, column = named.sheet, named.column or column
    wanted = _Wanted(name=name, sheet=sheet, column=column, named=named)
    try:
        # a list of the settings may lie behind links; one of the workspace must not lead out of it
        with open_file(path) if named else open_resolved(path) as file:
            known = findings and _recall(file, path, wanted, findings)
            return known or _read_file(file, wanted, findings)
    except NotAFile as other:
        message, hint = (
            N_("`{name}` is {other}").format(name=name, other=str(other)),
            N_("name a CSV or .xlsx file with the numbers"),
        )
        return ListFault(rule="not-a-file", message=message, hint=hint)
    except UnreadableList as unreadable:
        return ListFault(rule=unreadable.rule, message=str(unreadable), hint=unreadable.hint)
    except FileNotFoundError:
        return _missing_file(path, name)
    except OSError as error:
        return ListFault(
            rule=UNREADABLE_FILE,
            message=N_("`{name}` cannot be read: {problem}").format(
                name=show_name(name), problem=error.strerror
            ),
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


class _Wanted(NamedTuple):
    """What to read of a file, as for `read_list`."""

    name: str
    sheet: str | None
    column: str | None
    named: NamedList | None

    @property
    def file(self) -> str:
        """The file for people: a list of the settings bears the name of its path."""
        return self.named.file if self.named else self.name

    @property
    def subject(self) -> str:
        """What is read of which file: of other contents, it gives other numbers."""
        return json.dumps(["list", self.name, self.named and self.file, self.sheet, self.column])


@dataclass(slots=True)
class _Faults:
    """Gathers rows without a mobile number: all are counted, the first ones are told."""

    file: str
    count: int = 0
    told: list[Diagnostic] = field(default_factory=list)
    beyond: RowPlace | None = None  # the first one that is only counted

    def add(self, text: str, place: Locate, why: str | None = None) -> None:
        """Count a row; why: what is wrong with it, where its text does not say that."""
        self.count += 1
        if len(self.told) < _MOST_DIAGNOSTICS:
            message = N_("this is no mobile number: {why}").format(why=why or why_no_mobile(text))
            hint = N_("correct it; `invalid: skip` leaves it out, except in an exclusion list")
            self.told.append(self._diagnostic("invalid-number", place(), message, hint))
        elif self.beyond is None:
            self.beyond = place()._replace(excerpt=None)

    def conclude(self, mobiles: array[int], source: Source | None) -> NumberList:
        if self.beyond is not None:
            message = N_("{count} more rows from here on hold no mobile number").format(
                count=self.count - len(self.told)
            )
            hint = N_("is this the column with the numbers?")
            self.told.append(self._diagnostic("invalid-numbers", self.beyond, message, hint))
        return NumberList(
            mobiles=mobiles, invalid=self.count, diagnostics=tuple(self.told), source=source
        )

    def _diagnostic(self, rule: str, place: RowPlace, message: str, hint: str) -> Diagnostic:
        return Diagnostic(
            file=self.file,
            span=place.span,
            rule=rule,
            message=message,
            hint=hint,
            excerpt=place.excerpt,
            cell=place.cell,
        )


def _missing_file(path: Path, name: str) -> ListFault:
    message = N_("there is no file `{name}`").format(name=show_name(name))
    return ListFault(rule=MISSING_FILE, message=message, hint=nearest_file(path))


def _recall(
    file: BufferedReader, path: Path, wanted: _Wanted, findings: Findings
) -> NumberList | None:
    """Give a list whose contents are known, its numbers unread."""
    if not findings.knows_of(wanted.subject):
        return None
    digest = _digest(file)
    found = findings.find(wanted.subject, digest)
    if found is None:
        return None
    read = cache(partial(_read_again, path, wanted, digest))
    return NumberList(
        mobiles=Later(found["mobiles"], lambda: read().mobiles),
        invalid=found["invalid"],
        diagnostics=Later(found["diagnostics"], lambda: read().diagnostics),
        source=_make_source(file, wanted, found["mobiles"] + found["invalid"], digest),
    )


def _read_again(path: Path, wanted: _Wanted, digest: str) -> NumberList:
    """Read a list of which only the digest was looked at; raises FilesMoved."""
    name, sheet, column, named = wanted
    numbers = read_list(path, name=name, sheet=sheet, column=column, named=named)
    if isinstance(numbers, ListFault) or (numbers.source and numbers.source.digest != digest):
        raise FilesMoved(
            N_("`{name}` changed while it was read").format(name=name), hint=N_("try again")
        )
    return numbers


def _read_file(file: BufferedReader, wanted: _Wanted, findings: Findings | None) -> NumberList:
    faults = _Faults(wanted.file)
    read = _read_workbook if is_spreadsheet_name(wanted.file) else _read_csv
    mobiles, digest = read(file, wanted, faults)
    rows = len(mobiles) + faults.count
    numbers = faults.conclude(mobiles, _make_source(file, wanted, rows, digest))
    if findings and rows >= WORTH_A_NOTE:
        found = {"mobiles": len(mobiles), "invalid": faults.count}
        told = {"diagnostics": len(numbers.diagnostics)}
        findings.note(wanted.subject, digest, found | told)
    return numbers


def _make_source(file: BufferedReader, wanted: _Wanted, rows: int, digest: str) -> Source:
    return Source(
        name=wanted.name,
        rows=rows,
        digest=digest,
        modified=_modified(file),
        named=wanted.named,
        sheet=wanted.sheet,
        column=wanted.column,
    )


def _digest(file: BufferedReader) -> str:
    """Digest a whole file, and go back to its beginning."""
    digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    file.seek(0)
    return digest


def _read_workbook(
    file: BufferedReader, wanted: _Wanted, faults: _Faults
) -> tuple[array[int], str]:
    """Give the numbers of a sheet, and the digest of the whole file."""
    from runner.workspace.xlsx_numbers import read_sheet_numbers  # brings lxml

    before = os.fstat(file.fileno())
    digest = _digest(file)
    mobiles = read_sheet_numbers(file, wanted.name, wanted.sheet, wanted.column, faults.add)
    after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        message = N_("`{name}` changed while it was read").format(name=wanted.name)
        raise UnreadableList(UNREADABLE_FILE, message, N_("try again"))
    return mobiles, digest


def _read_csv(file: BufferedReader, wanted: _Wanted, faults: _Faults) -> tuple[array[int], str]:
    """Give the numbers of a text, and the digest of what was read of it."""
    name = wanted.name
    if wanted.sheet is not None:
        raise without_sheets(name)
    try:
        with DigestedText(file, encoding=choose_encoding(file, name)) as text:
            return read_numbers(text, name, wanted.column, faults.add), text.digest
    except UnicodeDecodeError as error:
        message = N_("`{name}` is neither UTF-8 nor GB18030").format(name=name)
        raise UnreadableList("unknown-encoding", message, SAVE_AS_CSV) from error
    except LineTooLong as error:
        message = N_("`{name}` has more than 64 KiB in line {line}").format(
            name=name, line=error.line
        )
        raise UnreadableList(
            "line-too-long", message, N_("a list has one row a recipient")
        ) from error
    except BrokenQuotes as error:
        message = N_(
            "`{name}` has a quote in line {line} that is not closed where its cell ends"
        ).format(name=name, line=error.line)
        hint = N_('close it before the next comma; a `"` inside such a cell is written twice')
        raise UnreadableList("broken-quotes", message, hint) from error


def _modified(file: BufferedReader) -> datetime:
    seconds = os.fstat(file.fileno()).st_mtime
    return datetime.fromtimestamp(max(0, min(seconds, _LAST_SECOND)), UTC)
