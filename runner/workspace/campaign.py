"""Makes a `Campaign` of a checked file, and says what a schema cannot say about it.

Every part is read on its own, so that one fault never hides another.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.codec.content import message_size
from runner.language import N_
from runner.model.campaign import Campaign, Expectation, Wish
from runner.workspace.locate import campaign_id
from runner.workspace.masking import show_name
from runner.workspace.message import MessageReader, say_sizes
from runner.workspace.second_look import Subject, look_again
from runner.workspace.suggest import nearest
from runner.workspace.times import read_duration, read_hours, read_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path as FilePath

    from runner.model.campaign import Message
    from runner.model.hours import Hours
    from runner.workspace.faults import Faults
    from runner.workspace.recipients import RecipientReader
    from runner.workspace.surroundings import Surroundings

DEFAULT_LATEST = timedelta(hours=1)

_RANGE = re.compile(r"([0-9]{1,10}) ?- ?([0-9]{1,10})")


class _Times(NamedTuple):
    """When a campaign goes out, as for `Campaign`."""

    start: datetime | None
    latest: timedelta
    until: datetime | None
    hours: Hours | None


class CampaignReader:
    """Reads the campaigns of one workspace."""

    def __init__(
        self, root: FilePath, surroundings: Surroundings, recipients: RecipientReader
    ) -> None:
        self._surroundings = surroundings
        self._messages = MessageReader(root)
        self._recipients = recipients

    def read(self, file: str, data: Mapping[str, Any], faults: Faults) -> Campaign | None:
        """Make a campaign of a document's data; None where something is wrong with it."""
        account = self._find_account(data, faults)
        times = self._read_times(data, faults)
        expect = _read_expectation(data, faults)
        again = _read_again(data, campaign_id(file), faults)
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
            start=times.start,
            starts_now=data.get("start") == "now",
            start_as_written=data.get("start"),
            latest=times.latest,
            expect=expect,
            until=times.until,
            hours=times.hours,
            starts_at_gateway=data.get("starts_at_gateway", False),
            wish=Wish(data["state"]) if "state" in data else None,
            again=again,
            labels=tuple(dict.fromkeys(data.get("labels", ()))),
        )

    def look_again(
        self, campaign: Campaign, data: Mapping[str, Any], faults: Faults, now: datetime | None
    ) -> None:
        """Note what somebody should look at in a campaign that was read without an error.

        now: by which its times are judged to have passed; None where nobody asks.
        """
        look_again(
            Subject(
                campaign=campaign,
                data=data,
                faults=faults,
                account=(self._surroundings.accounts or {})[campaign.account],
                excluded=self._recipients.read_excluded(data["recipients"], faults),
                zone=self._surroundings.zone,
                now=now,
            )
        )

    def _read_times(self, data: Mapping[str, Any], faults: Faults) -> _Times:
        zone = self._surroundings.zone
        written = data.get("start")
        start = None if written == "now" else read_moment(faults, ("start",), written, zone)
        until = read_moment(faults, ("until",), data.get("until"), zone)
        if start and until and until <= start:
            message = N_("`until` is not after `start`, so nothing would be sent")
            labels = (faults.label(("start",), N_("the start")),)
            hint = N_("write a later time")
            faults.at_value(("until",), "until-before-start", message, hint, labels=labels)
        latest = read_duration(faults, ("latest",), data.get("latest"))
        return _Times(
            start=start,
            latest=DEFAULT_LATEST if latest is None else latest,
            until=until,
            hours=read_hours(faults, ("hours",), data.get("hours")),
        )

    def _find_account(self, data: Mapping[str, Any], faults: Faults) -> str | None:
        """Give the account that sends it; None where there is none, or nobody can say."""
        accounts = self._surroundings.accounts
        name = data.get("account")
        if accounts is None or not isinstance(name, str | None):
            return None
        if name in accounts:
            return name
        if name is None and len(accounts) == 1:
            return next(iter(accounts))
        known = N_("the accounts are: {names}").format(names=", ".join(map(show_name, accounts)))
        if name is not None:
            message = N_("there is no account `{name}`").format(name=show_name(name))
            faults.at_value(
                ("account",), "unknown-account", message, nearest(name, accounts) or known
            )
        elif "account" not in data and nearest("account", data) is None:
            message = N_("`account` is missing, and there is more than one")
            faults.at_first_line((), "missing-account", message, known)
        return None

    def _check_size(self, message: Message, account: str, faults: Faults) -> None:
        accounts = self._surroundings.accounts or {}
        limit, size = accounts[account].message_limit, message_size(message)
        if limit is None or size <= limit:
            return
        faults.at_key(
            ("frames",),
            "message-too-large",
            N_("the message has {count} bytes, but account {account} allows {limit}").format(
                count=size, account=show_name(account), limit=limit
            ),
            N_("make a part smaller; their bytes: {sizes}").format(sizes=say_sizes(message)),
        )


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
        message = N_("the range ends before it begins")
        faults.at_value(
            ("expect", "recipients"),
            "wrong-range",
            message,
            N_("write {most}-{least}").format(most=most, least=least),
        )
    return Expectation(least=least, most=most)


def _read_again(data: Mapping[str, Any], own: str, faults: Faults) -> tuple[str, ...]:
    """Read the ids of campaigns that are sent again; own: the id of the one that does."""
    written = data.get("again")
    items = written if isinstance(written, list) else [written]
    texts = (unicodedata.normalize("NFC", item) for item in items if isinstance(item, str))
    ids = tuple(dict.fromkeys(texts))
    if own in ids:
        message = N_("`again` names this campaign itself, and no campaign is sent twice")
        hint = N_("copy it to a new file name, and say `again: {name}` there").format(
            name=show_name(own)
        )
        faults.at_value(("again",), "again-itself", message, hint)
    return ids
