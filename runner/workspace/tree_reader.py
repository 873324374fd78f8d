"""Makes a tree of libyaml's events and refuses, on the way, what only YAML's inventors need.

PyYAML's composer and constructor never see the file, so that neither deep nesting nor a tag can
do harm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import yaml

from runner.language import N_, join_clauses
from runner.model.diagnostic import Span
from runner.workspace.masking import mask_line, show_name
from runner.workspace.plain_scalars import OtherReading, read_plain
from runner.workspace.yaml_tree import DEEPEST, MOST_FAULTS, Field, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.diagnostic import Diagnostic, Label
    from runner.workspace.source_text import SourceText

Pattern = tuple[str, ...]

AMBIGUOUS = "ambiguous-value"

_MOST_VALUES = 100_000  # more than anybody writes by hand: lists of numbers belong into CSV
_LONGEST_SHOWN = 24

_SPACE = re.compile(r"(?:\s|#[^\n]*\n)*")
_PROPERTY = re.compile(r"&[\w-]+|!<[^>\s]*>|![^\s,\[\]{}]*", re.ASCII)
# What begins or ends as no text for people does, or as a key or a list.
_ODD = re.compile(r"[“‘「『＂＇［｛－\s]|\w+[^\S\n]*[:：]|[A-Za-z0-9./_+ -]+，")
_DIRECTIVE = re.compile(r"^%.*", re.MULTILINE)
_ANOTHER_FILE = N_("write the other one into a file of its own")
_NO_ANCHORS = N_('write the value out in each place; if it is text, put it in quotes: "…"')
_NO_TAGS = N_('delete it; if the value is text, put all of it in quotes: "…"')


class EndOfReading(Exception):  # noqa: N818 - it carries a fault, as FaultyFiles does
    """What follows in the file cannot be looked at."""

    def __init__(self, fault: Diagnostic) -> None:
        super().__init__(fault.message)
        self.fault = fault


class TreeReader:
    """Reads one text.

    faults: what was wrong, where it could read on.
    is_odd: whether something in it looks as if signs of YAML's had been meant.
    open_brackets: the places, (line, column) from 0, of those that are not closed yet.
    """

    def __init__(self, source: SourceText, text: str, as_written: tuple[Pattern, ...]) -> None:
        self.source = source
        self.faults: list[Diagnostic] = []
        self.is_odd = False
        self.open_brackets: list[tuple[int, int]] = []
        self._text = text
        self._as_written = as_written
        self._events = yaml.CSafeLoader(text)
        self._next = cast("Callable[[], yaml.Event]", self._events.get_event)
        self._values = 0
        self._lines_of_merges: set[int] = set()

    def read(self) -> Node:
        """Read the whole text.

        Raises EndOfReading where nothing more can be read, MarkedYAMLError where it is no YAML.
        """
        self._next()
        if self._events.check_event(yaml.StreamEndEvent):
            nowhere = self.source.span((0, 0), (0, 0))
            raise self._end(
                nowhere, "empty-file", N_("the file is empty"), N_("write `key: value` lines")
            )
        self._refuse_directives(self._next())
        root = self._read_node(self._as_written, 0)
        self._next()
        if not self._events.check_event(yaml.StreamEndEvent):
            span = self._span(self._next())
            message = N_("a second document begins here")
            raise self._end(span, "several-documents", message, _ANOTHER_FILE)
        return root

    def _read_node(self, below: tuple[Pattern, ...], depth: int) -> Node:
        """below: the rest of every pattern that may match here; one without a rest does."""
        event = self._next()
        self._values += 1
        if self._values > _MOST_VALUES:
            message = N_("the file holds more than {count} values").format(count=_MOST_VALUES)
            raise self._end(self._span(event), "too-many-values", message, N_("put lists into CSV"))
        if isinstance(event, yaml.ScalarEvent):
            return self._read_scalar(event, as_written=() in below)
        if isinstance(event, yaml.AliasEvent):
            return self._refuse_alias(event)
        if depth == DEEPEST:
            message = N_("more than {count} levels inside each other").format(count=DEEPEST)
            raise self._end(self._span(event), "too-deep", message, N_("write fewer levels"))
        if isinstance(event, yaml.SequenceStartEvent):
            return self._read_sequence(event, below, depth + 1)
        return self._read_mapping(cast(yaml.MappingStartEvent, event), below, depth + 1)

    def _read_sequence(
        self, event: yaml.SequenceStartEvent, below: tuple[Pattern, ...], depth: int
    ) -> Sequence:
        start, tagged = self._begin(event)
        inside = _narrow(below, "*")
        items = []
        while not self._events.check_event(yaml.SequenceEndEvent):
            items.append(self._read_node(inside, depth))
        span = self._close(start, items[-1].span if items else start)
        return Sequence(span=span, items=tuple(items), poisoned=tagged)

    def _read_mapping(
        self, event: yaml.MappingStartEvent, below: tuple[Pattern, ...], depth: int
    ) -> Mapping:
        start, tagged = self._begin(event)
        fields: dict[str, Field] = {}
        incomplete = False
        last = start
        while not self._events.check_event(yaml.MappingEndEvent):
            key = self._read_key(depth)
            value = self._read_node(_narrow(below, key.text) if key else (), depth)
            last = value.span
            incomplete |= key is None
            if key and key.text in fields:
                self._refuse_duplicate(key, fields[key.text].key)
            elif key:
                fields[key.text] = Field(key=key, value=value)
        span = self._close(start, last)
        return Mapping(span=span, fields=fields, poisoned=tagged, incomplete=incomplete)

    def _begin(self, event: yaml.CollectionStartEvent) -> tuple[Span, bool]:
        """Note a bracket; give where the list or mapping begins, and whether it has a tag."""
        start, end = marks(event)
        if event.flow_style and start.index < end.index:
            self.open_brackets.append((end.line, end.column - 1))
        if event.anchor or event.tag:
            return self._refuse_properties(event)
        return self._span(event), False

    def _read_key(self, depth: int) -> Scalar | None:
        """Read a key; None where it names no field: that was noted."""
        if not self._events.check_event(yaml.ScalarEvent):
            self._refuse_key(self._read_node((), depth))
            return None
        event = cast("yaml.ScalarEvent", self._next())
        span, poisoned = self._place_scalar(event)
        is_plain = _is_plain(event)
        value = read_plain(event.value, as_written=False) if is_plain else event.value
        if poisoned:
            return None
        self.is_odd |= not event.value.isascii() or event.value.startswith("-")
        if isinstance(value, str):
            return Scalar(span=span, value=value, text=value, is_plain=is_plain)
        if value is OtherReading.SIGN and event.value == "<<":
            self._refuse_merge(span)
        else:
            self._refuse_plain_key(span, event.value)
        return None

    def _read_scalar(self, event: yaml.ScalarEvent, *, as_written: bool) -> Scalar:
        span, poisoned = self._place_scalar(event)
        text: str = event.value
        self.is_odd |= not text.isascii() and (text[-1].isspace() or _ODD.match(text) is not None)
        value = read_plain(text, as_written=as_written) if _is_plain(event) else text
        if isinstance(value, OtherReading):
            if not poisoned:
                self._refuse_other_reading(span, text, value)
            return Scalar(span=span, value=None, text=text, poisoned=True)
        return Scalar(
            span=span, value=value, text=text, poisoned=poisoned, is_plain=_is_plain(event)
        )

    def _place_scalar(self, event: yaml.ScalarEvent) -> tuple[Span, bool]:
        """Tell where a value stands, and whether what it means is lost."""
        start, end = marks(event)
        span, poisoned = self._span(event), False
        if start.index < end.index and self._text[start.index] in "&!":
            place, poisoned = self._refuse_properties(event)
            span = _join(place, span)
        if end.column == 0 and start.line < end.line:
            span = self._end_above(span)
        if self.source.spoiled and not poisoned:
            lines = range(span.line, span.end_line + 1)
            poisoned = not self.source.spoiled.isdisjoint(lines)
        return span, poisoned

    def _end_above(self, span: Span) -> Span:
        """Take back the blank lines behind a `|` text: for libyaml it ends at the next value."""
        last = span.end_line - 1
        while last > span.line and not self.source.lines[last - 1].strip():
            last -= 1
        return span._replace(end_line=last, end_column=len(self.source.lines[last - 1]) + 1)

    def _close(self, start: Span, last: Span) -> Span:
        """Take the end of a list or mapping; where no bracket closes it, its last value does."""
        event = self._next()
        opening, closing = marks(event)
        if opening.index == closing.index:
            return _join(start, last)
        self.open_brackets.pop()
        return _join(start, self._span(event))

    def _refuse_properties(self, event: yaml.NodeEvent) -> tuple[Span, bool]:
        """Note anchors and tags; give the place behind them, and whether there was a tag."""
        start, end = marks(event)
        offset, tagged = start.index, False
        while offset < end.index and (found := _PROPERTY.match(self._text, offset)):
            span = _stretch(self.source, start, self._text[start.index : offset], len(found[0]))
            tagged |= found[0].startswith("!")
            self._refuse_property(span, found[0])
            space = _SPACE.match(self._text, found.end())
            offset = space.end() if space else found.end()
        behind = self._text[start.index : min(offset, end.index)]
        return _stretch(self.source, start, behind, 0), tagged

    def _refuse_property(self, span: Span, written: str) -> None:
        if written.startswith("&"):
            self._note(span, "anchor", N_("anchors (`&name`) are not allowed"), _NO_ANCHORS)
        else:
            self._note(span, "tag", N_("tags (`!name`) are not allowed"), _NO_TAGS)

    def _refuse_directives(self, event: yaml.Event) -> None:
        start, end = marks(event)
        text = self._text[start.index : end.index]
        for found in _DIRECTIVE.finditer(text):
            line = found[0].rstrip()
            span = _stretch(self.source, start, text[: found.start()], len(line))
            message = N_("directives (lines that begin with `%`) are not allowed")
            self._note(span, "directive", message, N_("delete the line"))

    def _refuse_alias(self, event: yaml.AliasEvent) -> Scalar:
        span = self._span(event)
        if span.line not in self._lines_of_merges:  # the merge key has been told
            self._note(span, "alias", N_("aliases (`*name`) are not allowed"), _NO_ANCHORS)
        return Scalar(span=span, value=None, text="", poisoned=True)

    def _refuse_merge(self, span: Span) -> None:
        self._lines_of_merges.add(span.line)
        hint = N_("write the fields out; many small files are easier to review than one clever one")
        self._note(span, "merge-key", N_("merge keys (`<<`) are not allowed"), hint)

    def _refuse_duplicate(self, key: Scalar, first: Scalar) -> None:
        message = N_("`{name}` stands in line {line} already").format(
            name=show_name(key.text), line=first.span.line
        )
        label = self.source.label(first.span, N_("the first one"))
        self._note(key.span, "duplicate-key", message, N_("delete one of the two"), labels=(label,))

    def _refuse_key(self, key: Node) -> None:
        if not key.poisoned:
            hint = N_("write `key: value`, with a plain word as the key")
            self._note(key.span, "key-not-text", N_("a list or mapping cannot be a key"), hint)

    def _refuse_plain_key(self, span: Span, text: str) -> None:
        if not text:
            hint = N_("write a word before the colon")
            self._note(span, "key-not-text", N_("a key is empty"), hint)
            return
        message = N_("a key must be text, and this one is not read as text")
        quoted = _quoted(text)
        hint = N_("write {text} with quotes") if quoted else N_("write it with quotes")
        self._note(span, "key-not-text", message, hint.format(text=quoted))

    def _refuse_other_reading(self, span: Span, text: str, reading: OtherReading) -> None:
        quoted = _quoted(text)
        hint = (
            N_("if it is text, write {text} with quotes")
            if quoted
            else N_("if it is text, write it with quotes")
        ).format(text=quoted)
        if reading is OtherReading.TRUTH:
            hint = join_clauses(N_("write `true` or `false`"), hint)
        message = N_("without quotes, many programs read this as {reading}").format(
            reading=reading.value
        )
        self._note(span, AMBIGUOUS, message, hint)

    def _span(self, event: yaml.Event) -> Span:
        start, end = marks(event)
        return self.source.span((start.line, start.column), (end.line, end.column))

    def _note(
        self, span: Span, rule: str, message: str, hint: str, *, labels: tuple[Label, ...] = ()
    ) -> None:
        self.faults.append(self.source.fault(span, rule, message, hint, labels=labels))
        if len(self.faults) == MOST_FAULTS:
            message = N_("there are more than {count} faults").format(count=MOST_FAULTS)
            raise self._end(span, "too-many-faults", message, N_("correct the ones above first"))

    def _end(self, span: Span, rule: str, message: str, hint: str) -> EndOfReading:
        return EndOfReading(self.source.fault(span, rule, message, hint))


def marks(event: yaml.Event) -> tuple[yaml.Mark, yaml.Mark]:
    """Give where an event begins and ends; those of libyaml always know."""
    return event.start_mark, event.end_mark  # type: ignore[return-value] # the stubs allow None


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return not event.style


def _narrow(patterns: tuple[Pattern, ...], name: str) -> tuple[Pattern, ...]:
    if not patterns:  # as for nearly every value
        return ()
    return tuple(pattern[1:] for pattern in patterns if pattern and pattern[0] in ("*", name))


def _join(start: Span, end: Span) -> Span:
    return Span(start.line, start.column, end.end_line, end.end_column)


def _stretch(source: SourceText, mark: yaml.Mark, skipped: str, length: int) -> Span:
    """Give a stretch that begins so much text behind a mark."""
    newlines = skipped.count("\n")
    column = len(skipped) - (skipped.rfind("\n") + 1) + (0 if newlines else mark.column)
    line = mark.line + newlines
    return source.span((line, column), (line, column + length))


def _quoted(text: str) -> str | None:
    """Show a value in quotes; None where it is long or a number to dial."""
    is_harmless = len(text) <= _LONGEST_SHOWN and text.isprintable() and mask_line(text) == text
    return f'"{text}"' if is_harmless else None
