"""Names bytes by what they are, in the one form that plans, the state and scripts show."""

from __future__ import annotations

import hashlib


def digest_of(data: bytes) -> str:
    """Give `sha256:` and the hexadecimal digest."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
