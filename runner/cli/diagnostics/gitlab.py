"""`gitlab`: a Code Quality report, which GitLab shows in a merge request and at its lines.

Source: GitLab, Code Quality, "Code Quality report format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.cli.diagnostics.fingerprint import fingerprint_all
from runner.cli.speech import clean, to_json
from runner.model.diagnostic import Severity

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def render(found: Found) -> str:
    """Write a list with one object for each fault."""
    marks = fingerprint_all(found)
    return to_json(
        [
            _to_violation(found.name_in_checkout(fault.file), fault, mark)
            for fault, mark in zip(found.told, marks, strict=True)
        ],
        indent=2,
    )


def _to_violation(file: str, fault: Diagnostic, mark: str) -> dict[str, object]:
    span = fault.span
    hint = f" ({fault.hint})" if fault.hint else ""
    return {
        "description": clean(f"{fault.message}{hint}"),
        "check_name": fault.rule,
        "fingerprint": mark,
        "severity": _SEVERITIES[fault.severity],
        "location": {
            "path": clean(file),
            "positions": {
                "begin": {"line": span.line, "column": span.column},
                "end": {"line": span.end_line, "column": span.end_column},
            },
        },
    }
