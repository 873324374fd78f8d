"""Makes `Settings` of a checked `runner.yaml`, and says what a schema cannot say about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from runner.workspace.suggest import nearest
from runner.workspace.surroundings import find_zone
from runner.workspace.yaml_tree import Mapping as MappingNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from runner.workspace.faults import Faults

_NOT_YET = ("hours", "pace")
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


def compile_settings(root: Path, data: Mapping[str, Any], faults: Faults) -> Settings | None:
    """Make settings of a document's data; None where something is wrong with it.

    The data has passed the schema, or `faults` says where it has not.
    """
    faults.refuse_what_comes_later(_find_what_comes_later(data))
    _check_state(data.get("state"), faults)
    zone = _read_zone(data.get("timezone"), faults)
    _check_presence(data, faults)
    for name, account in _mappings(data.get("accounts")):
        _check_secrets(root, name, account, faults)
        _check_durations(name, account, faults)
    if faults.any_error or zone is None:
        return None
    return Settings(
        name=data.get("name") or root.name or "workspace",
        zone=zone,
        state=data.get("state"),
        accounts={
            name: _make_account(root, name, account) for name, account in data["accounts"].items()
        },
    )


def _make_account(root: Path, name: str, data: Mapping[str, Any]) -> Account:
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
        ca_file=_resolve(root, data.get("ca_file")),
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


def _resolve(root: Path, name: str | None) -> str | None:
    """Give a path as it is from anywhere: a relative one starts at the workspace's folder."""
    return str(root / Path(name).expanduser()) if name else None


def _secret_or_text(value: object) -> str | SecretRef:
    return _secret(value) if isinstance(value, dict) else str(value)


def _secret(value: Any) -> SecretRef:
    [(kind, name)] = value.items()
    return SecretRef(kind=SecretKind(kind), name=name)


def _check_presence(data: Mapping[str, Any], faults: Faults) -> None:
    """Note that there are no accounts, unless their key is misspelt or could not be read."""
    root = faults.document.root
    may_be_there = isinstance(root, MappingNode) and root.incomplete
    if "accounts" not in data and not may_be_there and nearest("accounts", data) is None:
        faults.at_first_line(
            (), "missing-field", "`accounts` is missing", "name at least one account"
        )


def _find_what_comes_later(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], object]]:
    yield ("lists",), data.get("lists")
    yield ("always_exclude",), data.get("always_exclude")
    for name, account in _mappings(data.get("accounts")):
        for key in _NOT_YET:
            yield ("accounts", name, key), account.get(key)


def _check_state(state: object, faults: Faults) -> None:
    if not isinstance(state, str) or "://" not in state:
        return
    message = "`state` is the path of a file"
    if state.startswith(("postgresql:", "postgres:")):
        message = "PostgreSQL is reserved for a later version"
    faults.at_value(("state",), "unsupported-state", message, "name a file, or leave `state` out")


def _read_zone(name: object, faults: Faults) -> ZoneInfo | None:
    zone = find_zone(name)
    if zone is None:
        faults.at_value(
            ("timezone",),
            "unknown-timezone",
            "there is no such time zone",
            "write a name of the IANA list, such as Asia/Shanghai",
        )
    return zone


def _check_secrets(root: Path, name: str, account: Mapping[str, Any], faults: Faults) -> None:
    for key, value in _mappings(account):
        file = value.get("file")
        if key in _SECRETS and isinstance(file, str) and _is_inside(root, file):
            faults.at_value(
                ("accounts", name, key, "file"),
                "secret-in-workspace",
                "this file is in the workspace, which stands in git",
                "keep the secret outside of it",
            )


def _is_inside(root: Path, file: str) -> bool:
    try:
        path = Path(file).expanduser()
    except RuntimeError:  # `~somebody` who is not known on this machine
        return False
    return resolve_inside(root, str(path)) is not None


def _check_durations(name: str, account: Mapping[str, Any], faults: Faults) -> None:
    for section, key in _DURATIONS:
        path = ("accounts", name, section, key)
        value = dict(_mappings(account)).get(section, {}).get(key)
        if not isinstance(value, str | int) or faults.is_told(path):
            continue
        try:
            parse_duration(value)
        except WrongTime as error:
            faults.at_value(path, "wrong-duration", f"`{key}`: {error}", error.hint)


def _mappings(value: object) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(value, dict):
        return []
    return [(key, inner) for key, inner in value.items() if isinstance(inner, dict)]
