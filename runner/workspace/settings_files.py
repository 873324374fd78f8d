"""The files that settings come from: `runner.yaml`, and with `--settings` one outside of git."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.language import N_
from runner.workspace.documents import NOTHING, read_inside, read_settings_apart, whole_file
from runner.workspace.locate import SETTINGS_FILE
from runner.workspace.suggest import nearest
from runner.workspace.trust import find_stranger
from runner.workspace.yaml_tree import Mapping as MappingNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from runner.model.diagnostic import Diagnostic
    from runner.workspace.faults import Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """One of the files, as far as it can be read; folder: where its relative paths start."""

    folder: Path
    faults: Faults

    @property
    def data(self) -> Mapping[str, Any]:
        """What stands in it; empty where nobody can say."""
        data = self.faults.document.data
        return data if isinstance(data, dict) else {}

    def may_have(self, key: str) -> bool:
        """Whether a key is there, or may be meant by one that is misspelt or cannot be read."""
        root = self.faults.document.root
        is_whole = isinstance(root, MappingNode) and not root.incomplete
        return not is_whole or key in self.data or nearest(key, self.data) is not None

    def mappings(self, key: str) -> list[tuple[str, dict[str, Any]]]:
        """Give the entries of a mapping that are mappings themselves."""
        return mappings(self.data.get(key))

    def always_excluded(self) -> Iterator[tuple[tuple[str, int], str]]:
        """Give each name of `always_exclude` that can be read, and its place."""
        names = self.data.get("always_exclude")
        for index, name in enumerate(names if isinstance(names, list) else []):
            path = ("always_exclude", index)
            if isinstance(name, str) and not self.faults.is_told(path):
                yield path, name


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFiles:
    """All of them. root: of the workspace, resolved; folder: the same as it was named.

    own: `runner.yaml`; apart: the file of `--settings`.
    """

    root: Path
    folder: Path
    own: SettingsFile
    apart: SettingsFile | None

    @property
    def home(self) -> SettingsFile:
        """The one in which accounts, lists and state stand."""
        return self.apart or self.own

    @property
    def all(self) -> tuple[SettingsFile, ...]:
        """Each of them once, that of `--settings` first."""
        return (self.apart, self.own) if self.apart else (self.own,)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What is wrong in any of them."""
        return [fault for file in self.all for fault in file.faults.found]


def read_settings_files(
    folder: Path,
    root: Path,
    apart: Path | None,
    home: Path | None = None,
    instead: Mapping[str, bytes] = NOTHING,
) -> SettingsFiles:
    """Read the files that settings come from.

    folder: the workspace, as it was named; root: the same, resolved; apart: that of `--settings`.
    home: where relative paths of `runner.yaml` start, where that is not in the root.
    instead: as for `read_inside`.
    Raises WrongUsage where `apart` cannot be read.
    """
    faults = read_inside(root, SETTINGS_FILE, "settings", instead)
    own = SettingsFile(folder=home or root, faults=faults)
    other = None
    if apart is not None:
        path = apart.absolute()
        other = SettingsFile(folder=path.parent, faults=read_settings_apart(path))
        _refuse_stranger(other, path, group=True)
    elif own.may_have("accounts"):
        # A checkout may be shared by a group, whose members are those who edit it.
        _refuse_stranger(own, root / SETTINGS_FILE, group=False)
    return SettingsFiles(root=root, folder=folder, own=own, apart=other)


def _refuse_stranger(file: SettingsFile, path: Path, *, group: bool) -> None:
    """Note who else may change a file, and so who is sent the password."""
    with suppress(OSError):  # a file that cannot be read is told already
        if stranger := find_stranger(path, group=group):
            message = N_("{stranger}, and so who is sent the password").format(
                stranger=str(stranger)
            )
            name = file.faults.document.file
            file.faults.found.append(whole_file(name, "writable-by-others", message, stranger.hint))


def mappings(value: object) -> list[tuple[str, dict[str, Any]]]:
    """Give the entries of a value that are mappings, where it is one itself."""
    if not isinstance(value, dict):
        return []
    return [(key, inner) for key, inner in value.items() if isinstance(inner, dict)]
