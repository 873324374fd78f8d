"""One table of what all proofs came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torture.proof import Row

_NOTHING = "-"  # a figure that a proof does not have


def render_table(rows: Sequence[Row]) -> str:
    """Draw the rows, each figure under its name; the last line adds up the runs."""
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    cells = [["proof", "name", "runs", *names, "promises"]]
    cells += [_cells(row, names) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            _pad(cell, width, place)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    ]
    runs, broken = sum(row.runs for row in rows), sum(len(row.broken) for row in rows)
    return "\n".join([*map(str.rstrip, lines), "", f"runs: {runs}, broken promises: {broken}"])


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    figures = [f"{row.figures[name]}" if name in row.figures else _NOTHING for name in names]
    return [row.proof, row.name, f"{row.runs}", *figures, _judge(row)]


def _judge(row: Row) -> str:
    if row.skipped:
        return f"skipped: {row.skipped}"
    return f"{len(row.broken)} BROKEN" if row.broken else "kept"


def _pad(cell: str, width: int, place: int) -> str:
    """Names stand on the left of their column, numbers on the right."""
    return cell.rjust(width) if cell.isdecimal() or place > 1 else cell.ljust(width)
