"""`github`: workflow commands, which GitHub shows at the lines of a pull request.

It knows files by their paths from the top of the checkout, wherever a step runs.

Source: GitHub Actions, Workflow commands, "Setting an error message".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.cli.speech import clean

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic


def render(found: Found) -> str:
    """Write a command for each fault."""
    return "\n".join(_to_command(found.name_in_checkout(fault.file), fault) for fault in found.told)


def _to_command(file: str, fault: Diagnostic) -> str:
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
    message = f"{fault.cell}: {fault.message}" if fault.cell else fault.message
    text = f"{clean(message)}\n{clean(fault.hint)}" if fault.hint else clean(message)
    return f"::{fault.severity} {properties}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
