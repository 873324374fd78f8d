"""What GB2312 can hold.

A text travels in GB2312. Standards bodies and vendors give a few of its places different Unicode
characters: these are the same sign to a reader and are encoded as such (`_SAME_PLACE`). All others
that it lacks are for the author to see (`strays`): nothing is dropped or replaced silently.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.codec.strays import Stray

# Other Unicode names of places of GB2312. Sources: Unicode's GB2312.TXT (A1A4, A1AA), Apple's
# CHINSIMP.TXT (A1E9, A1EA), JIS and Apple (A1AB, as of the wave dash); the yen sign of a Chinese
# keyboard is that of the yuan (A3A4).
_SAME_PLACE = {
    "・": "·",
    "―": "—",
    "〜": "～",
    "¢": "￠",
    "£": "￡",
    "¥": "￥",
}
_TO_PLACES = str.maketrans(_SAME_PLACE)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all of ASCII but line feed and tab


def find_strays(text: str) -> tuple[Stray, ...]:
    """Name everything in a text that cannot be sent."""
    if fits(text):
        return ()
    from runner.codec.strays import list_strays  # with its tables, for few texts

    return tuple(list_strays(text))


def fits(text: str) -> bool:
    """Whether all of a text can be sent."""
    if _CONTROL.search(text):
        return False
    try:
        # which proves every byte in the GB2312 plane
        text.translate(_TO_PLACES).encode("gbk").decode("gb2312")
    except UnicodeError:
        return False
    return True


def encode_text(text: str) -> bytes:
    """Encode a text without strays as the gateway wants it.

    Raises UnicodeEncodeError for a text that ``find_strays`` complains of.
    """
    for stray in find_strays(text):
        end = stray.index + len(stray.text)
        raise UnicodeEncodeError("gb2312", text, stray.index, end, "outside GB2312")
    # Python's gb2312 codec refuses U+2014 and U+00B7, which every Chinese text uses; GBK has
    # them at their GB2312 places (A1AA, A1A4).
    return text.translate(_TO_PLACES).encode("gbk")
