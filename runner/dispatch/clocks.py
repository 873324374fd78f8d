"""Holds an account whose gateway's clock is far from this machine's: one of the two is wrong.

By a clock that is wrong, campaigns begin at a wrong time or are missed, and hours and `until` mean
nothing. Nobody here can know which of the two it is; a person can, and a clock that is set heals it
by itself. The brake is a guard's: looked at before every claim, and after every poll of reports.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from runner.language import N_
from runner.lifecycle import BrakeSource
from runner.store.brakes import Brake, Subject, lift_brake, set_brake
from runner.store.start import miss_late

if TYPE_CHECKING:
    from datetime import datetime

    from runner.dispatch.line import Line
    from runner.model.account import Account
    from runner.model.outcome import GatewayTime
    from runner.store.database import Database
    from runner.store.transaction import Transaction

CLOCK_AGAIN = timedelta(seconds=30)  # how soon a clock is asked for again that is far from ours

_UNITS = (
    (timedelta(days=1), N_("{count} days")),
    (timedelta(hours=1), N_("{count} hours")),
    (timedelta(minutes=1), N_("{count} minutes")),
)


def wants_time(account: Account, told: GatewayTime | None, now: datetime) -> bool:
    """Whether the gateway must be asked anything before its clock can be compared with ours.

    told: what it said last; where that speaks against us, it is asked anew.
    """
    if account.clock_skew is None or told is None:
        return account.clock_skew is not None
    return _find_skew(account, told, now) is not None and told.age >= CLOCK_AGAIN


def guard_by_clock(account: Account, told: GatewayTime | None, now: datetime) -> Brake:
    """Give the brake of an account's clock; it has a reason where the clocks are too far apart."""
    skew = _find_skew(account, told, now)
    reason = None if skew is None else _describe(skew)
    return Brake(
        subject=Subject.ACCOUNT, name=account.name, source=BrakeSource.GUARD, reason=reason
    )


def put_guard(transaction: Transaction, guard: Brake, now: datetime) -> bool:
    """Set a guard that has a reason, and lift it where it has none; says whether it was lifted."""
    if guard.reason:
        set_brake(transaction, guard, now)
        return False
    lifted = lift_brake(transaction, guard, now)
    if lifted:
        miss_late(transaction, now)
    return lifted


def compare_clocks(database: Database, line: Line, now: datetime) -> None:
    """Hold an account, or let it go, by what its gateway said of the time just now."""
    if line.account.clock_skew is None:
        return  # a guard from before it was so is lifted at the next claim
    guard = guard_by_clock(line.account, line.gateway.tell_time(), now)
    with database.writing() as transaction:
        put_guard(transaction, guard, now)


def _find_skew(account: Account, told: GatewayTime | None, now: datetime) -> timedelta | None:
    """Say how far our clock is ahead of the gateway's, where that is too far; else None."""
    if account.clock_skew is None or told is None or told.moment is None:
        return None
    skew = now - told.moment
    return skew if abs(skew) > account.clock_skew else None


def _describe(skew: timedelta) -> str:
    # In one unit, so that it stays the same from look to look.
    unit, several = next((found for found in _UNITS if abs(skew) >= 2 * found[0]), _UNITS[-1])
    told = (
        N_(
            "this machine's clock is about {time} ahead of the gateway's: set the one that is"
            " wrong; it goes on by itself (`clock_skew` of the account says how far apart they may"
            " be)"
        )
        if skew > timedelta()
        else N_(
            "this machine's clock is about {time} behind the gateway's: set the one that is"
            " wrong; it goes on by itself (`clock_skew` of the account says how far apart they may"
            " be)"
        )
    )
    return told.format(time=several.format(count=round(abs(skew) / unit)))
