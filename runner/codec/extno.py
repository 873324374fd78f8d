"""The sub-number by which a gateway may echo a batch in its reports: prefix and batch id.

The id has a fixed width, so that no prefix and id together read like another pair of the account.
Source: gateway protocol, "send", `extno`.
"""

from __future__ import annotations

_WIDTH = 8  # digits: a hundred million batches; what comes after them is not known again


def write_extno(prefix: str, batch: int) -> str:
    """Give a batch's extno; prefix: digits, as the account's settings write them."""
    return f"{prefix}{batch:0{_WIDTH}d}"


def read_extno(prefix: str, text: str) -> int | None:
    """Give the batch that an extno names; None for one that is not of this prefix and width."""
    digits = text.removeprefix(prefix)
    ours = text.startswith(prefix) and digits.isascii() and digits.isdecimal()
    return int(digits) if ours and len(digits) == _WIDTH else None
