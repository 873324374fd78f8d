"""Turns what a person names on the command line into files and campaigns of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import WrongUsage
from runner.workspace.locate import (
    SETTINGS_FILE,
    campaign_id,
    find_campaign_files,
    is_campaign_name,
    is_ignored,
    may_share,
)
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def select_files(root: Path, named: Iterable[Path]) -> list[str]:
    """Give the campaign files that paths name, relative to the root; a folder names all in it.

    A shared file names all that may use it.

    Raises WrongUsage for a path that is not there, outside, or no campaign file.
    """
    known = find_campaign_files(root)
    return [file for path in named for file in _files_of(root, path, known)]


def select_campaigns(root: Path, named: Iterable[str]) -> list[str]:
    """Give the files of the campaigns that are named by id (or by path); raises WrongUsage."""
    by_id = {campaign_id(file): file for file in find_campaign_files(root)}
    return [_file_of(root, name, by_id) for name in named]


def _files_of(root: Path, path: Path, known: Sequence[str]) -> list[str]:
    if not path.exists():
        raise WrongUsage(f"there is no file {path}")
    resolved = path.resolve()
    if not resolved.is_relative_to(root):
        raise WrongUsage(f"{path} is not in the workspace {root}", hint="name it with -C DIR")
    inside = resolved.relative_to(root).as_posix()
    if resolved.is_dir():
        return [file for file in known if resolved == root or file.startswith(f"{inside}/")]
    if inside == SETTINGS_FILE:
        return []
    if is_ignored(inside) and resolved.suffix in {".yaml", ".yml"}:
        return [file for file in known if may_share(inside, file)]
    if not is_campaign_name(resolved.name):
        raise WrongUsage(f"{path} is no campaign file", hint="a campaign's name ends in .yaml")
    return [inside]


def _file_of(root: Path, name: str, by_id: dict[str, str]) -> str:
    if name in by_id:
        return by_id[name]
    path = Path(name)
    if is_campaign_name(path.name) and path.exists():
        return select_files(root, [path])[0]
    raise WrongUsage(
        f"there is no campaign `{name}`",
        hint=nearest(name, by_id) or "`mms-runner plan` lists the campaigns",
    )
