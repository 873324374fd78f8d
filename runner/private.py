"""Files and folders of the program's own: for their owner alone, and so that they last.

They hold phone numbers, whatever the umask is; and a file that is synced is still lost where its
name is not.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OWNER = 0o600


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing; one that is there stays as it is.

    Raises OSError.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        sync(missing.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _OWNER)
    with os.fdopen(descriptor, "wb") as file:
        narrow(path)
        file.write(content)


def narrow(path: Path) -> None:
    """Take from a file, where there is one, what others may do with it; nothing is added."""
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & ~_OWNER:
            path.chmod(mode & _OWNER)


def sync(path: Path) -> None:
    """Make a file's content last, or what was made, renamed and removed in a folder.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
