"""Splits a CSV text into rows, and knows where every cell of the row at hand stands.

The csv module forgets the places; this keeps the lines of one row, so that a place costs
something only when a fault asks for it.
"""

from __future__ import annotations

import csv
import re
from functools import partial
from typing import TYPE_CHECKING

from runner.model.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

LONGEST_LINE = 64 * 1024

_CELL = re.compile(r'(?:"(?:[^"]|"")*+"|(?!")[^,\r\n]*)(?=[,\r\n]|\Z)')


class LineTooLong(Exception):  # noqa: N818 - named for the thing, as in runner.errors
    """A line has more than LONGEST_LINE characters: this is no list."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is too long")
        self.line = line


class BrokenQuotes(Exception):  # noqa: N818 - as above
    """A cell in quotes does not end where a cell may end; line: where it begins."""

    def __init__(self, line: int) -> None:
        super().__init__(f"the quotes that open in line {line} do not close")
        self.line = line


def read_lines(text: TextIO, first: int) -> Iterator[str]:
    """Give the lines with their ends; first: the number of the first one.

    Bounded: a file without line ends must not be read into memory. Raises LineTooLong.
    """
    for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE + 1), ""), first):
        if len(line) > LONGEST_LINE:
            raise LineTooLong(number)
        yield line


class Rows:
    """Iterates over the rows that are not blank, as lists of cells; strict about quotes.

    lines: as `read_lines` gives them, from the beginning of a row on; first: the number of the
    first one.
    """

    def __init__(self, lines: Iterator[str], first: int = 1) -> None:
        self._source = lines
        self._before = first - 1
        self._lines: list[str] = []  # of the row at hand, with their line ends
        self._reader = csv.reader(self._remember_lines(), strict=True)

    def __iter__(self) -> Iterator[list[str]]:
        try:
            for cells in self._reader:
                if len(cells) > 1 or (cells and cells[0].strip()):
                    yield cells
                self._lines.clear()
        except csv.Error as error:
            raise BrokenQuotes(self._place(self._end_of_sound_cells())[0]) from error

    def locate(self, index: int) -> tuple[Span, str]:
        """Tell where a cell of the row at hand stands, and the line on which it begins.

        A cell that is empty or missing is told where it should stand, one character wide.
        """
        start, end = self._offsets(index)
        line, column = self._place(start)
        end_line, end_column = self._place(end) if end > start else (line, column + 1)
        span = Span(line=line, column=column, end_line=end_line, end_column=end_column)
        return span, self._lines[line - self._first_line].rstrip("\r\n")

    @property
    def last_line(self) -> int:
        """The number of the last line that was read: where the row at hand ends."""
        return self._before + self._reader.line_num

    @property
    def _first_line(self) -> int:
        return self.last_line - len(self._lines) + 1

    def _remember_lines(self) -> Iterator[str]:
        for line in self._source:
            self._lines.append(line)
            yield line

    def _cells(self) -> list[re.Match[str]]:
        row = "".join(self._lines)
        cells: list[re.Match[str]] = []
        position = 0
        while cell := _CELL.match(row, position):
            cells.append(cell)
            position = cell.end() + 1
            if row[cell.end() : position] != ",":
                break
        return cells

    def _offsets(self, index: int) -> tuple[int, int]:
        cells = self._cells()
        return cells[index].span() if index < len(cells) else (cells[-1].end(),) * 2

    def _end_of_sound_cells(self) -> int:
        cells = self._cells()
        return cells[-1].end() + 1 if cells else 0

    def _place(self, offset: int) -> tuple[int, int]:
        """Turn an offset in the row into a line of the file and a column, both from 1."""
        line = self._first_line
        for text in self._lines[:-1]:
            if offset < len(text):
                break
            offset -= len(text)
            line += 1
        return line, offset + 1
