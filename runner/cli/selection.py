"""Turns what a person names on the command line into files and campaigns of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.tables import enumerate_all
from runner.errors import WrongUsage
from runner.language import _
from runner.workspace.locate import (
    SETTINGS_FILE,
    YAML_SUFFIXES,
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

    A shared file, or a folder of such files, names all that may use it.

    Raises WrongUsage for a path that is not there, outside, or no campaign file.
    """
    known = find_campaign_files(root)
    return [file for path in named for file in _files_of(root, path, known)]


def select_campaigns(root: Path, named: Iterable[str]) -> list[str]:
    """Give the files of the campaigns that are named by id (or by path); raises WrongUsage."""
    by_id = {campaign_id(file): file for file in find_campaign_files(root)}
    return [_file_of(root, name, by_id) for name in named]


def no_account(name: str, known: Iterable[str]) -> WrongUsage:
    """Make the error that there is no account of a name; known: those that there are."""
    names = list(dict.fromkeys(known))
    return WrongUsage(
        _("there is no account `{name}`").format(name=name),
        hint=nearest(name, names)
        or _("the accounts are: {names}").format(names=enumerate_all(names)),
    )


def no_campaign(name: str, known: Iterable[str]) -> WrongUsage:
    """Make the error that there is no campaign of a name; known: those that there are."""
    return WrongUsage(
        _("there is no campaign `{name}`").format(name=name),
        hint=nearest(name, known) or _("`mms-runner plan` lists the campaigns"),
    )


def _files_of(root: Path, path: Path, known: Sequence[str]) -> list[str]:
    if not path.exists():
        raise WrongUsage(_("there is no file {path}").format(path=path))
    resolved = path.resolve()
    if not resolved.is_relative_to(root):
        raise WrongUsage(
            _("{path} is not in the workspace {root}").format(path=path, root=root),
            hint=_("name it with -C DIR"),
        )
    inside = resolved.relative_to(root).as_posix()
    if resolved == root:
        return [*known]
    is_folder = resolved.is_dir()
    if is_ignored(inside) and (is_folder or resolved.suffix in YAML_SUFFIXES):
        return [file for file in known if may_share(inside, file)]
    if is_folder:
        return [file for file in known if file.startswith(f"{inside}/")]
    if inside == SETTINGS_FILE:
        return []
    if not is_campaign_name(resolved.name):
        raise WrongUsage(
            _("{path} is no campaign file").format(path=path),
            hint=_("a campaign's name ends in .yaml"),
        )
    return [inside]


def _file_of(root: Path, name: str, by_id: dict[str, str]) -> str:
    if name in by_id:
        return by_id[name]
    path = Path(name)
    if is_campaign_name(path.name) and path.exists():
        return select_files(root, [path])[0]
    raise no_campaign(name, by_id)
