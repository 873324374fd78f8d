"""The segments of a JPEG file: what its headers say, and the file without its EXIF.

The pixels are not decoded here: a picture is cleaned by leaving out whole segments.
Source: ITU-T T.81, annex B; the orientation: EXIF 2.3 (CIPA DC-008), 4.6.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import NamedTuple

_APP1, _APP2, _SOS, _EOI = 0xE1, 0xE2, 0xDA, 0xD9
_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # less DHT, JPG and DAC
_MARKER = re.compile(rb"\xff+([\x01-\xfe])")
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # neither a stuffed 00 nor a restart
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True, kw_only=True)
class Jpeg:
    """What the headers say of a picture.

    process: the marker of its frame header; 0xC0 is baseline.
    orientation: as EXIF counts, 1 is upright; clean: the file without EXIF, XMP and whatever
    follows its end, byte for byte the same else.
    """

    process: int
    width: int
    height: int
    components: int
    orientation: int
    clean: bytes


class _Segment(NamedTuple):
    marker: int
    start: int
    payload: int
    end: int


def read_jpeg(data: bytes) -> Jpeg:
    """Read the headers of a JPEG file.

    Raises ValueError where its segments are not whole.
    """
    segments = _split(data)
    frame = next((s for s in segments if s.marker in _FRAME_HEADERS), None)
    if frame is None or frame.end - frame.payload < struct.calcsize(">BHHB"):
        raise ValueError("no frame header")
    _, height, width, components = struct.unpack_from(">BHHB", data, frame.payload)
    kept = [data[s.start : s.end] for s in segments if not _is_private(data, s)]
    return Jpeg(
        process=frame.marker,
        width=width,
        height=height,
        components=components,
        orientation=_find_orientation(data, segments),
        clean=data[:2] + b"".join(kept),
    )


def _split(data: bytes) -> list[_Segment]:
    segments: list[_Segment] = []
    position = 2  # after SOI
    while not segments or segments[-1].marker != _EOI:
        segments.append(_read_segment(data, position))
        position = segments[-1].end
    return segments


def _read_segment(data: bytes, start: int) -> _Segment:
    marker = _MARKER.match(data, start)
    if marker is None:
        raise ValueError("no marker where one must stand")
    kind, end = marker[1][0], marker.end()
    if kind != _EOI:
        end += int.from_bytes(data[end : end + 2], "big")
    if kind == _SOS:  # the coded pixels have no length: they go up to the next marker
        after = _END_OF_SCAN.search(data, end)
        end = after.start() if after else len(data)
    return _Segment(marker=kind, start=start, payload=marker.end() + 2, end=end)


def _is_private(data: bytes, segment: _Segment) -> bool:
    """APP1 holds EXIF and XMP; an MPF index in APP2 speaks of what follows the picture's end."""
    index = segment.marker == _APP2 and data.startswith(b"MPF\0", segment.payload)
    return index or segment.marker == _APP1


def _find_orientation(data: bytes, segments: list[_Segment]) -> int:
    for segment in segments:
        if segment.marker == _APP1 and data.startswith(b"Exif\0\0", segment.payload):
            return _read_orientation(data[segment.payload + 6 : segment.end])
    return 1


def _read_orientation(tiff: bytes) -> int:
    order = "<" if tiff.startswith(b"II") else ">"
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, value = struct.unpack_from(f"{order}H6xH", tiff, entry)
            if tag == _ORIENTATION:
                return int(value)
    except struct.error:  # EXIF that is cut short turns nothing, here as in viewers
        return 1
    return 1
