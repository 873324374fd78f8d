"""Which names a new campaign may have: one that the workspace reads, and that nobody has yet."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

from runner.errors import WrongUsage
from runner.model.recipient import holds_mobile
from runner.workspace.locate import (
    campaign_id,
    find_campaign_files,
    is_campaign_name,
    is_sayable,
)
from runner.workspace.masking import show_name

_SUFFIXES = (".yaml", ".yml")


def choose_new_file(root: Path, name: str) -> str:
    """Give the file that a new campaign is to have, as a path from the workspace's folder.

    root: resolved. name: the id that is wanted, or such a path with its suffix.
    Raises WrongUsage where no campaign may have that name, or one has it.
    """
    file = unicodedata.normalize("NFC", name if name.endswith(_SUFFIXES) else f"{name}.yaml")
    path = PurePosixPath(file)
    if reason := _why_not(name, path):
        shown = show_name(name)
        hint = "name it by its id, its path in the workspace, such as 2036/spring/openday"
        raise WrongUsage(f"no campaign can be named `{shown}`: {reason}", hint=hint)
    _refuse_taken(root, str(path))
    _refuse_folder(root, path)
    return str(path)


def _why_not(name: str, path: PurePosixPath) -> str | None:
    if not name or name.endswith("/"):
        return "a name is missing"
    if path.is_absolute() or ".." in path.parts:
        return "it leaves the workspace"
    if not is_sayable(str(path)):
        return "it is not UTF-8 or holds control characters"
    if holds_mobile(str(path)):
        return "it holds a phone number, and names stand in logs"
    if any(part.startswith(("_", ".")) for part in path.parts):
        return "what begins with `_` or `.` is no campaign"
    if not is_campaign_name(path.name):
        return "that is the name of the settings"
    return None


def _refuse_taken(root: Path, file: str) -> None:
    wanted = campaign_id(file).casefold()
    for other in find_campaign_files(root):
        if campaign_id(other).casefold() == wanted:
            raise WrongUsage(
                f"there is a campaign `{show_name(campaign_id(other))}` already",
                hint="choose another name, in other letters than capitals and small ones",
            )


def _refuse_folder(root: Path, path: PurePosixPath) -> None:
    """Refuse what is no folder, and a link to one: no campaign is looked for behind it."""
    for folder in map(root.joinpath, path.parents):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            shown = show_name(folder.relative_to(root).as_posix())
            raise WrongUsage(
                f"`{shown}` is no folder of the workspace, so no campaign can lie in it",
                hint="choose another name",
            )
