"""Makes accounts of a settings file, and says what a schema cannot say about them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.language import N_
from runner.model.account import (
    Account,
    OnCode8,
    ReportPolling,
    Retry,
    SecretKind,
    SecretRef,
    Timeouts,
)
from runner.timing import parse_duration, parse_hours
from runner.workspace.locate import absolute, resolve_inside
from runner.workspace.settings_files import mappings
from runner.workspace.times import read_duration, read_hours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.workspace.settings_files import SettingsFile

_SECRETS = ("url", "userid", "account", "password")
_DURATIONS = (
    ("timeout", "connect"),
    ("timeout", "total"),
    ("retry", "first"),
    ("retry", "most"),
    ("reports", "every"),
    ("reports", "deadline"),
)
_PLAIN = ("batch_size", "concurrency", "rate", "message_limit", "proxy", "exclusive")
_A_MINUTE = "/min"


def check_accounts(root: Path, file: SettingsFile) -> None:
    """Note what is wrong with a file's accounts; root: of the workspace, where no secret may be."""
    for name, account in file.mappings("accounts"):
        _check_secrets(root, name, account, file)
        _check_times(name, account, file)


def make_accounts(file: SettingsFile) -> dict[str, Account]:
    """Make the accounts of a file that has no fault."""
    return {
        name: _make_account(file.folder, name, account)
        for name, account in file.data["accounts"].items()
    }


def _make_account(folder: Path, name: str, data: Mapping[str, Any]) -> Account:
    given = {key: data[key] for key in _PLAIN if data.get(key) is not None}
    return Account(
        name=name,
        url=_secret_or_text(folder, data["url"]),
        userid=_secret_or_text(folder, data["userid"]),
        account=_secret_or_text(folder, data["account"]),
        password=_secret(folder, data["password"]),
        pace=_people_a_minute(data.get("pace")),
        hours=parse_hours(data["hours"]) if data.get("hours") else None,
        timeout=Timeouts(**_durations(data.get("timeout"), "connect", "total")),
        retry=Retry(
            **_plain(data.get("retry"), "tries"), **_durations(data.get("retry"), "first", "most")
        ),
        reports=ReportPolling(
            **_plain(data.get("reports"), "collect", "page"),
            **_durations(data.get("reports"), "every", "deadline"),
        ),
        ca_file=absolute(folder, data["ca_file"]) if data.get("ca_file") else None,
        recipient_limit=(data.get("limits") or {}).get("recipients"),
        extno=_text(data.get("extno")),
        on_code_8=OnCode8(data.get("on_code_8") or OnCode8.DOUBT),
        **_durations(data, "clock_skew"),
        **given,
    )


def _plain(section: Mapping[str, Any] | None, *keys: str) -> dict[str, Any]:
    section = section or {}
    return {key: section[key] for key in keys if section.get(key) is not None}


def _durations(section: Mapping[str, Any] | None, *keys: str) -> dict[str, Any]:
    return {key: parse_duration(value) for key, value in _plain(section, *keys).items()}


def _people_a_minute(pace: str | None) -> int | None:
    return int(pace.removesuffix(_A_MINUTE)) if pace else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _secret_or_text(folder: Path, value: object) -> str | SecretRef:
    return _secret(folder, value) if isinstance(value, dict) else str(value)


def _secret(folder: Path, value: Any) -> SecretRef:
    [(kind, name)] = value.items()
    kind = SecretKind(kind)
    return SecretRef(kind=kind, name=absolute(folder, name) if kind is SecretKind.FILE else name)


def _check_secrets(
    root: Path, name: str, account: Mapping[str, Any], settings: SettingsFile
) -> None:
    for key, value in mappings(account):
        file = value.get("file")
        if key in _SECRETS and isinstance(file, str) and _is_inside(root, settings.folder, file):
            settings.faults.at_value(
                ("accounts", name, key, "file"),
                "secret-in-workspace",
                N_("this file is in the workspace, which stands in git"),
                N_("keep the secret outside of it"),
            )


def _is_inside(root: Path, folder: Path, file: str) -> bool:
    path = absolute(folder, file)
    return Path(path).is_absolute() and resolve_inside(root, path) is not None


def _check_times(name: str, account: Mapping[str, Any], file: SettingsFile) -> None:
    for section, key in _DURATIONS:
        value = dict(mappings(account)).get(section, {}).get(key)
        read_duration(file.faults, ("accounts", name, section, key), value)
    read_duration(file.faults, ("accounts", name, "clock_skew"), account.get("clock_skew"))
    read_hours(file.faults, ("accounts", name, "hours"), account.get("hours"))
