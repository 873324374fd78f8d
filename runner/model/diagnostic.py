"""What is wrong in a file of the user, and where: the value behind every message of `validate`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How grave a diagnostic is."""

    ERROR = "error"  # the campaign cannot go out
    WARNING = "warning"  # it can, and somebody should look first


# Every other rule is an error.
_WARNINGS = frozenset(
    {
        "duration-too-short",
        "hours-never-open",
        "image-too-small",
        "image-will-shrink",
        "link-runs-on",
        "missing-opt-out",
        "missing-signature",
        "number-excluded",
        "number-twice",
        "quotes-shown",
        "repeated-frame",
        "rounded-numbers",
        "start-at-night",
        "start-in-the-past",
        "start-on-a-holiday",
        "start-outside-hours",
        "text-too-long",
        "title-too-long",
        "unknown-rule",
        "until-in-the-past",
        "unused-ignore",
    }
)


def severity_of(rule: str) -> Severity:
    """Say how grave it is to break a rule."""
    return Severity.WARNING if rule in _WARNINGS else Severity.ERROR


class Span(NamedTuple):  # every value of a file has one: a dataclass takes thrice as long to make
    """A stretch of a text file: 1-based lines and columns in characters, the end exclusive."""

    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Another place that a fault is about, such as the first of two keys that are the same.

    message: what is there, in a few words; file, excerpt: as for `Diagnostic`.
    """

    file: str
    span: Span
    message: str
    excerpt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What mends a fault without a doubt of what was meant: a stretch of its file, written anew."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One fault at one place.

    file: the path from the workspace's root, with `/`; the command line makes it relative to here.
    rule: a stable kebab-case id such as `unknown-field`.
    message: what is wrong, without secrets, numbers or whole values; hint: what to do.
    excerpt: the source line at `span.line`, with passwords, numbers and list rows masked already.
    labels: the other places that it is about; fix: None where a person has to decide.
    cell: sheet and cell in a spreadsheet, such as `会员!B812`; the span has row and column then.
    """

    file: str
    span: Span
    rule: str
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR
    excerpt: str | None = None
    labels: tuple[Label, ...] = ()
    fix: Edit | None = None
    cell: str | None = None

    @property
    def place(self) -> str:
        """Where in its file it is, for people: `line:column`, or a cell."""
        return self.cell or f"{self.span.line}:{self.span.column}"
