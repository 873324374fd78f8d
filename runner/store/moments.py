"""Moments as columns hold them: text, or NULL for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from datetime import datetime


def to_column(moment: datetime | None) -> str | None:
    """Write a moment, if there is one."""
    return stamp(moment) if moment else None


def from_column(text: str | None) -> datetime | None:
    """Read a moment, if there is one; an empty text, as a query may give, is none."""
    return unstamp(text) if text else None
