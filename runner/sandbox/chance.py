"""Luck that a seed decides: the same for the same seed and names, whatever came in between."""

from __future__ import annotations

from hashlib import blake2b

_WHOLE = 2**64


def chance(seed: int, *names: object) -> float:
    """Draw a number from 0 up to 1 that belongs to this seed and these names.

    A hash, not a stream of random numbers: threads may ask in any order and get the same.
    """
    text = ":".join(str(name) for name in (seed, *names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) / _WHOLE
