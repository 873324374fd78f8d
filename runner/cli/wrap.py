"""Breaks texts into lines as a terminal shows them: of a Chinese character it needs two columns."""

from __future__ import annotations

import re

from runner.cli.width import display_width

# A word, or a Chinese character, with the punctuation that stays beside it; or blanks.
_PIECE = re.compile(
    r"\s+"
    r"|[（【《「『“‘]*(?:[^\s\u2e80-\uffef“”‘’]+|[\u2e80-\uffef])[，。；：、！？）】》」』”’]*"
    r"|."
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
