"""`validate --fix` and `--diff`: says what is mended, and writes it or shows it."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

from runner.cli.speech import warn, write_result
from runner.cli.tables import count
from runner.errors import WrongUsage
from runner.language import _
from runner.workspace.kept_lists import KeptLists
from runner.workspace.load import load_workspace
from runner.workspace.masking import excerpt
from runner.workspace.mending import mend, rewrite
from runner.workspace.source_text import decode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from runner.workspace.load import Workspace
    from runner.workspace.mending import Mended, MendedFile


def mend_workspace(
    folder: Path,
    settings_file: Path | None,
    only: Collection[str] | None,
    touched: Collection[str] | None,
    now: datetime | None,
) -> Mended:
    """Mend a workspace in memory.

    folder, only, settings_file, now: as for `load_workspace`.
    touched: the files and folders in which something may be mended.
    """
    kept = KeptLists()  # the lists are the same in every pass

    def load(instead: Mapping[str, bytes]) -> Workspace:
        return load_workspace(folder, only, settings_file, kept=kept, instead=instead, now=now)

    return mend(folder.resolve(), load, touched)


def write_files(root: Path, mended: Mended) -> tuple[list[str], bool]:
    """Write what was mended; gives what to say of it, and whether every file was written."""
    told: list[str] = []
    written = []
    for file in mended.files:
        name = _name(root, file)
        if not _write(root, file, name):
            continue
        written.append(file)
        told += [
            _("fixed {file}:{line}: {rule}").format(
                file=name, line=fault.span.line, rule=fault.rule
            )
            for fault in file.fixed
        ]
    if written:
        faults = sum(len(file.fixed) for file in written)
        told.append(
            _("fixed {faults} in {files}").format(
                faults=count(faults, "fault"), files=count(len(written), "file")
            )
        )
    return told, len(written) == len(mended.files)


def show_diff(root: Path, mended: Mended) -> None:
    """Show what would be written, with passwords and numbers masked as in every message."""
    for file in mended.files:
        write_result("\n".join(_diff(_name(root, file), file)))


def _write(root: Path, file: MendedFile, name: str) -> bool:
    try:
        done = rewrite(root, file)
    except OSError as error:
        raise WrongUsage(
            _("{file} cannot be written: {problem}").format(file=name, problem=error.strerror)
        ) from error
    if not done:
        warn(
            _("{file} has changed meanwhile and is left as it is: repeat the command").format(
                file=name
            )
        )
    return done


def _diff(name: str, file: MendedFile) -> Iterator[str]:
    before, after = (_show(file.file, data) for data in (file.before, file.after))
    return difflib.unified_diff(
        before, after, name, _("{file} (fixed)").format(file=name), lineterm=""
    )


def _show(file: str, data: bytes) -> list[str]:
    lines = decode(data, file).lines
    shown = (excerpt(lines, number + 1) for number in range(len(lines)))
    return ["…" if line is None else line for line in shown]


def _name(root: Path, file: MendedFile) -> str:
    return os.path.relpath(root / file.file)
