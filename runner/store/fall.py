"""What the fall of a balance tells of the batches in doubt, from one moment of rest to another.

The base is what was left when nothing was in flight, and stays as long as the fall since then may
tell something of a batch in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.evidence import Fall, weigh_fall
from runner.lifecycle import BatchState
from runner.store.claims import count_in_flight, number_anew
from runner.store.doubt import act_on, repeats_by_itself
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from runner.model.account import Account
    from runner.model.outcome import Balance
    from runner.store.transaction import Row, Transaction

_BASE = """
    SELECT base_balance, base_claim, base_at, base_bought FROM accounts WHERE name = :account
"""

_KEEP_BASE = """
    UPDATE accounts SET base_balance = :left, base_claim = :claim, base_at = :now,
        base_bought = :bought
    WHERE name = :account
"""

# What evidence settled was taken at its claim.
_TAKEN_SINCE = """
    SELECT coalesce(sum(recipients - cancelled), 0) FROM batches
    WHERE account = :account AND claim > :base AND state = 'accepted'
        AND (settled_by IS NULL OR settled_by = 'evidence')
"""

# A person's word is no knowledge of the gateway's balance, and code 8 may come for what was taken:
# what was claimed again after either may have been taken more than once. What was in doubt at the
# base may have been taken before or after it, whatever its reports have told since.
_UNKNOWN_SINCE = """
    SELECT id, recipients - cancelled AS people, state,
        state = 'in_doubt' AND NOT disowned AND NOT (:repeats AND refusals > 0) AS once
    FROM batches
    WHERE (claim > :base OR claimed_at >= :since) AND id IN (
        SELECT id FROM batches WHERE account = :account AND state = 'in_doubt'
        UNION ALL SELECT id FROM batches WHERE account = :account AND disowned
        UNION ALL SELECT id FROM batches
            WHERE account = :account AND settled_by IS NOT NULL AND state = 'accepted' AND (
                settled_by = 'person' OR (task_id IS NOT NULL AND coalesce(claim, 0) <= :base)
            )
        UNION ALL SELECT id FROM batches WHERE :repeats AND account = :account AND refusals > 0
    )
    ORDER BY id
"""

_NEWEST_CLAIM = """
    SELECT claim FROM batches WHERE account = :account AND claim IS NOT NULL
    ORDER BY claim DESC LIMIT 1
"""

_TAKEN_LATE = timedelta(minutes=10)  # how long a gateway may work on what was in doubt already


def find_rest(transaction: Transaction, account: Account) -> int | None:
    """Give the number of an account's newest claim while nothing is in flight; else None.

    Two moments of the same number have nothing between them that the balance could tell of.
    """
    if count_in_flight(transaction, account.name):
        return None
    return transaction.execute(_NEWEST_CLAIM, {"account": account.name}).scalar() or 0


def note_receipt(transaction: Transaction, account: Account, left: str, now: datetime) -> None:
    """Take a receipt's balance, which is what is left after it, as the base of later falls.

    An exclusive account keeps the one that it was asked for, with all that was ever bought.
    """
    rest = find_rest(transaction, account)
    if rest is None:
        return  # as it is nearly always, with several requests at once
    base = _read_base(transaction, account)
    if account.exclusive and base:
        return
    if not _is_wanted(transaction, account, base):
        _keep_base(transaction, account, _Base(left=left, claim=rest, at=now, bought=None))


def note_late_receipt(transaction: Transaction, account: Account, batch: int) -> None:
    """Forget the base, since nobody knows whether it has a batch whose receipt came late in it.

    A balance that is being asked for at the moment becomes no base either.
    """
    _keep_base(transaction, account, None)
    number_anew(transaction, batch)


def note_balance(
    transaction: Transaction,
    account: Account,
    balance: Balance,
    *,
    asked_at: int | None,
    now: datetime,
) -> None:
    """Weigh what a balance tells of the batches in doubt, and take it as the base of later falls.

    asked_at: the rest in which it was asked for. Where that has ended since, or was none, nothing
    is told: nobody knows whether what was under way is in it; nor where the account was topped up.
    """
    rest = find_rest(transaction, account)
    if rest is None or rest != asked_at:
        return
    base = _read_base(transaction, account)
    if base and (None in (base.bought, balance.bought) or base.bought == balance.bought):
        fall = _read_fall(transaction, account, base, balance)
        act_on(transaction, account, list(weigh_fall(fall)), now)
    if not _is_wanted(transaction, account, base):
        new = _Base(left=balance.left, claim=rest, at=now, bought=balance.bought)
        _keep_base(transaction, account, new)


def is_fall_wanted(transaction: Transaction, account: Account) -> bool:
    """Whether the balance may still tell something of a batch in doubt."""
    return _is_wanted(transaction, account, _read_base(transaction, account))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What was left while nothing was in flight, and what had ever been bought.

    claim: the number of the account's newest claim then.
    """

    left: str
    claim: int
    at: datetime
    bought: str | None


def _read_base(transaction: Transaction, account: Account) -> _Base | None:
    row = transaction.execute(_BASE, {"account": account.name}).one()
    if row.base_at is None:
        return None
    return _Base(
        left=row.base_balance,
        claim=row.base_claim,
        at=unstamp(row.base_at),
        bought=row.base_bought,
    )


def _is_wanted(transaction: Transaction, account: Account, base: _Base | None) -> bool:
    """Whether the fall since a base may still tell something of a batch in doubt."""
    unknown = _read_unknown(transaction, account, base) if base else ()
    return any(row.state == BatchState.IN_DOUBT for row in unknown)


def _read_unknown(transaction: Transaction, account: Account, base: _Base) -> Sequence[Row]:
    key = {
        "account": account.name,
        "base": base.claim,
        "since": stamp(base.at - _TAKEN_LATE),
        "repeats": repeats_by_itself(account),
    }
    return transaction.execute(_UNKNOWN_SINCE, key).fetchall()


def _read_fall(transaction: Transaction, account: Account, base: _Base, balance: Balance) -> Fall:
    unknown = _read_unknown(transaction, account, base)
    key = {"account": account.name, "base": base.claim}
    return Fall(
        before=base.left,
        after=balance.left,
        accepted=transaction.execute(_TAKEN_SINCE, key).scalar(),
        unknown={row.id: row.people for row in unknown},
        open=[row.id for row in unknown if row.once],
        certain=account.exclusive and None not in (base.bought, balance.bought),
    )


def _keep_base(transaction: Transaction, account: Account, base: _Base | None) -> None:
    row = {
        "left": base and base.left,
        "claim": base and base.claim,
        "bought": base and base.bought,
        "now": base and stamp(base.at),
    }
    transaction.execute(_KEEP_BASE, {**row, "account": account.name})
