"""Asks git about a workspace: changes nothing, fetches nothing, and tells git no secret."""

from __future__ import annotations

import os
import subprocess
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 5  # seconds for each question
_OPTIONS = (
    "--no-pager",
    *("-c", "safe.directory=*"),  # a service seldom owns the checkout that it reads
    *("-c", "core.fsmonitor=false"),  # a program that the checkout names is not run for it
)
_HANDED_ON = ("PATH", "HOME")


def ask_git(folder: Path, *question: str) -> bytes:
    """Give git's answer; raises OSError and SubprocessError."""
    done = subprocess.run(  # noqa: S603 - a fixed list of words, and a folder behind -C
        _command(folder, question),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        timeout=_PATIENCE,
        check=True,
    )
    return done.stdout


def start_git(folder: Path, *question: str, stdin: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start git on something long, whose answer is read as it comes; raises OSError."""
    return subprocess.Popen(  # noqa: S603 - as above
        _command(folder, question),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )


def _command(folder: Path, question: tuple[str, ...]) -> list[str]:
    return ["git", *_OPTIONS, "-C", os.fspath(folder), *question]


def _environment() -> dict[str, str]:
    """Give git what it needs alone: no variable that leads it elsewhere, and no secret of ours."""
    handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    # and it takes no lock that a person's git would stumble over, and fetches nothing
    return handed_on | {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
