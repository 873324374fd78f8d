"""Where simulated states lie: in memory, where the machine has a folder for it.

A simulated death is an exception, not a loss of power: whether the disk is slow proves nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")
_ROOM = 4 << 30  # bytes; in a container it may be 64 MiB


def has_room_in_memory() -> bool:
    """Tell whether all that a run of the tests writes may lie there."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= _ROOM


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Give an empty folder for the life of the block."""
    parent = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="mms-runner-", dir=parent) as folder:
        yield Path(folder)
