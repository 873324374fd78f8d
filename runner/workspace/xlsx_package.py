"""Opens .xlsx workbooks: a zip of XML parts (ECMA-376), of which nothing is believed.

Every part is read as a stream, and none is longer than it may be: the zip says first how long each
is, and zipfile reads no further than that.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import IO, TYPE_CHECKING

from lxml import etree

from runner.language import N_
from runner.workspace.list_text import UnreadableList
from runner.workspace.masking import show_name
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MOST_BYTES = 1 << 30  # of a sheet: a million rows of five columns have a quarter of it
MOST_STRING_BYTES = 1 << 28  # of the table of texts, which is kept in memory

_MOST_SMALL_BYTES = 1 << 24  # of each part that is read as a whole
_MOST_DIRECTORY_BYTES = 1 << 20  # of the zip: some ten thousand parts
_SAVE_AS_XLSX = N_("open it in a spreadsheet program and save it as .xlsx, or as CSV UTF-8")
_COMPOUND = b"\xd0\xcf\x11\xe0"  # .xls and other old files, and whatever is encrypted
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_COMPRESSED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IS_ENCRYPTED = 0x1  # a flag of a part
_BROKEN = (  # what zipfile, zlib and lxml raise over a damaged file
    *(zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, struct.error),
    *(EOFError, LookupError, NotImplementedError, OverflowError, ValueError),
)
_OTHER_KINDS = {
    "mimetype": N_("an OpenDocument file"),
    "index/document.iwa": N_("a Numbers file"),
    "xl/workbook.bin": N_("an .xlsb workbook"),
    "word/document.xml": N_("a Word document"),
    "ppt/presentation.xml": N_("a presentation"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A worksheet; part: the name of its part."""

    name: str
    part: str
    is_visible: bool


@contextmanager
def open_workbook(file: BinaryIO, name: str) -> Iterator[Workbook]:
    """Open a workbook; name: how the campaign names it.

    Raises UnreadableList for what is none, and in place of all that damage makes zip and XML raise.
    """
    _refuse_other_files(file, name)
    try:
        with zipfile.ZipFile(file) as package:
            yield Workbook(package, name)
    except _BROKEN as error:
        raise damaged(name) from error


def damaged(name: str) -> UnreadableList:
    """Make what says that a workbook cannot be read as it is."""
    message = N_("`{name}` is damaged, or written in a way that is not read here").format(name=name)
    return UnreadableList("damaged-file", message, _SAVE_AS_XLSX)


class Workbook:
    """The sheets of a workbook in their order, and its parts by their names."""

    def __init__(self, package: zipfile.ZipFile, name: str) -> None:
        self.name = name
        self._package = package
        self._parts = {
            info.filename.replace("\\", "/").casefold(): info for info in package.infolist()
        }
        self._workbook = self._find_workbook()
        self._targets = dict(self._read_relations(self._workbook))
        self.sheets = tuple(self._list_sheets())

    def find_sheet(self, wanted: str | None) -> Sheet:
        """Give a sheet by its name, or the first that is shown; raises UnreadableList."""
        if wanted is None:
            shown = [sheet for sheet in self.sheets if sheet.is_visible] or self.sheets
            if not shown:
                raise UnreadableList(
                    "empty-list", N_("`{name}` has no sheet").format(name=self.name), _SAVE_AS_XLSX
                )
            return shown[0]
        folded = wanted.strip().casefold()
        for sheet in self.sheets:
            if sheet.name.strip().casefold() == folded:
                return sheet
        names = [sheet.name for sheet in self.sheets]
        message = N_("`{name}` has no sheet `{sheet}`").format(
            name=self.name, sheet=show_name(wanted)
        )
        known = N_("its sheets are: {names}").format(names=", ".join(map(show_name, names[:10])))
        raise UnreadableList("unknown-sheet", message, nearest(wanted, names) or known)

    def find_part(self, kind: str) -> str | None:
        """Give the part of the workbook of a kind, such as `sharedStrings`; None without one."""
        return next((part for of, part in self._targets.values() if of == kind), None)

    def open(self, part: str, most: int) -> IO[bytes]:
        """Open a part that may have so many bytes; raises UnreadableList."""
        info = self._parts.get(part.casefold())
        if info is None:
            raise damaged(self.name)
        if info.flag_bits & _IS_ENCRYPTED:
            raise _encrypted(self.name)
        if info.compress_type not in _COMPRESSED:  # others are not inflated in bounded memory
            raise damaged(self.name)
        if info.file_size > most:
            message = N_("`{name}` is too large: a part of it has more than {count} MiB").format(
                name=self.name, count=most >> 20
            )
            hint = N_("delete what is no list from it, split it, or save it as CSV UTF-8")
            raise UnreadableList("list-too-large", message, hint)
        return self._package.open(info)

    def read_xml(self, part: str) -> etree._Element:
        """Read a small part as a whole."""
        with self.open(part, _MOST_SMALL_BYTES) as stream:
            data = stream.read()
        if b"<!DOCTYPE" in data:  # no part has one, and it is how XML explodes
            raise damaged(self.name)
        return etree.fromstring(data, make_parser())

    def _find_workbook(self) -> str:
        if "_rels/.rels" in self._parts:
            for kind, part in dict(self._read_relations("")).values():
                if kind == "officeDocument" and part.casefold().endswith(".xml"):
                    if part.casefold() in _OTHER_KINDS:
                        break
                    return part
        for part, what in _OTHER_KINDS.items():
            if part in self._parts:
                raise _other_kind(self.name, what)
        raise _other_kind(self.name, N_("a zip archive"))

    def _read_relations(self, part: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Give by its id what a part refers to: the kind, and the name of the other part."""
        folder = dirname(part)
        rels = join(folder, "_rels", f"{part[len(folder) :].strip('/')}.rels")
        for relation in self.read_xml(rels).iter("{*}Relationship"):
            if relation.get("TargetMode") == "External":
                continue
            target = join("/", folder, relation.get("Target", ""))
            kind = relation.get("Type", "").rpartition("/")[2]
            yield relation.get("Id", ""), (kind, normpath(target).strip("/"))

    def _list_sheets(self) -> Iterator[Sheet]:
        for sheet in self.read_xml(self._workbook).iterfind("{*}sheets/{*}sheet"):
            attributes = {str(name).rpartition("}")[2]: str(value) for name, value in sheet.items()}
            kind, part = self._targets.get(attributes.get("id", ""), ("", ""))
            if kind == "worksheet":
                yield Sheet(
                    name=attributes.get("name", ""),
                    part=part,
                    is_visible=attributes.get("state", "visible") == "visible",
                )


def make_parser() -> etree.XMLParser:
    """Make what parses XML of strangers: no entity is replaced, nothing is fetched."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _refuse_other_files(file: BinaryIO, name: str) -> None:
    head = file.read(4)
    if head == _COMPOUND:
        raise _compound(file, name)
    if head[:2] != b"PK":
        if not head:
            raise UnreadableList(
                "empty-list", N_("`{name}` is an empty file").format(name=name), _SAVE_AS_XLSX
            )
        hint = N_("if it is a CSV file, name it .csv; else save it as .xlsx anew")
        raise UnreadableList(
            "not-a-spreadsheet", N_("`{name}` is no .xlsx workbook").format(name=name), hint
        )
    _refuse_large_directory(file, name)


def _compound(file: BinaryIO, name: str) -> UnreadableList:
    """Tell what is encrypted, which names a stream so, from the old .xls."""
    before = b""
    while block := file.read(1 << 18):
        if _ENCRYPTED in before + block:
            return _encrypted(name)
        before = block[-len(_ENCRYPTED) :]
    return _other_kind(name, N_("an old .xls workbook"))


def _refuse_large_directory(file: BinaryIO, name: str) -> None:
    """Refuse a zip whose list of parts would fill the memory (APPNOTE.TXT 4.3.16, and 4.3.15)."""
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    has_zip64 = tail[max(0, at - 20) : at].startswith(b"PK\x06\x07")
    if at < 0 or has_zip64 or length > _MOST_DIRECTORY_BYTES:
        raise damaged(name)
    file.seek(0)


def _encrypted(name: str) -> UnreadableList:
    message = N_("`{name}` is protected by a password").format(name=name)
    hint = N_("save it without one, or as CSV UTF-8")
    return UnreadableList("protected-file", message, hint)


def _other_kind(name: str, what: str) -> UnreadableList:
    message = N_("`{name}` is {what}, not an .xlsx workbook").format(name=name, what=what)
    return UnreadableList("not-a-spreadsheet", message, _SAVE_AS_XLSX)
