"""Makes a `Campaign` of a checked file, and says what a schema cannot say about it.

Every part is read on its own, so that one fault never hides another.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from runner.codec.content import message_size
from runner.model.campaign import Campaign, Expectation
from runner.timing import WrongTime, parse_duration, parse_moment
from runner.workspace.locate import campaign_id
from runner.workspace.masking import show_name
from runner.workspace.message import MessageReader, list_sizes
from runner.workspace.recipients import RecipientReader
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path as FilePath

    from runner.model.campaign import Message
    from runner.workspace.faults import Faults
    from runner.workspace.surroundings import Surroundings

DEFAULT_LATEST = timedelta(hours=1)

_NOT_YET = (("until",), ("hours",), ("starts_at_gateway",), ("state",), ("recipients", "lists"))
_RANGE = re.compile(r"([0-9]{1,10}) ?- ?([0-9]{1,10})")


class CampaignReader:
    """Reads the campaigns of one workspace."""

    def __init__(self, root: FilePath, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._messages = MessageReader(root)
        self._recipients = RecipientReader(root)

    def read(self, file: str, data: Mapping[str, Any], faults: Faults) -> Campaign | None:
        """Make a campaign of a document's data; None where something is wrong with it."""
        faults.refuse_what_comes_later((path, _value_at(path, data)) for path in _NOT_YET)
        account = self._find_account(data, faults)
        start = self._read_start(data.get("start"), faults)
        latest = _read_latest(data.get("latest"), faults)
        expect = _read_expectation(data, faults)
        message = self._messages.read(data, faults)
        if message and account:
            self._check_size(message, account, faults)
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
            account=account,
            account_as_written=data.get("account"),
            start=start,
            starts_now=data.get("start") == "now",
            start_as_written=data.get("start"),
            latest=latest,
            expect=expect,
        )

    def _find_account(self, data: Mapping[str, Any], faults: Faults) -> str | None:
        """Give the account that sends it; None where there is none, or nobody can say."""
        accounts = self._surroundings.message_limits
        name = data.get("account")
        if accounts is None or not isinstance(name, str | None):
            return None
        if name in accounts:
            return name
        if name is None and len(accounts) == 1:
            return next(iter(accounts))
        known = f"the accounts are: {', '.join(map(show_name, accounts))}"
        if name is not None:
            message = f"there is no account `{show_name(name)}`"
            faults.at_value(
                ("account",), "unknown-account", message, nearest(name, accounts) or known
            )
        elif "account" not in data and nearest("account", data) is None:
            message = "`account` is missing, and there is more than one"
            faults.at_first_line((), "missing-account", message, known)
        return None

    def _check_size(self, message: Message, account: str, faults: Faults) -> None:
        limits = self._surroundings.message_limits or {}
        limit, size = limits.get(account), message_size(message)
        if limit is None or size <= limit:
            return
        faults.at_key(
            ("frames",),
            "message-too-large",
            f"the message has {size} bytes, but account {show_name(account)} allows {limit}",
            f"make a part smaller; their bytes: {', '.join(list_sizes(message))}",
        )

    def _read_start(self, start: object, faults: Faults) -> datetime | None:
        if not isinstance(start, str) or start == "now":
            return None
        try:
            return parse_moment(start, self._surroundings.zone)
        except WrongTime as error:
            faults.at_value(("start",), "wrong-time", f"`start`: {error}", error.hint)
            return None


def _read_latest(latest: object, faults: Faults) -> timedelta:
    # what the schema refuses was told there, and may be of any length
    if not isinstance(latest, str | int) or faults.is_told(("latest",)):
        return DEFAULT_LATEST
    try:
        return parse_duration(latest)
    except WrongTime as error:
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


def _value_at(path: tuple[str, ...], data: Mapping[str, Any]) -> object:
    value: Any = data
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
