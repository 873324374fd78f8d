"""Resolves what the settings only refer to, at the moment when the gateway is talked to."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import WrongUsage
from runner.language import N_, join_clauses
from runner.model.account import Credentials, SecretKind, SecretRef
from runner.workspace.trust import find_stranger

if TYPE_CHECKING:
    from runner.model.account import Account

_LONGEST = 4096  # characters; a device could go on for ever


def resolve_credentials(account: Account) -> Credentials:
    """Read an account's secrets; raises WrongUsage that names all that are missing."""
    found: dict[str, str] = {}
    missing: list[WrongUsage] = []
    for field in ("url", "userid", "account", "password"):
        try:
            found[field] = _resolve(account, field, getattr(account, field))
        except WrongUsage as error:
            missing.append(error)
    authorities = N_("the ca_file of account {account}").format(account=account.name)
    if account.ca_file and (distrust := _distrust(Path(account.ca_file), authorities)):
        missing.append(distrust)
    if missing:
        hints = [error.hint for error in missing if error.hint]
        raise WrongUsage(
            join_clauses(*map(str, missing)), hint=join_clauses(*hints) if hints else None
        )
    return Credentials(**found)


def _resolve(account: Account, field: str, value: str | SecretRef) -> str:
    if isinstance(value, str):
        return value
    what = N_("the {field} of account {account}").format(field=field, account=account.name)
    if value.kind is SecretKind.ENV:
        text = os.environ.get(value.name)
        if not text:
            raise WrongUsage(
                N_("{what} is not set").format(what=what),
                hint=N_("set the environment variable {name}").format(name=value.name),
            )
        return text
    path = _locate(value, what)
    secret = _read(path, what)
    if distrust := _distrust(path, what):
        raise distrust
    return secret


def _distrust(path: Path, what: str) -> WrongUsage | None:
    """Say why a file cannot be trusted; one that is not there is told by whoever reads it."""
    with suppress(OSError):
        if stranger := find_stranger(path):
            return WrongUsage(
                N_("{what} cannot be trusted: {stranger}").format(
                    what=what, stranger=str(stranger)
                ),
                hint=stranger.hint,
            )
    return None


def _locate(value: SecretRef, what: str) -> Path:
    if value.kind is SecretKind.FILE:
        return _locate_file(value.name, what)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise WrongUsage(
            N_("{what} is a credential, but there is no CREDENTIALS_DIRECTORY").format(what=what),
            hint=N_("systemd sets it: LoadCredential={name}:PATH").format(name=value.name),
        )
    if Path(value.name).name != value.name:
        raise WrongUsage(N_("{what}: a credential has a name, not a path").format(what=what))
    return Path(folder) / value.name


def _locate_file(name: str, what: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise WrongUsage(
            N_("{what} cannot be read from {name}: nobody has this home").format(
                what=what, name=name
            )
        ) from error


def _read(path: Path, what: str) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline(_LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else N_("it is not UTF-8 text")
        raise WrongUsage(
            N_("{what} cannot be read from {path}: {reason}").format(
                what=what, path=path, reason=reason
            )
        ) from error
    secret = line.removesuffix("\n")
    if not secret:
        raise WrongUsage(
            N_("{what}: the first line of {path} is empty").format(what=what, path=path)
        )
    if len(secret) > _LONGEST:
        raise WrongUsage(
            N_("{what}: the first line of {path} is longer than {count} characters").format(
                what=what, path=path, count=_LONGEST
            )
        )
    return secret
