"""Asks git which commit of the workspace is in force; changes nothing, and tells git no secret.

The answer is shown to people and nothing else depends on it, so trouble with git is no error.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SHORT = 8  # digits of a commit's id
_PATIENCE = 5  # seconds for each question
_OPTIONS = (
    "--no-pager",
    *("-c", "safe.directory=*"),  # a service seldom owns the checkout that it reads
    *("-c", "core.fsmonitor=false"),  # a program that the checkout names is not run for it
)
_CHANGES = ("status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty")
_HANDED_ON = ("PATH", "HOME")


def read_revision(folder: Path) -> str | None:
    """Name the commit in force by its short id, and say where files here differ from it.

    None where the folder is in no commit, git is not installed, or gives no answer in time.
    """
    try:
        # HEAD:./ is the folder in the commit: without it, the commit says nothing of our files
        commit, _ = _ask(folder, "rev-parse", "HEAD", "HEAD:./").split()
        has_changes = bool(_ask(folder, *_CHANGES, "--", "."))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    short = commit.decode()[:_SHORT]
    return f"{short} with changes that are not committed" if has_changes else short


def _ask(folder: Path, *question: str) -> bytes:
    """Run git; raises OSError and SubprocessError."""
    done = subprocess.run(  # noqa: S603 - a fixed list of words, and a folder behind -C
        ["git", *_OPTIONS, "-C", os.fspath(folder), *question],  # noqa: S607 - where PATH has it
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        timeout=_PATIENCE,
        check=True,
    )
    return done.stdout


def _environment() -> dict[str, str]:
    """Give git what it needs alone: no variable that leads it elsewhere, and no secret of ours."""
    handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    # and it takes no lock that a person's git would stumble over, and fetches nothing
    return handed_on | {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
