"""Reads YAML strictly: no anchors, tags or guesses, every fault with its place, all in one go.

Nothing here knows what a campaign is: what the fields mean is for the schema and what follows it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import yaml

from runner.errors import WrongUsage
from runner.language import N_
from runner.model.diagnostic import Edit
from runner.workspace.draft import Draft
from runner.workspace.source_text import MOST_BYTES, decode
from runner.workspace.stray_tabs import TAB, TAB_HINT, TAB_MESSAGE, find_stray_tabs, replace_tabs
from runner.workspace.tree_reader import AMBIGUOUS, EndOfReading, TreeReader
from runner.workspace.yaml_tree import Document, plain_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.diagnostic import Diagnostic
    from runner.workspace.draft import Sign
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
    prose: Iterable[Pattern] = (),
) -> Document:
    """Read the bytes of a file; whatever is wrong with them stands in the document's diagnostics.

    file: its path from the workspace's root, for the diagnostics.
    as_written, times: paths, with `*` for any name or index, where a value that looks like a
    number or a time is taken as its text; prose: of texts for people, which may hold any sign.
    Raises WrongUsage where PyYAML has no libyaml.
    """
    if not yaml.__with_libyaml__:
        message = N_("PyYAML was installed without libyaml")
        raise WrongUsage(message, hint=N_("install PyYAML from its wheel on PyPI"))
    source = decode(data, file)
    if source.text is None:
        return Document(source=source, root=None, data=None, diagnostics=source.faults)
    root, faults = _read_text(source, source.text, (*as_written, *times), tuple(prose))
    return Document(
        source=source,
        root=root,
        data=plain_data(root) if root else None,
        diagnostics=tuple(sorted(faults, key=lambda fault: fault.span)),
    )


def _read_text(
    source: SourceText, text: str, as_written: tuple[Pattern, ...], prose: tuple[Pattern, ...]
) -> tuple[Node | None, list[Diagnostic]]:
    spaced = text.replace("\t", " ")
    tabs = find_stray_tabs(source, text, spaced)
    draft = Draft(source, (spaced if tabs else text).replace("\r\n", "\n"))
    told: list[Diagnostic] = []
    reading = _read_tree(draft, as_written)
    for _ in range(min(_MOST_PASSES, MOST_BYTES // (len(text) + 1))):
        if reading.stop and reading.stop.rule == TAB:
            tabs.append(reading.stop.span)
            draft.blank(reading.stop.span)
            reading = _read_tree(draft, as_written)
            continue
        corrected = draft.fork()
        signs = _find_signs(draft, reading, prose).items()
        found = [fault for number, each in signs for fault in corrected.correct(number, each)]
        another = _read_tree(corrected, as_written) if found else reading
        if not found or (reading.root and another.root is None):
            break
        told += found
        draft, reading = corrected, another
    faults = [*source.faults, *told, *_quote_texts(reading, prose)]
    fixes = [replace_tabs(source, span) for span in tabs]
    faults += source.faults_of_a_kind(
        tabs, TAB, TAB_MESSAGE, TAB_HINT, count=len(tabs), fixes=fixes
    )
    spoiled = source.spoiled | {span.line for span in tabs} | {line + 1 for line in source.hollow}
    stop = reading.stop
    if stop and stop.span.line not in spoiled:  # else it is a consequence, or told already
        faults.append(stop)
    return reading.root, faults


class _Reading(NamedTuple):
    """One reading. root: None where it stopped; stop: why.

    is_odd: as in TreeReader; suspects: the lines, from 0, that may have made it stop.
    """

    faults: list[Diagnostic]
    root: Node | None = None
    stop: Diagnostic | None = None
    is_odd: bool = False
    suspects: Iterable[int] = ()


def _read_tree(draft: Draft, as_written: tuple[Pattern, ...]) -> _Reading:
    reader = TreeReader(draft.source, draft.text, as_written)
    try:
        root = reader.read()
        return _Reading(root=root, faults=reader.faults, is_odd=reader.is_odd)
    except EndOfReading as end:
        return _Reading(stop=end.fault, faults=reader.faults)
    except yaml.MarkedYAMLError as error:
        from runner.workspace.yaml_errors import explain, suspect_lines

        brackets = reader.open_brackets
        stop = explain(error, draft.source, draft.lines, brackets)
        suspects = suspect_lines(error, draft.lines, brackets)
        return _Reading(stop=stop, faults=reader.faults, suspects=suspects)


def _quote_texts(reading: _Reading, prose: tuple[Pattern, ...]) -> Iterator[Diagnostic]:
    """Add to what other readers take for something else the quotes that a text needs."""
    if not reading.faults:
        return
    from runner.workspace.signs import find_prose

    texts = find_prose(reading.root, prose) if reading.root else {}
    for fault in reading.faults:
        text = texts.get(fault.span)
        is_meant_as_text = text is not None and fault.rule == AMBIGUOUS
        yield (
            replace(fault, fix=Edit(span=fault.span, text=f'"{text}"'))
            if is_meant_as_text
            else fault
        )


def _find_signs(
    draft: Draft, reading: _Reading, prose: tuple[Pattern, ...]
) -> dict[int, list[Sign]]:
    """Find YAML's own signs as an input method writes them, by lines from 0."""
    if reading.root and not reading.is_odd:  # nearly every file
        return {}
    from runner.workspace.signs import find_in_line, find_in_tree

    if reading.root:
        return find_in_tree(draft, reading.root, prose)
    found = {number: find_in_line(draft.lines[number]) for number in reading.suspects}
    return {number: signs for number, signs in found.items() if signs}
