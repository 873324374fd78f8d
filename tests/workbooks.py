"""Workbooks for tests: as XlsxWriter writes them, and of XML by hand for what it never writes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

ENCRYPTED = b"\xd0\xcf\x11\xe0" + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le")


def write_workbook(
    sheets: Mapping[str, Iterable[Sequence[Any]]],
    *,
    hidden: Sequence[str] = (),
    inline: bool = False,
) -> bytes:
    """Write sheets of rows; a function in a cell's place writes it itself.

    hidden: names of sheets that are not shown; inline: texts stand in their cells.
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"constant_memory": inline, "in_memory": not inline})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        else:
            sheet.activate()
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if callable(cell):
                    cell(book, sheet, row, column)
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif cell is not None:
                    sheet.write(row, column, cell)
    book.close()
    return target.getvalue()


def pack(parts: Mapping[str, str | bytes]) -> bytes:
    """Make a zip of parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return target.getvalue()


def parts_by_hand(
    sheet: str | bytes, *, strings: str | None = None, namespace: str = MAIN
) -> dict[str, str | bytes]:
    """Give the parts of a workbook of one sheet, `会员`.

    sheet: its XML; strings: that of its table of texts.
    """
    related = f'<Relationships xmlns="{RELATIONS.replace("officeDocument", "package")}">'
    parts: dict[str, str | bytes] = {
        "_rels/.rels": f'{related}<Relationship Id="a" Type="{RELATIONS}/officeDocument"'
        ' Target="/xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{namespace}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="会员" sheetId="1" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{related}<Relationship Id="b" Type="{RELATIONS}/worksheet"'
        f' Target="worksheets/sheet1.xml"/><Relationship Id="c" Type="{RELATIONS}/sharedStrings"'
        ' Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    parts["xl/sharedStrings.xml"] = strings or f'<sst xmlns="{MAIN}"/>'
    return parts


def rows_by_hand(rows: str, *, namespace: str = MAIN) -> str:
    """Give the XML of a sheet with such rows."""
    return f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'


def workbook_by_hand(rows: str, **more: Any) -> bytes:
    """Make a workbook of such rows."""
    return pack(parts_by_hand(rows_by_hand(rows), **more))


def announce(content: bytes, part: str, size: int) -> bytes:
    """Let the directory of a zip say another size of a part (APPNOTE.TXT 4.3.12)."""
    changed = bytearray(content)
    entry = changed.rfind(part.encode()) - 46
    changed[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    return bytes(changed)
