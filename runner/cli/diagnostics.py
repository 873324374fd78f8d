"""Shows diagnostics: `full` for people, `concise` for editors, `json` and `github` for CI."""

from __future__ import annotations

import os
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

import click

from runner.cli.speech import clean, to_json
from runner.model.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runner.model.diagnostic import Diagnostic

_WIDEST_EXCERPT = 100  # characters; a longer line is shown around the fault
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


class Format(StrEnum):
    """How diagnostics are written."""

    FULL = "full"  # message, place, source line and caret
    CONCISE = "concise"  # one line each
    JSON = "json"  # a list of objects
    GITHUB = "github"  # workflow commands, shown at the lines of a pull request


def render_diagnostics(
    faults: Iterable[Diagnostic], root: Path, form: Format, *, color: bool = False
) -> str:
    """Write diagnostics; their files are named relative to the current folder.

    color: only for `full`.
    """
    here = os.path.relpath(root)
    named = [(os.path.normpath(os.path.join(here, fault.file)), fault) for fault in faults]  # noqa: PTH118 - a text for people
    if form is Format.JSON:
        return to_json([_to_json(*entry) for entry in named], indent=2)
    if form is Format.FULL:
        return "\n\n".join(_to_full(*entry, color=color) for entry in named)
    write = _to_concise if form is Format.CONCISE else _to_github
    return "\n".join(write(*entry) for entry in named)


def display_width(text: str) -> int:
    """Count the columns that a terminal needs: Chinese characters take two."""
    if text.isascii():  # nearly all that is measured
        return len(text)
    return sum(_width(character) for character in text)


def _to_json(file: str, fault: Diagnostic) -> dict[str, object]:
    span = fault.span
    return {
        # A list or settings outside of the workspace bear their absolute path for people.
        "file": os.path.relpath(file),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "severity": fault.severity,
        "rule": fault.rule,
        "message": fault.message,
        "hint": fault.hint,
    }


def _to_concise(file: str, fault: Diagnostic) -> str:
    place = f"{clean(file)}:{fault.span.line}:{fault.span.column}"
    hint = f" ({fault.hint})" if fault.hint else ""
    return f"{place}: {fault.severity}[{fault.rule}] {clean(fault.message)}{clean(hint)}"


def _to_github(file: str, fault: Diagnostic) -> str:
    """Write a workflow command; source: GitHub Actions, workflow commands, "Setting an error"."""
    span = fault.span
    facts = {
        "file": clean(file),
        "line": span.line,
        "endLine": span.end_line,
        "col": span.column,
        "endColumn": span.end_column,
        "title": fault.rule,
    }
    properties = ",".join(f"{name}={_escape_property(str(fact))}" for name, fact in facts.items())
    text = f"{clean(fault.message)}\n{clean(fault.hint)}" if fault.hint else clean(fault.message)
    return f"::{fault.severity} {properties}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _to_full(file: str, fault: Diagnostic, *, color: bool) -> str:
    def paint(text: str, *, bold: bool = False) -> str:
        return click.style(text, fg=_COLORS[fault.severity], bold=bold) if color else text

    head = paint(f"{fault.severity}[{fault.rule}]", bold=True)
    number = f" {fault.span.line}"
    gutter = " " * len(number)
    lines = [
        f"{head}: {clean(fault.message)}",
        f"{gutter}--> {clean(file)}:{fault.span.line}:{fault.span.column}",
    ]
    if fault.excerpt is not None:
        source, indent, width = _aim(fault, fault.excerpt)
        lines += [
            f"{gutter} |",
            f"{number} | {source}",
            f"{gutter} | {' ' * indent}{paint('^' * width)}",
        ]
    if fault.hint:
        lines.append(f"{gutter} = {clean(fault.hint)}")
    return "\n".join(lines)


def _aim(fault: Diagnostic, excerpt: str) -> tuple[str, int, int]:
    """Give what is shown of a source line, and where its caret stands and how wide it is."""
    first = fault.span.column - 1
    last = fault.span.end_column - 1 if fault.span.end_line == fault.span.line else len(excerpt)
    start = 0 if len(excerpt) <= _WIDEST_EXCERPT else max(0, first - _WIDEST_EXCERPT // 3)
    shown = clean(excerpt[start : start + _WIDEST_EXCERPT])
    prefix = "… " if start else ""
    suffix = " …" if start + _WIDEST_EXCERPT < len(excerpt) else ""
    indent = display_width(prefix + shown[: first - start])
    marked = display_width(shown[first - start : max(last, first + 1) - start])
    return f"{prefix}{shown}{suffix}".rstrip(), indent, max(1, marked)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
