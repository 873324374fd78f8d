"""What came back, read under a size cap: a whole body or nothing, and for reports all there is.

A send or a balance query believes only an answer that is complete. A page of delivery reports is
handed out once, so of an answer that breaks off every received byte is kept, taken from the wire
itself and not from the buffers of a library that gave up.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from http.client import IncompleteRead
from typing import TYPE_CHECKING

from runner.errors import UnreadableAnswer
from runner.language import N_
from runner.model.outcome import RawAnswer

if TYPE_CHECKING:
    from http.client import HTTPResponse

_PIECE = 65_536
_GZIP_OR_ZLIB, _RAW_DEFLATE = 47, -15  # zlib's wbits; some servers' `deflate` has no zlib header
_GZIP = b"\x1f\x8b"  # how it begins, and how no text does
_ENCODED = re.compile(r"(?:x-)?gzip|deflate", re.IGNORECASE)
_HTTP = b"HTTP/"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d\.\d +(\d{3})")
_CHUNKED = re.compile(rb"^transfer-encoding:[ \t]*chunked", re.IGNORECASE | re.MULTILINE)
_LENGTH = re.compile(rb"^content-length:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_ENCODING = re.compile(rb"^content-encoding:[ \t]*([\w-]+)", re.IGNORECASE | re.MULTILINE)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\n]*)?\r?(?:\n|\Z)")
_TRAILERS = re.compile(rb"(?:[^\r\n]+\r?\n)*\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflated:
    """Bytes after `Content-Encoding` was undone; complete: False where it could not be, wholly."""

    body: bytes
    complete: bool


def read_body(raw: HTTPResponse, wire: bytearray, cap: int) -> bytes:
    """Read a whole body of at most `cap` bytes, on the wire and inflated.

    wire: everything received, this body too once it is read.
    Raises UnreadableAnswer for a larger or a damaged one, for one that does not fit its frame, and
    whatever the connection raises.
    """
    body = bytearray()
    while piece := raw.read(_PIECE):
        body += piece
        if len(body) > cap:
            raise UnreadableAnswer(
                N_("the answer is larger than {size}").format(size=_name_size(cap))
            )
    if raw.length:
        raise IncompleteRead(bytes(body), raw.length)  # as http.client does where it reads all
    _check_frame(bytes(wire), len(body))
    if not body or not _ENCODED.fullmatch(raw.headers.get("content-encoding", "")):
        return bytes(body)
    inflated = inflate(bytes(body), cap)
    if not inflated.complete:
        raise UnreadableAnswer(
            N_("the answer is compressed, and damaged or larger than {size}").format(
                size=_name_size(cap)
            )
        )
    return inflated.body


def salvage(wire: bytes, cap: int, *, why: str) -> RawAnswer | None:
    """Take the body, and all that follows it, out of an answer that broke off or has no sound end.

    None if not one byte of it was received.

    wire: everything received, from the status line on.
    """
    status, head, body = _split_head(wire) or (0, b"", b"")
    if _CHUNKED.search(head):
        joined, rest = _join_chunks(body)
        body = joined + rest if rest.strip() else joined
    encoding = _ENCODING.search(head)
    if encoding and _ENCODED.fullmatch(encoding[1].decode()):
        body = inflate(body, cap).body
    return RawAnswer(status=status, body=body, complete=False, why=why) if body else None


def inflate(data: bytes, cap: int) -> Inflated:
    """Undo gzip or deflate as far as it goes, up to `cap` bytes; what is neither stays as it is."""
    for wbits in (_GZIP_OR_ZLIB, _RAW_DEFLATE):
        stream = zlib.decompressobj(wbits)
        try:
            body = stream.decompress(data, cap)
        except zlib.error:
            continue
        if body or stream.eof:
            complete = stream.eof and not stream.unused_data
            return Inflated(body=body + stream.unused_data, complete=complete)
    return Inflated(body=data, complete=False)


def inflate_unnamed(data: bytes, cap: int) -> bytes:
    """Undo gzip, as far as it goes, that no header names any more: a proxy may have dropped it."""
    return inflate(data, cap).body if data.startswith(_GZIP) else data


def _name_size(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def _split_head(wire: bytes) -> tuple[int, bytes, bytes] | None:
    """Split an answer into status (0 if unreadable), head and body, past interim 1xx answers.

    None where its head has no end; what is no HTTP is all body.
    """
    while wire.startswith(_HTTP[: len(wire)]):
        end = _HEAD_END.search(wire)
        if end is None:
            return None
        head, wire = wire[: end.start()], wire[end.end() :]
        match = _STATUS.match(head)
        status = int(match[1]) if match else 0
        if status != 100:
            return status, head, wire
    return 0, b"", wire


def _check_frame(wire: bytes, size: int) -> None:
    """Raise UnreadableAnswer where a body of `size` bytes is not what its head announced.

    http.client takes a cut head for a whole one, a length that is none for no length, and what
    follows too small a length for nothing: a task id would be cut short, a page of reports lost.
    Source: RFC 9112, 6.3 and 8; blanks and line ends that follow do no harm (2.2).
    """
    split = _split_head(wire)
    if split is None:
        raise UnreadableAnswer(N_("the answer was cut short within its head"))
    _, head, body = split
    lengths = {length.strip() for length in _LENGTH.findall(head)}
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        raise UnreadableAnswer(N_("the answer announces a length that is none"))
    rest = _join_chunks(body)[1] if _CHUNKED.search(head) else body[size:]
    if rest.strip():
        raise UnreadableAnswer(N_("more came than the answer announced"))


def _join_chunks(body: bytes) -> tuple[bytes, bytes]:
    """Take the framing of chunks away (RFC 9112, 7.1); gives the rest too, where it is none."""
    pieces: list[bytes] = []
    place = 0
    while size := _CHUNK_SIZE.match(body, place):
        start, length = size.end(), int(size[1], 16)
        if length == 0:
            trailers = _TRAILERS.match(body, start)
            return b"".join(pieces), body[trailers.end() if trailers else start :]
        pieces.append(body[start : start + length])
        place = start + length
        place += body.startswith(b"\r", place)
        place += body.startswith(b"\n", place)
    return b"".join(pieces), body[place:]
