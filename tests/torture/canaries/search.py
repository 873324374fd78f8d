"""Looks for a secret in bytes of any kind by undoing what may have been done to it.

It shares nothing with the program's own list of spellings: two readings that agree are evidence.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLD = re.compile(rb"\r?\n|\\r|\\n")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){4,}")
_DECIMAL_ENTITY = re.compile(rb"&#0*([0-9]{1,7});")
_HEX_ENTITY = re.compile(rb"&#[xX]0*([0-9a-fA-F]{1,6});")
_UNIT = re.compile(rb"\\u([0-9a-fA-F]{4})")
_BYTE = re.compile(rb"\\x([0-9a-fA-F]{2})")
_NAMED = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}


def find(data: bytes, secret: str) -> list[str]:
    """Name the ways in which a secret stands in some bytes."""
    charsets = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
    needles = {secret.encode(each) for each in charsets}
    needles |= {secret[::-1].encode(each) for each in charsets}
    return [name for name, view in _views(data) if any(needle in view for needle in needles)]


def _views(data: bytes) -> Iterator[tuple[str, bytes]]:
    for turned, text in (("", data), ("backwards, ", data[::-1])):
        packed = {
            "as it is": text,
            "base64": _undo_base64(text),
            "hexadecimal": _undo_hex(text),
        }
        for name, view in packed.items():
            for escaped, plain in _unescape(view):
                yield f"{turned}{name}, {escaped}", plain


def _unescape(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Undo what URLs, HTML, JSON and Python escape, once and twice."""
    yield "plain", data
    for times in ("once", "twice"):
        data = _undo_escapes(data)
        yield f"escaped {times}", data
        form = unquote_to_bytes(data.replace(b"+", b" "))
        yield f"form, {times}", form
        yield f"form, twice, {times}", unquote_to_bytes(form.replace(b"+", b" "))


def _undo_escapes(data: bytes) -> bytes:
    data = _UNIT.sub(lambda unit: chr(int(unit[1], 16)).encode(errors="replace"), data)
    data = _BYTE.sub(lambda byte: bytes.fromhex(byte[1].decode()), data)
    data = re.sub(rb"\\(.)", rb"\1", data, flags=re.DOTALL)
    data = _DECIMAL_ENTITY.sub(lambda found: _character(int(found[1])), data)
    data = _HEX_ENTITY.sub(lambda found: _character(int(found[1], 16)), data)
    for name, character in _NAMED.items():
        data = data.replace(name, character)
    return data


def _character(number: int) -> bytes:
    return chr(number).encode(errors="replace") if number <= 0x10FFFF else b""


def _undo_base64(data: bytes) -> bytes:
    joined = _FOLD.sub(b"", data).replace(b"-", b"+").replace(b"_", b"/")
    pieces = []
    for run in _BASE64.findall(joined):
        for start in range(4):
            whole = run[start : start + (len(run) - start) // 4 * 4]
            pieces.append(base64.b64decode(whole))
    return b"\n".join(pieces)


def _undo_hex(data: bytes) -> bytes:
    runs = _HEX.findall(_FOLD.sub(b"", data))
    shifted = [run[1:-1] for run in runs]
    return b"\n".join(bytes.fromhex(run.decode()) for run in (*runs, *shifted))
