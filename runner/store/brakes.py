"""Brakes: durable stops of a campaign, an account or everything, each with who, when and why.

A brake changes no state. What is under one is not claimed, from the next claim on, whichever
process sends; each is lifted by its own source alone, and all must let go.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.language import N_, Message
from runner.lifecycle import PAUSED, BrakeSource
from runner.store.events import record_event
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from runner.store.transaction import Row, Transaction

_SET = """
    INSERT INTO brakes (subject, name, source, actor, at, reason)
    VALUES (:subject, :name, :source, :actor, :at, :reason)
    ON CONFLICT (subject, name, source) DO UPDATE SET reason = excluded.reason
"""

_LIFT = """
    DELETE FROM brakes WHERE subject = :subject AND name = :name AND source = :source
"""

_FIND = """
    SELECT * FROM brakes WHERE subject = :subject AND name = :name AND source = :source
"""

_ALL = "SELECT * FROM brakes ORDER BY at, subject, name, source"


class Subject(StrEnum):
    """What a brake stops."""

    CAMPAIGN = "campaign"
    ACCOUNT = "account"
    ALL = "all"  # its name is empty


# By whether it is said since when, and why.
_PAUSED = {
    (False, False): N_("paused by {actor}"),
    (False, True): N_("paused by {actor}: {reason}"),
    (True, False): N_("paused by {actor} since {since}"),
    (True, True): N_("paused by {actor} since {since}: {reason}"),
}
_WHAT = {
    Subject.CAMPAIGN: Message("{paused}"),
    Subject.ACCOUNT: N_("account {account} is {paused}"),
    Subject.ALL: N_("everything is {paused}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """A stop. name: of the campaign or account; actor: who set it; reason: why, or None."""

    subject: Subject
    name: str = ""
    source: BrakeSource
    actor: str = ""
    at: datetime | None = None
    reason: str | None = None

    def __str__(self) -> str:
        """Say who and why to a person."""
        return self._tell(since=None)

    def describe(self, zone: tzinfo) -> str:
        """Say who, since when and why to a person; zone: the one of the time."""
        return self._tell(since=f"{self.at.astimezone(zone):%F %R %Z}" if self.at else None)

    def _tell(self, *, since: str | None) -> str:
        if self.source is not BrakeSource.COMMAND:
            told = N_("{guard} (since {since})") if since else Message("{guard}")
            return told.format(guard=self.reason or self.source.value, since=since)
        paused = _PAUSED[bool(since), bool(self.reason)].format(
            actor=self.actor, since=since, reason=self.reason
        )
        return _WHAT[self.subject].format(account=self.name, paused=paused)

    def covers(self, campaign: str, account: str) -> bool:
        """Whether a campaign of an account is under it."""
        names = {Subject.CAMPAIGN: campaign, Subject.ACCOUNT: account, Subject.ALL: ""}
        return self.name == names[self.subject]

    def covers_account(self, account: str) -> bool:
        """Whether an account as a whole is under it."""
        return self.subject is not Subject.CAMPAIGN and self.covers("", account)


def set_brake(transaction: Transaction, brake: Brake, now: datetime) -> bool:
    """Set a brake for the transaction's actor, or renew its reason; says whether that is news."""
    known = transaction.execute(_FIND, _key(brake)).fetchone()
    if known and known.reason == brake.reason:
        return False
    actor = transaction.actor
    row = {**_key(brake), "actor": actor, "at": stamp(now), "reason": brake.reason}
    transaction.execute(_SET, row)
    _log(transaction, brake, now, new_state=PAUSED, reason=brake.reason)
    return True


def lift_brake(transaction: Transaction, brake: Brake, now: datetime) -> bool:
    """Lift the brake of this subject, name and source; says whether there was one."""
    if not transaction.execute(_LIFT, _key(brake)).rowcount:
        return False
    _log(transaction, brake, now, old_state=PAUSED, reason=f"no longer paused by {brake.source}")
    return True


def read_brakes(transaction: Transaction) -> list[Brake]:
    """Give all brakes, the oldest first."""
    return [_brake(row) for row in transaction.execute(_ALL)]


def _key(brake: Brake) -> dict[str, str]:
    return {"subject": brake.subject, "name": brake.name, "source": brake.source}


def _log(transaction: Transaction, brake: Brake, now: datetime, **change: str | None) -> None:
    record_event(transaction, now=now, subject=brake.subject, name=brake.name, **change)


def _brake(row: Row) -> Brake:
    return Brake(
        subject=Subject(row.subject),
        name=row.name,
        source=BrakeSource(row.source),
        actor=row.actor,
        at=unstamp(row.at),
        reason=row.reason,
    )
