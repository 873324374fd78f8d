"""A person's word on a batch that nobody else can settle, or that evidence has settled wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import WrongUsage
from runner.language import N_, Message
from runner.lifecycle import BatchEvent, BatchState, SettledBy
from runner.store.journal import match_waiting
from runner.store.outcomes import (
    BatchChange,
    are_others_in_trouble,
    change_batch,
    find_batch,
    find_report_deadline,
    find_task_owner,
)
from runner.store.retraction import forget_evidence, overrule

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from runner.store.outcomes import StoredBatch
    from runner.store.transaction import Transaction

_NEEDS_NOTHING = {
    frozenset({BatchState.IN_DOUBT}): N_(
        "batch {batch} is {state}: only one that is in doubt needs it"
    ),
    frozenset({BatchState.IN_DOUBT, BatchState.REJECTED}): N_(
        "batch {batch} is {state}: only one that is in doubt or rejected needs it"
    ),
}
_KNOWS_BETTER = N_("a person knows better than the evidence")


def accept_by_hand(
    transaction: Transaction,
    batch: int,
    *,
    task_id: str | None,
    reports_within: timedelta,
    now: datetime,
) -> None:
    """Count a batch in doubt as sent; with its task id, reports find it.

    A campaign that it had halted goes on, unless another batch waits for a person too. One that
    counts as sent already gets another task, or its first; what had settled it is overruled.
    Raises WrongUsage for a batch of which the gateway has said what became of it, and for the task
    of another batch.
    """
    stored = _require_open(transaction, batch, {BatchState.IN_DOUBT})
    owner = find_task_owner(transaction, stored, task_id) if task_id else None
    if owner is not None:
        raise WrongUsage(N_("this task is the one of batch {batch} already").format(batch=owner))
    if stored.state is BatchState.ACCEPTED:
        if task_id in (None, stored.task_id):
            raise WrongUsage(N_("batch {batch} counts as sent already").format(batch=batch))
        stored = overrule(transaction, stored, now, reason=_KNOWS_BETTER)
    change = BatchChange(
        event=BatchEvent.ACCEPT,
        reason=N_("a person says that the gateway took it"),
        task_id=task_id,
        report_deadline=find_report_deadline(transaction, batch, reports_within, now),
        resumes=not are_others_in_trouble(transaction, stored),
        settled_by=SettledBy.PERSON,
    )
    change_batch(transaction, stored, change, now)
    if task_id:
        match_waiting(transaction, stored.account, task_id)


def send_again_by_hand(transaction: Transaction, batch: int, *, now: datetime) -> BatchState:
    """Plan a batch in doubt, or a rejected one, again; its campaign goes on.

    So does one that counts as sent by evidence or a person's word alone. Gives the batch's state:
    where its campaign was cancelled, so is the batch. Raises WrongUsage for any other batch.
    """
    stored = _require_open(transaction, batch, {BatchState.IN_DOUBT, BatchState.REJECTED})
    if stored.state is BatchState.ACCEPTED:
        stored = overrule(transaction, stored, now, reason=_KNOWS_BETTER)
    change = BatchChange(
        event=BatchEvent.NOT_SENT,
        reason=N_("a person says that it was not sent"),
        refusals=0,
        resumes=True,
        disowned=stored.state is BatchState.IN_DOUBT,
    )
    forget_evidence(transaction, stored)
    return change_batch(transaction, stored, change, now)


def require_batch(transaction: Transaction, batch: int) -> StoredBatch:
    """Find a batch by its id; raises WrongUsage where there is none."""
    stored = find_batch(transaction, batch)
    if stored is None:
        raise WrongUsage(
            N_("there is no batch {batch}").format(batch=batch),
            hint=N_("`mms-runner status` lists them"),
        )
    return stored


def _require_open(transaction: Transaction, batch: int, states: set[BatchState]) -> StoredBatch:
    """Find a batch in one of some states, or one that was settled without the gateway's word."""
    stored = require_batch(transaction, batch)
    if stored.state in states or stored.settled_by:
        return stored
    state = Message(stored.state.value)
    raise WrongUsage(_NEEDS_NOTHING[frozenset(states)].format(batch=batch, state=state))
