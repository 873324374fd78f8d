"""The frames of a message, decoded from the field `content`.

    frame;frame;…     frame = seconds,part,part,…     part = type|base64

Source: gateway interface, 彩信下发接口, content and 说明 1 to 3.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

_DURATION = re.compile(r"[0-9]{1,9}")
_MAGIC = {"jpg": (b"\xff\xd8\xff",), "gif": (b"GIF87a", b"GIF89a")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A text or a picture. payload: the bytes as decoded; text: what `txt` says, else None."""

    type: str
    payload: bytes
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a phone shows at once, for `duration` seconds."""

    duration: int
    parts: tuple[Part, ...]


def decode_content(content: str) -> tuple[Frame, ...]:
    """Decode all frames; ValueError for anything that the document does not foresee.

    One space after a semicolon is taken: the document's own example has it.
    """
    frames = re.split("; ?", content)
    return tuple(_decode_frame(frame) for frame in frames)


def _decode_frame(text: str) -> Frame:
    duration, *parts = text.split(",")
    if not _DURATION.fullmatch(duration) or int(duration) < 1:
        raise ValueError("a frame begins with its seconds, at least 1")
    if not parts:
        raise ValueError("a frame holds at least one part")
    return Frame(duration=int(duration), parts=tuple(_decode_part(part) for part in parts))


def _decode_part(text: str) -> Part:
    type_, bar, encoded = text.partition("|")
    if not bar or not encoded:
        raise ValueError("a part is written type|base64")
    payload = base64.b64decode(encoded, validate=True)
    if type_ == "txt":
        return Part(type=type_, payload=payload, text=_decode_text(payload))
    if not payload.startswith(_MAGIC.get(type_, ())):
        raise ValueError("a part that is not what its type says")
    return Part(type=type_, payload=payload)


def _decode_text(payload: bytes) -> str:
    """Decode a text that must lie in GB2312.

    Python's gb2312 proves that it does, yet reads A1AA and A1A4 as ― and ・; gbk reads them as the
    — and · that phones show.
    """
    payload.decode("gb2312")
    return payload.decode("gbk")
