"""`full`: message, place, source line and caret, for people, with other places below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from runner.cli.speech import clean
from runner.cli.width import display_width
from runner.model.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic, Label, Span

_WIDEST_EXCERPT = 100  # characters; a longer line is shown around the fault
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A stretch of a file that is pointed at; name: of the file, and where in it.

    arrow, mark: with what it is pointed at; message: beside the mark.
    """

    name: str
    span: Span
    excerpt: str | None
    arrow: str = "-->"
    mark: str = "^"
    message: str = ""


def render(found: Found) -> str:
    """Write a paragraph for each fault."""
    return "\n\n".join(_to_full(found, fault) for fault in found.told)


def _to_full(found: Found, fault: Diagnostic) -> str:
    def paint(text: str, *, bold: bool = False) -> str:
        return click.style(text, fg=_COLORS[fault.severity], bold=bold) if found.color else text

    places = [
        _Place(
            name=f"{found.name_from_here(fault.file)}:{fault.place}",
            span=fault.span,
            excerpt=fault.excerpt,
        ),
        *(_place_label(found, label) for label in fault.labels),
    ]
    width = max(len(str(place.span.line)) for place in places) + 1
    lines = [f"{paint(f'{fault.severity}[{fault.rule}]', bold=True)}: {clean(fault.message)}"]
    for place in places:
        lines += _show_place(place, width, paint)
    if fault.hint:
        lines.append(f"{' ' * width} = {clean(fault.hint)}")
    return "\n".join(lines)


def _place_label(found: Found, label: Label) -> _Place:
    return _Place(
        name=f"{found.name_from_here(label.file)}:{label.span.line}:{label.span.column}",
        span=label.span,
        excerpt=label.excerpt,
        arrow=":::",
        mark="-",
        message=label.message,
    )


def _show_place(place: _Place, width: int, paint: Callable[[str], str]) -> Iterator[str]:
    """Show where something is, its source line, and a mark below it; width: of line numbers."""
    gutter = " " * width
    message = f" {clean(place.message)}" if place.message else ""
    here = f"{gutter}{place.arrow} {clean(place.name)}"
    if place.excerpt is None:
        yield f"{here}:{message}" if message else here
        return
    source, indent, marked = _aim(place.span, place.excerpt)
    yield here
    yield f"{gutter} |"
    yield f"{place.span.line:>{width}} | {source}"
    yield f"{gutter} | {' ' * indent}{paint(place.mark * marked)}{message}"


def _aim(span: Span, excerpt: str) -> tuple[str, int, int]:
    """Give what is shown of a source line, and where its mark stands and how wide it is."""
    first = span.column - 1
    last = span.end_column - 1 if span.end_line == span.line else len(excerpt)
    start = 0 if len(excerpt) <= _WIDEST_EXCERPT else max(0, first - _WIDEST_EXCERPT // 3)
    shown = clean(excerpt[start : start + _WIDEST_EXCERPT])
    prefix = "… " if start else ""
    suffix = " …" if start + _WIDEST_EXCERPT < len(excerpt) else ""
    indent = display_width(prefix + shown[: first - start])
    marked = display_width(shown[first - start : max(last, first + 1) - start])
    return f"{prefix}{shown}{suffix}".rstrip(), indent, max(1, marked)
