"""The pump of one account: claim, submit, record. It decides nothing that is not in ``policy``.

    claim    one transaction: a planned and due batch becomes `submitting`; durable before the POST
    submit   the POST; a value comes back
    record   one transaction, only where the claim's token still matches

With more to send, the outcome of one batch and the claim of the next share a transaction, and so
one wait for the disk.

A pump never sleeps: a step that could not send says until when, or why not at all. Only with an
answer in hand it waits for a disk that is full.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from runner.codec.extno import write_extno
from runner.codec.requests import join_numbers, send_body
from runner.dispatch.clocks import CLOCK_AGAIN, guard_by_clock, put_guard, wants_time
from runner.dispatch.policy import rule, rule_balance
from runner.due import (
    Rest,
    bound_slot,
    choose_turn,
    take_slot,
    time_for_people,
    time_for_request,
)
from runner.faultpoint import faultpoint
from runner.language import N_
from runner.lifecycle import AccountState, BatchEvent, BatchState, BrakeSource
from runner.model.outcome import Accepted, Balance, NotSent, Unknown
from runner.store.accounts import (
    Slots,
    change_standing,
    keep_balance,
    keep_slots,
    read_slots,
    read_standing,
)
from runner.store.brakes import Brake, Subject
from runner.store.claims import (
    Claim,
    cancel_recipients,
    claim_batch,
    count_in_flight,
    forget_far_waits,
    load_message,
    read_candidates,
    size_of_next,
)
from runner.store.fall import (
    find_rest,
    is_fall_wanted,
    note_balance,
    note_late_receipt,
    note_receipt,
)
from runner.store.journal import match_waiting
from runner.store.outcomes import (
    BatchChange,
    change_batch,
    find_claimed,
    find_task_owner,
    note_unwanted_receipt,
)
from runner.store.room import ROOM_FOR_AN_ANSWER
from runner.timing import LOW_BALANCE_RETRY, gateway_time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, tzinfo

    from runner.codec.content import PackedMessage
    from runner.dispatch.line import Line
    from runner.due import Candidate, Turn
    from runner.model.outcome import BalanceAnswer, GatewayTime, Outcome
    from runner.store.accounts import Standing
    from runner.store.database import Database
    from runner.store.transaction import Transaction
    from runner.workspace.optouts import OptedOut, OptOuts

_GUARD_AGAIN = timedelta(seconds=2)  # how soon a list that cannot be used is looked at again
_PROMPT = 1.0  # seconds from claim to request within which nobody can have given it up
_MOST_MESSAGES = 8  # that are remembered, each as large as a request
_BY_RATE = N_("the account's rate")
_BY_PACE = N_("the account's pace")
_ASKED = N_("the balance is being asked")
_GIVEN_UP = N_("its claim was given up before its request began")


class SendEndpoint(Protocol):
    """The seam to the network: what the pump asks of a gateway client."""

    def send(self, body: bytes) -> Outcome:
        """Submit a form body."""

    def balance(self) -> BalanceAnswer:
        """Ask what is left."""

    def tell_time(self) -> GatewayTime | None:
        """Tell what its clock shows, by its newest answer; None before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cargo:
    """A claim with everything that its request needs.

    starttime: None for at once; claimed_at: on the monotonic clock, in seconds.
    """

    claim: Claim
    message: PackedMessage
    starttime: datetime | None
    claimed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A step that sent a batch.

    state: what became of it, None where the outcome came too late; reason: why, for a person.
    again_at: when it may be tried again, None where nothing says so.
    following: what was claimed with the outcome, for the next step; None for nothing.
    """

    claim: Claim
    outcome: Outcome
    state: BatchState | None
    reason: str | None = None
    again_at: datetime | None = None
    following: Cargo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A step that asked the balance; the next step will see what it made of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied:
    """A step whose batch had nobody left to send to; the next step will look for another."""

    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing may go out before `until`; None: until something in flight comes back.

    given_up: nobody knows whether it will help; who cannot wait for ever ends here.
    """

    until: datetime | None
    why: str
    given_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Nothing is left to claim, or the account is stopped; why: for a person."""

    why: str | None = None


Step = Submitted | Asked | Emptied | Wait | Idle
_Found = Cargo | Emptied | Wait | Asked | Idle


class Pump:
    """Sends for one account; safe for as many threads as the account has `concurrency`.

    scope: ids of the campaigns that may be claimed; None for all, and then the account is tended
    (its balance asked for while it is low) though nothing waits.
    zone: the one in which `hours` are meant; opt_outs: looked at again before every request.
    owner: names this process in the state; clock: gives the time, aware.
    """

    def __init__(
        self,
        *,
        line: Line,
        database: Database,
        scope: Collection[str] | None,
        zone: tzinfo,
        opt_outs: OptOuts,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.account = line.account
        self._credentials = line.credentials
        self._gateway: SendEndpoint = line.gateway
        self._database = database
        self._scope = scope
        self._zone = zone
        self._opt_outs = opt_outs
        self._owner = owner
        self._clock = clock
        self._asking = threading.Lock()
        self._queries = 0  # of the balance
        self._knows_balance = False
        self._messages: dict[str, PackedMessage] = {}
        # What receipts said of the balance, and when: more than may cross on the line.
        self._heard: deque[tuple[float, str]] = deque(maxlen=4 * line.account.concurrency)

    def step(
        self, cargo: Cargo | None = None, *, may_go_on: Callable[[], bool] = lambda: False
    ) -> Step:
        """Do the next thing that may be done now.

        cargo: what the step before claimed for this one, which must be sent; None for nothing.
        may_go_on: asked once the batch is answered; whether another may be claimed with its
        outcome. It is `following` then, and the caller's to hand to the next step at once.
        Raises DiskFull before anything is sent whose answer the disk has no room for.
        """
        queries = self._queries
        found = cargo or self._database.write(self._ready_to_look())
        match found:
            case Asked():
                return self._ask_balance(queries)
            case Cargo():
                return self._submit(found, may_go_on)
            case _:
                return found

    def _ready_to_look(self) -> Callable[[Transaction], _Found]:
        """Do what comes before the transaction of a claim, which is given.

        A large list that has changed is read here: others write meanwhile.
        """
        self._database.require_room(ROOM_FOR_AN_ANSWER)
        opted_out = self._opt_outs.look(self._clock())
        return lambda transaction: self._look(transaction, opted_out)

    def _look(self, transaction: Transaction, opted_out: OptedOut) -> _Found:
        found = self._look_for_work(transaction, opted_out, self._clock())
        faultpoint("pump.looked")
        return found

    def _look_for_work(
        self, transaction: Transaction, opted_out: OptedOut, now: datetime
    ) -> _Found:
        candidates = self._read_candidates(transaction, now)
        standing = read_standing(transaction, self.account.name)
        if not candidates and not self._is_tended(transaction, standing):
            return Idle()
        if obstacle := self._find_obstacle(transaction, standing, now):
            return obstacle
        turn = choose_turn(candidates, self.account.hours, self._zone, now)
        match turn:
            case None:
                return Idle()
            case Rest():
                return Wait(until=turn.until, why=turn.why)
        return self._find_full_line(transaction, now) or self._load(
            transaction, turn, opted_out, now
        )

    def _read_candidates(self, transaction: Transaction, now: datetime) -> list[Candidate]:
        candidates = read_candidates(transaction, self.account.name, self._scope)
        farthest = now + self.account.retry.most
        if any(entry.not_before and entry.not_before > farthest for entry in candidates):
            forget_far_waits(transaction, self.account.name, farthest)
            candidates = read_candidates(transaction, self.account.name, self._scope)
        return candidates

    def _is_tended(self, transaction: Transaction, standing: Standing) -> bool:
        """Whether an account is looked after though nothing waits.

        What the balance may tell of its last batch is asked for once.
        """
        if self._scope is None and standing.state is AccountState.LOW_BALANCE:
            return True
        asks = standing.ask_balance and not standing.unreachable
        return asks and is_fall_wanted(transaction, self.account)

    def _find_obstacle(
        self, transaction: Transaction, standing: Standing, now: datetime
    ) -> Wait | Asked | Idle | None:
        """Say what the account wants before the next claim; None where the way is free."""
        if standing.state is AccountState.SUSPENDED:
            return Idle(why=standing.reason)
        # A wait that is longer than any can be is left over from a clock that was set back.
        longest = max(self.account.retry.most, LOW_BALANCE_RETRY)
        if standing.not_before and now < standing.not_before <= now + longest:
            given_up = standing.unreachable >= self.account.retry.tries
            return Wait(until=standing.not_before, why=standing.reason or "", given_up=given_up)
        # Asked of the state: a crew that is being replaced may still have requests in flight.
        in_flight = count_in_flight(transaction, standing.name)
        if self.account.exclusive and self._asking.locked():
            return Wait(until=None, why=_ASKED)
        if self._wants_balance(standing):
            if self.account.exclusive and in_flight:
                return Wait(
                    until=None, why=N_("what is in flight, so that the balance can be read")
                )
            return Asked()
        if standing.probation and in_flight:
            return Wait(until=None, why=N_("one request at a time until one is accepted"))
        if in_flight >= self.account.concurrency:
            return Wait(until=None, why=N_("the account's concurrency"))
        return None

    def _wants_balance(self, standing: Standing) -> bool:
        """Whether the balance is to be asked before the next claim.

        An exclusive account is asked once before its first request: its fall is evidence.
        """
        low = standing.state is AccountState.LOW_BALANCE
        unknown = self.account.exclusive and not self._knows_balance
        return standing.ask_balance or low or unknown

    def _find_full_line(self, transaction: Transaction, now: datetime) -> Wait | None:
        """Say until when the account's rate and pace let nothing go."""
        if not self.account.rate and not self.account.pace:
            return None
        slots = self._read_slots(transaction, now)
        for free_at, why in ((slots.request, _BY_RATE), (slots.people, _BY_PACE)):
            if free_at and free_at > now:
                return Wait(until=free_at, why=why)
        return None

    def _read_slots(self, transaction: Transaction, now: datetime) -> Slots:
        kept = read_slots(transaction, self.account.name)
        longest = time_for_people(self.account.pace, kept.last_people)
        slots = Slots(
            request=bound_slot(kept.request, time_for_request(self.account.rate), now),
            people=bound_slot(kept.people, longest, now),
            last_people=kept.last_people,
        )
        if slots != kept:  # or it would be as far away at the next look
            keep_slots(transaction, self.account.name, slots)
        return slots

    def _take_slots(self, transaction: Transaction, people: int, now: datetime) -> None:
        if not self.account.rate and not self.account.pace:
            return
        slots = self._read_slots(transaction, now)
        taken = Slots(
            request=take_slot(slots.request, time_for_request(self.account.rate), now),
            people=take_slot(slots.people, time_for_people(self.account.pace, people), now),
            last_people=people,
        )
        keep_slots(transaction, self.account.name, taken)

    def _load(
        self, transaction: Transaction, turn: Turn, opted_out: OptedOut, now: datetime
    ) -> _Found:
        time = self._gateway.tell_time() if self.account.clock_skew else None
        if wants_time(self.account, time, now):
            return Asked()
        # Shown to everybody who asks, for as long as a list, or a clock, cannot be used.
        by_lists = Brake(subject=Subject.ALL, source=BrakeSource.GUARD, reason=opted_out.fault)
        by_clock = guard_by_clock(self.account, time, now)
        for guard, again in ((by_clock, CLOCK_AGAIN), (by_lists, _GUARD_AGAIN)):
            if put_guard(transaction, guard, now):
                return self._look_for_work(transaction, opted_out, now)  # less what is missed now
            if guard.reason:
                return Wait(until=now + again, why=guard.reason, given_up=True)
        claim = claim_batch(transaction, turn.campaign, owner=self._owner, now=now)
        if claim is None:
            return Idle()
        faultpoint("pump.claimed")
        claim = self._leave_out(transaction, claim, opted_out, now)
        if not claim.recipients:
            return Emptied(claim=claim)
        self._take_slots(transaction, claim.recipients, now)
        return Cargo(
            claim=claim,
            message=self._find_message(transaction, claim.message),
            starttime=turn.starttime,
            claimed_at=monotonic(),
        )

    def _find_message(self, transaction: Transaction, digest: str) -> PackedMessage:
        message = self._messages.get(digest)
        if message is None:
            if len(self._messages) == _MOST_MESSAGES:
                self._messages.clear()
            message = self._messages[digest] = load_message(transaction, digest)
        return message

    def _leave_out(
        self, transaction: Transaction, claim: Claim, opted_out: OptedOut, now: datetime
    ) -> Claim:
        """Give a claim less those who opted out since the plan."""
        if not opted_out.mobiles:
            return claim
        mobiles = [int(number) for number in claim.numbers.split(",")]
        unwanted = opted_out.mobiles.find_among(mobiles)
        if not unwanted:
            return claim
        by_list: dict[str, list[int]] = {}
        for mobile, name in unwanted.items():
            by_list.setdefault(name, []).append(mobile)
        for name, some in by_list.items():
            reason = N_("on the list {name}").format(name=name)
            cancel_recipients(transaction, claim.batch, some, reason, now)
        left = sorted(set(mobiles).difference(unwanted))
        if not left and (batch := find_claimed(transaction, claim)):
            nobody = BatchChange(event=BatchEvent.CANCEL, reason=N_("everybody in it opted out"))
            change_batch(transaction, batch, nobody, now)
        return replace(claim, recipients=len(left), numbers=join_numbers(left))

    def _submit(self, cargo: Cargo, may_go_on: Callable[[], bool]) -> Submitted:
        prefix = self.account.extno
        extno = None if prefix is None else write_extno(prefix, cargo.claim.batch)
        body = send_body(
            cargo.message,
            cargo.claim.numbers,
            self._credentials,
            starttime=gateway_time(cargo.starttime) if cargo.starttime else "",
            extno=extno,
        )
        faultpoint("pump.claim-safe")
        outcome = NotSent(why=_GIVEN_UP) if self._is_given_up(cargo) else self._gateway.send(body)
        if isinstance(outcome, Accepted):
            self._heard.append((monotonic(), outcome.balance))
        faultpoint("pump.answered")
        submitted = self._record_and_look(cargo, outcome) if may_go_on() else None
        submitted = submitted or self._record(cargo, outcome)
        faultpoint("pump.outcome-safe")
        return submitted

    def _is_given_up(self, cargo: Cargo) -> bool:
        """Whether this process stood still before its request, and another settled the claim.

        A stop later than this is the exchange's: it sends no first byte past its own deadline.
        """
        if monotonic() - cargo.claimed_at < _PROMPT:
            return False
        with self._database.reading() as transaction:
            batch = find_claimed(transaction, cargo.claim)
        return batch is None or batch.state is not BatchState.SUBMITTING

    def _record_and_look(self, cargo: Cargo, outcome: Outcome) -> Submitted | None:
        """Record an outcome, and claim what follows it, in one transaction.

        None where that failed: an answer in hand comes before all else, and is recorded by itself
        then; what was in the way of a claim meets the next step again.
        """
        used: list[Transaction] = []

        def act(transaction: Transaction) -> Submitted:
            used.append(transaction)
            submitted = self._keep(transaction, cargo, outcome, self._clock())
            found = look(transaction)
            return replace(submitted, following=found if isinstance(found, Cargo) else None)

        try:
            look = self._ready_to_look()
            return self._database.write(act)
        except Exception:
            if used and used[-1].durable:
                raise  # both are kept: to record the answer again would take it for too late
            return None

    def _record(self, cargo: Cargo, outcome: Outcome) -> Submitted:
        return self._database.record(
            lambda transaction: self._keep(transaction, cargo, outcome, self._clock()),
            explain=lambda error: N_(
                "the answer to batch {batch} could not be recorded: {error}"
            ).format(batch=cargo.claim.batch, error=error),
        )

    def _keep(
        self, transaction: Transaction, cargo: Cargo, outcome: Outcome, now: datetime
    ) -> Submitted:
        claim, batch = cargo.claim, find_claimed(transaction, cargo.claim)
        if batch is None:
            if isinstance(outcome, Accepted):
                note_unwanted_receipt(transaction, claim, outcome.task_id, now)
            return Submitted(claim=claim, outcome=outcome, state=None)
        if isinstance(outcome, Accepted):
            outcome = replace(outcome, balance=self._find_left(cargo, outcome.balance))
            keep_balance(transaction, batch.account, outcome.balance, now)
            owner = find_task_owner(transaction, batch, outcome.task_id)
            if owner is not None:
                outcome = Unknown(
                    why=N_("the answer names the task of batch {batch}").format(batch=owner)
                )
        standing = read_standing(transaction, batch.account)
        ruling = rule(outcome, self.account, batch, standing, now, starttime=cargo.starttime)
        state = change_batch(transaction, batch, ruling.batch, now)
        if ruling.event or ruling.standing != standing:  # nothing changes it while all goes well
            change_standing(transaction, ruling.standing, ruling.event, now)
        if isinstance(outcome, Accepted):
            match_waiting(transaction, batch.account, outcome.task_id)
            if batch.state is BatchState.IN_DOUBT:
                note_late_receipt(transaction, self.account, batch.id)
            else:
                note_receipt(transaction, self.account, outcome.balance, now)
        faultpoint("pump.recorded")
        return Submitted(
            claim=claim,
            outcome=outcome,
            state=state,
            reason=ruling.batch.reason,
            again_at=ruling.batch.again_at or ruling.standing.not_before,
        )

    def _find_left(self, cargo: Cargo, balance: str) -> str:
        """Give what is left after all requests that crossed with one; balance: by its own answer.

        The last of them to be recorded need not be the last that was taken.
        """
        crossed = (said for at, said in tuple(self._heard) if at >= cargo.claimed_at)
        with suppress(InvalidOperation):  # where one is no number, nobody knows the lowest
            return min((balance, *crossed), key=Decimal)
        return balance

    def _ask_balance(self, queries: int) -> Asked | Wait:
        """Ask for what several threads may want to know; queries: how many there were before that.

        Where somebody has asked since, it is looked again whether the answer is enough.
        """
        if not self._asking.acquire(blocking=False):
            return Wait(until=None, why=_ASKED)
        try:
            if self._queries != queries:
                return Asked()
            self._knows_balance = True
            faultpoint("pump.asking-balance")
            with self._database.reading() as transaction:
                asked_at = find_rest(transaction, self.account)
            answer = self._gateway.balance()
            faultpoint("pump.balance-answered")
            now = self._clock()
            with self._database.writing() as transaction:
                standing = read_standing(transaction, self.account.name)
                needed = self._count_next(transaction, now)
                changed, event = rule_balance(answer, self.account, standing, needed, now)
                change_standing(transaction, changed, event, now)
                if isinstance(answer, Balance):
                    keep_balance(transaction, self.account.name, answer.left, now)
                    note_balance(transaction, self.account, answer, asked_at=asked_at, now=now)
            self._queries += 1
        finally:
            self._asking.release()
        return Asked()

    def _count_next(self, transaction: Transaction, now: datetime) -> int:
        """Count the people whom the balance must cover; 0 where nothing waits."""
        candidates = read_candidates(transaction, self.account.name, self._scope)
        sizes = (size_of_next(transaction, entry.campaign, now) for entry in candidates)
        return next((size for size in sizes if size), 0)
