"""Shows diagnostics: to people, to editors, and to what puts them beside the lines of a change.

Each format is a room named as it, with a function `render`, and is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.cli.diagnostics.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runner.model.diagnostic import Diagnostic


class Format(StrEnum):
    """How diagnostics are written."""

    FULL = "full"  # message, place, source line and caret
    CONCISE = "concise"  # one line each
    JSON = "json"  # a list of objects
    GITHUB = "github"  # workflow commands, shown at the lines of a pull request


def render_diagnostics(
    faults: Iterable[Diagnostic], root: Path, form: Format, *, color: bool = False
) -> str:
    """Write diagnostics of the workspace in the folder `root`; color: only for `full`."""
    room = importlib.import_module(f"runner.cli.diagnostics.{form}")
    text: str = room.render(Found(root=root, faults=tuple(faults), color=color))
    return text
