"""Reads lists of recipients: CSV files of any size in bounded memory, and numbers written inline.

What keeps a file from being read at all is one `ListFault`, for the place that names the file. A
row without a mobile number is a `Diagnostic` in the list itself, and the rows after it are read
on. Which paths may be named is not decided here. What is read depends on path and column alone.
"""

from __future__ import annotations

import codecs
import difflib
import hashlib
import io
import stat
from array import array
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from runner.model.campaign import Source
from runner.model.diagnostic import Diagnostic, Span
from runner.model.recipient import looks_like_a_number, parse_mobile, why_no_mobile
from runner.workspace.csv_rows import BrokenQuotes, LineTooLong, Rows
from runner.workspace.masking import mask_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

HEADINGS = ("mobile", "phone", "手机", "手机号", "手机号码")

_MOST_DIAGNOSTICS = 1000
_LONGEST_EXCERPT = 500
_BLOCK = 256 * 1024
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and .numbers; .xls
_SAVE_AS_CSV = "save it as CSV UTF-8"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineNumber:
    """A number as a campaign writes it, with its place; excerpt: its source line, masked."""

    text: str
    span: Span
    excerpt: str | None


def read_list(path: Path, *, name: str, column: str | None = None) -> NumberList | ListFault:
    """Read a list file.

    name: how the campaign names it, with `/`; it stands in every message about the list.
    column: the heading of the numbers where it is none of HEADINGS; a file that begins with a
    number has no headings, and its numbers are its first column.
    """
    try:
        # before opening it: to open a FIFO would wait for its writer
        if not stat.S_ISREG(path.stat().st_mode):
            return _not_a_file(name, is_folder=path.is_dir())
        with path.open("rb", buffering=0) as file:
            return _read_file(file, name, column)
    except _Unreadable as unreadable:
        return unreadable.fault
    except FileNotFoundError:
        return ListFault(rule="missing-file", message=f"there is no file `{name}`")
    except OSError as error:
        return ListFault(
            rule="unreadable-file", message=f"`{name}` cannot be read: {error.strerror}"
        )


def read_inline(numbers: Iterable[InlineNumber], *, file: str) -> NumberList:
    """Read the numbers that stand in a campaign file."""
    mobiles = array("Q")
    faults = _Faults(file)
    for number in numbers:
        mobile = parse_mobile(number.text)
        if mobile is None:
            faults.add(number.text, partial(_place_of, number))
        else:
            mobiles.append(mobile)
    return faults.conclude(mobiles, None)


def _place_of(number: InlineNumber) -> tuple[Span, str | None]:
    return number.span, number.excerpt


class _Unreadable(Exception):  # noqa: N818 - carries the value that read_list returns
    def __init__(self, rule: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.fault = ListFault(rule=rule, message=message, hint=hint)


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


class _Digested(io.RawIOBase):
    """A file that digests what is read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        block = self._file.read(len(view))
        view[: len(block)] = block
        self.sha256.update(block)
        return len(block)


def _not_a_file(name: str, *, is_folder: bool) -> ListFault:
    what = "a folder" if is_folder else "no regular file"
    return ListFault(
        rule="not-a-file", message=f"`{name}` is {what}", hint="name a CSV file with the numbers"
    )


def _read_file(file: BinaryIO, name: str, column: str | None) -> NumberList:
    encoding = _choose_encoding(file, name)
    file.seek(0)
    digested = _Digested(file)
    try:
        with io.TextIOWrapper(
            io.BufferedReader(digested, _BLOCK), encoding=encoding, newline=""
        ) as text:
            mobiles, faults = _read_rows(Rows(text), name, column)
    except UnicodeDecodeError as error:
        message = f"`{name}` is neither UTF-8 nor GB18030"
        raise _Unreadable("unknown-encoding", message, _SAVE_AS_CSV) from error
    except LineTooLong as error:
        message = f"`{name}` has more than 64 KiB in line {error.line}"
        raise _Unreadable("line-too-long", message, "a list has one row a recipient") from error
    except BrokenQuotes as error:
        message = (
            f"`{name}` has a quote in line {error.line} that is not closed where its cell ends"
        )
        hint = 'close it before the next comma; a `"` inside such a cell is written twice'
        raise _Unreadable("broken-quotes", message, hint) from error
    rows = len(mobiles) + faults.count
    digest = f"sha256:{digested.sha256.hexdigest()}"
    return faults.conclude(mobiles, Source(name=name, rows=rows, digest=digest))


def _choose_encoding(file: BinaryIO, name: str) -> str:
    """Tell UTF-8 from GB18030 by the whole file: both may begin with a million lines of ASCII."""
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    block = file.read(_BLOCK)
    _refuse_binary(block, name)
    try:
        while block:
            utf_8.decode(block)
            block = file.read(_BLOCK)
        utf_8.decode(b"", final=True)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _refuse_binary(head: bytes, name: str) -> None:
    if head.startswith(_SPREADSHEETS):
        raise _Unreadable("binary-file", f"`{name}` is a spreadsheet, not CSV", _SAVE_AS_CSV)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _Unreadable("unknown-encoding", f"`{name}` is UTF-16", _SAVE_AS_CSV)
    if b"\0" in head:
        raise _Unreadable(
            "binary-file", f"`{name}` is not a text: it holds NUL bytes", _SAVE_AS_CSV
        )


def _read_rows(rows: Rows, name: str, column: str | None) -> tuple[array[int], _Faults]:
    mobiles, faults = array("Q"), _Faults(name)
    index, data = _find_numbers(rows, name, column)
    for cells in data:
        text = cells[index] if index < len(cells) else ""
        mobile = parse_mobile(text)
        if mobile is None:
            faults.add(text, partial(_locate, rows, index))
        else:
            mobiles.append(mobile)
    return mobiles, faults


def _locate(rows: Rows, index: int) -> tuple[Span, str | None]:
    span, line = rows.locate(index)
    return span, mask_row(line) if len(line) <= _LONGEST_EXCERPT else None


def _find_numbers(rows: Rows, name: str, column: str | None) -> tuple[int, Iterable[list[str]]]:
    """Tell the index of the column with the numbers, and the rows below the headings."""
    data = iter(rows)
    first = next(data, None)
    if first is None:
        raise _Unreadable("empty-list", f"`{name}` is empty", "a list without people has a heading")
    if looks_like_a_number(first[0]):
        return 0, chain([first], data)
    return _find_column([cell.strip() for cell in first], name, column), data


def _find_column(headings: list[str], name: str, column: str | None) -> int:
    wanted = HEADINGS if column is None else (column.strip().casefold(),)
    found = [index for index, heading in enumerate(headings) if heading.casefold() in wanted]
    if len(found) == 1:
        return found[0]
    if found:
        listed = _list_headings([headings[index] for index in found])
        message = f"`{name}` has more than one column of numbers: {listed}"
        raise _Unreadable("ambiguous-column", message, "say which one with `recipients.column`")
    raise _without_numbers(headings, name, column)


def _without_numbers(headings: list[str], name: str, column: str | None) -> _Unreadable:
    if any(map(looks_like_a_number, headings)):  # then this is a person, whom no message names
        message = f"`{name}` has no headings, and its first column holds no numbers"
        hint = "put a line with the names of the columns first; `mobile` is the one of the numbers"
        return _Unreadable("no-column", message, hint)
    missing = "that is known to hold numbers" if column is None else f"called `{column}`"
    message = f"`{name}` has no column {missing}; it has {_list_headings(headings)}"
    near = difflib.get_close_matches(column or "mobile", headings, n=1)
    if near:
        message += f", did you mean `{near[0]}`?"
    hint = "call it `mobile`, or name it with `recipients.column`"
    return _Unreadable("no-column", message, hint)


def _list_headings(headings: list[str]) -> str:
    shown = ["".join(filter(str.isprintable, heading))[:30] for heading in headings[:10]]
    more = ", …" if len(headings) > len(shown) else ""
    return ", ".join(f"`{heading}`" for heading in shown) + more
