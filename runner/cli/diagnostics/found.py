"""What was found in a workspace, and how its files are named to whoever reads of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from runner.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Diagnostics, and the resolved folder that their files are named from.

    color: whether a terminal shows it that has colours.
    """

    root: Path
    faults: tuple[Diagnostic, ...]
    color: bool = False

    def name_from_here(self, file: str) -> str:
        """Name a file relative to the current folder; one outside of the workspace as it is."""
        return os.path.normpath(os.path.join(os.path.relpath(self.root), file))  # noqa: PTH118 - a text for people
