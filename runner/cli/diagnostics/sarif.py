"""`sarif`: the format that GitHub's code scanning, Visual Studio Code and many others read.

Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from runner import __version__
from runner.cli.diagnostics.fingerprint import fingerprint_all
from runner.cli.speech import clean_lines, to_json
from runner.language import spoken
from runner.rules import read_rule

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic, Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_CHECKOUT = "%SRCROOT%"  # by convention: whoever reads it knows where the checkout lies


def render(found: Found) -> str:
    """Write a log with one run."""
    rules = sorted({fault.rule for fault in found.told})
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
                **_to_result(found, fault),
                "partialFingerprints": {"mmsRunnerFault/v1": mark},
            }
            for fault, mark in zip(found.told, marks, strict=True)
        ],
    }
    return to_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _to_descriptor(rule: str) -> dict[str, object]:
    told = read_rule(rule, spoken())
    return {
        "id": rule,
        "shortDescription": {"text": told.wrong},
        "fullDescription": {"text": told.why},
        "help": {"text": told.remedy},
        "defaultConfiguration": {"level": told.severity},
    }


def _to_result(found: Found, fault: Diagnostic) -> dict[str, object]:
    place = _to_location(found.name_in_checkout(fault.file), fault.span)
    result: dict[str, object] = {
        "level": fault.severity,  # error and warning are levels of SARIF too
        "message": {"text": _message(fault)},
        "locations": [place],
    }
    if fault.labels:
        result["relatedLocations"] = [
            _to_location(found.name_in_checkout(label.file), label.span)
            | {"message": {"text": _to_text(label.message)}}
            for label in fault.labels
        ]
    if fault.fix:
        change = {
            "artifactLocation": place["physicalLocation"]["artifactLocation"],
            "replacements": [
                {
                    "deletedRegion": _to_region(fault.fix.span),
                    "insertedContent": {"text": fault.fix.text},
                }
            ],
        }
        result["fixes"] = [{"artifactChanges": [change]}]
    return result


def _message(fault: Diagnostic) -> str:
    text = f"{fault.message}\n{fault.hint}" if fault.hint else fault.message
    return _to_text(text)


def _to_text(text: str) -> str:
    # `[words](address)` is a link in a message of SARIF: nobody else's words become one.
    return clean_lines(text).replace("](", "] (")


def _to_location(file: str, span: Span) -> dict[str, dict[str, Any]]:
    outside = file.startswith("/")
    uri = quote(file, errors="surrogateescape")
    place = {"uri": f"file://{uri}"} if outside else {"uri": uri, "uriBaseId": _CHECKOUT}
    return {"physicalLocation": {"artifactLocation": place, "region": _to_region(span)}}


def _to_region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
