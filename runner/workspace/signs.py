"""Finds YAML's own signs as an input method writes them: `：`, `，`, `［`, `“` and other blanks.

They are looked for only where the reading faltered, or came to what nobody can mean: in a text for
people they are right. Each is told and then read as YAML's own, so that everything behind it is
checked as well.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from runner.language import N_
from runner.model.diagnostic import Edit
from runner.workspace.field_names import written_names
from runner.workspace.yaml_tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.source_text import SourceText
    from runner.workspace.yaml_tree import Node

    Pattern = tuple[str, ...]

_BLANK = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_OF_KEYS = re.compile(rf"[：，｛［－＃“‘「\"'][^\n]*|[{_BLANK}]|-\w")
_BRACKETS = dict(zip("［］｛｝", "[]{}", strict=True))
_OPENING = "“‘「『＂＇"
_CLOSING = "”’」』＂＇"
_LIST_ITEM = re.compile(r"\s*(?:\+?[0-9 -]{7,}|\S+\.(?:csv|txt|xlsx))\s*", re.IGNORECASE)
_LEADING = re.compile(rf"[ {_BLANK}]*")
_DASH = re.compile(rf"(?:－[ {_BLANK}]*|-(?=\w)|-[ ]*[{_BLANK}][ {_BLANK}]*)")
_COMMENT = re.compile(rf"[ {_BLANK}]*(＃)")
_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\''


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What is said of signs of a kind; `{sign}` is the one that stands there, `{text}` ours."""

    rule: str
    message: str
    hint: str


_KINDS = {
    "colon": _Kind(
        rule="missing-colon",
        message=N_("behind a key stands an ASCII colon and a blank"),
        hint=N_("write `key: value`"),
    ),
    "dash": _Kind(
        rule="missing-blank",
        message=N_("behind the `-` of a list stands a blank"),
        hint=N_("write `- `"),
    ),
    "blank": _Kind(
        rule="wide-blank",
        message=N_("a blank of another kind stands here where only plain ones may"),
        hint=N_("type plain blanks, with the input method switched off"),
    ),
    "sign": _Kind(
        rule="full-width-sign",
        message=N_("`{sign}` is a full-width sign, and YAML knows only the narrow one"),
        hint=N_("write `{text}`, with the input method switched off"),
    ),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """A stretch of a line to be written anew: columns from 0, the end exclusive.

    told_from: where what is pointed at begins, such as the key before a colon.
    """

    start: int
    end: int
    text: str
    kind: str = "sign"
    told_from: int | None = None


@dataclass(slots=True)
class Draft:
    """A text that is read in the place of the file's own, as far as it was corrected.

    origins: for each line that was changed, from 0, the column in the file of each of its columns.
    """

    source: SourceText
    text: str
    lines: list[str] = field(init=False)
    origins: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        for number, columns in self.source.hollow.items():
            for column in reversed(columns):
                self._write(number, Sign(column, column + 1, ""))
        self._close()

    def fork(self) -> Draft:
        """Make another one of this, to be corrected further."""
        fork = copy(self)
        fork.lines, fork.origins = [*self.lines], {**self.origins}
        return fork

    def correct(self, number: int, signs: Iterable[Sign]) -> Iterator[Diagnostic]:
        """Write signs of one line anew, and tell each. number: of the line, from 0."""
        for sign in sorted(signs, key=lambda sign: -sign.start):
            start = sign.start if sign.told_from is None else sign.told_from
            span = self.source.span((number, start), (number, sign.end))
            edit = Edit(
                span=self.source.span((number, sign.start), (number, sign.end)), text=sign.text
            )
            kind = _KINDS[sign.kind]
            names = {"sign": self.lines[number][sign.start], "text": sign.text.strip()}
            yield self.source.fault(
                span,
                kind.rule,
                kind.message.format(**names),
                kind.hint.format(**names),
                fix=edit,
            )
            self._write(number, sign)
        self._close()

    def blank(self, span: Span) -> None:
        """Read a character of the file as a blank: it was told."""
        number = span.line - 1
        column = self.column_of(number, span.column - 1)
        line = self.lines[number]
        self.lines[number] = f"{line[:column]} {line[column + 1 :]}"
        self.text = "\n".join(self.lines)

    def column_of(self, number: int, column: int) -> int:
        """Give the column here of a column in the file; both from 0."""
        origins = self.origins.get(number)
        return column if origins is None else origins.index(column)

    def _close(self) -> None:
        if self.origins:
            self.text = "\n".join(self.lines)
            self.source = replace(self.source, origins=self.origins)

    def _write(self, number: int, sign: Sign) -> None:
        line = self.lines[number]
        origins = self.origins.get(number) or list(range(len(line) + 1))
        self.lines[number] = line[: sign.start] + sign.text + line[sign.end :]
        inside = [origins[sign.start]] * len(sign.text)
        self.origins[number] = [*origins[: sign.start], *inside, *origins[sign.end :]]


def find_in_line(line: str) -> list[Sign]:
    """Find the signs in a line at which the reading faltered."""
    if comment := _COMMENT.match(line):
        return [Sign(comment.start(1), comment.end(1), "#")]
    leading = _LEADING.match(line)
    at = leading.end() if leading else 0
    blanks = "".join("  " if blank == "\u3000" else " " for blank in line[:at])
    signs = [] if set(line[:at]) <= {" "} else [Sign(0, at, blanks, "blank")]
    if (
        line[at : at + 1] == "-"
        and line[at + 1 : at + 2].isalnum()
        and not _key().match(line, at + 1)
    ):
        return signs  # a word that begins with a dash
    while dash := _DASH.match(line, at) or re.compile("- +").match(line, at):
        if dash[0].strip(" ") != "-" or not dash[0].endswith(" "):
            signs.append(Sign(at, dash.end(), "- ", "sign" if "－" in dash[0] else "dash"))
        at = dash.end()
    is_item = any(sign.text == "- " for sign in signs)
    if line[at : at + 1] in "{｛［[" and at < len(line):
        return [*signs, *_find_in_brackets(line, at, _end_of(line))]
    key = _key().match(line, at)
    if key is None:
        return signs if is_item else []
    if key["colon"] not in {": ", ":"} or (key["colon"] == ":" and key.end() < len(line)):
        text = ": " if key.end() < len(line) else ":"
        signs.append(Sign(key.start("colon"), key.end(), text, "colon", key.start()))
    if line[key.end() : key.end() + 1] in set("[｛［{"):
        signs += _find_in_brackets(line, key.end(), _end_of(line))
    return signs


def find_in_tree(draft: Draft, root: Node, prose: Iterable[Pattern]) -> dict[int, list[Sign]]:
    """Find the signs in what was read but cannot be meant; by lines, from 0.

    prose: the paths of texts for people, with `*` for any name or index.
    """
    found: dict[int, list[Sign]] = {}
    for path, node, is_key in _walk(root, ()):
        if not isinstance(node, Scalar) or not node.is_plain:
            continue
        if _is_structure(path, node, is_key=is_key):
            for number in range(node.span.line - 1, node.span.end_line):
                found.setdefault(number, find_in_line(draft.lines[number]))
        elif not is_key and not node.text.isascii() and not _is_prose(path, prose):
            found.setdefault(node.span.line - 1, []).extend(_find_in_value(draft, node))
    return {number: signs for number, signs in found.items() if signs}


def _is_structure(path: tuple[str | int, ...], node: Scalar, *, is_key: bool) -> bool:
    """Whether a plain value, or a key, looks like lines that were to be keys and lists."""
    if is_key:
        return _OF_KEYS.search(node.text) is not None
    may_be_keys = not path or isinstance(path[-1], int)
    return may_be_keys and not node.text.isascii() and _key().match(node.text) is not None


def _is_prose(path: tuple[str | int, ...], prose: Iterable[Pattern]) -> bool:
    return any(
        len(path) == len(pattern)
        and all(part in ("*", step) for step, part in zip(path, pattern, strict=True))
        for pattern in prose
    )


def find_prose(root: Node, prose: Iterable[Pattern]) -> dict[Span, str]:
    """Give the plain texts for people by their places."""
    return {
        node.span: node.text
        for path, node, is_key in _walk(root, ())
        if not is_key and isinstance(node, Scalar) and _is_prose(path, prose)
    }


def _find_in_value(draft: Draft, node: Scalar) -> list[Sign]:
    """Find the signs in a plain value that is no text for people."""
    span = node.span
    if span.line != span.end_line:
        return []
    number = span.line - 1
    line = draft.lines[number]
    start, end = (draft.column_of(number, column - 1) for column in (span.column, span.end_column))
    value = line[start:end]
    if not value:
        return []
    if value[0] in "［｛" and value[-1] in "］｝":
        return _find_in_brackets(line, start, end)
    if value[0] == "－":
        return find_in_line(line)
    inner = value[1:-1]
    if value[0] in _OPENING and value[-1] in _CLOSING and not set('"\\“”').intersection(inner):
        return [Sign(start, start + 1, '"'), Sign(end - 1, end, '"')]
    signs = [
        Sign(column, column + 1, "", "blank")
        for column in range(start, end)
        if re.match(f"[{_BLANK}]", line[column])
        and (not line[start:column].strip() or not line[column:end].strip())
    ]
    parts = value.split("，")
    if len(parts) > 1 and all(map(_LIST_ITEM.fullmatch, parts)) and "[" in line[:start]:
        signs += [Sign(at, at + 1, ", ") for at in range(start, end) if line[at] == "，"]
    return signs


def _end_of(line: str) -> int:
    """Give where a line ends, without a comment."""
    comment = line.find(" #")
    return len(line[: None if comment < 0 else comment].rstrip())


def _find_in_brackets(line: str, start: int, end: int) -> list[Sign]:
    """Find the signs in brackets, which open and close at these columns."""
    is_list = line[start] in "[［"
    signs = [
        Sign(at, at + 1, _BRACKETS[line[at]]) for at in (start, end - 1) if line[at] in _BRACKETS
    ]
    for found in _in_brackets(is_list).finditer(line, start + 1, end - 1):
        if found["comma"]:
            signs.append(Sign(found.start("comma"), found.end("comma"), ", "))
        elif found["quotes"]:
            signs += [
                Sign(at, at + 1, '"') for at in (found.start("quotes"), found.end("quotes") - 1)
            ]
        elif found["colon"]:
            first = found.start("key")
            signs.append(Sign(found.start("colon"), found.end("colon"), ": ", "colon", first))
    return signs


@cache
def _key() -> re.Pattern[str]:
    names = "|".join(map(re.escape, written_names()))
    return re.compile(
        rf"[\"'“‘]?(?:{names})[\"'”’]?(?P<colon>[ {_BLANK}]*(?:：|:(?!//))[ {_BLANK}]*)",
        re.IGNORECASE,
    )


@cache
def _in_brackets(is_list: bool) -> re.Pattern[str]:
    """Make what matches a string to skip, or a sign that separates; texts keep their commas."""
    names = "|".join(map(re.escape, written_names()))
    comma = "，" if is_list else rf"，(?=[ {_BLANK}]*(?:{names})[ {_BLANK}]*[:：])"
    return re.compile(
        rf"(?:{_QUOTED})|(?P<comma>{comma})"
        rf"|(?<=[\[［,， :：])(?P<quotes>[“‘][^“”‘’\"\\]*[”’])(?=[ ]*[,，\]］}}｝])"
        rf"|(?<=[{{｛,， ])(?P<key>{names})(?P<colon>[ ]*：[ {_BLANK}]*)",
        re.IGNORECASE,
    )


def _walk(
    node: Node, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Node, bool]]:
    """Yield every node below with its path, and whether it is a key."""
    yield path, node, False
    if isinstance(node, Mapping):
        for name, each in node.fields.items():
            yield (*path, name), each.key, True
            yield from _walk(each.value, (*path, name))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _walk(item, (*path, index))
