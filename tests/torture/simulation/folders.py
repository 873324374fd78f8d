"""Where simulated states lie: in memory, where the machine has a folder for it.

A simulated death is an exception, not a loss of power: whether the disk is slow proves nothing.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEMORY = Path("/dev/shm")


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Give an empty folder for the life of the block."""
    parent = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="mms-runner-", dir=parent) as folder:
        yield Path(folder)
