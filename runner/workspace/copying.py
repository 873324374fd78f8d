"""Makes the text of a new campaign out of an old one's: what must not be repeated is taken out.

Every other byte stays: comments, quotes, blanks and the ends of lines.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runner.errors import FaultyFiles
from runner.model.diagnostic import Severity
from runner.workspace.documents import read_inside
from runner.workspace.opening import open_resolved
from runner.workspace.yaml_tree import Mapping

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.workspace.yaml_tree import Field

# When it goes out and how far it is; that it repeats another one is to be said anew.
_NOT_REPEATED = frozenset({"start", "starts_at_gateway", "until", "state", "again"})
_MODELINE = re.compile(
    r"^(\s*#\s*yaml-language-server:.*?\$schema=)(?![/~]|\w+:)(\S+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The bytes of a new file, and the fields that were taken out, as they stood in the old one."""

    data: bytes
    left_out: tuple[str, ...]


def copy_campaign(root: Path, old: str, new: str) -> Copied:
    """Make a draft of an old campaign. old, new: files, as paths from the workspace's folder.

    root: resolved. Raises FaultyFiles where the old one cannot be read as YAML.
    """
    faults = read_inside(root, old, "campaign")
    document = faults.document
    unreadable = any(fault.severity is Severity.ERROR for fault in document.diagnostics)
    if unreadable or not isinstance(document.root, Mapping):
        raise FaultyFiles(faults.found)
    with open_resolved((root / old).resolve()) as file:
        data = file.read()
    mark = BOM_UTF8 if data.startswith(BOM_UTF8) else b""
    lines = data.removeprefix(mark).decode().split("\n")
    fields = list(document.root.fields.values())
    left_out = [field for field in fields if field.key.text in _NOT_REPEATED]
    if _is_in_braces(document.root, lines):
        _cut_out(lines, fields, left_out)
    else:
        _comment_out(lines, left_out)
    text = _lead_from(PurePosixPath(old), PurePosixPath(new), "\n".join(lines))
    return Copied(data=mark + text.encode(), left_out=tuple(field.key.text for field in left_out))


def _is_in_braces(root: Mapping, lines: Sequence[str]) -> bool:
    return lines[root.span.line - 1][root.span.column - 1 :].startswith("{")


def _comment_out(lines: list[str], fields: Sequence[Field]) -> None:
    for field in fields:
        end = field.value.span
        last = end.end_line if end.end_column > 1 else end.end_line - 1
        for index in range(field.key.span.line - 1, max(last, field.key.span.line)):
            lines[index] = f"# {lines[index]}"


def _cut_out(lines: list[str], fields: Sequence[Field], left_out: Sequence[Field]) -> None:
    """Take fields out from between braces, each with one of its commas."""
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column - 1

    begins = [offset(field.key.span.line, field.key.span.column) for field in fields]
    ends = [offset(field.value.span.end_line, field.value.span.end_column) for field in fields]
    kept = [index for index, field in enumerate(fields) if field not in left_out]
    pieces = [text[: begins[0]]]
    for index in kept:
        pieces.append(text[begins[index] : ends[index]])
        if index != kept[-1]:
            pieces.append(text[ends[index] : begins[index + 1]])
    pieces.append(text[ends[-1] :])
    lines[:] = "".join(pieces).split("\n")


def _lead_from(old: PurePosixPath, new: PurePosixPath, text: str) -> str:
    """Let the modeline, which starts at the file's own folder, lead to the same schema."""
    if old.parent == new.parent:
        return text

    def lead(found: re.Match[str]) -> str:
        return found[1] + os.path.relpath(old.parent / found[2], new.parent)

    return _MODELINE.sub(lead, text, count=1)
