"""Finds a workspace, the campaign files in it, and the files that they name; nothing leaves it."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath
from posixpath import splitext
from typing import TYPE_CHECKING, NoReturn

from runner.errors import WrongUsage
from runner.language import N_
from runner.model.diagnostic import Edit
from runner.model.recipient import holds_mobile
from runner.workspace.masking import show_name
from runner.workspace.suggest import same_file

if TYPE_CHECKING:
    from runner.workspace.faults import Faults
    from runner.workspace.yaml_tree import Path as Place

SETTINGS_FILE = "runner.yaml"
DEFAULTS_FILE = "_defaults.yaml"
ABSOLUTE_PATH = "absolute-path"

_PLAIN_PATH = re.compile(r"\w[\w./-]*")  # which needs no quotes
YAML_SUFFIXES = (".yaml", ".yml")
_IGNORED = ("_", ".")
_ON_A_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\|file:|~")


def find_workspace(named: str | None, here: Path) -> Path:
    """Find the folder that holds `runner.yaml`: the named one, the nearest upward, `./campaigns`.

    named: from the command line or MMS_RUNNER_WORKSPACE. Raises WrongUsage where there is none.
    """
    if named is not None:
        folder = here / named
        if not _is_workspace(folder):
            raise WrongUsage(
                N_("{named} is not a workspace: it has no {file}").format(
                    named=named, file=SETTINGS_FILE
                ),
                hint=N_("name the folder that holds {file}").format(file=SETTINGS_FILE),
            )
        return folder.resolve()
    here = here.resolve()
    for folder in (here, *here.parents, here / "campaigns"):
        if _is_workspace(folder):
            return folder.resolve()
    raise WrongUsage(
        N_("no workspace here: no {file} in this folder, above it, or in ./campaigns").format(
            file=SETTINGS_FILE
        ),
        hint=N_("go to the workspace, or name it: mms-runner -C DIR …"),
    )


def find_around(folder: Path) -> Path | None:
    """Find the workspace in which a folder lies; folder: absolute, and it need not be there."""
    return next(filter(_is_workspace, folder.parents), None)


def find_folder(named: str | None, here: Path, reached: str | None) -> Path:
    """Find the same workspace, but keep the symlinks by which it was named.

    One that is swapped (git-sync) stays the same workspace, wherever it leads.
    reached: the shell's name for the folder `here`, of $PWD; one that is out of date is not used.
    """
    root = find_workspace(named, here)
    if reached and os.path.realpath(reached) == os.path.realpath(here):
        here = Path(reached)
    tried = (here, *here.parents, here / "campaigns") if named is None else (here / named,)
    for folder in map(os.path.normpath, tried):
        if os.path.realpath(folder) == str(root):
            return Path(folder)
    return root  # `link/..` is not where it seems


def find_campaign_files(root: Path) -> list[str]:
    """List the campaign files of a workspace as paths from its root, with `/`, in order.

    Links to folders are not followed: a campaign has one place.
    Raises WrongUsage for a folder that cannot be read, since a campaign must not vanish unnoticed.
    """
    found = []
    for folder, subfolders, names in os.walk(root, onerror=_refuse_folder):
        subfolders[:] = sorted(name for name in subfolders if not is_ignored(name))
        inside = PurePosixPath(Path(folder).relative_to(root).as_posix())
        found += [str(inside / name) for name in names if is_campaign_name(name)]
    return sorted(found)


def is_ignored(file: str) -> bool:
    """Whether a path of the workspace leads, by a name on its way, to what is no campaign."""
    return any(name.startswith(_IGNORED) for name in file.split("/"))


def is_campaign_name(name: str) -> bool:
    """Whether a file of this name is a campaign."""
    return name.endswith(YAML_SUFFIXES) and name != SETTINGS_FILE and not is_ignored(name)


def may_share(shared: str, file: str) -> bool:
    """Whether a campaign file may take something from a shared file; both as paths from the root.

    Which frames a campaign uses stands in it alone.
    """
    folder = PurePosixPath(shared).parent
    return PurePosixPath(shared).name != DEFAULTS_FILE or PurePosixPath(file).is_relative_to(folder)


def is_sayable(file: str) -> bool:
    """Whether a path can be shown and stored: it is UTF-8 and holds no control characters."""
    if file.isprintable():  # nearly every one
        return True
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in file)


def campaign_id(file: str) -> str:
    """Give a campaign's id: its path in the workspace without the suffix, in NFC."""
    return unicodedata.normalize("NFC", splitext(file)[0])


def resolve_inside(root: Path, name: str) -> Path | None:
    """Resolve a path that a file names, symlinks too; None where it leaves the workspace."""
    try:
        path = (root / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of symlinks, a NUL byte
        return None
    return path if path.is_relative_to(root) else None


def absolute(folder: Path, name: str) -> str:
    """Give a path of the settings as it is from anywhere; a relative one starts at their folder.

    The home of somebody whom this machine does not know stays as it is written: whatever opens the
    path says that there is none.
    """
    try:
        return str(folder / Path(name).expanduser())
    except RuntimeError:
        return name


def locate_named(root: Path, place: Place, name: str, faults: Faults) -> Path | None:
    """Resolve a path that a file names; one that leaves the workspace is a fault at its place."""
    if _ON_A_DRIVE.match(name):
        faults.at_value(
            place,
            ABSOLUTE_PATH,
            N_("this is a path of one computer alone, and a path starts at the workspace's folder"),
            N_("copy the file into the workspace, and name it from there, such as media/moon.jpg"),
        )
        return None
    if PurePosixPath(name).is_absolute():
        faults.at_value(
            place,
            ABSOLUTE_PATH,
            N_("a path starts at the workspace's folder, not at `/`"),
            N_("name the file from there, such as media/moon.jpg"),
        )
        return None
    if holds_mobile(name):
        refuse_number_in_name(faults, place)
        return None
    path = resolve_inside(root, name)
    if path is None:
        faults.at_value(
            place,
            "outside-workspace",
            N_("`{name}` leaves the workspace").format(name=show_name(name)),
            N_("copy the file into the workspace; a path starts at its folder"),
        )
    return path


def mend_path(root: Path, place: Place, name: str, faults: Faults) -> Edit | None:
    """Write the path of the file that is meant by other slashes or capitals than it has."""
    same = same_file(root, name)
    if same is None or not _PLAIN_PATH.fullmatch(same) or holds_mobile(same):
        return None
    return Edit(span=faults.document.at(place).span, text=same)


def refuse_number_in_name(faults: Faults, place: Place) -> None:
    """Note that a file is named by a phone number: its name stands in plans and logs."""
    faults.at_value(
        place,
        "unusable-name",
        N_("the name of this file holds a phone number, and names stand in plans and logs"),
        N_("rename the file"),
    )


def _is_workspace(folder: Path) -> bool:
    try:
        return (folder / SETTINGS_FILE).is_file()
    except OSError:  # a name that is too long, a folder above that is closed to us
        return False


def _refuse_folder(error: OSError) -> NoReturn:
    raise WrongUsage(
        N_("the folder {folder} cannot be read: {problem}").format(
            folder=error.filename, problem=error.strerror
        )
    ) from error
