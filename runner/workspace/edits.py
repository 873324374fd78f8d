"""Writes edits into the bytes of a file; every byte outside of them stays as it is.

Line ends, a byte order mark, blanks at the ends of lines and comments are the author's.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from runner.codec.gb2312 import find_strays

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.diagnostic import Diagnostic, Edit

_SIGNS = re.compile(r"[\u3000-\u303f\uff00-\uffef\u2010-\u2027\u00b7]")  # of Chinese texts


def choose_edits(faults: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Give the faults whose edits can be made at once: of two that overlap, the first one.

    faults: of one file.
    """
    chosen: list[Diagnostic] = []
    end = (0, 0)
    for fault in sorted((fault for fault in faults if fault.fix), key=_begin):
        if fault.fix and _begin(fault) >= end:
            chosen.append(fault)
            end = (fault.fix.span.end_line, fault.fix.span.end_column)
    return chosen


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Write edits that do not overlap into a file of UTF-8."""
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text = data[len(mark) :].decode()
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        span = edit.span
        pieces += [text[done : starts[span.line - 1] + span.column - 1], edit.text]
        done = starts[span.end_line - 1] + span.end_column - 1
    return mark + "".join([*pieces, text[done:]]).encode()


def save_as_utf_8(data: bytes) -> bytes | None:
    """Give the bytes of a GBK file in UTF-8; None where they may be something else.

    Latin letters, Big5 and what mixes encodings can be read as GB18030 too, but hardly ever in
    nothing but the signs and ideographs of GB2312.
    """
    try:
        text = data.decode("gbk")
    except UnicodeDecodeError:
        return None
    beyond_ascii = [character for character in text if not character.isascii()]
    if not beyond_ascii or not all(map(_is_chinese, beyond_ascii)):
        return None
    return None if find_strays(text.replace("\r\n", "\n")) else text.encode()


def _begin(fault: Diagnostic) -> tuple[int, int]:
    place = fault.fix.span if fault.fix else fault.span
    return place.line, place.column


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or _SIGNS.match(character) is not None
