"""What is made of an answer: the gateway protocol's tables as pure functions.

A ``Ruling`` is what becomes of a batch and of its account's standing; the pump applies both in the
transaction that records the outcome. Source: gateway protocol, "send" and "What can be known after
a POST".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from runner.language import N_
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
from runner.store.outcomes import BatchChange
from runner.timing import LOW_BALANCE_RETRY, backoff

if TYPE_CHECKING:
    from datetime import datetime

    from runner.model.account import Account
    from runner.model.outcome import BalanceAnswer, Outcome
    from runner.store.accounts import Standing
    from runner.store.outcomes import StoredBatch

UNKNOWNS_THAT_SUSPEND = 3

MEANING = {
    Code.WRONG_PARAMETERS: N_("wrong parameters"),
    Code.EMPTY_CREDENTIALS: N_("user name or password empty"),
    Code.WRONG_CREDENTIALS: N_("user name or password wrong"),
    Code.NO_NUMBER: N_("no number"),
    Code.NO_CONTENT: N_("no content"),
    Code.TOO_MANY_NUMBERS: N_("over 2000 numbers"),
    Code.LOW_BALANCE: N_("balance too low"),
    Code.SUBMISSION_FAILED: N_("submission failed"),
    Code.OTHER_ERROR: N_("other error"),
    Code.TOO_LARGE: N_("message over 100K"),
    Code.NOT_ALLOWED: N_("this user may not send MMS"),
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
    """What becomes of a batch and of its account's standing."""

    batch: BatchChange
    standing: Standing
    event: AccountEvent | None = None


def rule(
    outcome: Outcome,
    account: Account,
    batch: StoredBatch,
    standing: Standing,
    now: datetime,
    *,
    starttime: datetime | None = None,
) -> Ruling:
    """Say what is made of the outcome of a submission.

    starttime: the gateway waits until then, so its reports come later.
    """
    match outcome:
        case Accepted():
            deadline = max(now, starttime or now) + account.reports.deadline
            return _accept(outcome, standing, deadline)
        case Refused():
            return _refuse(outcome.code, account, batch, standing, now)
        case NotTaken():
            reason = N_("the gateway did not take it: HTTP {status}").format(status=outcome.status)
            return Ruling(
                batch=BatchChange(event=BatchEvent.REJECT, reason=reason, halts=True),
                standing=_answered(standing),
            )
        case NotSent():
            return Ruling(
                batch=BatchChange(
                    event=BatchEvent.NOT_SENT,
                    reason=N_("not sent: {why}").format(why=outcome.why),
                ),
                standing=unreached(standing, account, outcome.why, now),
            )
        case Unknown():
            change = BatchChange(
                event=BatchEvent.DOUBT, reason=outcome.why, halts=outcome.redirected
            )
            return _doubt(change, standing)


def rule_balance(
    answer: BalanceAnswer,
    account: Account,
    standing: Standing,
    needed: int,
    now: datetime,
) -> tuple[Standing, AccountEvent | None]:
    """Say what an answer to a balance query makes of an account's standing.

    needed: recipients of the next batch, which a low balance must cover.
    """
    match answer:
        case Balance():
            asked = replace(_reached(standing), ask_balance=False, not_before=None)
            if standing.state is not AccountState.LOW_BALANCE:
                return asked, None
            if covers(answer, needed):
                return replace(asked, reason=None), AccountEvent.TOP_UP
            return replace(asked, not_before=now + LOW_BALANCE_RETRY), None
        case QueryRefused(wrong_credentials=True):
            return _distrusted(standing, _describe_refusal(answer)), AccountEvent.SUSPEND
        case QueryRefused():
            why = _describe_refusal(answer)
            return unreached(standing, account, why, now), None
        case NoAnswer():
            return unreached(standing, account, answer.why, now), None


def covers(balance: Balance, needed: int) -> bool:
    """Whether a balance is enough for so many people; a postpaid account's may be negative."""
    if balance.payment == _POSTPAID:
        return True
    try:
        return Decimal(balance.left) >= needed
    except InvalidOperation:
        return False


def unreached(standing: Standing, account: Account, why: str, now: datetime) -> Standing:
    """Count a failure to reach the gateway, and wait longer after each."""
    if standing.not_before and standing.not_before > now:
        return standing  # others of the same moment were counted already
    failures = standing.unreachable + 1
    return replace(
        standing,
        unreachable=failures,
        not_before=now + backoff(account.retry, failures),
        reason=why if standing.state is AccountState.ACTIVE else standing.reason,
    )


def _accept(outcome: Accepted, standing: Standing, report_deadline: datetime) -> Ruling:
    return Ruling(
        batch=BatchChange(
            event=BatchEvent.ACCEPT,
            task_id=outcome.task_id,
            report_deadline=report_deadline,
        ),
        standing=_answered(standing, probation=False),
    )


def _refuse(
    code: Code, account: Account, batch: StoredBatch, standing: Standing, now: datetime
) -> Ruling:
    reason = N_("the gateway answered {code}, {meaning}").format(
        code=code.value, meaning=MEANING[code]
    )
    back = BatchChange(event=BatchEvent.NOT_SENT, reason=reason, code=code)
    if code in (Code.EMPTY_CREDENTIALS, Code.WRONG_CREDENTIALS):
        return Ruling(
            batch=back,
            standing=_distrusted(_answered(standing), reason),
            event=AccountEvent.SUSPEND,
        )
    if code is Code.NOT_ALLOWED:
        barred = _stopped(_answered(standing), reason)
        return Ruling(batch=back, standing=barred, event=AccountEvent.SUSPEND)
    if code is Code.LOW_BALANCE:
        low = replace(_stopped(_answered(standing), reason), not_before=now + LOW_BALANCE_RETRY)
        return Ruling(batch=back, standing=low, event=AccountEvent.RUN_LOW)
    if code in _HALTING:
        rejected = BatchChange(event=BatchEvent.REJECT, reason=reason, code=code, halts=True)
        return Ruling(batch=rejected, standing=_answered(standing))
    return _retry(back, code, account, batch, standing, now)


def _retry(
    back: BatchChange,
    code: Code,
    account: Account,
    batch: StoredBatch,
    standing: Standing,
    now: datetime,
) -> Ruling:
    """Rule on 7 and 8: again after a wait, a bounded number of times."""
    if code is Code.OTHER_ERROR and account.on_code_8 is OnCode8.DOUBT:
        return _doubt(replace(back, event=BatchEvent.DOUBT), standing)
    refusals = batch.refusals + 1
    if refusals < account.retry.tries:
        again_at = now + backoff(account.retry, refusals)
        return Ruling(
            batch=replace(back, refusals=refusals, again_at=again_at), standing=_answered(standing)
        )
    reason = N_("the gateway answered {code}, {meaning}, {count} times").format(
        code=code.value, meaning=MEANING[code], count=refusals
    )
    if code is Code.OTHER_ERROR:
        return _doubt(
            replace(back, event=BatchEvent.DOUBT, reason=reason, refusals=refusals), standing
        )
    rejected = replace(back, event=BatchEvent.REJECT, reason=reason, refusals=refusals)
    return Ruling(batch=rejected, standing=_answered(standing))


def _doubt(change: BatchChange, standing: Standing) -> Ruling:
    """Rule on what nobody can know: nothing more goes out before a balance query succeeds."""
    unknowns = standing.unknowns + 1
    doubted = _reached(standing, unknowns=unknowns, ask_balance=True)
    if unknowns < UNKNOWNS_THAT_SUSPEND:
        return Ruling(batch=change, standing=doubted)
    reason = N_("{count} unknown outcomes in a row, the last: {reason}").format(
        count=unknowns, reason=change.reason
    )
    return Ruling(batch=change, standing=_stopped(doubted, reason), event=AccountEvent.SUSPEND)


def _describe_refusal(answer: QueryRefused) -> str:
    return N_("the balance query was refused: {remark}").format(remark=answer.remark)


def _answered(standing: Standing, **changes: Any) -> Standing:
    """Note that the gateway said something definite."""
    return _reached(standing, unknowns=0, **changes)


def _reached(standing: Standing, **changes: Any) -> Standing:
    if standing.state is AccountState.ACTIVE:
        changes |= {"not_before": None, "reason": None}
    return replace(standing, unreachable=0, **changes)


def _stopped(standing: Standing, reason: str) -> Standing:
    """Note why an account stops; what suspended it stays its reason while others come home."""
    if standing.state is AccountState.SUSPENDED:
        return standing
    return replace(standing, reason=reason)


def _distrusted(standing: Standing, reason: str) -> Standing:
    return replace(standing, reason=reason, wrong_credentials=True)
