"""What the settings are to a campaign that is checked: read as far as they can be read.

A fault in `runner.yaml` must not silence what is wrong in the campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.model.account import Account
from runner.workspace.yaml_tree import Mapping as MappingNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.workspace.yaml_tree import Document

_DEFAULT_ZONE = "Asia/Shanghai"
_DEFAULTS = {field.name: field.default for field in fields(Account)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a campaign is checked against, as far as faulty settings can be read as well.

    message_limits: in bytes, by the accounts' names; None for a limit that cannot be read, and in
    place of them all where nobody can say which accounts there are.
    """

    zone: ZoneInfo
    message_limits: Mapping[str, int | None] | None


NO_SURROUNDINGS = Surroundings(zone=ZoneInfo(_DEFAULT_ZONE), message_limits=None)


def read_surroundings(document: Document, data: Mapping[str, Any]) -> Surroundings:
    """Read what campaigns need of a `runner.yaml` and its data, whatever else is wrong in it."""
    node = document.at(("accounts",))
    accounts = data.get("accounts")
    is_whole = isinstance(accounts, dict) and isinstance(node, MappingNode) and not node.incomplete
    limits = None
    if is_whole and accounts:
        limits = {name: _message_limit(account) for name, account in accounts.items()}
    zone = find_zone(data.get("timezone")) or NO_SURROUNDINGS.zone
    return Surroundings(zone=zone, message_limits=limits)


def find_zone(name: object) -> ZoneInfo | None:
    """Look up a time zone, the default one for no name; None where there is no such zone."""
    try:
        return ZoneInfo(name if isinstance(name, str) else _DEFAULT_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _message_limit(account: object) -> int | None:
    if not isinstance(account, dict):
        return None
    limit = account.get("message_limit", _DEFAULTS["message_limit"])
    return limit if isinstance(limit, int) and limit > 0 else None
