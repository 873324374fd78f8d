"""What is known of an account beside its settings, and the changes of its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.language import N_
from runner.lifecycle import ACCOUNT, AccountEvent, AccountState, after
from runner.store.events import record_event
from runner.store.moments import from_column, to_column
from runner.store.start import miss_late
from runner.timing import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.store.transaction import Transaction

_ENSURE = """
    INSERT INTO accounts (name, state, since) VALUES (:name, :state, :now)
    ON CONFLICT (name) DO NOTHING
"""

_READ = "SELECT * FROM accounts WHERE name = :name"

_CHANGE = """
    UPDATE accounts SET since = CASE WHEN state = :state THEN since ELSE :since END,
        state = :state, reason = :reason,
        wrong_credentials = :wrong_credentials, probation = :probation,
        ask_balance = :ask_balance, unknowns = :unknowns, unreachable = :unreachable,
        not_before = :not_before
    WHERE name = :name
"""

_BALANCE = "UPDATE accounts SET balance = :balance, balance_at = :now WHERE name = :name"

_SLOTS = "SELECT next_request, next_people, last_people FROM accounts WHERE name = :name"

_KEEP_SLOTS = """
    UPDATE accounts SET next_request = :request, next_people = :people,
        last_people = :last_people
    WHERE name = :name
"""

_STOP_REPORTS = "UPDATE accounts SET reports_stopped = :reason WHERE name = :name"

# A new process tries everything anew, but for a doubt that a balance query must clear first.
_FORGET_WAITS = """
    UPDATE accounts SET unreachable = 0, not_before = NULL, reports_stopped = NULL
"""

_SUSPENDED = "SELECT name FROM accounts WHERE state = 'suspended'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account's standing with its gateway.

    probation: one request in flight until one is accepted.
    ask_balance: nothing is claimed until a balance query succeeds.
    unknowns and unreachable: how often in a row; not_before: nothing is claimed or asked before.
    reports_stopped: why reports are not polled, None where they are.
    """

    name: str
    state: AccountState = AccountState.ACTIVE
    reason: str | None = None
    wrong_credentials: bool = False
    probation: bool = False
    ask_balance: bool = False
    unknowns: int = 0
    unreachable: int = 0
    not_before: datetime | None = None
    reports_stopped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """When an account's line is free: by its rate for a request, by its pace for people.

    last_people: how many people took it until then.
    """

    request: datetime | None = None
    people: datetime | None = None
    last_people: int = 0


def ensure_accounts(transaction: Transaction, names: Iterable[str], now: datetime) -> None:
    """Give every account of the settings its row."""
    for name in names:
        row = {"name": name, "state": AccountState.ACTIVE, "now": stamp(now)}
        transaction.execute(_ENSURE, row)


def read_standing(transaction: Transaction, name: str) -> Standing:
    """Give an account's standing."""
    row = transaction.execute(_READ, {"name": name}).one()
    return Standing(
        name=row.name,
        state=AccountState(row.state),
        reason=row.reason,
        wrong_credentials=bool(row.wrong_credentials),
        probation=bool(row.probation),
        ask_balance=bool(row.ask_balance),
        unknowns=row.unknowns,
        unreachable=row.unreachable,
        not_before=from_column(row.not_before),
        reports_stopped=row.reports_stopped,
    )


def change_standing(
    transaction: Transaction, standing: Standing, event: AccountEvent | None, now: datetime
) -> None:
    """Keep a changed standing; event: what changes its state, if anything does.

    standing: the new standing, but with the state it had.
    """
    state = after(ACCOUNT, standing.state, event) if event else standing.state
    _keep(transaction, replace(standing, state=state), now)
    if state is not standing.state:
        if state is AccountState.ACTIVE:
            miss_late(transaction, now, account=standing.name)
        record_event(
            transaction,
            now=now,
            subject="account",
            name=standing.name,
            old_state=standing.state,
            new_state=state,
            reason=standing.reason,
        )


def keep_balance(transaction: Transaction, name: str, balance: str, now: datetime) -> None:
    """Keep what the gateway said is left, as it wrote it."""
    transaction.execute(_BALANCE, {"name": name, "balance": balance, "now": stamp(now)})


def read_slots(transaction: Transaction, name: str) -> Slots:
    """Say since when an account's line is free."""
    row = transaction.execute(_SLOTS, {"name": name}).one()
    return Slots(
        request=from_column(row.next_request),
        people=from_column(row.next_people),
        last_people=row.last_people,
    )


def keep_slots(transaction: Transaction, name: str, slots: Slots) -> None:
    """Keep when an account's line is free again, in the transaction of the claim that takes it."""
    # To the microsecond: what is cut off a slot adds up to more requests than were agreed.
    row = {
        "request": slots.request and slots.request.isoformat(),
        "people": slots.people and slots.people.isoformat(),
        "last_people": slots.last_people,
    }
    transaction.execute(_KEEP_SLOTS, {"name": name, **row})


def stop_reports(transaction: Transaction, name: str, reason: str, now: datetime) -> None:
    """Stop polling an account's reports until a new process tries again."""
    transaction.execute(_STOP_REPORTS, {"name": name, "reason": reason})
    record_event(transaction, now=now, subject="report", name=name, reason=reason)


def release_accounts(transaction: Transaction, now: datetime) -> None:
    """Let a new process try again: suspensions end, on probation; waits are forgotten."""
    transaction.execute(_FORGET_WAITS)
    for name in transaction.execute(_SUSPENDED).scalars():
        release_account(transaction, name, now, reason=N_("a new process tries again"))


def release_account(transaction: Transaction, name: str, now: datetime, *, reason: str) -> bool:
    """Let an account that is suspended or low try again, one request at a time.

    Says whether it was.
    """
    standing = read_standing(transaction, name)
    if standing.state is AccountState.ACTIVE:
        return False
    released = replace(
        standing,
        reason=reason,
        wrong_credentials=False,
        probation=True,
        unknowns=0,
        not_before=None,
    )
    change_standing(transaction, released, AccountEvent.RELEASE, now)
    return True


def _keep(transaction: Transaction, standing: Standing, now: datetime) -> None:
    transaction.execute(
        _CHANGE,
        {
            "name": standing.name,
            "state": standing.state,
            "reason": standing.reason,
            "since": stamp(now),
            "wrong_credentials": standing.wrong_credentials,
            "probation": standing.probation,
            "ask_balance": standing.ask_balance,
            "unknowns": standing.unknowns,
            "unreachable": standing.unreachable,
            "not_before": to_column(standing.not_before),
        },
    )
