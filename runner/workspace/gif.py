"""The blocks of a GIF file: how large its canvas is and how many frames it has.

Nothing is decoded here, so that a bomb is known before it goes off. Source: GIF89a, 17 to 27.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_AFTER_SCREEN = 13  # header and logical screen descriptor
_HAS_TABLE, _TABLE_SIZE = 0x80, 0x07


@dataclass(frozen=True, slots=True, kw_only=True)
class Gif:
    """The canvas in pixels, grown to hold every frame, and the number of frames.

    length: in bytes, up to the trailer; what follows is no part of the picture.
    """

    width: int
    height: int
    frames: int
    length: int


def read_gif(data: bytes) -> Gif:
    """Read the structure of a GIF file.

    Raises ValueError where its blocks are not whole or its trailer is missing.
    """
    try:
        return _walk(data)
    except (IndexError, struct.error) as error:
        raise ValueError("the file ends before its trailer") from error


def _walk(data: bytes) -> Gif:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = _AFTER_SCREEN + _table_size(flags)
    frames = 0
    while data[position] != _TRAILER:
        if data[position] == _IMAGE:
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, position + 1)
            width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            position = _after_blocks(data, position + 11 + _table_size(flags))
        elif data[position] == _EXTENSION:
            position = _after_blocks(data, position + 2)
        else:
            raise ValueError("no block where one must stand")
    return Gif(width=width, height=height, frames=frames, length=position + 1)


def _table_size(flags: int) -> int:
    return 3 * 2 ** ((flags & _TABLE_SIZE) + 1) if flags & _HAS_TABLE else 0


def _after_blocks(data: bytes, position: int) -> int:
    """Pass over data sub-blocks, each with its length first, up to the empty one."""
    while data[position]:
        position += data[position] + 1
    return position + 1
