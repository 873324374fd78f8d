"""Reads the numbers out of a sheet of a workbook: a row at a time, in bounded memory.

Nearly every row holds a plain number or text in the column that is wanted, which one regular
expression finds without a look at the other columns; every other row is parsed as XML.
"""

from __future__ import annotations

import re
from array import array
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lxml import etree

from runner.language import N_
from runner.model.diagnostic import Span
from runner.model.recipient import looks_like_a_number, parse_mobile
from runner.workspace.headings import find_column, is_heading
from runner.workspace.list_text import UnreadableList
from runner.workspace.masking import show_name
from runner.workspace.row_place import RowPlace
from runner.workspace.xlsx_cells import EMPTY, ROUNDED, CellReader
from runner.workspace.xlsx_package import MOST_BYTES, damaged, open_workbook
from runner.workspace.xlsx_records import Records
from runner.workspace.xlsx_strings import SharedStrings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from runner.workspace.row_place import Locate
    from runner.workspace.xlsx_cells import CellValue
    from runner.workspace.xlsx_package import Sheet, Workbook

_ROWS_ABOVE = 10  # in which the headings must stand; a title may lie over several columns
_LAST_COLUMN = 16_384
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_ROW_NUMBER = re.compile(rb"[^<>]*?\sr=\"([0-9]{1,7})\"")


class Refuse(Protocol):
    """Is told of each cell without a number; why: where its text does not say it."""

    def __call__(self, text: str, place: Locate, why: str | None = None) -> None:
        """Take it; text: what the cell holds."""


class _Row(NamedTuple):
    """A row that holds something; cells: by their columns from 0."""

    number: int
    cells: Mapping[int, CellValue]

    @property
    def texts(self) -> list[str]:
        """All texts from the first column on."""
        return [self.cells.get(index, EMPTY).text for index in range(max(self.cells) + 1)]


def read_sheet_numbers(
    file: BinaryIO, name: str, sheet: str | None, column: str | None, refuse: Refuse
) -> array[int]:
    """Give the mobile numbers of a sheet in their order, duplicates included.

    name, column, refuse: as for `read_numbers`; sheet: its name, None for the first that is shown.
    Raises UnreadableList.
    """
    with open_workbook(file, name) as workbook:
        found = workbook.find_sheet(sheet)
        with workbook.open(found.part, MOST_BYTES) as stream:
            records = Records(stream, parent="sheetData", record="row", name=name)
            return _SheetReader(workbook, found, records, refuse).read(column)


class _SheetReader:
    def __init__(self, workbook: Workbook, sheet: Sheet, records: Records, refuse: Refuse) -> None:
        self._name = workbook.name
        self._sheet = show_name(sheet.name)
        self._records = records
        self._refuse = refuse
        self._strings = SharedStrings(workbook)
        self._cells = CellReader(workbook, self._strings)
        self._last = 0  # the number of the row that was read last
        prefix = re.escape(records.prefix)
        self._holds_something = re.compile(rb"<%b(?:v|is|f)[\s/>]" % prefix)

    def read(self, column: str | None) -> array[int]:
        mobiles = array("Q")
        records = iter(self._records)
        index, beginning = self._find_column(records, column)
        for row in beginning:
            self._take(row, index, mobiles)
        search = _compile_cell(self._records.prefix, letters_of(index)).search
        for record in records:
            cell = search(record)
            mobile = self._read_plain(cell) if cell else None
            if cell and mobile:
                self._last = int(cell[1])
                mobiles.append(mobile)
            elif row_with_care := self._read_row(record, index):
                self._take(row_with_care, index, mobiles)
        return mobiles

    def _find_column(
        self, records: Iterator[bytes], column: str | None
    ) -> tuple[int, Iterable[_Row]]:
        """Tell the column with the numbers, and give the rows below its heading that were read.

        Above the headings there may be a title, but nobody.
        """
        rows = list(islice(filter(None, map(self._read_row, records)), _ROWS_ABOVE))
        if not rows:
            message = N_("`{name}` has nothing in its sheet `{sheet}`").format(
                name=self._name, sheet=self._sheet
            )
            hint = N_("a list without anybody still has its headings")
            raise UnreadableList("empty-list", message, hint)
        if looks_like_a_number(rows[0].texts[0]):
            return 0, rows
        for at, row in enumerate(rows):
            if any(is_heading(text, column) for text in row.texts):
                return find_column(row.texts, self._name, column), rows[at + 1 :]
            if any(map(parse_mobile, row.texts)):
                break
        several = [row for row in rows if len(row.cells) > 1]
        return find_column((several or rows)[0].texts, self._name, column), ()

    def _read_plain(self, cell: re.Match[bytes]) -> int | None:
        """Read a number in plain digits; None where it has to be looked at with care."""
        kind, value, inline = cell[2], cell[3], cell[4]
        if inline is not None:
            value = inline
        elif kind == b"s":
            try:
                value = self._strings[int(value)]
            except (ValueError, IndexError):
                return None
        elif kind in (None, b"n") and value.endswith(ROUNDED.encode()):
            return None
        try:
            return parse_mobile(value.decode())
        except UnicodeDecodeError:
            return None

    def _read_row(self, record: bytes, wanted: int | None = None) -> _Row | None:
        """Read a row of any kind; None for one that holds nothing.

        wanted: the column that is read alone where it holds something.
        """
        number = _ROW_NUMBER.match(record)
        self._last = int(number[1]) if number else self._last + 1
        if not self._holds_something.search(record):
            return None
        try:
            cells = dict(self._place_cells(record))
            chosen = {index: cell for index, cell in cells.items() if index == wanted}
            values = self._read_values(chosen) or self._read_values(cells)
        except (ValueError, IndexError) as error:
            raise damaged(self._name) from error
        return _Row(self._last, values) if values else None

    def _place_cells(self, record: bytes) -> Iterator[tuple[int, etree._Element]]:
        index = -1
        for cell in self._records.parse(record):
            if etree.QName(cell).localname != "c":
                continue
            place = _PLACE.fullmatch(cell.get("r", ""))
            index = index_of(place[1]) if place else index + 1
            if index >= _LAST_COLUMN:
                raise ValueError(index)
            yield index, cell

    def _read_values(self, cells: Mapping[int, etree._Element]) -> dict[int, CellValue]:
        """Read the cells that hold something."""
        values = {index: self._cells.read(cell) for index, cell in cells.items()}
        return {index: value for index, value in values.items() if value.text.strip()}

    def _take(self, row: _Row, index: int, mobiles: array[int]) -> None:
        value = row.cells.get(index, EMPTY)
        mobile = None if value.why else parse_mobile(value.text)
        if mobile is None:
            self._refuse(value.text, partial(self._locate, row.number, index), value.why)
        else:
            mobiles.append(mobile)

    def _locate(self, row: int, index: int) -> RowPlace:
        span = Span(line=row, column=index + 1, end_line=row, end_column=index + 2)
        return RowPlace(span, cell=f"{self._sheet}!{letters_of(index)}{row}")


def letters_of(index: int) -> str:
    """Name a column as a spreadsheet does; index: from 0."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = f"{chr(ord('A') + letter)}{letters}"
    return letters


@cache
def index_of(letters: str) -> int:
    """Give the index of a column by its name."""
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - ord("A") + 1
    return index - 1


def _compile_cell(prefix: bytes, letters: str) -> re.Pattern[bytes]:
    """Make what finds a cell of a column with its row, its type and its value, written plainly."""
    p = re.escape(prefix)
    opened = rb"<%bc r=\"%b([0-9]{1,7})\"(?: s=\"[0-9]+\")?" % (p, letters.encode())
    value = rb"(?: t=\"(n|s|str)\")?><%bv>([^<&]*+)</%bv>" % (p, p)
    inline = rb" t=\"inlineStr\"><%bis><%bt(?: xml:space=\"preserve\")?>([^<&]*+)</%bt></%bis>" % (
        p,
        p,
        p,
        p,
    )
    return re.compile(rb"%b(?:%b|%b)</%bc>" % (opened, value, inline, p))
