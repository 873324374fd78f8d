"""What is known of an account beside its settings, and the changes of its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import text

from runner.lifecycle import ACCOUNT, AccountEvent, AccountState, after
from runner.store.events import record_event
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.store.database import Transaction

_ENSURE = text("""
    INSERT INTO accounts (name, state, since) VALUES (:name, :state, :now)
    ON CONFLICT (name) DO NOTHING
""")

_READ = text("SELECT * FROM accounts WHERE name = :name")

_CHANGE = text("""
    UPDATE accounts SET since = CASE WHEN state = :state THEN since ELSE :since END,
        state = :state, reason = :reason,
        wrong_credentials = :wrong_credentials, probation = :probation,
        ask_balance = :ask_balance, unknowns = :unknowns, unreachable = :unreachable,
        not_before = :not_before
    WHERE name = :name
""")

_BALANCE = text("UPDATE accounts SET balance = :balance, balance_at = :now WHERE name = :name")

_STOP_REPORTS = text("UPDATE accounts SET reports_stopped = :reason WHERE name = :name")

# A new process tries everything anew, but for a doubt that a balance query must clear first.
_FORGET_WAITS = text("""
    UPDATE accounts SET unreachable = 0, not_before = NULL, reports_stopped = NULL
""")

_SUSPENDED = text("SELECT name FROM accounts WHERE state = 'suspended'")


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
        not_before=unstamp(row.not_before) if row.not_before else None,
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


def stop_reports(transaction: Transaction, name: str, reason: str, now: datetime) -> None:
    """Stop polling an account's reports until a new process tries again."""
    transaction.execute(_STOP_REPORTS, {"name": name, "reason": reason})
    record_event(transaction, now=now, subject="report", name=name, reason=reason)


def release_accounts(transaction: Transaction, now: datetime) -> None:
    """Let a new process try again: suspensions end, on probation; waits are forgotten."""
    transaction.execute(_FORGET_WAITS)
    for name in transaction.execute(_SUSPENDED).scalars().all():
        released = replace(
            read_standing(transaction, name),
            reason="a new process tries again",
            wrong_credentials=False,
            probation=True,
            unknowns=0,
        )
        change_standing(transaction, released, AccountEvent.RELEASE, now)


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
            "not_before": stamp(standing.not_before) if standing.not_before else None,
        },
    )
