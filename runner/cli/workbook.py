"""Writes rows as an .xlsx workbook in which every cell is a text: one pass, in bounded memory.

Nothing is calculated, rounded or taken for a date: task ids have up to 20 digits, of which a number
of a spreadsheet keeps 15, and a gateway's words may look like a formula. The rows go straight
into the zip: no copy of everybody's numbers lies in a folder for temporary files.
Source: ECMA-376, part 1 (SpreadsheetML) and part 2 (packaging).
"""

from __future__ import annotations

import re
import zipfile
from html import escape
from itertools import chain, islice
from typing import TYPE_CHECKING

from runner.cli.speech import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

_MOST_ROWS = 1_048_576  # that a sheet may have
_LONGEST_CELL = 32_767  # characters
_ROWS_AT_ONCE = 1000
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # would be read as another character

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OPEN = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_OPEN}/spreadsheetml/2006/main"'
_KINDS = f"{_OPEN}/officeDocument/2006/relationships"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# The second format is `@`, text: what a person types into a cell stays one too.
_STYLES = (
    f'{_XML}<styleSheet {_MAIN}><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font>'
    '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill'
    ' patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/>'
    '<bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0"'
    ' fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0"'
    ' fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0"'
    ' xfId="0" quotePrefix="1" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle'
    ' name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def write_workbook(
    target: BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    most_rows: int = _MOST_ROWS,
) -> None:
    """Write a workbook; what one sheet cannot hold goes on in another.

    target: may be a pipe. Of a row, what is None is an empty cell.
    most_rows: of a sheet, with the headings above them.
    """
    sheets: list[str] = []
    rest = iter(rows)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        while (first := next(rest, None)) is not None or not sheets:
            sheets.append("report" if not sheets else f"report {len(sheets) + 1}")
            below = [first] if first is not None else []
            part = chain(below, islice(rest, most_rows - 2))
            with package.open(f"xl/worksheets/sheet{len(sheets)}.xml", "w") as sheet:
                for text in _write_sheet(columns, part):
                    sheet.write(text.encode())
        for name, text in _list_parts(sheets):
            package.writestr(name, text)


def _write_sheet(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Give the XML of a sheet; its headings stay in sight."""
    yield (
        f'{_XML}<worksheet {_MAIN}><sheetViews><sheetView workbookViewId="0"><pane ySplit="1"'
        ' topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{len(columns)}" width="26" style="1" customWidth="1"/></cols>'
        "<sheetData>"
    )
    headings = [dict(zip(columns, columns, strict=True))]
    numbered = enumerate(chain(headings, rows), 1)
    letters = [chr(ord("A") + index) for index in range(len(columns))]
    places = list(zip(letters, columns, strict=True))
    while some := list(islice(numbered, _ROWS_AT_ONCE)):
        yield "".join(
            f'<row r="{number}">{_write_cells(row, number, places)}</row>' for number, row in some
        )
    yield "</sheetData></worksheet>"


def _write_cells(row: Mapping[str, object], number: int, places: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f'<c r="{letter}{number}" s="1" t="inlineStr"><is><t xml:space="preserve">'
        f"{_write_text(str(value))}</t></is></c>"
        for letter, name in places
        if (value := row[name]) is not None
    )


def _write_text(text: str) -> str:
    if text.isascii() and text.isalnum():  # nearly all
        return text[:_LONGEST_CELL]
    return escape(_LOOKS_ESCAPED.sub("_x005F_", clean(text[:_LONGEST_CELL])), quote=False)


def _list_parts(sheets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give the parts that tie the sheets together."""
    numbers = range(1, len(sheets) + 1)
    kinds = [
        ("xl/workbook.xml", "sheet.main"),
        ("xl/styles.xml", "styles"),
        *((f"xl/worksheets/sheet{number}.xml", "worksheet") for number in numbers),
    ]
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{_CONTENT}.{kind}+xml"/>'
        for part, kind in kinds
    )
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="s{number}"/>'
        for number, name in enumerate(sheets, 1)
    )
    types = (
        f'{_XML}<Types xmlns="{_OPEN}/package/2006/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default'
        f' Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
    yield "[Content_Types].xml", types
    yield "_rels/.rels", _relate([("w", "officeDocument", "xl/workbook.xml")])
    workbook = (
        f'{_XML}<workbook {_MAIN} xmlns:r="{_KINDS}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{listed}</sheets></workbook>"
    )
    yield "xl/workbook.xml", workbook
    yield (
        "xl/_rels/workbook.xml.rels",
        _relate(
            [
                ("t", "styles", "styles.xml"),
                *((f"s{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers),
            ]
        ),
    )
    yield "xl/styles.xml", _STYLES


def _relate(relations: Iterable[tuple[str, str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{name}" Type="{_KINDS}/{kind}" Target="{target}"/>'
        for name, kind, target in relations
    )
    space = f'xmlns="{_OPEN}/package/2006/relationships"'
    return f"{_XML}<Relationships {space}>{listed}</Relationships>"
