"""Real git repositories for tests, made by the git of this machine and none of its settings."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@example.cn")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *_AUTHOR, "-C", str(folder), *words],
        env={"PATH": os.environ["PATH"], **_NOBODY},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit_all(folder: Path) -> str:
    """Make the folder a repository where it is none, commit what it holds; the commit's id."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "as it is")
    return git(folder, "rev-parse", "HEAD")
