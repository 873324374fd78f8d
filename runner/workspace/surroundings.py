"""What the settings are to a campaign that is checked: read as far as they can be read.

A fault in the settings must not silence what is wrong in the campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.language import N_
from runner.model.account import Account
from runner.timing import WrongTime, parse_hours
from runner.workspace.yaml_tree import Mapping as MappingNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.model.diagnostic import Label
    from runner.model.hours import Hours
    from runner.workspace.named_lists import KnownLists
    from runner.workspace.settings_files import SettingsFile, SettingsFiles

_DEFAULT_ZONE = "Asia/Shanghai"
_DEFAULTS = {field.name: field.default for field in fields(Account)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """What an account asks of the campaigns that it sends; None for what is not said, or faulty.

    message_limit: in bytes. signature: with its brackets; opt_out: words, one of which a message
    must have. place: where it says its hours.
    """

    name: str
    message_limit: int | None
    signature: str | None = None
    opt_out: tuple[str, ...] = ()
    hours: Hours | None = None
    place: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a campaign is checked against, as far as faulty settings can be read as well.

    accounts, lists: by their names; None where nobody can say which there are.
    """

    zone: ZoneInfo
    accounts: Mapping[str, AccountRules] | None
    lists: KnownLists | None


def read_surroundings(files: SettingsFiles, lists: KnownLists | None) -> Surroundings:
    """Read what campaigns need of the settings, whatever else is wrong in them."""
    return Surroundings(zone=choose_zone(files), accounts=_read_accounts(files.home), lists=lists)


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


def _read_accounts(file: SettingsFile) -> Mapping[str, AccountRules] | None:
    accounts = file.data.get("accounts")
    node = file.faults.document.at(("accounts",))
    is_whole = isinstance(accounts, dict) and isinstance(node, MappingNode) and not node.incomplete
    if not is_whole or not accounts:
        return None
    return {name: _read_account(name, data, file) for name, data in accounts.items()}


def _read_account(name: str, data: object, file: SettingsFile) -> AccountRules:
    if not isinstance(data, dict):
        return AccountRules(name=name, message_limit=None)
    signature, opt_out, hours = (data.get(key) for key in ("signature", "opt_out", "hours"))
    words = opt_out if isinstance(opt_out, list) else []
    return AccountRules(
        name=name,
        message_limit=_message_limit(data),
        signature=signature if isinstance(signature, str) else None,
        opt_out=tuple(word for word in words if isinstance(word, str)),
        hours=_hours(hours),
        place=_place_hours(name, file) if hours else None,
    )


def _place_hours(name: str, file: SettingsFile) -> Label:
    message = N_("the hours of account {name}").format(name=name)
    return file.faults.label(("accounts", name, "hours"), message)


def _message_limit(account: Mapping[str, Any]) -> int | None:
    limit = account.get("message_limit", _DEFAULTS["message_limit"])
    return limit if isinstance(limit, int) and limit > 0 else None


def _hours(written: object) -> Hours | None:
    try:
        return parse_hours(written) if isinstance(written, str) else None
    except WrongTime:  # told with the settings
        return None
