"""What may leave the daemon in a line of text: no secret, no phone number, nothing that steers.

Secrets are known by their values, so each must be told; phone numbers are known by their form.
One pass replaces both: where they overlap, the one that begins first is covered whole.
"""

from __future__ import annotations

import re
from threading import Lock

from runner.codec.spellings import FEWEST_ANYWHERE, Spelling, spell
from runner.model.recipient import LONGEST_MOBILE, MOBILE_IN_TEXT, mask_mobile

COVER = "***"


# Control characters, line and paragraph separators, marks that turn the direction of writing, and
# halves of characters.
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class Mask:
    """Covers what nobody may read in a log; safe for many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._spellings: frozenset[Spelling] = frozenset()
        self._pattern = _compile(self._spellings)

    def hide(self, secret: str) -> None:
        """Cover a secret from now on, in each of its spellings.

        One of fewer than four characters is covered only where it is a word of its own.
        """
        spellings = frozenset(spell(secret) if secret else ())
        with self._lock:
            if not spellings <= self._spellings:  # at each reload it is told the same again
                self._spellings |= spellings
                self._pattern = _compile(self._spellings)

    def clean(self, text: str) -> str:
        """Give a text as one line that may be shown."""
        return _STEERING.sub(_escape, self._pattern.sub(_cover, text))


def _compile(spellings: frozenset[Spelling]) -> re.Pattern[str]:
    """Make one pattern of everything, the longer before the shorter that may be a part of it."""
    ordered = sorted(spellings, key=lambda each: (-len(each.text), each.text))
    longer = [_find(each) for each in ordered if len(each.text) > LONGEST_MOBILE]
    shorter = [_find(each) for each in ordered if len(each.text) <= LONGEST_MOBILE]
    return re.compile("|".join([*longer, MOBILE_IN_TEXT, *shorter]))


def _find(spelling: Spelling) -> str:
    pattern = spelling.pattern
    if len(spelling.text) >= FEWEST_ANYWHERE:
        return pattern
    return rf"(?<!\w)(?:{pattern})(?!\w)"


def _cover(match: re.Match[str]) -> str:
    mobile = match["mobile"]
    return mask_mobile(mobile) if mobile else COVER


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
