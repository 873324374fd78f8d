"""Makes others' words safe in a comment of GitHub or GitLab, which read GitHub Flavored Markdown.

A title or a file name must not become a heading, a link, a picture, markup, a mention of a person
or an order to the forge (`/close`). Code spans are read as nothing but text by both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.cli.speech import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_REFERENCE = re.compile(r"[@#!&~%$](?=\w)")  # to a person, an issue, a label, as forges read it


def code(text: str) -> str:
    """Show a text in one line, letter by letter."""
    text = clean(text.replace("\r\n", " ").replace("\n", " "))
    if not text.strip():
        return ""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{space}{text}{space}{fence}"


def code_lines(text: str) -> str:
    """Show a text of several lines, letter by letter, inside of a line of Markdown."""
    return "<br>".join(filter(None, map(code, text.splitlines())))


def prose(text: str) -> str:
    """Show a sentence of ours, which may hold others' words; what it has in backticks is code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick of somebody else's
        return _escape(text)
    return "".join(
        code(piece) if number % 2 else _escape(piece) for number, piece in enumerate(pieces)
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table; a column whose heading ends in `:` is aligned to the right.

    A cell ends at `|` even within code, and no escape of it survives every text before it: the
    full-width one takes its place.
    """
    marks = ["--:" if cell.endswith(":") else "---" for cell in head]
    titles = [cell.removesuffix(":") for cell in head]
    lines = [titles, marks, *([cell.replace("|", "｜") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escape(text: str) -> str:
    """Escape what means something; the mark of a reference is a code span, which ends it."""
    text = clean(text.replace("\n", " "))
    return _PUNCTUATION.sub(lambda mark: _escape_mark(text, mark), text)


def _escape_mark(text: str, mark: re.Match[str]) -> str:
    return code(mark[0]) if _REFERENCE.match(text, mark.start()) else f"\\{mark[0]}"
