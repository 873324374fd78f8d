"""Cuts a long part of a workbook into its records: the rows of a sheet, or the texts of its table.

XML is looked through as bytes, since a parser that builds every cell takes ten times as long; each
record that is not of the plainest form is then parsed as XML. Between records there is nothing
but blanks, and `<` begins nothing but a tag: comments and CDATA, which no spreadsheet program
writes there, are refused, so that bytes mean what XML means by them.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any

from lxml import etree

from runner.workspace.xlsx_package import damaged, make_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMESPACES = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",  # ISO/IEC 29500 Strict
    }
)
_BLOCK = 1 << 18
_LONGEST_RECORD = 1 << 23  # bytes; a row of all 16,384 columns has half a million
_LONGEST_HEAD = 1 << 22
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding=[\"']([\w-]+)")
_READ_ENCODINGS = (b"utf-8", b"us-ascii", b"ascii")


class Records:
    """The records of a part.

    parent, record: their local names; name: of the workbook. prefix: of every tag, with its colon.
    Raises UnreadableList where a part is not what it should be.
    """

    def __init__(self, stream: IO[bytes], *, parent: str, record: str, name: str) -> None:
        self._stream = stream
        self._name = name
        head, root = self._read_head(parent)
        prefix = next((p for p, uri in root.nsmap.items() if uri in _NAMESPACES), "")
        if root.nsmap.get(prefix or None) not in _NAMESPACES:
            raise damaged(name)
        self.prefix = f"{prefix}:".encode() if prefix else b""
        self._start = b"<" + self.prefix + record.encode()
        self._parent = self.prefix + parent.encode()
        spaces = "".join(
            f' xmlns{":" if prefix else ""}{prefix or ""}="{uri}"'
            for prefix, uri in root.nsmap.items()
        ).encode()
        self._frame = (b"<" + self._parent + spaces + b">", b"</" + self._parent + b">")
        self._head = head
        self._parser = make_parser()

    def __iter__(self) -> Iterator[bytes]:
        """Give each record from behind its name on, and with what is between it and the next."""
        for block in self._blocks():
            if b"<!" in block:
                raise damaged(self._name)
            yield from block.split(self._start)[1:]

    def parse(self, record: bytes) -> etree._Element:
        """Parse a record as it was given."""
        before, after = self._frame
        framed = b"".join((before, self._start, record, after))
        return etree.fromstring(framed, self._parser)[0]

    def _blocks(self) -> Iterator[bytes]:
        """Give whole records; the last block ends where the parent does."""
        end = b"</" + self._parent
        rest = self._head
        while (at := rest.find(end)) < 0:
            cut = rest.rfind(self._start)
            if cut > 0:
                yield rest[:cut]
                rest = rest[cut:]
            block = self._stream.read(_BLOCK)
            if not block or len(rest) > _LONGEST_RECORD:
                raise damaged(self._name)
            rest += block
        yield rest[:at]
        while self._stream.read(_BLOCK):  # to its end, where its checksum is held to it
            pass

    def _read_head(self, parent: str) -> tuple[bytes, etree._Element]:
        """Read up to the parent of the records; give what follows its start, and the root."""
        opened = re.compile(rb"<(?:[\w.-]+:)?" + parent.encode() + rb"(?:\s[^<>]*)?>")
        head = b""
        while len(head) <= _LONGEST_HEAD and (block := self._stream.read(_BLOCK)):
            head += block
            bare = _COMMENT.sub(lambda comment: b" " * len(comment[0]), head)
            found = opened.search(bare)
            if found and b"<!" not in bare[: found.end()]:
                encoding = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
                if encoding and encoding[1].lower() not in _READ_ENCODINGS:
                    break
                return self._begin(head, found)
        raise damaged(self._name)

    def _begin(self, head: bytes, found: re.Match[bytes]) -> tuple[bytes, etree._Element]:
        parser = etree.XMLPullParser(("start",), resolve_entities=False, no_network=True)
        parser.feed(head[: found.end()])
        events: Iterator[Any] = parser.read_events()
        _, root = next(events, (None, None))
        if root is None:
            raise damaged(self._name)
        rest = head[found.end() :]
        if found[0].endswith(b"/>"):  # a parent without records
            prefix = found[0][1:].split(b"/")[0].split()[0]
            rest = b"</" + prefix + b">" + rest
        return rest, root
