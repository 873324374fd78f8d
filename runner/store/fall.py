"""What the fall of a balance tells of the batches in doubt, from one moment of rest to another.

The base is what was left when nothing was in flight, and stays as long as the fall since then may
tell something of a batch in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from runner.evidence import Fall, weigh_fall
from runner.lifecycle import BatchState
from runner.store.claims import count_in_flight
from runner.store.doubt import act_on, repeats_by_itself
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from runner.model.account import Account
    from runner.model.outcome import Balance
    from runner.store.database import Transaction

_BASE = text("SELECT base_balance, base_at, base_bought FROM accounts WHERE name = :account")

_KEEP_BASE = text("""
    UPDATE accounts SET base_balance = :left, base_at = :now, base_bought = :bought
    WHERE name = :account
""")

# By the receipt, which comes after the base whatever the clock said at the claim, since nothing was
# in flight at the base. What evidence settled was taken at its claim, which may be of the base's
# own millisecond.
_TAKEN_SINCE = text("""
    SELECT coalesce(sum(recipients - cancelled), 0) FROM batches
    WHERE account = :account AND state = 'accepted' AND (
        (settled_by IS NULL AND accepted_at > :base_at)
        OR (settled_by = 'evidence' AND claimed_at >= :base_at)
    )
""")

# A person's word is no knowledge of the gateway's balance, and code 8 may come for what was taken:
# what was claimed again after either may have been taken more than once.
_UNKNOWN_SINCE = text("""
    SELECT id, recipients - cancelled AS people, state,
        state = 'in_doubt' AND NOT disowned AND NOT (:repeats AND refusals > 0) AS once
    FROM batches
    WHERE account = :account AND claimed_at >= :since AND (
        state = 'in_doubt' OR disowned OR (state = 'accepted' AND settled_by = 'person')
        OR (:repeats AND refusals > 0)
    )
    ORDER BY id
""")

_WAS_BUSY = text("""
    SELECT EXISTS (
        SELECT 1 FROM batches
        WHERE account = :account AND (claimed_at > :since OR accepted_at > :since)
    )
""")

_TAKEN_LATE = timedelta(minutes=10)  # how long a gateway may work on what was in doubt already


def note_receipt(transaction: Transaction, account: Account, left: str, now: datetime) -> None:
    """Take a receipt's balance, which is what is left after it, as the base of later falls.

    An exclusive account keeps the one that it was asked for, with all that was ever bought.
    """
    base = _find_base(transaction, account, now)
    if account.exclusive and base:
        return
    if _is_at_rest(transaction, account) and not _is_wanted(transaction, account, base):
        _keep_base(transaction, account, left, None, now)


def note_balance(
    transaction: Transaction,
    account: Account,
    balance: Balance,
    *,
    asked_at: datetime,
    now: datetime,
) -> None:
    """Weigh what a balance tells of the batches in doubt, and take it as the base of later falls.

    Nothing is told where requests were under way since `asked_at`: nobody knows whether they are in
    it; nor where the account was topped up in between.
    """
    if not _is_at_rest(transaction, account) or _was_busy(transaction, account, asked_at):
        return
    base = _find_base(transaction, account, now)
    if base and (None in (base.bought, balance.bought) or base.bought == balance.bought):
        fall = _read_fall(transaction, account, base, balance)
        act_on(transaction, account, list(weigh_fall(fall)), now)
    if not _is_wanted(transaction, account, base):
        _keep_base(transaction, account, balance.left, balance.bought, now)


def is_fall_wanted(transaction: Transaction, account: Account) -> bool:
    """Whether the balance may still tell something of a batch in doubt."""
    return _is_wanted(transaction, account, _read_base(transaction, account))


def _was_busy(transaction: Transaction, account: Account, since: datetime) -> bool:
    key = {"account": account.name, "since": stamp(since)}
    return bool(transaction.execute(_WAS_BUSY, key).scalar_one())


def _is_at_rest(transaction: Transaction, account: Account) -> bool:
    return count_in_flight(transaction, account.name) == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What was left at a moment at which nothing was in flight, and what had ever been bought."""

    left: str
    at: datetime
    bought: str | None


def _read_base(transaction: Transaction, account: Account) -> _Base | None:
    row = transaction.execute(_BASE, {"account": account.name}).one()
    if row.base_at is None:
        return None
    return _Base(left=row.base_balance, at=unstamp(row.base_at), bought=row.base_bought)


def _find_base(transaction: Transaction, account: Account, now: datetime) -> _Base | None:
    """Give the base of later falls; None where the clock was set back to before it since."""
    base = _read_base(transaction, account)
    return base if base and base.at <= now else None


def _is_wanted(transaction: Transaction, account: Account, base: _Base | None) -> bool:
    """Whether the fall since a base may still tell something of a batch in doubt."""
    unknown = _read_unknown(transaction, account, base) if base else ()
    return any(row.state == BatchState.IN_DOUBT for row in unknown)


def _read_unknown(transaction: Transaction, account: Account, base: _Base) -> Sequence[Row[Any]]:
    key = {"account": account.name, "since": stamp(base.at - _TAKEN_LATE)}
    return transaction.execute(_UNKNOWN_SINCE, {**key, "repeats": repeats_by_itself(account)}).all()


def _read_fall(transaction: Transaction, account: Account, base: _Base, balance: Balance) -> Fall:
    unknown = _read_unknown(transaction, account, base)
    key = {"account": account.name, "base_at": stamp(base.at)}
    return Fall(
        before=base.left,
        after=balance.left,
        accepted=transaction.execute(_TAKEN_SINCE, key).scalar_one(),
        unknown={row.id: row.people for row in unknown},
        open=[row.id for row in unknown if row.once],
        certain=account.exclusive and None not in (base.bought, balance.bought),
    )


def _keep_base(
    transaction: Transaction, account: Account, left: str, bought: str | None, now: datetime
) -> None:
    row = {"account": account.name, "left": left, "bought": bought, "now": stamp(now)}
    transaction.execute(_KEEP_BASE, row)
