"""Reads what a cell of a sheet holds, and says what a cell that is no text cannot be."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from runner.language import N_
from runner.workspace.xlsx_strings import decode_text, join_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.workspace.xlsx_package import Workbook
    from runner.workspace.xlsx_strings import SharedStrings

ROUNDED = "000000"  # what the digits end with that a spreadsheet showed as 1.38E+10 and read back

_MOST_DIGITS = 15  # that a spreadsheet keeps of a number
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NO_DATE = re.compile(r"\"[^\"]*\"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.IGNORECASE)


class CellValue(NamedTuple):
    """text: what the cell shows, but for formats; why: what keeps it from being a mobile number.

    why is None where the text itself says that.
    """

    text: str
    why: str | None = None


EMPTY = CellValue("")


class CellReader:
    """Reads the cells of a workbook."""

    def __init__(self, workbook: Workbook, strings: SharedStrings) -> None:
        self._workbook = workbook
        self._strings = strings
        self._readers: Mapping[str, Callable[[etree._Element, str], CellValue]] = {
            "n": self._read_number,
            "s": self._read_shared,
            "str": lambda _, written: CellValue(decode_text(written)),
            "b": lambda _, written: CellValue(written, N_("it is true or false")),
            "e": lambda _, written: CellValue(written, N_("it is the error of a formula")),
            "d": lambda _, written: CellValue(written, N_("it is a date")),
        }

    def read(self, cell: etree._Element) -> CellValue:
        """Read a cell; raises ValueError and IndexError where it is broken."""
        kind = cell.get("t", "n")
        within = {etree.QName(child).localname: child for child in cell}
        if kind == "inlineStr":
            return CellValue(join_text(within["is"])) if "is" in within else EMPTY
        written = (within["v"].text or "") if "v" in within else None
        if written is None:
            if "f" not in within:
                return EMPTY
            why = N_("its formula has no saved value: open the file in a spreadsheet and save it")
            return CellValue("?", why)
        if kind not in self._readers:
            raise ValueError(kind)
        return self._readers[kind](cell, written)

    def _read_shared(self, _: etree._Element, written: str) -> CellValue:
        return CellValue(self._strings[int(written)].decode())

    def _read_number(self, cell: etree._Element, written: str) -> CellValue:
        try:
            number = Decimal(written.strip())
        except InvalidOperation as error:
            raise ValueError("no number") from error
        if not number.is_finite() or number.adjusted() >= _MOST_DIGITS:
            why = N_("it has more than the {count} digits that a spreadsheet keeps").format(
                count=_MOST_DIGITS
            )
            return CellValue(
                "0", N_("{why}: format the column as text, and write it anew").format(why=why)
            )
        if number != number.to_integral_value():
            return CellValue(
                "0", N_("it is a date") if self._is_date(cell) else N_("it has decimals")
            )
        text = str(int(number))
        if len(text) >= 11 and text.endswith(ROUNDED):
            why = N_(
                "it ends like one that was rounded to 1.38E+10: where it is right, make it a text"
            )
            return CellValue(text, why)
        return CellValue(
            text, N_("it is a date") if len(text) < 7 and self._is_date(cell) else None
        )

    def _is_date(self, cell: etree._Element) -> bool:
        style = int(cell.get("s", "0"))
        return style < len(self._are_dates) and self._are_dates[style]

    @cached_property
    def _are_dates(self) -> list[bool]:
        """Whether each style of the workbook shows a date or a time."""
        part = self._workbook.find_part("styles")
        if part is None:
            return []
        styles = self._workbook.read_xml(part)
        codes = {
            form.get("numFmtId"): form.get("formatCode", "")
            for form in styles.iterfind("{*}numFmts/{*}numFmt")
        }
        return [
            _is_date_format(style.get("numFmtId", "0"), codes)
            for style in styles.iterfind("{*}cellXfs/{*}xf")
        ]


def _is_date_format(number: str, codes: Mapping[str | None, str]) -> bool:
    """Source: ECMA-376, part 1, 18.8.30, numFmt."""
    if number in codes:
        return bool(re.search(r"[ymdhs年月日]", _NO_DATE.sub("", codes[number]), re.IGNORECASE))
    return number.isdecimal() and int(number) in _DATE_FORMATS
