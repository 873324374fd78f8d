"""Makes `Settings` of a checked `runner.yaml`, and says what a schema cannot say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.model.account import (
    Account,
    OnCode8,
    ReportPolling,
    Retry,
    SecretKind,
    SecretRef,
    Settings,
    Timeouts,
)
from runner.timing import WrongTime, parse_duration
from runner.workspace.locate import resolve_inside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.workspace.faults import Faults

DEFAULT_ZONE = "Asia/Shanghai"

_NOT_YET = {"hours", "pace"}
_SECRETS = ("url", "userid", "account", "password")
_DURATIONS = (
    ("timeout", "connect"),
    ("timeout", "total"),
    ("retry", "first"),
    ("retry", "most"),
    ("reports", "every"),
    ("reports", "deadline"),
)
_PLAIN = ("batch_size", "concurrency", "rate", "message_limit", "proxy", "ca_file", "exclusive")


def default_settings(root: Path) -> Settings:
    """Give what stands in for settings that cannot be read, so that campaigns can be checked."""
    return Settings(name=root.name, zone=ZoneInfo(DEFAULT_ZONE), state=None, accounts={})


def compile_settings(root: Path, data: Mapping[str, Any], faults: Faults) -> Settings | None:
    """Make settings of a document's data; None where something is wrong with it.

    The data has passed the schema, or `faults` says where it has not.
    """
    _refuse_what_comes_later(data, faults)
    _check_state(data.get("state"), faults)
    zone = _read_zone(data.get("timezone", DEFAULT_ZONE), faults)
    accounts = data.get("accounts")
    if "accounts" not in data:
        faults.at_value((), "missing-field", "`accounts` is missing", "name at least one account")
    for name, account in _mappings(accounts):
        _check_secrets(root, name, account, faults)
        _check_durations(name, account, faults)
    if faults.any_error or zone is None:
        return None
    return Settings(
        name=data.get("name") or root.name,
        zone=zone,
        state=data.get("state"),
        accounts={name: _make_account(name, account) for name, account in data["accounts"].items()},
    )


def _make_account(name: str, data: Mapping[str, Any]) -> Account:
    given = {key: data[key] for key in _PLAIN if data.get(key) is not None}
    return Account(
        name=name,
        url=_secret_or_text(data["url"]),
        userid=_secret_or_text(data["userid"]),
        account=_secret_or_text(data["account"]),
        password=_secret(data["password"]),
        timeout=Timeouts(**_durations(data.get("timeout"), "connect", "total")),
        retry=Retry(
            **_plain(data.get("retry"), "tries"), **_durations(data.get("retry"), "first", "most")
        ),
        reports=ReportPolling(
            **_plain(data.get("reports"), "collect", "page"),
            **_durations(data.get("reports"), "every", "deadline"),
        ),
        recipient_limit=(data.get("limits") or {}).get("recipients"),
        extno=_text(data.get("extno")),
        on_code_8=OnCode8(data.get("on_code_8") or OnCode8.DOUBT),
        **given,
    )


def _plain(section: Mapping[str, Any] | None, *keys: str) -> dict[str, Any]:
    section = section or {}
    return {key: section[key] for key in keys if section.get(key) is not None}


def _durations(section: Mapping[str, Any] | None, *keys: str) -> dict[str, Any]:
    return {key: parse_duration(value) for key, value in _plain(section, *keys).items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _secret_or_text(value: object) -> str | SecretRef:
    return _secret(value) if isinstance(value, dict) else str(value)


def _secret(value: Any) -> SecretRef:
    [(kind, name)] = value.items()
    return SecretRef(kind=SecretKind(kind), name=name)


def _refuse_what_comes_later(data: Mapping[str, Any], faults: Faults) -> None:
    for key in ("lists", "always_exclude"):
        if data.get(key):
            faults.at_key(
                (key,),
                "not-yet-supported",
                f"`{key}` is not supported by this version yet",
                "take it out",
            )
    for name, account in _mappings(data.get("accounts")):
        for key in _NOT_YET & account.keys():
            if account[key] is not None:
                path = ("accounts", name, key)
                faults.at_key(
                    path,
                    "not-yet-supported",
                    f"`{key}` is not supported by this version yet",
                    "take it out",
                )


def _check_state(state: object, faults: Faults) -> None:
    if isinstance(state, str) and state.startswith(("postgresql:", "postgres:")):
        faults.at_value(
            ("state",),
            "unsupported-state",
            "PostgreSQL is reserved for a later version",
            "name a file, or leave `state` out",
        )


def _read_zone(name: object, faults: Faults) -> ZoneInfo | None:
    try:
        return ZoneInfo(name if isinstance(name, str) else DEFAULT_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.at_value(
            ("timezone",),
            "unknown-timezone",
            "there is no such time zone",
            "write a name of the IANA list, such as Asia/Shanghai",
        )
        return None


def _check_secrets(root: Path, name: str, account: Mapping[str, Any], faults: Faults) -> None:
    for key, value in _mappings(account):
        file = value.get("file")
        if key in _SECRETS and isinstance(file, str) and resolve_inside(root, file) is not None:
            faults.at_value(
                ("accounts", name, key, "file"),
                "secret-in-workspace",
                "this file is in the workspace, which stands in git",
                "keep the secret outside of it",
            )


def _check_durations(name: str, account: Mapping[str, Any], faults: Faults) -> None:
    for section, key in _DURATIONS:
        path = ("accounts", name, section, key)
        value = dict(_mappings(account)).get(section, {}).get(key)
        if not isinstance(value, str | int) or faults.is_told(path):
            continue
        try:
            if not parse_duration(value):
                faults.at_value(path, "wrong-duration", f"`{key}` must be longer than nothing")
        except WrongTime as error:
            faults.at_value(path, "wrong-duration", f"`{key}`: {error}", error.hint)


def _mappings(value: object) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(value, dict):
        return []
    return [(key, inner) for key, inner in value.items() if isinstance(inner, dict)]
