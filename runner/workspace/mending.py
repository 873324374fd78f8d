"""Mends the faults of a workspace that can be mended without a doubt, and rewrites its files.

Everything happens in memory first, pass by pass, since one edit may reveal the next fault; then
each file is written once. Only YAML files of the workspace are mended: a list of numbers belongs
to whoever exports it.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runner.private import sync
from runner.workspace.documents import read_bytes
from runner.workspace.edits import apply_edits, choose_edits, save_as_utf_8
from runner.workspace.locate import YAML_SUFFIXES, resolve_inside
from runner.workspace.source_text import NOT_UTF_8
from runner.workspace.strict_yaml import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from runner.model.diagnostic import Diagnostic
    from runner.workspace.load import Workspace

    Load = Callable[[Mapping[str, bytes]], Workspace]

_MOST_PASSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedFile:
    """A file before and after. fixed: the faults that are gone, each where it was found."""

    file: str
    before: bytes
    after: bytes
    fixed: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What mending comes to; nothing is written yet. workspace: as it would then be read."""

    files: tuple[MendedFile, ...]
    workspace: Workspace


def mend(root: Path, load: Load, only: Collection[str] | None = None) -> Mended:
    """Mend the files of a workspace in memory.

    root: its folder, resolved; load: reads it, the named files as these bytes.
    only: the files and folders that may be touched, as paths from the root; None for all.
    """
    workspace = load({})
    before = _read_files(root, workspace, only)
    now = dict(before)
    fixed: dict[str, list[Diagnostic]] = {file: [] for file in before}
    open_files = set(before)  # in which the last pass changed something
    for _ in range(_MOST_PASSES if before else 0):
        workspace = load(now)
        for file in sorted(open_files):
            faults = [fault for fault in workspace.diagnostics if fault.file == file]
            data, mended = _mend_file(file, now[file], faults)
            fixed[file] += mended
            now[file] = data
            if not mended:
                open_files.remove(file)
        if not open_files:
            break
    else:
        workspace = load(now)
    files = (
        MendedFile(file=file, before=before[file], after=now[file], fixed=tuple(fixed[file]))
        for file in sorted(before)
        if now[file] != before[file]
    )
    return Mended(files=tuple(files), workspace=workspace)


def rewrite(root: Path, mended: MendedFile) -> bool:
    """Put a file's new text in its place, whole or not at all; a link to it stays one.

    False where somebody has changed the file since it was read: then it is left alone.
    Raises OSError.
    """
    path = resolve_inside(root, mended.file)
    if path is None or read_bytes(root, mended.file) != mended.before:
        return False
    facts = path.stat()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(mended.after)
            if (facts.st_uid, facts.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), facts.st_uid, facts.st_gid)
            os.fchmod(file.fileno(), facts.st_mode & 0o7777)  # behind fchown, which may narrow it
            file.flush()
            os.fsync(file.fileno())
        if read_bytes(root, mended.file) != mended.before:
            return False
        part.replace(path)
        sync(path.parent)
        return True
    finally:
        part.unlink(missing_ok=True)


def _read_files(root: Path, workspace: Workspace, only: Collection[str] | None) -> dict[str, bytes]:
    """Read the files in which something may be mended."""
    read = {file: read_bytes(root, file) for file in sorted(set(_list_files(workspace, only)))}
    return {file: data for file, data in read.items() if isinstance(data, bytes)}


def _list_files(workspace: Workspace, only: Collection[str] | None) -> Iterator[str]:
    for fault in workspace.diagnostics:
        may_be_mended = fault.fix is not None or fault.rule == NOT_UTF_8
        is_ours = fault.file.endswith(YAML_SUFFIXES)  # those that campaigns share, too
        is_inside = not Path(fault.file).is_absolute()
        is_named = only is None or any(map(PurePosixPath(fault.file).is_relative_to, only))
        if may_be_mended and is_ours and is_inside and is_named:
            yield fault.file


def _mend_file(file: str, data: bytes, faults: list[Diagnostic]) -> tuple[bytes, list[Diagnostic]]:
    """Mend what can be mended at once; gives the bytes, and the faults that are gone."""
    in_another_encoding = [fault for fault in faults if fault.rule == NOT_UTF_8]
    if in_another_encoding:
        text = save_as_utf_8(data)
        return (data, []) if text is None else (text, in_another_encoding)
    chosen = choose_edits(faults)
    was_readable = _can_be_read(data, file)
    for together in (chosen, *([fault] for fault in chosen)):
        after = apply_edits(data, [fault.fix for fault in together if fault.fix])
        if after != data and (not was_readable or _can_be_read(after, file)):
            return after, together
    return data, []


def _can_be_read(data: bytes, file: str) -> bool:
    return read_yaml(data, file=file).root is not None
