"""Opens the bytes of a list file as text: tells its encoding, and digests what is read."""

from __future__ import annotations

import codecs
import hashlib
import io
from typing import TYPE_CHECKING

from runner.language import N_

if TYPE_CHECKING:
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

SAVE_AS_CSV = N_("save it as CSV UTF-8")

_BLOCK = 256 * 1024
_PIECE = 64 * 1024  # of more, what is read and decoded leaves the cache of a processor
_SUFFIXES = (".xlsx", ".xlsm")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and .numbers; .xls


class UnreadableList(Exception):  # noqa: N818 - named for the thing, as in runner.errors
    """A file is no list of numbers as a whole; rule, message and hint as in a diagnostic."""

    def __init__(self, rule: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.hint = hint


def is_spreadsheet_name(name: str) -> bool:
    """Whether a file of this name is read as a workbook; any other is read as CSV."""
    return name.casefold().endswith(_SUFFIXES)


def without_sheets(name: str) -> UnreadableList:
    """Make what says that a file that is read as CSV has no sheet."""
    message = N_("`{name}` is no .xlsx file, so it has no sheet").format(name=name)
    return UnreadableList("no-sheets", message, N_("leave `sheet` out, or name an .xlsx file"))


def choose_encoding(file: BinaryIO, name: str) -> str:
    """Tell UTF-8 from GB18030 by the whole file: both may begin with a million lines of ASCII.

    Raises UnreadableList for what is no text; that GB18030 holds is not yet proven.
    """
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    head = file.read(_BLOCK)
    _refuse_binary(head, name)
    try:
        utf_8.decode(head)
        while piece := file.read(_PIECE):
            utf_8.decode(piece)
        utf_8.decode(b"", final=True)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


class DigestedText(io.TextIOWrapper):
    """The text of a list from its beginning, with its line ends as they are."""

    def __init__(self, file: BinaryIO, *, encoding: str) -> None:
        file.seek(0)
        self._bytes = _Digested(file)
        super().__init__(io.BufferedReader(self._bytes, _BLOCK), encoding=encoding, newline="")

    @property
    def digest(self) -> str:
        """Of everything that was read so far."""
        return f"sha256:{self._bytes.sha256.hexdigest()}"


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


def _refuse_binary(head: bytes, name: str) -> None:
    if head.startswith(_SPREADSHEETS):
        hint = N_("name it .xlsx where it is a workbook, or {remedy}").format(remedy=SAVE_AS_CSV)
        raise UnreadableList(
            "binary-file", N_("`{name}` is a spreadsheet, not CSV").format(name=name), hint
        )
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableList(
            "unknown-encoding", N_("`{name}` is UTF-16").format(name=name), SAVE_AS_CSV
        )
    if b"\0" in head:
        raise UnreadableList(
            "binary-file",
            N_("`{name}` is not a text: it holds NUL bytes").format(name=name),
            SAVE_AS_CSV,
        )
