"""Finds the tabs between the values of a YAML file; inside values and comments they may stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

import yaml

from runner.language import N_
from runner.model.diagnostic import Edit
from runner.workspace.tree_reader import marks
from runner.workspace.yaml_tree import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.diagnostic import Span
    from runner.workspace.source_text import SourceText

TAB = "tab"
TAB_MESSAGE = N_("a tab stands here where only blanks may")
TAB_HINT = N_("indent with blanks; many editors can convert tabs")


def find_stray_tabs(source: SourceText, text: str, spaced: str) -> list[Span]:
    """Give every run of tabs that separates or indents.

    spaced: the text with blanks for tabs, since libyaml reads that past every one of them.
    """
    if "\t" not in text:
        return []
    scalars = list(_find_scalars(spaced))
    starts = [start for start, _ in scalars]
    ends = [0, *(end for _, end in scalars)]
    spans = []
    offset = 0
    for number, line in enumerate(text.split("\n")):
        for run in re.finditer(r"\t+", line):
            end_before = ends[bisect_right(starts, offset + run.start())] - offset
            # between two values of a line a `#` can only have begun a comment
            is_comment = line.find("#", max(end_before, 0), run.start()) >= 0
            if run.start() >= end_before and not is_comment:
                spans.append(source.span((number, run.start()), (number, run.end())))
        offset += len(line) + 1
    return spans


def replace_tabs(source: SourceText, span: Span) -> Edit | None:
    """Give blanks for a run of tabs; None where nobody can say how many.

    Two for each that indents: so much a `- ` takes.
    """
    line = source.lines[span.line - 1]
    before = line[: span.column - 1]
    if before.strip(" \t"):
        return Edit(span=span, text=" ")
    if before:
        return None
    return Edit(span=span, text="  " * (span.end_column - span.column))


def _find_scalars(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the values, as far as libyaml can read the text."""
    events = yaml.CSafeLoader(text)
    depth = 0
    try:
        while depth <= DEEPEST:
            event = events.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.ScalarEvent):
                start, end = marks(event)
                yield start.index, end.index
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
    except yaml.YAMLError:
        return
