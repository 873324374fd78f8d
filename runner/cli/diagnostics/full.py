"""`full`: message, place, source line and caret, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.speech import clean
from runner.cli.width import display_width
from runner.model.diagnostic import Severity

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic

_WIDEST_EXCERPT = 100  # characters; a longer line is shown around the fault
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def render(found: Found) -> str:
    """Write a paragraph for each fault."""
    return "\n\n".join(
        _to_full(found.name_from_here(fault.file), fault, color=found.color)
        for fault in found.faults
    )


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
