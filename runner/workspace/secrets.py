"""Resolves what the settings only refer to, at the moment when the gateway is talked to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import WrongUsage
from runner.model.account import Credentials, SecretKind, SecretRef

if TYPE_CHECKING:
    from runner.model.account import Account


def resolve_credentials(account: Account, root: Path) -> Credentials:
    """Read an account's secrets; raises WrongUsage that names the one that is missing.

    root: the workspace; a relative path of a secret file starts there.
    """
    return Credentials(
        url=_resolve(account, "url", account.url, root),
        userid=_resolve(account, "userid", account.userid, root),
        account=_resolve(account, "account", account.account, root),
        password=_resolve(account, "password", account.password, root),
    )


def _resolve(account: Account, field: str, value: str | SecretRef, root: Path) -> str:
    if isinstance(value, str):
        return value
    what = f"the {field} of account {account.name}"
    if value.kind is SecretKind.ENV:
        text = os.environ.get(value.name)
        if not text:
            raise WrongUsage(
                f"{what} is not set", hint=f"set the environment variable {value.name}"
            )
        return text
    return _read(_locate(value, what, root), what)


def _locate(value: SecretRef, what: str, root: Path) -> Path:
    if value.kind is SecretKind.FILE:
        return root / Path(value.name).expanduser()
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise WrongUsage(
            f"{what} is a credential, but there is no CREDENTIALS_DIRECTORY",
            hint=f"systemd sets it: LoadCredential={value.name}:PATH",
        )
    return Path(folder) / value.name


def _read(path: Path, what: str) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise WrongUsage(f"{what} cannot be read from {path}: {reason}") from error
    lines = text.strip().splitlines()
    if len(lines) != 1:
        raise WrongUsage(f"{what}: {path} must hold one line, and nothing else")
    return lines[0]
