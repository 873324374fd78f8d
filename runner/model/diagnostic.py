"""What is wrong in a file of the user, and where: the value behind every message of `validate`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How grave a diagnostic is."""

    ERROR = "error"  # the campaign cannot go out
    WARNING = "warning"  # it can, and somebody should look first


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """A stretch of a text file: 1-based lines and columns in characters, the end exclusive."""

    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One fault at one place.

    file: the path from the workspace's root, with `/`; the command line makes it relative to here.
    rule: a stable kebab-case id such as `unknown-field`.
    message: what is wrong, without secrets, numbers or whole values; hint: what to do.
    excerpt: the source line at `span.line`, with passwords, numbers and list rows masked already.
    """

    file: str
    span: Span
    rule: str
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR
    excerpt: str | None = None
