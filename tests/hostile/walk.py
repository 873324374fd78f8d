"""Walks exceptions through the client: each raised at each call into a library.

Submissions go the whole way, from the claim to the state: what is in doubt is never heard a second
time, what was not sent goes out once the line is well. Queries are asked of the client alone.
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from builders import (
    NOW,
    Clock,
    begin,
    counts_of,
    make_account,
    make_credentials,
    make_pump,
)
from hand_written_line import numbers, page_of
from peers import answer
from torture.proof import chance

from hostile.errors import SECRETS, find_errors
from hostile.scripts import overage
from hostile.stage import Stage, plain, through_a_tunnel
from hostile.trap import Trap, TrappedLine
from runner.dispatch.line import take_up
from runner.dispatch.pump import Idle, Submitted
from runner.gateway import Gateway
from runner.model.account import Timeouts
from runner.model.outcome import Accepted, Balance, NoAnswer, NotSent, RawAnswer
from runner.store.database import open_database

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from authority import Authority
    from peers import Call

    from hostile.stage import Script, Setup
    from runner.dispatch.pump import Pump
    from runner.model.account import Account

CALLS = ("send", "balance", "reports")
_PAGE = page_of("1", numbers(3), at=NOW)
_PATIENCE, _REST = 0.1, 0.2  # seconds that the peer waits within a request, and for one
_LATER = 600.0  # seconds after which every wait of an account is over
_PASSWORD = SECRETS[0]
_MOBILE = re.compile(rb"\bmobile=(\d+)")


class Way(NamedTuple):
    """A way to the gateway.

    idle_limit: of its connections; with 0 each exchange opens its own.
    greetings: how often something is written before the first byte of a request.
    """

    meet: Callable[[Script], Setup]
    idle_limit: float = 0.0
    greetings: int = 0


WAYS = {
    "a new connection": Way(plain),
    "a kept connection": Way(plain, idle_limit=60.0),
    "TLS through a proxy": Way(through_a_tunnel, greetings=1),
}


class Pair(NamedTuple):
    """An exception and the call at which it is raised, counted from 1."""

    at: int
    error: str


@dataclass(slots=True, kw_only=True)
class Walked:
    """What came of a walk. raised: exceptions; places: functions that raised them."""

    raised: int = 0
    places: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


# Where something may fail: the names of functions end so. A library that takes another way takes
# it past this list.
LANDMARKS = {
    "GatewayConnection._open": "before the name is resolved",
    "socket.getaddrinfo": "while the name is resolved",
    "GatewayConnection._open_one": "while it connects",
    "HTTPConnection._tunnel": "while the proxy is asked for a tunnel",
    "DeadlineTLSSocket.do_handshake": "in the handshake",
    "HTTPConnection.putrequest": "before the request line",
    "HTTPConnection.putheader": "between the headers",
    "HTTPConnection.endheaders": "after the headers",
    "DeadlineSocket.sendall": "before the request",
    "HTTPConnection.getresponse": "after the body",
    "HTTPResponse._read_status": "before the status line",
    "DeadlineSocket.recv_into": "before the first byte of the answer",
    "client.parse_headers": "before the headers of the answer",
    "HTTPResponse.read": "before the body of the answer",
}


def draw_sample(calls: Sequence[str], luck: random.Random, part: int, parts: int) -> list[Pair]:
    """Let a part of all exceptions be raised once each, at the landmarks and at other calls."""
    errors, places = list(find_errors()), list(range(1, len(calls) + 1))
    chance(1, "the same for every part").shuffle(errors)
    luck.shuffle(places)
    marks = tuple(LANDMARKS)
    places.sort(key=lambda at: not calls[at - 1].endswith(marks))
    return [Pair(*pair) for pair in zip(places, errors[part::parts], strict=False)]


def draw_product(calls: Sequence[str], luck: random.Random, part: int, parts: int) -> list[Pair]:
    """Let each exception be raised in each function, at one of its calls; gives a part of that."""
    passings: dict[str, list[int]] = {}
    for at, name in enumerate(calls, start=1):
        passings.setdefault(name, []).append(at)
    pairs = [Pair(luck.choice(at), error) for at in passings.values() for error in find_errors()]
    return pairs[part::parts]


def walk(
    way: Way,
    call: str,
    draw: Callable[[Sequence[str]], Sequence[Pair]],
    *,
    authority: Authority,
    folder: Path,
) -> Walked:
    """Raise what is drawn, knowing all calls that an exchange makes; folder: for a state."""
    with Stage(authority) as stage:
        account = make_account(batch_size=1, timeout=Timeouts(), **way.meet(_answer_well)(stage))
        credentials = make_credentials(account.url, password=_PASSWORD)
        with Gateway(account, credentials, idle_limit=way.idle_limit) as gateway:
            line = TrappedLine(gateway)
            pairs = draw(_survey(line, call))
            if call == "send":
                return _Submissions(line, way, stage, account, folder).walk(pairs)
            return _Queries(line, call).walk(pairs)


class _Trip:
    """One call of the client, again and again; what was seen of it gathers in `walked`."""

    def __init__(self, line: TrappedLine, call: str) -> None:
        self.walked = Walked()
        self._line = line
        self._call = call
        self._errors: Mapping[str, Callable[[], Exception]] = find_errors()

    def walk(self, pairs: Sequence[Pair]) -> Walked:
        for pair in pairs:
            trap = Trap(at=pair.at, make_error=self._errors[pair.error])
            self._line.lay(self._call, trap)
            try:
                outcome = self._exchange()
            except Exception as error:  # noqa: BLE001 - none may come so far
                self._complain(trap, pair, f"it is not mapped: {error!r}")
            else:
                self._note(trap, pair, outcome)
        # Of what a library was doing when it failed a socket may be left, in a cycle with the
        # traceback: its peer waits for it, and a later test would be told of it.
        gc.collect()
        return self.walked

    def _note(self, trap: Trap, pair: Pair, outcome: object) -> None:
        self.walked.outcomes[type(outcome).__name__] += 1
        if trap.sprung:
            self.walked.raised += 1
            self.walked.places.add(trap.calls[-1])
        if not self._is_right(trap, outcome):
            self._complain(trap, pair, f"it came to {outcome}")
        why = getattr(outcome, "why", None)
        if why is not None and not _is_sentence(why):
            self._complain(trap, pair, f"nobody should read {why!r}")

    def _complain(self, trap: Trap, pair: Pair, text: str) -> None:
        begun = "before" if trap.begun_at is None else "after"
        self.walked.broken.append(
            f"{pair.error} in {trap.calls[-1]}, {begun} the first byte: {text}"
        )


class _Queries(_Trip):
    """Queries, asked of the client."""

    def _exchange(self) -> object:
        return self._line.balance() if self._call == "balance" else self._line.reports(100)

    def _is_right(self, trap: Trap, outcome: object) -> bool:
        """Whether there is no answer, or a library coped; and whether a page that came is kept."""
        if self._call == "balance":
            return isinstance(outcome, NoAnswer | Balance)
        if isinstance(outcome, NoAnswer):
            return outcome.begun == (trap.begun_at is not None) and not trap.has_received
        return isinstance(outcome, RawAnswer) and outcome.body == _PAGE


class _Submissions(_Trip):
    """Submissions of a campaign, each by a new process that finds what the last one left."""

    def __init__(
        self, line: TrappedLine, way: Way, stage: Stage, account: Account, folder: Path
    ) -> None:
        super().__init__(line, "send")
        self._way = way
        self._stage = stage
        self._account = account
        self._state = folder / "state.db"
        self._clock = Clock()

    def walk(self, pairs: Sequence[Pair]) -> Walked:
        self._database = open_database(self._state, actor="test")
        try:
            self._start_process()
            begin(self._database, len(pairs) + 1, batch_size=1)
            super().walk(pairs)
            self._recover()
        finally:
            self._database.close()
        return self.walked

    def _exchange(self) -> object:
        pump = self._start_process()
        while not isinstance(step := pump.step(), Submitted):
            self._clock.move(_LATER)
        return step.outcome

    def _is_right(self, trap: Trap, outcome: object) -> bool:
        """Whether the moment decided, and nothing else; or a library coped with it."""
        if isinstance(outcome, NotSent):
            return trap.begun_at is None and trap.writes <= self._way.greetings
        return isinstance(outcome, Accepted) or trap.begun_at is not None

    def _start_process(self) -> Pump:
        with_line = (self._database, self._line, self._account, self._clock)
        take_up(self._database, ["main"], self._clock.now)
        return make_pump(*with_line, scope=None, password=_PASSWORD)

    def _recover(self) -> None:
        """Let everything go out that still may, and look at what the gateway heard in all."""
        pump = self._start_process()
        while not isinstance(pump.step(), Idle):
            self._clock.move(_LATER)
        self._line.close()  # the peers would wait for what rests
        heard = self._stage.count_mobiles()
        twice = {mobile: times for mobile, times in heard.items() if times > 1}
        if twice:
            self.walked.broken.append(f"heard more than once: {twice}")
        counts = counts_of(self._database)
        if set(counts) - {"submitted", "in_doubt"}:
            self.walked.broken.append(f"never sent: {counts}")
        if counts.get("in_doubt", 0) != self.walked.outcomes["Unknown"]:
            self.walked.broken.append(f"in doubt, and then not: {counts}")


def _survey(line: TrappedLine, call: str) -> list[str]:
    """Give the calls of an exchange in order; the first exchange of all makes some more."""
    for _ in range(2):
        trap = Trap()
        line.lay(call, trap)
        ask = {"send": lambda: line.send(b""), "balance": line.balance}
        ask.get(call, lambda: line.reports(100))()
    return trap.calls


def _is_sentence(why: str) -> bool:
    """Whether a person can be shown why."""
    return bool(why.strip()) and why.isprintable() and not any(word in why for word in SECRETS)


def _answer_well(call: Call) -> None:
    """Answer everything as the document says, but wait for nobody who stops in mid-request."""
    call.sock.settimeout(_REST)
    while head := call.hear_head():
        call.sock.settimeout(_PATIENCE)
        body = call.hear_body(head)
        call.sock.settimeout(_REST)
        call.say(answer(_find_answer(body)))


def _find_answer(body: bytes) -> bytes:
    if b"action=overage" in body:
        return overage("1000000")
    if b"action=query" in body:
        return _PAGE
    mobile = _MOBILE.search(body)
    return b"1000000:" + (mobile[1] if mobile else b"0")
