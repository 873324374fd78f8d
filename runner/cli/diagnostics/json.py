"""`json`: a list of objects, for scripts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.cli.speech import to_json

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic


def render(found: Found) -> str:
    """Write a list with one object for each fault."""
    return to_json(to_objects(found), indent=2)


def to_objects(found: Found) -> list[dict[str, object]]:
    """Give each fault as an object; a list or settings outside of the workspace from here too."""
    return [
        _to_object(os.path.relpath(found.name_from_here(fault.file)), fault) for fault in found.told
    ]


def _to_object(file: str, fault: Diagnostic) -> dict[str, object]:
    span = fault.span
    return {
        "file": file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "severity": fault.severity,
        "rule": fault.rule,
        "message": fault.message,
        "hint": fault.hint,
    }
