"""Finds YAML's own signs as an input method writes them: `：`, `，`, `［`, `“` and other blanks.

They are looked for only where the reading faltered, or came to what nobody can mean: in a text for
people they are right.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from runner.workspace.draft import Sign
from runner.workspace.field_names import written_names
from runner.workspace.yaml_tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.diagnostic import Span
    from runner.workspace.draft import Draft
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
