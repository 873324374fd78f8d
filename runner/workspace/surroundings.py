"""What the settings are to a campaign that is checked: read as far as they can be read.

A fault in the settings must not silence what is wrong in the campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.model.account import Account
from runner.workspace.yaml_tree import Mapping as MappingNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.workspace.named_lists import KnownLists
    from runner.workspace.settings_files import SettingsFile, SettingsFiles

_DEFAULT_ZONE = "Asia/Shanghai"
_DEFAULTS = {field.name: field.default for field in fields(Account)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a campaign is checked against, as far as faulty settings can be read as well.

    message_limits: in bytes, by the accounts' names; lists: by their names. None for what cannot be
    read, and in place of them all where nobody can say which there are.
    """

    zone: ZoneInfo
    message_limits: Mapping[str, int | None] | None
    lists: KnownLists | None


def read_surroundings(files: SettingsFiles, lists: KnownLists | None) -> Surroundings:
    """Read what campaigns need of the settings, whatever else is wrong in them."""
    return Surroundings(
        zone=choose_zone(files), message_limits=_message_limits(files.home), lists=lists
    )


def choose_zone(files: SettingsFiles) -> ZoneInfo:
    """Give the zone of the workspace's own file, else that of `--settings`, else the default."""
    named = [file.data.get("timezone") for file in (files.own, files.home)]
    name = next(filter(None, named), None)
    return find_zone(name) or ZoneInfo(_DEFAULT_ZONE)


def find_zone(name: object) -> ZoneInfo | None:
    """Look up a time zone, the default one for no name; None where there is no such zone."""
    try:
        return ZoneInfo(name if isinstance(name, str) else _DEFAULT_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _message_limits(file: SettingsFile) -> Mapping[str, int | None] | None:
    accounts = file.data.get("accounts")
    node = file.faults.document.at(("accounts",))
    is_whole = isinstance(accounts, dict) and isinstance(node, MappingNode) and not node.incomplete
    if not is_whole or not accounts:
        return None
    return {name: _message_limit(account) for name, account in accounts.items()}


def _message_limit(account: object) -> int | None:
    if not isinstance(account, dict):
        return None
    limit = account.get("message_limit", _DEFAULTS["message_limit"])
    return limit if isinstance(limit, int) and limit > 0 else None
