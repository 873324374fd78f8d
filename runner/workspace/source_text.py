"""The text of one file of the user: decoded, cleaned of what no editor shows, in lines.

Lines end with LF or CR LF alone. A character that does not belong in a text is told and
then read as a blank, so that everything behind it keeps its place; one that shows nothing is read
as nothing. The marks that turn the direction of writing are told too: with them a review shows
another text than the one that is read.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from runner.language import N_
from runner.model.diagnostic import Diagnostic, Edit, Label, Span, severity_of
from runner.workspace.masking import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


MOST_BYTES = 5_000_000
NOT_UTF_8 = "not-utf-8"

_MOST_OF_A_KIND = 20  # of one rule in one file, where every line may have the same fault
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200c\u200e\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)"
)
# What shows nothing and separates nothing: chats, web pages and word processors put it there.
_EMPTY = re.compile(r"[\xad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_NAMES = {
    "\0": N_("a NUL character"),
    "\r": N_("a carriage return without a line feed"),
    "\x85": N_("an invisible line separator (U+0085)"),
    "\u2028": N_("an invisible line separator (U+2028)"),
    "\u2029": N_("an invisible paragraph separator (U+2029)"),
    "\ufeff": N_("a byte order mark inside the text"),
    "\xad": N_("an invisible soft hyphen (U+00AD)"),
    "\u200b": N_("an invisible blank of no width (U+200B)"),
    "\u200c": N_("an invisible mark that keeps letters apart (U+200C)"),
    "\u200e": N_("an invisible mark of the direction of writing (U+200E)"),
    "\u200f": N_("an invisible mark of the direction of writing (U+200F)"),
    "\u2060": N_("an invisible mark that joins words (U+2060)"),
}
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SAVE_AS_UTF_8 = N_("save it as UTF-8 in your editor")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A file as text; line N is lines[N - 1], without its end.

    text: None where the file could not be read as text; faults say why.
    spoiled: the lines that hold characters which were read as blanks.
    hollow: the columns, from 0, of characters that are read as nothing, by lines from 0.
    origins: for lines that are read otherwise than they are written, from 0, the column in the file
    of each column that is read.
    """

    file: str
    text: str | None
    lines: Sequence[str]
    faults: tuple[Diagnostic, ...] = ()
    spoiled: frozenset[int] = frozenset()
    hollow: Mapping[int, Sequence[int]] = field(default_factory=dict)
    origins: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def span(self, start: tuple[int, int], end: tuple[int, int]) -> Span:
        """Give a stretch by two places, (line, column) from 0 as libyaml counts, kept inside."""
        if self.origins or end[0] >= len(self.lines):
            return Span(*self._inside(*start), *self._inside(*end))
        # Nearly every place, of which a file has one for each value, without a further call.
        (line, column), (end_line, end_column) = start, end
        longest, end_longest = len(self.lines[line]), len(self.lines[end_line])
        return Span(
            line + 1,
            (column if column < longest else longest) + 1,
            end_line + 1,
            (end_column if end_column < end_longest else end_longest) + 1,
        )

    def first_line(self, span: Span) -> Span:
        """Cut a stretch of several lines down to the first of them."""
        if span.end_line == span.line:
            return span
        end_column = len(self.lines[span.line - 1]) + 1
        return span._replace(end_line=span.line, end_column=end_column)

    def fault(
        self,
        span: Span,
        rule: str,
        message: str,
        hint: str | None = None,
        *,
        labels: tuple[Label, ...] = (),
        fix: Edit | None = None,
    ) -> Diagnostic:
        """Make a fault of this file, with its line masked."""
        return Diagnostic(
            file=self.file,
            span=span,
            rule=rule,
            message=message,
            hint=hint,
            severity=severity_of(rule),
            excerpt=self.excerpt(span.line),
            labels=labels,
            fix=fix,
        )

    def label(self, span: Span, message: str) -> Label:
        """Point at another place in this file, with its line masked."""
        return Label(file=self.file, span=span, message=message, excerpt=self.excerpt(span.line))

    def faults_of_a_kind(
        self,
        spans: Sequence[Span],
        rule: str,
        message: str,
        hint: str,
        *,
        count: int,
        fixes: Sequence[Edit | None] = (),
    ) -> list[Diagnostic]:
        """Make the same error for several places; the last one told says how many more there are.

        One fault of an editor can stand in every line of a file. count: of all the places; fixes:
        what mends each, where anything can.
        """
        told = [
            self.fault(span, rule, message, hint, fix=fix)
            for span, fix in zip_longest(spans[:_MOST_OF_A_KIND], fixes[:_MOST_OF_A_KIND])
        ]
        if more := count - len(told):
            told[-1] = replace(
                told[-1],
                message=N_("{message} ({more} more like this)").format(message=message, more=more),
            )
        return told

    def excerpt(self, line: int) -> str | None:
        """Show a line, masked."""
        return excerpt(self.lines, line)

    def _inside(self, line: int, column: int) -> tuple[int, int]:
        last = len(self.lines) - 1
        if line > last:
            line, column = last, len(self.lines[last])
        elif origins := self.origins.get(line):
            column = origins[min(column, len(origins) - 1)]
        return line + 1, min(column, len(self.lines[line])) + 1


def decode(data: bytes, file: str) -> SourceText:
    """Read the bytes of a file as UTF-8, with or without a byte order mark."""
    if len(data) > MOST_BYTES:
        return _too_large(file)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return _not_utf_8(data, file, error.start)
    if _looks_like_utf_16(data):
        return _not_utf_8(data, file, 0)
    return _clean(file, text)


def _too_large(file: str) -> SourceText:
    source = SourceText(file=file, text=None, lines=[""])
    message = N_("the file is larger than {count} MB").format(count=MOST_BYTES // 1_000_000)
    fault = source.fault(Span(), "file-too-large", message, N_("put long lists into CSV files"))
    return replace(source, faults=(fault,))


def _clean(file: str, text: str) -> SourceText:
    cleaned = _INVISIBLE.sub(" ", text)
    source = SourceText(file=file, text=cleaned, lines=_split(cleaned))
    if cleaned == text:
        return source
    places: dict[str, list[Span]] = {}
    counts: Counter[str] = Counter()
    spoiled = set()
    hollow: dict[int, list[int]] = {}
    for number, line in enumerate(_split(text)):
        for match in _INVISIBLE.finditer(line):
            if _EMPTY.match(match[0]):
                hollow.setdefault(number, []).append(match.start())
            else:
                spoiled.add(number + 1)
            counts[match[0]] += 1
            if counts[match[0]] <= _MOST_OF_A_KIND:  # there may be millions
                span = source.span((number, match.start()), (number, match.end()))
                places.setdefault(match[0], []).append(span)
    faults = [
        fault
        for character, spans in places.items()
        for fault in source.faults_of_a_kind(
            spans,
            "control-character",
            N_("{sign} does not belong here").format(sign=_name(character)),
            N_("delete it"),
            count=counts[character],
            fixes=[Edit(span=span, text="") for span in spans] if _EMPTY.match(character) else (),
        )
    ]
    return replace(source, faults=tuple(faults), spoiled=frozenset(spoiled), hollow=hollow)


def _name(character: str) -> str:
    if character in _TURNING:
        return N_("an invisible mark that turns the direction of writing (U+{code})").format(
            code=f"{ord(character):04X}"
        )
    return _NAMES.get(character) or N_("the control character U+{code}").format(
        code=f"{ord(character):04X}"
    )


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _looks_like_utf_16(data: bytes) -> bool:
    """Tell by the mark in front, or by the NUL beside every ASCII character."""
    head = data[:100]
    has_mark = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return has_mark or (0 in head[:2] and 3 * head.count(0) > len(head))


def _not_utf_8(data: bytes, file: str, position: int) -> SourceText:
    lines = _split(_INVISIBLE.sub(" ", data.decode(errors="replace")))
    source = SourceText(file=file, text=None, lines=lines)
    before = data[:position].decode()
    line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    span = source.span((line, column), (line, column + 1))
    message = N_("the file is not UTF-8")
    return replace(source, faults=(source.fault(span, NOT_UTF_8, message, _guess(data)),))


def _guess(data: bytes) -> str:
    """Say what to do, and what the bytes look like."""
    if _looks_like_utf_16(data):
        return N_("it looks like UTF-16: {remedy}").format(remedy=_SAVE_AS_UTF_8)
    if _is_gb18030(data):
        how = N_("{remedy}, or let `validate --fix` do it").format(remedy=_SAVE_AS_UTF_8)
        return N_("it looks like GB18030, also called ANSI or GBK: {how}").format(how=how)
    return _SAVE_AS_UTF_8


def _is_gb18030(data: bytes) -> bool:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True
