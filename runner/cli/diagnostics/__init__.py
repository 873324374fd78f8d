"""Shows diagnostics: to people, to editors, and to what puts them beside the lines of a change.

Each format is a room named as it, with a function `render`, and is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from runner.model.diagnostic import Diagnostic


class Format(StrEnum):
    """How diagnostics are written."""

    FULL = "full"  # message, place, source line and caret
    CONCISE = "concise"  # one line each
    JSON = "json"  # a list of objects
    GITHUB = "github"  # workflow commands, shown at the lines of a pull request
    GITLAB = "gitlab"  # a Code Quality report, shown at the lines of a merge request
    SARIF = "sarif"  # what code scanning and editors read
    JUNIT = "junit"  # a test for each file


_FOR_PEOPLE = (Format.FULL, Format.CONCISE)  # who are told of no fault by no words


def render_diagnostics(
    faults: Iterable[Diagnostic],
    root: Path,
    form: Format,
    *,
    files: Sequence[str] = (),
    color: bool = False,
) -> str:
    """Write diagnostics of the workspace in the folder `root`.

    files: all that were looked at, for `junit`; color: only for `full`.
    """
    told = tuple(faults)
    if not told and form in _FOR_PEOPLE:
        return ""
    from runner.cli.diagnostics.found import Found, find_checkout

    room = importlib.import_module(f"runner.cli.diagnostics.{form}")
    checkout = find_checkout(root)
    found = Found(root=root, checkout=checkout, faults=told, files=files, color=color)
    text: str = room.render(found)
    return text
