"""What may leave the daemon in a line of text: no secret, no phone number, nothing that steers.

Secrets are known by their values, so each must be told; phone numbers are known by their form.
One pass replaces both: where they overlap, the one that begins first is covered whole.
"""

from __future__ import annotations

import re
from base64 import b64encode
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

COVER = "***"

# The digits before a number may be those of an encoded character, such as the blank of `%20138…`.
_MOBILE = r"(?:(?<!\d)|(?<=%\d\d))(?:\+?86|0086)?(?P<mobile>[1１][3-9３-９]\d{9})(?!\d)"
_LONGEST_MOBILE = 15  # characters, with 0086
_FEWEST_ANYWHERE = 4  # characters; a shorter secret is found in too many words

# Control characters, line and paragraph separators, marks that turn the direction of writing, and
# halves of characters.
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_ENCODED_BYTE = re.compile(r"%[0-9A-F]{2}")
_URL_SAFE = str.maketrans("+/", "-_")


class Mask:
    """Covers what nobody may read in a log; safe for many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._spellings: frozenset[str] = frozenset()
        self._pattern = _compile(self._spellings)

    def hide(self, secret: str) -> None:
        """Cover a secret from now on: as it is, URL-encoded, in base64, and as Python shows it.

        One of fewer than four characters is covered only where it is a word of its own.
        """
        with self._lock:
            self._spellings |= frozenset(_spell(secret)) - {""}
            self._pattern = _compile(self._spellings)

    def clean(self, text: str) -> str:
        """Give a text as one line that may be shown."""
        return _STEERING.sub(_escape, self._pattern.sub(_cover, text))


def _spell(secret: str) -> Iterator[str]:
    data = secret.encode(errors="surrogateescape")
    yield secret
    yield repr(secret)[1:-1]
    for encoded in (quote(data), quote(data, safe=""), quote_plus(data)):
        yield encoded
        yield _ENCODED_BYTE.sub(lambda byte: byte[0].lower(), encoded)
    for encoded in _spell_in_base64(data):
        yield encoded
        yield encoded.translate(_URL_SAFE)


def _spell_in_base64(data: bytes) -> Iterator[str]:
    """Give what base64 makes of the data wherever it begins in a longer text.

    Three bytes make four characters, so there are three ways; the characters at the ends that
    depend on what stands beside the data are left out.
    """
    if len(data) < _FEWEST_ANYWHERE:
        yield b64encode(data).decode().rstrip("=")
        return
    for shift in range(3):
        first, behind = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
        yield b64encode(bytes(shift) + data).decode()[first:behind]


def _compile(spellings: frozenset[str]) -> re.Pattern[str]:
    """Make one pattern of everything, the longer before the shorter that may be a part of it."""
    ordered = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
    longer = [_find(each) for each in ordered if len(each) > _LONGEST_MOBILE]
    shorter = [_find(each) for each in ordered if len(each) <= _LONGEST_MOBILE]
    return re.compile("|".join([*longer, _MOBILE, *shorter]))


def _find(spelling: str) -> str:
    escaped = re.escape(spelling)
    return escaped if len(spelling) >= _FEWEST_ANYWHERE else rf"(?<!\w){escaped}(?!\w)"


def _cover(match: re.Match[str]) -> str:
    mobile = match["mobile"]
    return f"{mobile[:3]}****{mobile[-4:]}" if mobile else COVER


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
