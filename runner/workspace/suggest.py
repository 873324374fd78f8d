"""Finds what somebody probably meant to write."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Say which known word is near enough to be meant, as a hint; None where none is."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{found[0]}`?" if found else None
