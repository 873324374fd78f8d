"""Where a row of a list stands, for a person: in a text by line and column, in a sheet by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.diagnostic import Span


class RowPlace(NamedTuple):
    """excerpt: its line, masked; cell: its sheet and cell, such as `会员!B812`."""

    span: Span
    excerpt: str | None = None
    cell: str | None = None


Locate: TypeAlias = "Callable[[], RowPlace]"  # asked only where a row is told
