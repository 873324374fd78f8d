"""Makes `Settings` of checked files, and says what a schema cannot say about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.language import N_, join_clauses
from runner.model.account import Settings
from runner.workspace.accounts import check_accounts, make_accounts
from runner.workspace.documents import NOTHING
from runner.workspace.locate import absolute
from runner.workspace.named_lists import read_named_lists, refuse_unknown_list
from runner.workspace.settings_files import read_settings_files
from runner.workspace.surroundings import choose_zone, find_zone, read_surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.workspace.named_lists import KnownLists
    from runner.workspace.settings_files import SettingsFile, SettingsFiles
    from runner.workspace.surroundings import Surroundings

_SET_APART = ("accounts", "lists", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """What settings came to: None where a file has an error; campaigns are checked even so."""

    files: SettingsFiles
    settings: Settings | None
    surroundings: Surroundings


def read_settings(
    folder: Path,
    root: Path,
    apart: Path | None,
    home: Path | None = None,
    instead: Mapping[str, bytes] = NOTHING,
) -> ReadSettings:
    """Read the settings of a workspace; what is wrong is in the faults of `files`.

    folder, root, apart, home, instead: as for `read_settings_files`.
    Raises WrongUsage where `apart` cannot be read.
    """
    files = read_settings_files(folder, root, apart, home, instead)
    lists = read_named_lists(files.home)
    return ReadSettings(
        files=files,
        settings=_compile(files, lists),
        surroundings=read_surroundings(files, lists),
    )


def _compile(files: SettingsFiles, lists: KnownLists | None) -> Settings | None:
    for file in files.all:
        _check_state(file)
        _check_zone(file)
        check_accounts(files.root, file)
    _refuse_what_is_set_apart(files)
    _check_presence(files)
    _check_always_excluded(files, lists)
    if any(file.faults.any_error for file in files.all):
        return None
    return Settings(
        name=_choose_name(files),
        zone=choose_zone(files),
        state=_find_state(files.home),
        state_id=_state_of(files.home).get("id"),
        accounts=make_accounts(files.home),
        lists={name: named for name, named in (lists or {}).items() if named},
        always_exclude=tuple(
            dict.fromkeys(name for file in files.all for _, name in file.always_excluded())
        ),
    )


def _choose_name(files: SettingsFiles) -> str:
    """Give the workspace's own name, else that of `--settings`, else its folder's.

    The folder's as it was named: behind a symlink that git-sync swaps stands another one every day.
    """
    own, home = (file.data.get("name") for file in (files.own, files.home))
    return own or home or files.folder.name or "workspace"


def _find_state(file: SettingsFile) -> str | None:
    path = _state_of(file).get("path")
    return absolute(file.folder, path) if path else None


def _state_of(file: SettingsFile) -> Mapping[str, Any]:
    """Give `state` as the mapping that it may be written as: a path alone is short for one."""
    state = file.data.get("state")
    return state if isinstance(state, dict) else {"path": state}


def _refuse_what_is_set_apart(files: SettingsFiles) -> None:
    """Whoever edits campaigns must not decide where a password goes, or who is on a list."""
    if files.apart is None:
        return
    apart = files.apart.faults.document.file
    for key in filter(files.own.data.__contains__, _SET_APART):
        message = N_("with --settings, `{key}` stands in {apart} alone").format(
            key=key, apart=apart
        )
        hint = N_("delete it here: who may edit campaigns must not redirect passwords and messages")
        labels = (
            [files.apart.faults.label_key((key,), N_("here"))] if key in files.apart.data else []
        )
        files.own.faults.at_key((key,), "set-elsewhere", message, hint, labels=tuple(labels))


def _check_presence(files: SettingsFiles) -> None:
    """Note that there are no accounts, unless their key is misspelt or could not be read."""
    if files.home.may_have("accounts"):
        return
    hint: str = N_("name at least one account")
    if files.apart is None:
        hint = join_clauses(
            hint, N_("where a file of the server holds them, name it: --settings FILE")
        )
    files.home.faults.at_first_line((), "missing-field", N_("`accounts` is missing"), hint)


def _check_state(file: SettingsFile) -> None:
    path = _state_of(file).get("path")
    if not isinstance(path, str) or "://" not in path:
        return
    message = N_("`state` is the path of a file")
    if path.startswith(("postgresql:", "postgres:")):
        message = N_("PostgreSQL is reserved for a later version")
    is_mapping = isinstance(file.data["state"], dict)
    place = ("state", "path") if is_mapping else ("state",)
    hint = (
        N_("name a file, or leave `path` out")
        if is_mapping
        else N_("name a file, or leave `state` out")
    )
    file.faults.at_value(place, "unsupported-state", message, hint)


def _check_zone(file: SettingsFile) -> None:
    if find_zone(file.data.get("timezone")) is None:
        file.faults.at_value(
            ("timezone",),
            "unknown-timezone",
            N_("there is no such time zone"),
            N_("write a name of the IANA list, such as Asia/Shanghai"),
        )


def _check_always_excluded(files: SettingsFiles, lists: KnownLists | None) -> None:
    if lists is None:
        return
    for file in files.all:
        for path, name in file.always_excluded():
            if name not in lists:
                refuse_unknown_list(file.faults, path, name, lists)
