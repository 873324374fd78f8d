"""The lists that the settings name: made of their files, and suggested where a name is misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from runner.language import N_
from runner.model.account import NamedList
from runner.model.recipient import holds_mobile
from runner.workspace.list_text import is_spreadsheet_name, without_sheets
from runner.workspace.locate import absolute, refuse_number_in_name
from runner.workspace.masking import show_name
from runner.workspace.suggest import nearest
from runner.workspace.times import read_duration
from runner.workspace.yaml_tree import Mapping as MappingNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.workspace.faults import Faults
    from runner.workspace.settings_files import SettingsFile
    from runner.workspace.yaml_tree import Path

KnownLists: TypeAlias = "Mapping[str, NamedList | None]"  # None for one that has a fault


def read_named_lists(file: SettingsFile) -> KnownLists | None:
    """Make the lists of a settings file; None where nobody can say which there are.

    A file that names no accounts may lack its lists for the same reason: both stand elsewhere.
    """
    lists = file.data.get("lists")
    if lists is None:
        return None if file.may_have("lists") or "accounts" not in file.data else {}
    node = file.faults.document.at(("lists",))
    if not isinstance(lists, dict) or not isinstance(node, MappingNode) or node.incomplete:
        return None
    return {name: _make_list(file, name, entry) for name, entry in lists.items()}


def refuse_unknown_list(faults: Faults, path: Path, name: str, lists: KnownLists) -> None:
    """Note that the settings have no such list, and which was meant."""
    known = N_("the lists are: {names}").format(names=", ".join(map(show_name, lists)))
    if not lists:
        known = N_("name its file under `lists` in the settings")
    message = N_("the settings have no list `{name}`").format(name=show_name(name))
    faults.at_value(path, "unknown-list", message, nearest(name, lists) or known)


def _make_list(file: SettingsFile, name: str, entry: Any) -> NamedList | None:
    if not isinstance(entry, dict):
        return None
    path = ("lists", name)
    max_age = read_duration(file.faults, (*path, "max_age"), entry.get("max_age"))
    named = entry.get("file")
    if not isinstance(named, str) or file.faults.any_within(path):
        return None
    if holds_mobile(named):
        refuse_number_in_name(file.faults, (*path, "file"))
        return None
    if "sheet" in entry and not is_spreadsheet_name(named):
        fault = without_sheets(show_name(named))
        file.faults.at_value((*path, "sheet"), fault.rule, str(fault), fault.hint)
        return None
    return NamedList(
        name=name,
        file=absolute(file.folder, named),
        max_age=max_age,
        min_rows=entry.get("min_rows"),
        sheet=entry.get("sheet"),
        column=entry.get("column"),
    )
