"""How much room the disk of a state must have for anything to be begun."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROOM_FOR_AN_ANSWER = 1 << 20  # bytes, with what others record in the meantime


def has_room(state: Path, size: int = ROOM_FOR_AN_ANSWER) -> bool:
    """Whether the disk of a state can take so many bytes more."""
    disk = os.statvfs(state.parent)
    return disk.f_bavail * disk.f_frsize >= size
