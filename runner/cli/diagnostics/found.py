"""What was found in a workspace, and how its files are named to whoever reads of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.language import spoken, translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Diagnostics of the workspace in the folder `root`, which is resolved.

    checkout: the top of the checkout that it lies in, else the current folder.
    files: all that were looked at, sound ones too. color: whether it is shown in colours.
    """

    root: Path
    checkout: Path
    faults: tuple[Diagnostic, ...]
    files: Sequence[str] = ()
    color: bool = False

    @property
    def told(self) -> tuple[Diagnostic, ...]:
        """The diagnostics in the language that is spoken; their rules and severities stay."""
        return self.faults if spoken() == "en" else tuple(map(_say, self.faults))

    def name_from_here(self, file: str) -> str:
        """Name a file relative to the current folder; one outside of the workspace as it is."""
        return os.path.normpath(os.path.join(os.path.relpath(self.root), file))  # noqa: PTH118 - a text for people

    def name_in_checkout(self, file: str) -> str:
        """Name a file as a forge knows it, with `/`; one outside of the checkout absolutely."""
        path = Path(os.path.normpath(self.root / file))
        inside = path.is_relative_to(self.checkout)
        return (path.relative_to(self.checkout) if inside else path).as_posix()


def _say(fault: Diagnostic) -> Diagnostic:
    return replace(
        fault,
        message=translate(fault.message),
        hint=translate(fault.hint) if fault.hint else None,
        labels=tuple(replace(label, message=translate(label.message)) for label in fault.labels),
    )


def find_checkout(root: Path) -> Path:
    """Find the top of the checkout that a folder lies in, else give the current folder.

    In a further work tree of git, and in a submodule, `.git` is a file.
    """
    above = (folder for folder in (root, *root.parents) if (folder / ".git").exists())
    return next(above, Path.cwd())
