"""Asks git which commit of the workspace is in force.

The answer is shown to people and nothing else depends on it, so trouble with git is no error.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from runner.language import N_
from runner.workspace.git import ask_git

if TYPE_CHECKING:
    from pathlib import Path

_SHORT = 8  # digits of a commit's id
_CHANGES = ("status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty")


def read_revision(folder: Path) -> str | None:
    """Name the commit in force by its short id, and say where files here differ from it.

    None where the folder is in no commit, git is not installed, or gives no answer in time.
    """
    try:
        # HEAD:./ is the folder in the commit: without it, the commit says nothing of our files
        commit, _ = ask_git(folder, "rev-parse", "HEAD", "HEAD:./").split()
        has_changes = bool(ask_git(folder, *_CHANGES, "--", "."))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    short = commit.decode()[:_SHORT]
    if not has_changes:
        return short
    return N_("{commit} with changes that are not committed").format(commit=short)
