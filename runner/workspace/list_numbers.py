"""Reads the numbers out of the text of a list, a hundred thousand characters at once.

Nearly every row of a list is a line in which nothing has to be explained to anybody. One regular
expression takes the numbers out of all these, and a quicker one where there is no quote; what lies
between its matches is read row by row, as a CSV, by what can say what is wrong and where. Wherever
a quote may reach over the end of a line, all rows of a block are read so. Lines that are a number
and nothing else are taken many at once.
"""

from __future__ import annotations

import io
import json
import re
from array import array
from functools import cache, partial
from itertools import chain, compress, count
from typing import TYPE_CHECKING

from runner.model.recipient import parse_mobile
from runner.workspace.csv_rows import LONGEST_LINE, Rows, read_lines
from runner.workspace.headings import find_numbers
from runner.workspace.masking import mask_row
from runner.workspace.row_place import RowPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from runner.workspace.row_place import Locate

_BLOCK = 1 << 17  # characters; more of them leave the cache of a processor
_LONGEST_EXCERPT = 500

# Of each form that `parse_mobile` knows, those that are written by the million.
_NUMBER = r"[ \t]*+(?:(?:\+86|0086|86)[ -]?+)?+(?P<mobile>1[3-9][0-9]{9})[ \t]*+"
_CELL = r'(?:"(?:[^"\r\n]|"")*+"|[^",\r\n]*+)'

_BARE_LINES = re.compile(r"^((?:(?:\+86)?+1[3-9][0-9]{9}\n)++)", re.MULTILINE)


def read_numbers(
    text: TextIO, name: str, column: str | None, refuse: Callable[[str, Locate], None]
) -> array[int]:
    """Give the mobile numbers of a list in their order, duplicates included.

    name, column: as for `read_list`.
    refuse: is told of each cell that holds none, and how to learn its place and its line, masked.
    Raises UnreadableList, LineTooLong, BrokenQuotes and UnicodeDecodeError.
    """
    rows = Rows(read_lines(text, 1))
    index, beginning = find_numbers(next(iter(rows), None), name, column)
    reader = _Reader(text, index, rows.last_line + 1, refuse)
    for cells in beginning:
        reader.take_row(cells, rows)
    reader.read()
    return reader.mobiles


class _Reader:
    """The column with the numbers; line: the number of the next one of the text."""

    def __init__(
        self, text: TextIO, index: int, line: int, refuse: Callable[[str, Locate], None]
    ) -> None:
        self.mobiles = array("Q")
        self._text = text
        self._index = index
        self._line = line
        self._refuse = refuse

    def take_row(self, cells: list[str], rows: Rows) -> None:
        """Take the row at hand."""
        self._take(cells, partial(_locate, rows, self._index))

    def read(self) -> None:
        """Take all rows that are left."""
        while block := self._text.read(_BLOCK):
            block += self._text.readline(LONGEST_LINE + 1)
            if _may_have_too_long_line(block):
                self._read_with_care(block)
                continue
            plain = block.replace("\r\n", "\n") if "\r" in block else block
            if '"' in plain or "\r" in plain:
                self._take_block(block, _compile_line(self._index))
            elif self._index or "," in plain:
                self._take_block(plain, _compile_plain_line(self._index))
            else:
                self._take_bare_block(plain)

    def _take_bare_block(self, block: str) -> None:
        """Take lines of one cell."""
        others, *parts = _BARE_LINES.split(block)
        self._take_block(others, _compile_plain_line(0))
        for lines, others in zip(parts[::2], parts[1::2], strict=True):
            # JSON makes numbers of a text without a text for each: half the time
            listed = lines.replace("+86", "").replace("\n", ",")[:-1]
            self._extend(json.loads(f"[{listed}]"))
            self._take_block(others, _compile_plain_line(0))

    def _take_block(self, block: str, line: re.Pattern[str]) -> None:
        """Take lines of any kind; line: matches most of them, and its last group is the number."""
        parts = line.split(block)
        step = line.groups + 1
        between, numbers = parts[::step], parts[step - 1 :: step]
        if '"' in "".join(between):
            self._read_with_care(block)
            return
        taken = 0
        for at in compress(count(), between):
            self._take_numbers(numbers[taken:at])
            taken = at
            for other in io.StringIO(between[at], newline=""):
                self._take_line(other)
        self._take_numbers(numbers[taken:])

    def _take_numbers(self, numbers: list[str]) -> None:
        """Take lines of which nothing is left but their numbers."""
        self._extend(list(map(int, numbers)))

    def _extend(self, numbers: list[int]) -> None:
        self.mobiles.fromlist(numbers)  # half the time of `extend`
        self._line += len(numbers)

    def _take_line(self, line: str) -> None:
        """Take a line without a quote: its cells are what stands between the commas."""
        cells = line.rstrip("\r\n").split(",")
        if len(cells) > 1 or cells[0].strip():
            self._take(cells, partial(_locate_in_line, line, self._line, self._index))
        self._line += 1

    def _read_with_care(self, block: str) -> None:
        """Take the rows of a block, of which the last one may end behind it."""
        lines = list(_lines_of(block, self._line))
        last = self._line + len(lines) - 1
        following = read_lines(self._text, last + 1)
        rows = Rows(chain(lines, following), self._line)
        for cells in rows:
            self.take_row(cells, rows)
            if rows.last_line >= last:
                break
        self._line = rows.last_line + 1

    def _take(self, cells: list[str], place: Locate) -> None:
        text = cells[self._index] if self._index < len(cells) else ""
        mobile = parse_mobile(text)
        if mobile is None:
            self._refuse(text, place)
        else:
            self.mobiles.append(mobile)


@cache
def _compile_line(index: int) -> re.Pattern[str]:
    """Make what matches a line with a number in a cell, counted from 0; its last group is it."""
    cells = rf"(?:{_CELL},){{{index}}}"
    pattern = rf'^{cells}("?){_NUMBER}\1(?:,{_CELL})*+(?:\r?\n|\Z)'
    return re.compile(pattern, re.MULTILINE)


@cache
def _compile_plain_line(index: int) -> re.Pattern[str]:
    """Make the same for a text without quotes, whose lines end in a line feed."""
    pattern = rf"^(?:[^,\n]*+,){{{index}}}{_NUMBER}(?:\n|,[^\n]*+\n)"
    return re.compile(pattern, re.MULTILINE)


def _lines_of(text: str, first: int) -> Iterator[str]:
    return read_lines(io.StringIO(text, newline=""), first)


def _may_have_too_long_line(block: str) -> bool:
    """Look for half of one: whoever finds none has been told of every line's end."""
    half = LONGEST_LINE // 2
    starts = range(0, len(block) - half + 1, half)
    return any(block.find("\n", start, start + half) < 0 for start in starts)


def _locate_in_line(line: str, number: int, index: int) -> RowPlace:
    rows = Rows(iter([line]), number)
    next(iter(rows))
    return _locate(rows, index)


def _locate(rows: Rows, index: int) -> RowPlace:
    span, line = rows.locate(index)
    return RowPlace(span, mask_row(line) if len(line) <= _LONGEST_EXCERPT else None)
