"""What is made of an answer: the gateway protocol's tables as pure functions.

A ``Ruling`` is what becomes of the batch and of the account's line; the store applies both in the
transaction that recorded the outcome. Source: gateway protocol, "send" and "What can be known
after a POST".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from runner.lifecycle import AccountEvent, AccountState, BatchEvent
from runner.model.account import OnCode8
from runner.model.outcome import (
    Accepted,
    Balance,
    Code,
    NoAnswer,
    NotSent,
    NotTaken,
    QueryRefused,
    Refused,
    Unknown,
)
from runner.store.claims import BatchChange
from runner.timing import LOW_BALANCE_RETRY, backoff

if TYPE_CHECKING:
    from datetime import datetime

    from runner.model.account import Account
    from runner.model.outcome import Outcome
    from runner.store.accounts import Line
    from runner.store.claims import Standing

UNKNOWNS_THAT_SUSPEND = 3

MEANING = {
    Code.WRONG_PARAMETERS: "wrong parameters",
    Code.EMPTY_CREDENTIALS: "user name or password empty",
    Code.WRONG_CREDENTIALS: "user name or password wrong",
    Code.NO_NUMBER: "no number",
    Code.NO_CONTENT: "no content",
    Code.TOO_MANY_NUMBERS: "over 2000 numbers",
    Code.LOW_BALANCE: "balance too low",
    Code.SUBMISSION_FAILED: "submission failed",
    Code.OTHER_ERROR: "other error",
    Code.TOO_LARGE: "message over 100K",
    Code.NOT_ALLOWED: "this user may not send MMS",
}

_HALTING = {
    Code.WRONG_PARAMETERS,
    Code.NO_NUMBER,
    Code.NO_CONTENT,
    Code.TOO_MANY_NUMBERS,
    Code.TOO_LARGE,
}
_POSTPAID = "后付费"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What becomes of a batch and of its account's line."""

    batch: BatchChange
    line: Line
    event: AccountEvent | None = None


def rule(outcome: Outcome, account: Account, batch: Standing, line: Line, now: datetime) -> Ruling:
    """Say what is made of the outcome of a submission."""
    match outcome:
        case Accepted():
            return _accept(outcome, account, line, now)
        case Refused():
            return _refuse(outcome.code, account, batch, line, now)
        case NotTaken():
            reason = f"the gateway did not take it: HTTP {outcome.status}"
            return Ruling(
                batch=BatchChange(event=BatchEvent.REJECT, reason=reason, halts=True),
                line=_answered(line),
            )
        case NotSent():
            return Ruling(
                batch=BatchChange(event=BatchEvent.NOT_SENT, reason=f"not sent: {outcome.why}"),
                line=unreached(line, account, outcome.why, now),
            )
        case Unknown():
            change = BatchChange(
                event=BatchEvent.DOUBT, reason=outcome.why, halts=outcome.redirected
            )
            return _doubt(change, line)


def rule_balance(
    answer: Balance | QueryRefused | NoAnswer,
    account: Account,
    line: Line,
    needed: int,
    now: datetime,
) -> tuple[Line, AccountEvent | None]:
    """Say what an answer to a balance query makes of an account's line.

    needed: recipients of the next batch, which a low balance must cover.
    """
    match answer:
        case Balance():
            asked = replace(_reached(line), ask_balance=False, not_before=None)
            if line.state is not AccountState.LOW_BALANCE:
                return asked, None
            if covers(answer, needed):
                return replace(asked, reason=None), AccountEvent.TOP_UP
            return replace(asked, not_before=now + LOW_BALANCE_RETRY), None
        case QueryRefused(wrong_credentials=True):
            return _distrusted(line, f"the balance query was refused: {answer.remark}"), (
                AccountEvent.SUSPEND
            )
        case QueryRefused():
            why = f"the balance query was refused: {answer.remark}"
            return unreached(line, account, why, now), None
        case NoAnswer():
            return unreached(line, account, answer.why, now), None


def covers(balance: Balance, needed: int) -> bool:
    """Whether a balance is enough for so many people; a postpaid account's may be negative."""
    if balance.payment == _POSTPAID:
        return True
    try:
        return Decimal(balance.left) >= needed
    except InvalidOperation:
        return False


def unreached(line: Line, account: Account, why: str, now: datetime) -> Line:
    """Count a failure to reach the gateway, and wait longer after each."""
    if line.not_before and line.not_before > now:
        return line  # others of the same moment were counted already
    failures = line.unreachable + 1
    return replace(
        line,
        unreachable=failures,
        not_before=now + backoff(account.retry, failures),
        reason=why if line.state is AccountState.ACTIVE else line.reason,
    )


def _accept(outcome: Accepted, account: Account, line: Line, now: datetime) -> Ruling:
    return Ruling(
        batch=BatchChange(
            event=BatchEvent.ACCEPT,
            task_id=outcome.task_id,
            report_deadline=now + account.reports.deadline,
        ),
        line=replace(_answered(line), probation=False),
    )


def _refuse(code: Code, account: Account, batch: Standing, line: Line, now: datetime) -> Ruling:
    reason = f"the gateway answered {code.value}, {MEANING[code]}"
    back = BatchChange(event=BatchEvent.NOT_SENT, reason=reason, code=code)
    if code in (Code.EMPTY_CREDENTIALS, Code.WRONG_CREDENTIALS):
        return Ruling(
            batch=back, line=_distrusted(_answered(line), reason), event=AccountEvent.SUSPEND
        )
    if code is Code.NOT_ALLOWED:
        barred = _stopped(_answered(line), reason)
        return Ruling(batch=back, line=barred, event=AccountEvent.SUSPEND)
    if code is Code.LOW_BALANCE:
        low = replace(_stopped(_answered(line), reason), not_before=now + LOW_BALANCE_RETRY)
        return Ruling(batch=back, line=low, event=AccountEvent.RUN_LOW)
    if code in _HALTING:
        rejected = BatchChange(event=BatchEvent.REJECT, reason=reason, code=code, halts=True)
        return Ruling(batch=rejected, line=_answered(line))
    return _retry(back, code, account, batch, line, now)


def _retry(
    back: BatchChange, code: Code, account: Account, batch: Standing, line: Line, now: datetime
) -> Ruling:
    """Rule on 7 and 8: again after a wait, a bounded number of times."""
    if code is Code.OTHER_ERROR and account.on_code_8 is OnCode8.DOUBT:
        return _doubt(replace(back, event=BatchEvent.DOUBT), line)
    refusals = batch.refusals + 1
    if refusals < account.retry.tries:
        again_at = now + backoff(account.retry, refusals)
        return Ruling(
            batch=replace(back, refusals=refusals, again_at=again_at), line=_answered(line)
        )
    reason = f"{back.reason}, {refusals} times"
    if code is Code.OTHER_ERROR:
        return _doubt(replace(back, event=BatchEvent.DOUBT, reason=reason, refusals=refusals), line)
    rejected = replace(back, event=BatchEvent.REJECT, reason=reason, refusals=refusals)
    return Ruling(batch=rejected, line=_answered(line))


def _doubt(change: BatchChange, line: Line) -> Ruling:
    """Rule on what nobody can know: the line must prove itself before anything else goes out."""
    unknowns = line.unknowns + 1
    doubted = replace(_reached(line), unknowns=unknowns, ask_balance=True)
    if unknowns < UNKNOWNS_THAT_SUSPEND:
        return Ruling(batch=change, line=doubted)
    reason = f"{unknowns} unknown outcomes in a row, the last: {change.reason}"
    return Ruling(batch=change, line=_stopped(doubted, reason), event=AccountEvent.SUSPEND)


def _answered(line: Line) -> Line:
    """Note that the gateway said something definite."""
    return replace(_reached(line), unknowns=0)


def _reached(line: Line) -> Line:
    if line.state is AccountState.ACTIVE:
        return replace(line, unreachable=0, not_before=None, reason=None)
    return replace(line, unreachable=0)


def _stopped(line: Line, reason: str) -> Line:
    """Note why an account stops; what suspended it stays its reason while others come home."""
    return line if line.state is AccountState.SUSPENDED else replace(line, reason=reason)


def _distrusted(line: Line, reason: str) -> Line:
    return replace(line, reason=reason, wrong_credentials=True)
