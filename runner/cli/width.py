"""How wide a text is on a terminal."""

from __future__ import annotations

import unicodedata


def display_width(text: str) -> int:
    """Count the columns that a terminal needs: Chinese characters take two."""
    if text.isascii():  # nearly all that is measured
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
