"""Makes a `Campaign` of a checked file, and says what a schema cannot say about it.

Every part is read on its own, so that one fault never hides another.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from runner.model.campaign import Campaign, Expectation
from runner.timing import WrongTime, parse_duration, parse_moment
from runner.workspace.locate import campaign_id
from runner.workspace.message import read_message
from runner.workspace.recipients import RecipientReader
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path as FilePath

    from runner.model.account import Account, Settings
    from runner.workspace.faults import Faults

DEFAULT_LATEST = timedelta(hours=1)

_NOT_YET = (("until",), ("hours",), ("starts_at_gateway",), ("state",), ("recipients", "lists"))
_RANGE = re.compile(r"(\d+) ?- ?(\d+)")


class CampaignReader:
    """Reads the campaigns of one workspace.

    accounts_known: whether the settings were sound, so that accounts can be looked up.
    """

    def __init__(self, root: FilePath, settings: Settings, *, accounts_known: bool) -> None:
        self._root = root
        self._settings = settings
        self._accounts_known = accounts_known
        self._recipients = RecipientReader(root)

    def read(self, file: str, data: Mapping[str, Any], faults: Faults) -> Campaign | None:
        """Make a campaign of a document's data; None where something is wrong with it."""
        _refuse_what_comes_later(data, faults)
        account = self._find_account(data, faults)
        start = self._read_start(data.get("start"), faults)
        latest = _read_latest(data.get("latest"), faults)
        expect = _read_expectation(data, faults)
        message = read_message(self._root, data, account, faults)
        recipients = data.get("recipients")
        if not isinstance(recipients, dict):
            return None
        audience = self._recipients.read(recipients, faults)
        if faults.any_error or message is None or account is None:
            return None
        return Campaign(
            id=campaign_id(file),
            file=file,
            message=message,
            audience=audience,
            account=account.name,
            account_as_written=data.get("account"),
            start=start,
            starts_now=data.get("start") == "now",
            start_as_written=data.get("start"),
            latest=latest,
            expect=expect,
        )

    def _find_account(self, data: Mapping[str, Any], faults: Faults) -> Account | None:
        accounts = self._settings.accounts
        name = data.get("account")
        if not self._accounts_known or not isinstance(name, str | None):
            return None
        if name is not None and name in accounts:
            return accounts[name]
        if name is None and len(accounts) == 1:
            return next(iter(accounts.values()))
        known = f"the accounts are: {', '.join(accounts)}"
        if name is None:
            message = "`account` is missing, and there is more than one"
            faults.at_value((), "missing-account", message, known)
        else:
            message = f"there is no account `{name}`"
            hint = nearest(name, accounts) or known
            faults.at_value(("account",), "unknown-account", message, hint)
        return None

    def _read_start(self, start: object, faults: Faults) -> datetime | None:
        if not isinstance(start, str) or start == "now":
            return None
        try:
            return parse_moment(start, self._settings.zone)
        except WrongTime as error:
            faults.at_value(("start",), "wrong-time", f"`start`: {error}", error.hint)
            return None


def _read_latest(latest: object, faults: Faults) -> timedelta:
    if not isinstance(latest, str | int):
        return DEFAULT_LATEST
    try:
        return parse_duration(latest)
    except WrongTime as error:
        # What the schema's pattern refuses was told there.
        if not faults.is_told(("latest",)):
            faults.at_value(("latest",), "wrong-duration", f"`latest`: {error}", error.hint)
        return DEFAULT_LATEST


def _read_expectation(data: Mapping[str, Any], faults: Faults) -> Expectation | None:
    expect = data.get("expect")
    wanted = expect.get("recipients") if isinstance(expect, dict) else None
    if isinstance(wanted, int):
        return Expectation(least=wanted, most=wanted)
    match = _RANGE.fullmatch(wanted) if isinstance(wanted, str) else None
    if match is None:
        return None
    least, most = int(match[1]), int(match[2])
    if least > most:
        message = "the range ends before it begins"
        faults.at_value(("expect", "recipients"), "wrong-range", message, f"write {most}-{least}")
    return Expectation(least=least, most=most)


def _refuse_what_comes_later(data: Mapping[str, Any], faults: Faults) -> None:
    for path in _NOT_YET:
        value: Any = data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value:
            message = f"`{path[-1]}` is not supported by this version yet"
            faults.at_key(path, "not-yet-supported", message, "take it out")
