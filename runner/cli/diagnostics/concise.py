"""`concise`: one line for each fault, as editors and grep want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.cli.speech import clean

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic


def render(found: Found) -> str:
    """Write one line for each fault."""
    return "\n".join(to_line(found.name_from_here(fault.file), fault) for fault in found.told)


def to_line(file: str, fault: Diagnostic) -> str:
    """Say a fault in one line: place, rule, message and hint. file: its name for the reader."""
    place = clean(f"{file}:{fault.place}")
    hint = f" ({fault.hint})" if fault.hint else ""
    return f"{place}: {fault.severity}[{fault.rule}] {clean(fault.message)}{clean(hint)}"
