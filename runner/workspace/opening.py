"""Opens files that others put there: it is the opened file that is judged, not its name.

What a name leads to may be another thing a moment after it was looked at: a pipe that never ends,
or a link out of the workspace.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from runner.language import N_

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

_WHEREVER = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY  # to open a pipe would wait for its writer
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW
_MOVED = (errno.ELOOP, errno.ENOTDIR)


class NotAFile(Exception):  # noqa: N818 - named for the thing, as in runner.errors
    """What was named is a folder, a pipe, a socket or a device."""

    def __init__(self, *, is_folder: bool) -> None:
        super().__init__(N_("a folder") if is_folder else N_("no regular file"))


def open_file(path: Path) -> BufferedReader:
    """Open a regular file for reading, wherever links lead; raises NotAFile, OSError."""
    _refuse_other_kinds(path.stat())  # before opening it: to open a device may do something
    return _take(os.open(path, _WHEREVER))


def open_resolved(path: Path) -> BufferedReader:
    """Open a regular file by its real path, on which nothing is a link; raises NotAFile, OSError.

    path: absolute, with its symlinks resolved. A link that has come since then is not followed.
    """
    facts = path.lstat()
    if not stat.S_ISLNK(facts.st_mode):
        _refuse_other_kinds(facts)
    folder = os.open(path.anchor, _FOLDER)
    try:
        for name in path.parts[1:-1]:
            above, folder = folder, os.open(name, _FOLDER, dir_fd=folder)
            os.close(above)
        return _take(os.open(path.name, _WHEREVER | os.O_NOFOLLOW, dir_fd=folder))
    except OSError as error:
        if error.errno not in _MOVED:
            raise
        raise OSError(error.errno, N_("it changed while it was opened"), str(path)) from error
    finally:
        os.close(folder)


def _take(descriptor: int) -> BufferedReader:
    try:
        _refuse_other_kinds(os.fstat(descriptor))
    except NotAFile:
        os.close(descriptor)
        raise
    return open(descriptor, "rb")


def _refuse_other_kinds(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise NotAFile(is_folder=stat.S_ISDIR(facts.st_mode))
