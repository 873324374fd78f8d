"""A person's word on a batch that nobody else can settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import WrongUsage
from runner.lifecycle import BatchEvent, BatchState
from runner.store.journal import match_waiting
from runner.store.outcomes import (
    BatchChange,
    are_others_in_trouble,
    change_batch,
    find_batch,
    find_task_owner,
)

if TYPE_CHECKING:
    from datetime import datetime

    from runner.store.database import Transaction
    from runner.store.outcomes import StoredBatch


def accept_by_hand(
    transaction: Transaction,
    batch: int,
    *,
    task_id: str | None,
    report_deadline: datetime,
    now: datetime,
) -> None:
    """Count a batch in doubt as sent; with its task id, reports find it.

    A campaign that it had halted goes on, unless another batch waits for a person too.
    Raises WrongUsage for a batch that is not in doubt, and for the task of another batch.
    """
    stored = _require_state(transaction, batch, {BatchState.IN_DOUBT})
    owner = find_task_owner(transaction, stored, task_id) if task_id else None
    if owner is not None:
        raise WrongUsage(f"this task is the one of batch {owner} already")
    change = BatchChange(
        event=BatchEvent.ACCEPT,
        reason="a person says that the gateway took it",
        task_id=task_id,
        report_deadline=report_deadline,
        resumes=not are_others_in_trouble(transaction, stored),
    )
    change_batch(transaction, stored, change, now)
    if task_id:
        match_waiting(transaction, stored.account, task_id)


def send_again_by_hand(transaction: Transaction, batch: int, *, now: datetime) -> BatchState:
    """Plan a batch in doubt, or a rejected one, again; its campaign goes on.

    Gives the batch's state: where its campaign was cancelled, so is the batch.
    Raises WrongUsage for a batch in any other state.
    """
    stored = _require_state(transaction, batch, {BatchState.IN_DOUBT, BatchState.REJECTED})
    reason = "a person says that it was not sent"
    change = BatchChange(event=BatchEvent.NOT_SENT, reason=reason, refusals=0, resumes=True)
    return change_batch(transaction, stored, change, now)


def require_batch(transaction: Transaction, batch: int) -> StoredBatch:
    """Find a batch by its id; raises WrongUsage where there is none."""
    stored = find_batch(transaction, batch)
    if stored is None:
        raise WrongUsage(f"there is no batch {batch}", hint="`mms-runner status` lists them")
    return stored


def _require_state(transaction: Transaction, batch: int, states: set[BatchState]) -> StoredBatch:
    stored = require_batch(transaction, batch)
    if stored.state not in states:
        wanted = " or ".join(sorted(state.value.replace("_", " ") for state in states))
        raise WrongUsage(f"batch {batch} is {stored.state}: only one that is {wanted} needs it")
    return stored
