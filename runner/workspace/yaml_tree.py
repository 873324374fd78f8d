"""A YAML file as a tree: what stands in it and where, beside the plain data for the checks.

A poisoned node has a fault already: later checks stay silent about it and what is below it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from runner.model.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as ReadOnlyDict
    from collections.abc import Sequence as Several

    from runner.model.diagnostic import Diagnostic, Label
    from runner.workspace.plain_scalars import PlainValue
    from runner.workspace.source_text import SourceText

DEEPEST = 64  # levels inside each other
MOST_FAULTS = 1000  # told of one file

Path = tuple[str | int, ...]


class Scalar(NamedTuple):
    """A single value. text: as YAML unfolds and unquotes it, before it is read as a number.

    is_plain: it has no quotes and is no block.
    """

    span: Span
    value: PlainValue
    text: str
    poisoned: bool = False
    is_plain: bool = False


class Sequence(NamedTuple):
    """A list."""

    span: Span
    items: tuple[Node, ...]
    poisoned: bool = False


class Field(NamedTuple):
    """A key with its value."""

    key: Scalar
    value: Node


class Mapping(NamedTuple):
    """Fields by their names. incomplete: more may have been meant, so that nothing is missing."""

    span: Span
    fields: ReadOnlyDict[str, Field]
    poisoned: bool = False
    incomplete: bool = False


Node = Scalar | Sequence | Mapping

_NOTHING = Scalar(span=Span(), value=None, text="", poisoned=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graft:
    """What a document takes from another file. source: that file; used: where it takes it."""

    source: SourceText
    used: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as it was read.

    root: None where the file could not be read to its end; diagnostics then say why.
    data: the same as dicts, lists and plain values, None in place of what is poisoned.
    grafts: what of it stands in other files, by paths; the spans below are of those.
    """

    source: SourceText
    root: Node | None
    data: object
    diagnostics: tuple[Diagnostic, ...]
    grafts: ReadOnlyDict[Path, Graft] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The file's path from the workspace's root."""
        return self.source.file

    def excerpt(self, line: int) -> str | None:
        """Show a line, from 1, with what is secret masked; None where it is too long to help."""
        return self.source.excerpt(line)

    def graft_at(self, path: Path) -> Graft | None:
        """Give the graft that a path leads into; None for what stands in the file itself."""
        ends = range(len(path), 0, -1) if self.grafts else ()
        return next((self.grafts[path[:end]] for end in ends if path[:end] in self.grafts), None)

    def source_of(self, path: Path) -> SourceText:
        """Give the text of the file in which the node at a path stands."""
        graft = self.graft_at(path)
        return graft.source if graft else self.source

    def at(self, path: Path) -> Node:
        """Give the node at a path, or the nearest one above it that the file has."""
        *_, node = self._along(path)
        return node

    def key_at(self, path: Path) -> Node:
        """Give the key at a path; an item of a list has none and stands for itself."""
        *_, parent = self._along(path[:-1])
        if path and isinstance(parent, Mapping) and path[-1] in parent.fields:
            return parent.fields[str(path[-1])].key
        return self.at(path)

    def is_poisoned(self, path: Path) -> bool:
        """Whether the node at a path, or one above it, has a fault already."""
        return any(node.poisoned for node in self._along(path))

    def locate_characters(self, path: Path, indexes: Several[int]) -> list[Span]:
        """Tell where characters of a text stand in the file, by their indexes in its value.

        Where one is written as an escape, its place is the whole value.
        """
        node = self.at(path)
        if not isinstance(node, Scalar):
            return [node.span for _ in indexes]
        places: dict[str, list[Span]] = {node.text[index]: [] for index in indexes}
        for character, span in _characters(self.source_of(path), node.span):
            if character in places:
                places[character].append(span)
        return [_nth_place(node, places[node.text[index]], index) for index in indexes]

    def _along(self, path: Path) -> Iterator[Node]:
        """Yield the nodes from the root down to the one at a path, as far as the file has them."""
        node = self.root or _NOTHING
        yield node
        for segment in path:
            below = _child(node, segment)
            if below is None:
                return
            node = below
            yield node


def plain_data(node: Node) -> object:
    """Give a tree as dicts, lists and values."""
    if node.poisoned:
        return None
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain_data(item) for item in node.items]
    return {name: plain_data(field.value) for name, field in node.fields.items()}


def _child(node: Node, segment: str | int) -> Node | None:
    if isinstance(node, Mapping):
        field = node.fields.get(str(segment))
        return field.value if field else None
    if isinstance(node, Sequence) and isinstance(segment, int) and segment < len(node.items):
        return node.items[segment]
    return None


def _nth_place(node: Scalar, places: Several[Span], index: int) -> Span:
    """Folding and quoting move no visible character past another, so the n-th is the n-th."""
    character = node.text[index]
    if len(places) != node.text.count(character):
        return node.span
    return places[node.text.count(character, 0, index)]


def _characters(source: SourceText, span: Span) -> Iterator[tuple[str, Span]]:
    for number in range(span.line, span.end_line + 1):
        line = source.lines[number - 1]
        first = span.column if number == span.line else 1
        last = span.end_column if number == span.end_line else len(line) + 1
        for column in range(first, last):
            place = Span(line=number, column=column, end_line=number, end_column=column + 1)
            yield line[column - 1], place
