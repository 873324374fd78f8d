"""The pump of one account: claim, submit, record. It decides nothing that is not in ``policy``.

    claim    one transaction: a planned and due batch becomes `submitting`; durable before the POST
    submit   the POST; a value comes back
    record   one transaction, only where the claim's token still matches

A pump never sleeps: a step that could not send says until when, or why not at all.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from runner.codec.requests import send_body
from runner.dispatch.policy import rule, rule_balance
from runner.lifecycle import AccountState, BatchState
from runner.model.outcome import Accepted, Balance, Unknown
from runner.store.accounts import change_standing, keep_balance, read_standing
from runner.store.claims import (
    Claim,
    claim_batch,
    count_in_flight,
    load_message,
    load_mobiles,
    next_due,
    size_of_next,
)
from runner.store.journal import match_waiting
from runner.store.outcomes import (
    change_batch,
    find_claimed,
    find_task_owner,
    note_late_receipt,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from runner.codec.content import PackedMessage
    from runner.model.account import Account, Credentials
    from runner.model.outcome import BalanceAnswer, Outcome
    from runner.store.database import Database, Transaction

_ROOM_FOR_AN_ANSWER = 1 << 20  # bytes, with what others record in the meantime


class SendEndpoint(Protocol):
    """The seam to the network: what the pump asks of a gateway client."""

    def send(self, body: bytes) -> Outcome:
        """Submit a form body."""

    def balance(self) -> BalanceAnswer:
        """Ask what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A step that sent a batch.

    state: what became of it, None where the outcome came too late; reason: why, for a person.
    again_at: when it may be tried again, None where nothing says so.
    """

    claim: Claim
    outcome: Outcome
    state: BatchState | None
    reason: str | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A step that asked the balance; the next step will see what it made of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing may go out before `until`; None: until something in flight comes back."""

    until: datetime | None
    why: str
    given_up: bool = False  # the gateway was tried as often as `retry.tries` says


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Nothing is left to claim, or the account is stopped; why: for a person."""

    why: str | None = None


Step = Submitted | Asked | Wait | Idle


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cargo:
    """A claim with everything that its request needs."""

    claim: Claim
    message: PackedMessage
    mobiles: list[int]


class Pump:
    """Sends for one account; safe for as many threads as the account has `concurrency`.

    scope: ids of the campaigns that may be claimed; owner: names this process in the state.
    clock: gives the time, aware.
    """

    def __init__(
        self,
        *,
        account: Account,
        credentials: Credentials,
        gateway: SendEndpoint,
        database: Database,
        scope: Sequence[str],
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.account = account
        self._credentials = credentials
        self._gateway = gateway
        self._database = database
        self._scope = scope
        self._owner = owner
        self._clock = clock
        self._asking = threading.Lock()
        self._next_slot: datetime | None = None

    def step(self) -> Step:
        """Do the next thing that may be done now.

        Raises StateRefused before anything is sent whose answer the disk has no room for.
        """
        self._database.require_room(_ROOM_FOR_AN_ANSWER)
        with self._database.writing() as transaction:
            now = self._clock()
            found = self._find_obstacle(transaction, now) or self._load(transaction, now)
        match found:
            case Asked():
                return self._ask_balance()
            case _Cargo():
                return self._submit(found)
            case _:
                return found

    def _find_obstacle(self, transaction: Transaction, now: datetime) -> Wait | Asked | Idle | None:
        """Say what must come before the next claim; None where the way is free."""
        if not size_of_next(transaction, self.account.name, self._scope):
            return Idle()
        standing = read_standing(transaction, self.account.name)
        if standing.state is AccountState.SUSPENDED:
            return Idle(why=standing.reason)
        if standing.not_before and standing.not_before > now:
            given_up = standing.unreachable >= self.account.retry.tries
            return Wait(until=standing.not_before, why=standing.reason or "", given_up=given_up)
        if standing.ask_balance or standing.state is AccountState.LOW_BALANCE:
            return Asked()
        if standing.probation and count_in_flight(transaction, standing.name):
            return Wait(until=None, why="one request at a time until one is accepted")
        if self._next_slot and self._next_slot > now:
            return Wait(until=self._next_slot, why="the account's rate")
        return None

    def _load(self, transaction: Transaction, now: datetime) -> _Cargo | Wait | Idle:
        claim = claim_batch(transaction, self.account.name, self._scope, owner=self._owner, now=now)
        if claim is None:
            due = next_due(transaction, self.account.name, self._scope)
            return Wait(until=due, why="a retry is due then") if due else Idle()
        if self.account.rate:
            self._next_slot = max(now, self._next_slot or now) + timedelta(
                seconds=1 / self.account.rate
            )
        return _Cargo(
            claim=claim,
            message=load_message(transaction, claim.message),
            mobiles=load_mobiles(transaction, claim.batch),
        )

    def _submit(self, cargo: _Cargo) -> Submitted:
        prefix = self.account.extno
        extno = None if prefix is None else f"{prefix}{cargo.claim.batch}"
        body = send_body(cargo.message, cargo.mobiles, self._credentials, extno=extno)
        outcome = self._gateway.send(body)
        return self._record(cargo.claim, outcome)

    def _record(self, claim: Claim, outcome: Outcome) -> Submitted:
        now = self._clock()
        with self._database.writing() as transaction:
            batch = find_claimed(transaction, claim)
            if batch is None:
                if isinstance(outcome, Accepted):
                    note_late_receipt(transaction, claim, outcome.task_id, now)
                return Submitted(claim=claim, outcome=outcome, state=None)
            if isinstance(outcome, Accepted):
                keep_balance(transaction, batch.account, outcome.balance, now)
                owner = find_task_owner(transaction, batch, outcome.task_id)
                if owner is not None:
                    outcome = Unknown(why=f"the answer names the task of batch {owner}")
            standing = read_standing(transaction, batch.account)
            ruling = rule(outcome, self.account, batch, standing, now)
            state = change_batch(transaction, batch, ruling.batch, now)
            change_standing(transaction, ruling.standing, ruling.event, now)
            if isinstance(outcome, Accepted):
                match_waiting(transaction, batch.account, outcome.task_id)
        return Submitted(
            claim=claim,
            outcome=outcome,
            state=state,
            reason=ruling.batch.reason,
            again_at=ruling.batch.again_at or ruling.standing.not_before,
        )

    def _ask_balance(self) -> Asked | Wait:
        if not self._asking.acquire(blocking=False):
            return Wait(until=None, why="the balance is being asked")
        try:
            answer = self._gateway.balance()
            now = self._clock()
            with self._database.writing() as transaction:
                standing = read_standing(transaction, self.account.name)
                needed = size_of_next(transaction, self.account.name, self._scope)
                changed, event = rule_balance(answer, self.account, standing, needed, now)
                change_standing(transaction, changed, event, now)
                if isinstance(answer, Balance):
                    keep_balance(transaction, self.account.name, answer.left, now)
        finally:
            self._asking.release()
        return Asked()
