"""The table of texts that the cells of a workbook share, in little more memory than their bytes."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from lxml import etree

from runner.workspace.xlsx_package import MOST_STRING_BYTES
from runner.workspace.xlsx_records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.workspace.xlsx_package import Workbook

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedStrings:
    """Gives each text by its index, as UTF-8."""

    def __init__(self, workbook: Workbook) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        part = workbook.find_part("sharedStrings")
        if part is not None:
            with workbook.open(part, MOST_STRING_BYTES) as stream:
                self._read(Records(stream, parent="sst", record="si", name=workbook.name))

    def __getitem__(self, index: int) -> bytes:
        """Give a text; raises IndexError."""
        if index < 0:
            raise IndexError(index)
        return bytes(self._bytes[self._ends[index] : self._ends[index + 1]])

    def _read(self, records: Records) -> None:
        plain = re.compile(
            rb">\s*<%bt(?: xml:space=\"preserve\")?>([^<&]*+)</%bt>\s*</"
            % (records.prefix, records.prefix)
        )
        for record in records:
            match = plain.match(record)
            if match and b"_x" not in match[1]:
                self._bytes += match[1]
            else:
                self._bytes += join_text(records.parse(record)).encode()
            self._ends.append(len(self._bytes))


def join_text(element: etree._Element) -> str:
    """Give a text of one piece or several, without how it is pronounced."""
    return decode_text("".join(_find_pieces(element)))


def _find_pieces(element: etree._Element) -> Iterator[str]:
    for child in element:
        kind = etree.QName(child).localname
        if kind == "t":
            yield child.text or ""
        elif kind == "r":
            yield from _find_pieces(child)


def decode_text(text: str) -> str:
    """Replace `_x000D_` and the like (ECMA-376, part 1, 22.9.2.19, ST_Xstring)."""
    return _ESCAPED.sub(lambda match: _character(int(match[1], 16)), text)


def _character(code: int) -> str:
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
