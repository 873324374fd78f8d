"""`sarif`: the format that GitHub's code scanning, Visual Studio Code and many others read.

Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from runner import __version__
from runner.cli.diagnostics.fingerprint import fingerprint_all
from runner.cli.speech import clean, to_json

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic, Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_CHECKOUT = "%SRCROOT%"  # by convention: whoever reads it knows where the checkout lies


def render(found: Found) -> str:
    """Write a log with one run."""
    rules = sorted({fault.rule for fault in found.faults})
    marks = fingerprint_all(found)
    run = {
        "tool": {
            "driver": {
                "name": "mms-runner",
                "version": __version__,
                "rules": [_to_descriptor(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": fault.rule,
                "ruleIndex": rules.index(fault.rule),
                "level": fault.severity,  # error and warning are levels of SARIF too
                "message": {"text": _message(fault)},
                "locations": [_to_location(found.name_in_checkout(fault.file), fault.span)],
                "partialFingerprints": {"mmsRunnerFault/v1": mark},
            }
            for fault, mark in zip(found.faults, marks, strict=True)
        ],
    }
    return to_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _to_descriptor(rule: str) -> dict[str, object]:
    return {"id": rule, "shortDescription": {"text": rule.replace("-", " ").capitalize()}}


def _message(fault: Diagnostic) -> str:
    text = f"{fault.message}\n{fault.hint}" if fault.hint else fault.message
    # `[words](address)` is a link in a message of SARIF: nobody else's words become one.
    return "\n".join(map(clean, text.split("\n"))).replace("](", "] (")


def _to_location(file: str, span: Span) -> dict[str, object]:
    outside = file.startswith("/")
    uri = quote(file, errors="surrogateescape")
    place = {"uri": f"file://{uri}"} if outside else {"uri": uri, "uriBaseId": _CHECKOUT}
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"physicalLocation": {"artifactLocation": place, "region": region}}
