"""Finds what somebody probably meant to write."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from runner.workspace.masking import show_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LONGEST = 100  # a longer word is no misspelt name, and comparing takes its time


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Say which known word is near enough to be meant, as a hint; None where none is."""
    found = difflib.get_close_matches(word, list(known), n=1) if len(word) <= _LONGEST else []
    return f"did you mean `{show_name(found[0])}`?" if found else None


def nearest_file(path: Path) -> str | None:
    """Say which file of the same folder is near enough to be meant, as `nearest` does."""
    if "\\" in path.name:
        return "write `/` between folders and files, not a backslash"
    try:
        return nearest(path.name, [file.name for file in path.parent.iterdir()])
    except OSError:
        return None
