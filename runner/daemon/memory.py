"""Gives memory that nobody uses back to the system.

glibc keeps what is freed between things that are still in use, for each thread apart; in a process
that lives for months that grows, though nothing is held. Source: malloc_trim(3).
"""

from __future__ import annotations

import ctypes

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # another libc has none, and less need


def give_memory_back() -> None:
    """Let every free page go; a few milliseconds."""
    if _trim is not None:
        _trim(0)
