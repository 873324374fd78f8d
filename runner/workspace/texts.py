"""Reads a text of a message: what GB2312 cannot hold is told character by character."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.codec.gb2312 import encode_text, find_strays
from runner.language import N_
from runner.model.campaign import Part, PartType
from runner.model.diagnostic import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.codec.strays import Stray
    from runner.workspace.faults import Faults
    from runner.workspace.source_text import SourceText
    from runner.workspace.yaml_tree import Path

_MOST_STRAYS = 1000  # told of one text
_WHOLLY_QUOTED = re.compile("“[^“”]*”|‘[^‘’]*’|＂[^＂]*＂")
_SIGNS_OF_YAML = frozenset("#:-")  # beside them a blank more or less changes what is read


def read_text(path: Path, text: str, faults: Faults) -> Part | None:
    """Make a part of a text; None where something in it cannot be sent."""
    warn_of_quotes(path, text, faults)
    strays = find_strays(text)
    if not strays:
        return Part(type=PartType.TXT, payload=encode_text(text))
    told = strays[:_MOST_STRAYS]
    for stray, span in zip(told, _locate(path, told, faults), strict=True):
        shown = f"`{stray.text}`" if stray.text.isprintable() else N_("this character")
        message = N_("{shown} (U+{code}) cannot be sent: a text travels in GB2312").format(
            shown=shown, code=f"{ord(stray.text[0]):04X}"
        )
        if stray is told[-1] and len(strays) > len(told):
            message = N_("{message} ({count} more in this text)").format(
                message=message, count=len(strays) - len(told)
            )
        fix = _mend(stray, span, faults.document.source_of(path))
        faults.at_value(path, "outside-gb2312", message, _suggest(stray), span=span, fix=fix)
    return None


def warn_of_quotes(path: Path, text: str, faults: Faults) -> None:
    """Note that a whole text stands in quotes that a phone shows: YAML's were meant, perhaps."""
    if _WHOLLY_QUOTED.fullmatch(text):
        message = N_("phones show the quotes around this text: they are not YAML's")
        hint = N_('leave them out, or write "…" where YAML needs quotes')
        faults.at_value(path, "quotes-shown", message, hint)


def _locate(path: Path, strays: Sequence[Stray], faults: Faults) -> list[Span]:
    first = [stray.index for stray in strays]
    last = [stray.index + len(stray.text) - 1 for stray in strays]
    spans = faults.document.locate_characters(path, [*first, *last])
    return [
        Span(
            line=start.line,
            column=start.column,
            end_line=end.end_line,
            end_column=end.end_column,
        )
        for start, end in zip(spans[: len(first)], spans[len(first) :], strict=True)
    ]


def _mend(stray: Stray, span: Span, source: SourceText) -> Edit | None:
    """Write what reads the same, where that can be no sign of YAML's."""
    line = source.lines[span.line - 1]
    before, behind = line[: span.column - 1], line[span.end_column - 1 :]
    if not stray.is_alike or line[span.column - 1 : span.end_column - 1] != stray.text:
        return None
    beside = {before[-1:], behind[:1]}
    changes_reading = stray.suggestion in {"", " ", "-"} and not beside.isdisjoint(
        {*_SIGNS_OF_YAML, " ", ""} if stray.suggestion == "-" else _SIGNS_OF_YAML
    )
    return None if changes_reading else Edit(span=span, text=stray.suggestion or "")


def _suggest(stray: Stray) -> str:
    if stray.suggestion is None:
        return N_("write it in another way")
    if stray.suggestion == "":
        return N_("leave it out")
    if not stray.suggestion.strip():
        return N_("use a plain blank")
    return N_("write `{text}`").format(text=stray.suggestion)
