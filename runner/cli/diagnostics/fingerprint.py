"""Knows a fault again in another version of its file, so that a forge shows only new ones."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.cli.diagnostics.found import Found
    from runner.model.diagnostic import Diagnostic


def fingerprint_all(found: Found) -> list[str]:
    """Give each fault a mark of its own, which stays when its line moves.

    It is made of the file, the rule, what the line says and the message in English, less the
    numbers in it, such as those of lines. Faults that are alike in all these are counted, from the
    top.
    """
    alike: Counter[str] = Counter()
    marks = []
    for fault in found.faults:
        facts = _facts(found.name_in_checkout(fault.file), fault)
        marks.append(sha256(f"{facts}\0{alike[facts]}".encode(errors="surrogatepass")).hexdigest())
        alike[facts] += 1
    return marks


def _facts(file: str, fault: Diagnostic) -> str:
    message = re.sub(r"\d+", "", fault.message)
    return "\0".join((file, fault.rule, (fault.excerpt or "").strip(), message))
