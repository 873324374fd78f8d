"""Which names a new campaign may have: one that the workspace reads, and that nobody has yet."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

from runner.errors import WrongUsage
from runner.language import N_
from runner.model.recipient import holds_mobile
from runner.workspace.locate import (
    SETTINGS_FILE,
    YAML_SUFFIXES,
    campaign_id,
    find_campaign_files,
    is_campaign_name,
    is_ignored,
    is_sayable,
)
from runner.workspace.masking import show_name


def choose_new_file(root: Path, name: str) -> str:
    """Give the file that a new campaign is to have, as a path from the workspace's folder.

    root: resolved. name: the id that is wanted, or such a path with its suffix.
    Raises WrongUsage where no campaign may have that name, or one has it.
    """
    file = unicodedata.normalize("NFC", name if name.endswith(YAML_SUFFIXES) else f"{name}.yaml")
    if reason := _why_not(file):
        told = N_("no campaign can be named `{name}`: {reason}")
        hint = N_("name it by its id, its path in the workspace, such as 2036/spring/openday")
        raise WrongUsage(told.format(name=show_name(name), reason=reason), hint=hint)
    _refuse_taken(root, file)
    _refuse_folder(root, PurePosixPath(file))
    return file


def _why_not(file: str) -> str | None:
    parts = campaign_id(file).split("/")
    if file.startswith("/") or ".." in parts:
        return N_("it leaves the workspace")
    if any(part.strip() in {"", "."} for part in file.removesuffix(".yaml").split("/")):
        return N_("a name is missing")
    if "\\" in file:
        return N_("folders and files have `/` between them, not a backslash")
    if not is_sayable(file):
        return N_("it is not UTF-8 or holds control characters")
    if holds_mobile(file):
        return N_("it holds a phone number, and names stand in plans and logs")
    if is_ignored(file):
        return N_("what begins with `_` or `.` is no campaign")
    if not is_campaign_name(PurePosixPath(file).name):
        return N_("{file} holds the settings").format(file=SETTINGS_FILE)
    return None


def _refuse_taken(root: Path, file: str) -> None:
    wanted = campaign_id(file).casefold()
    for other in find_campaign_files(root):
        if campaign_id(other).casefold() == wanted:
            raise WrongUsage(
                N_("there is a campaign {file} already").format(file=show_name(other)),
                hint=N_("choose another name: an id is the path without its suffix, in any case"),
            )


def _refuse_folder(root: Path, path: PurePosixPath) -> None:
    """Refuse what is no folder, and a link to one: no campaign is looked for behind it."""
    for folder in map(root.joinpath, path.parents):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            told = N_("`{path}` is no folder of the workspace, so no campaign can lie in it")
            shown = show_name(folder.relative_to(root).as_posix())
            raise WrongUsage(told.format(path=shown), hint=N_("choose another name"))
