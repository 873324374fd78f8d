"""Tables and numbers for people, the same on a terminal and in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from runner.cli.speech import clean
from runner.cli.width import display_width
from runner.language import NN_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Noun = Literal[
    "answer", "campaign", "error", "fault", "file", "frame", "new report", "piece", "recipient",
    "report", "request", "row", "rule", "warning",
]  # fmt: skip
_COUNTED: Mapping[Noun, tuple[str, str]] = {
    "answer": NN_("{number} answer", "{number} answers"),
    "campaign": NN_("{number} campaign", "{number} campaigns"),
    "error": NN_("{number} error", "{number} errors"),
    "fault": NN_("{number} fault", "{number} faults"),
    "file": NN_("{number} file", "{number} files"),
    "frame": NN_("{number} frame", "{number} frames"),
    "new report": NN_("{number} new report", "{number} new reports"),
    "piece": NN_("{number} piece", "{number} pieces"),
    "recipient": NN_("{number} recipient", "{number} recipients"),
    "report": NN_("{number} report", "{number} reports"),
    "request": NN_("{number} request", "{number} requests"),
    "row": NN_("{number} row", "{number} rows"),
    "rule": NN_("{number} rule", "{number} rules"),
    "warning": NN_("{number} warning", "{number} warnings"),
}


def render_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Align columns by the width that a terminal gives them; numbers to the right."""
    table = [list(head), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(map(display_width, column)) for column in zip(*table, strict=True)]
    right = [_is_numeric([row[index] for row in rows]) for index in range(len(head))]
    return "\n".join(
        "  ".join(_pad(*cell) for cell in zip(line, widths, right, strict=True)).rstrip()
        for line in table
    )


def render_facts(facts: Iterable[tuple[str, str]], *, gap: int = 2) -> list[str]:
    """Align what is known behind the words that say what it is; gap: blanks behind the longest."""
    known = list(facts)
    width = max(display_width(name) for name, _value in known) + gap
    return [_pad(name, width, to_the_right=False) + value for name, value in known]


def render_fact(name: str, value: str) -> str:
    """Write what is known behind the words that say what it is."""
    return _("{name}: {value}").format(name=name, value=value)


def add_remark(value: str, remark: str) -> str:
    """Write what there is to say about something behind it."""
    return _("{value}, {remark}").format(value=value, remark=remark)


def count(number: int, noun: Noun) -> str:
    """Write a number of things: 1 request, 2,000 requests. noun: one of those above."""
    return ngettext(*_COUNTED[noun], number).format(number=f"{number:,}")


def enumerate_all(names: Iterable[str]) -> str:
    """Write some names or sentences in a row."""
    return _(", ").join(names)


def _pad(text: str, width: int, to_the_right: bool) -> str:
    blank = " " * (width - display_width(text))
    return blank + text if to_the_right else text + blank


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return f"{cell:,}" if isinstance(cell, int) else clean(str(cell))


def _is_numeric(column: Sequence[object]) -> bool:
    return any(isinstance(cell, int) for cell in column)
