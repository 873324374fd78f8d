"""Reads YAML strictly: no anchors, tags or guesses, every fault with its place, all in one go.

Nothing here knows what a campaign is: what the fields mean is for the schema and what follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from runner.errors import WrongUsage
from runner.workspace.source_text import MOST_BYTES, decode
from runner.workspace.stray_tabs import TAB, TAB_HINT, TAB_MESSAGE, find_stray_tabs
from runner.workspace.tree_reader import EndOfReading, TreeReader
from runner.workspace.yaml_tree import Document, plain_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.source_text import SourceText
    from runner.workspace.tree_reader import Pattern
    from runner.workspace.yaml_tree import Node

_MOST_PASSES = 20  # over a file in which libyaml stops at one tab after the other


def read_yaml(
    data: bytes,
    *,
    file: str,
    as_written: Iterable[Pattern] = (),
    times: Iterable[Pattern] = (),
) -> Document:
    """Read the bytes of a file; whatever is wrong with them stands in the document's diagnostics.

    file: its path from the workspace's root, for the diagnostics.
    as_written, times: paths, with `*` for any name or index, where a value that looks like a
    number or a time is taken as its text.
    Raises WrongUsage where PyYAML has no libyaml.
    """
    if not yaml.__with_libyaml__:
        message = "PyYAML was installed without libyaml"
        raise WrongUsage(message, hint="install PyYAML from its wheel on PyPI")
    source = decode(data, file)
    if source.text is None:
        return Document(source=source, root=None, data=None, diagnostics=source.faults)
    root, faults = _read_text(source, source.text, (*as_written, *times))
    return Document(
        source=source,
        root=root,
        data=plain_data(root) if root else None,
        diagnostics=tuple(sorted(faults, key=lambda fault: fault.span)),
    )


def _read_text(
    source: SourceText, text: str, as_written: tuple[Pattern, ...]
) -> tuple[Node | None, list[Diagnostic]]:
    spaced = text.replace("\t", " ")
    tabs = find_stray_tabs(source, text, spaced)
    text = spaced if tabs else text
    for _ in range(min(_MOST_PASSES, 1 + MOST_BYTES // (len(text) + 1))):
        reader = TreeReader(source, text, as_written)
        root, stop = _read_tree(reader)
        if stop is None or stop.rule != TAB:
            break
        tabs.append(stop.span)
        text = _without_tab(text, stop.span)
    faults = [*source.faults, *reader.faults]
    faults += source.faults_of_a_kind(tabs, TAB, TAB_MESSAGE, TAB_HINT, count=len(tabs))
    spoiled = source.spoiled | {span.line for span in tabs}
    if stop and stop.span.line not in spoiled:  # else it is a consequence, or told already
        faults.append(stop)
    return root, faults


def _read_tree(reader: TreeReader) -> tuple[Node | None, Diagnostic | None]:
    """Give the tree, or the fault that ended the reading."""
    try:
        return reader.read(), None
    except EndOfReading as end:
        return None, end.fault
    except yaml.MarkedYAMLError as error:
        from runner.workspace.yaml_errors import explain

        return None, explain(error, reader.source, reader.open_brackets)


def _without_tab(text: str, span: Span) -> str:
    lines = text.split("\n")
    line = lines[span.line - 1]
    lines[span.line - 1] = f"{line[: span.column - 1]} {line[span.column :]}"
    return "\n".join(lines)
