"""`junit`: a test for each file that was looked at, for whatever shows test results.

JUnit never published a schema; this is the part of the Ant task's that Jenkins, GitLab and others
read: one `failure` for a test, its text for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from runner.cli.diagnostics.concise import to_line
from runner.cli.speech import clean
from runner.cli.tables import count
from runner.model.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic

_NAME = "mms-runner validate"


def render(found: Found) -> str:
    """Write a suite with one test for each file; warnings stand in the output of a passed one."""
    faults: dict[str, list[Diagnostic]] = {file: [] for file in found.files}
    for fault in found.told:
        faults.setdefault(fault.file, []).append(fault)
    tests = [_to_test(found.name_in_checkout(file), faults[file]) for file in sorted(faults)]
    counts = {
        "tests": str(len(tests)),
        "failures": str(sum(test.find("failure") is not None for test in tests)),
        "errors": "0",
    }
    suites = ET.Element("testsuites", counts, name=_NAME)
    ET.SubElement(suites, "testsuite", counts, name=_NAME).extend(tests)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}'


def _to_test(file: str, faults: Sequence[Diagnostic]) -> ET.Element:
    # What `clean` lets through, XML may hold: it has neither control characters nor half ones.
    name = clean(file)
    test = ET.Element("testcase", classname=_NAME, name=name, file=name)
    errors = [to_line(file, fault) for fault in faults if fault.severity is Severity.ERROR]
    warnings = [to_line(file, fault) for fault in faults if fault.severity is Severity.WARNING]
    if errors:
        failure = ET.SubElement(test, "failure", message=count(len(errors), "error"))
        failure.text = "\n".join(errors)
    if warnings:
        ET.SubElement(test, "system-out").text = "\n".join(warnings)
    return test
