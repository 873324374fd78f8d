"""The write-ahead log of SQLite beside a state: how long it is, and a fault that old versions have.

The fault: where one connection takes the log into the file while another begins the log anew, pages
of a committed transaction may never reach the file. So only the sender does the former, at moments
when nobody can write; see ``Database``. Source: sqlite.org/wal.html, The WAL-Reset Bug.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from runner.language import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

_MENDED = (3, 51, 3)
_MENDED_TOO: Mapping[tuple[int, ...], int] = {(3, 44): 6, (3, 50): 7}  # older lines: the patch

# Source: sqlite.org/fileformat2.html, The WAL File Format.
_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_LONG = 1000  # pages; SQLite's own measure
_LARGE = 16 << 20  # bytes


def find_fault(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str | None:
    """Say what is wrong with a version of SQLite, the one in use by default; None for nothing."""
    patch = _MENDED_TOO.get(version[:2])
    if version >= _MENDED or (patch is not None and version[2] >= patch):
        return None
    name = ".".join(map(str, version[:3]))
    return N_(
        "SQLite {version} has a fault in its write-ahead log (WAL reset, mended in 3.51.3) that can"
        " damage the state where another program writes to it; mms-runner itself keeps clear of it"
    ).format(version=name)


class Log:
    """The log of one state, kept open: it is looked at after every transaction."""

    def __init__(self, state: Path) -> None:
        self._path = Path(f"{state}-wal")
        self._file: int | None = None

    def is_long(self) -> bool:
        """Whether it should be taken into the file.

        Its size does not say: it stays as it is when the log begins anew. What was written since
        bears the salts of its header.
        """
        try:
            header = self._read(_HEADER_BYTES, at=0)
            frame = _FRAME_HEADER_BYTES + int.from_bytes(header[8:12], "big")
            salts = self._read(_FRAME_HEADER_BYTES, at=_HEADER_BYTES + (_LONG - 1) * frame)[8:16]
        except OSError:
            return False  # nobody has written yet; else whoever writes next will tell
        return bool(salts) and salts == header[16:24]

    def is_large(self) -> bool:
        """Whether it takes more room than it should while nobody reads for long."""
        try:
            return self._path.stat().st_size > _LARGE
        except OSError:
            return False

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self, size: int, *, at: int) -> bytes:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(self._file, size, at)
