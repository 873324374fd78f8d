"""Tables and numbers for people, the same on a terminal and in a log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.cli.speech import clean
from runner.cli.width import display_width

if TYPE_CHECKING:
    from collections.abc import Sequence


# A word, or a Chinese character, with the punctuation that stays beside it; or blanks.
_PIECE = re.compile(
    r"\s+"
    r"|[（【《「『“‘]*(?:[^\s\u2e80-\uffef“”‘’]+|[\u2e80-\uffef])[，。；：、！？）】》」』”’]*"
    r"|."
)


def render_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Align columns by the width that a terminal gives them; numbers to the right."""
    table = [list(head), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(map(display_width, column)) for column in zip(*table, strict=True)]
    right = [_is_numeric([row[index] for row in rows]) for index in range(len(head))]
    return "\n".join(
        "  ".join(_pad(*cell) for cell in zip(line, widths, right, strict=True)).rstrip()
        for line in table
    )


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most so many columns, as Chinese and English are broken.

    Between Chinese characters a line may end anywhere, but none begins with a comma or a full stop.
    """
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if line and display_width(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = piece
        else:
            line += piece
    return [*lines, line.rstrip()]


def count(number: int, noun: str) -> str:
    """Write a number with its noun: 1 batch, 2 batches."""
    plural = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _pad(text: str, width: int, to_the_right: bool) -> str:
    blank = " " * (width - display_width(text))
    return blank + text if to_the_right else text + blank


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return f"{cell:,}" if isinstance(cell, int) else clean(str(cell))


def _is_numeric(column: Sequence[object]) -> bool:
    return any(isinstance(cell, int) for cell in column)
