"""Finds what somebody probably meant to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.language import N_
from runner.workspace.masking import show_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LONGEST = 100  # a longer word is no misspelt name, and comparing takes its time


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that is near enough to be meant, whatever its case."""
    if len(word) > _LONGEST:
        return None
    import difflib

    by_fold = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1)
    return by_fold[found[0]] if found else None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Say which known word is near enough to be meant, as a hint; None where none is."""
    near = nearest_word(word, known)
    return N_("did you mean `{name}`?").format(name=show_name(near)) if near else None


def same_file(root: Path, name: str) -> str | None:
    """Give the one file that is meant by a path with other slashes, or other capitals, than it has.

    root: the workspace's folder, resolved; name: the path from there, as it is written.
    """
    here, found = root, []
    for part in name.replace("\\", "/").split("/"):
        try:
            names = [
                file.name for file in here.iterdir() if file.name.casefold() == part.casefold()
            ]
        except OSError:
            return None
        if len(names) != 1:
            return None
        here = here / names[0]
        found.append(names[0])
    return "/".join(found)


def nearest_file(path: Path) -> str | None:
    """Say which file of the same folder is near enough to be meant, as `nearest` does."""
    if "\\" in path.name:
        return N_("write `/` between folders and files, not a backslash")
    try:
        return nearest(path.name, [file.name for file in path.parent.iterdir()])
    except OSError:
        return None
