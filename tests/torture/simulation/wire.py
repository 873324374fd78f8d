"""An account's line to a gateway that remembers everything: whole requests and answers, no sockets.

The gateway is the sandbox's own desk, which reads the wire by code of its own. What becomes of each
request on its way is decided by whoever holds the line.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from runner.codec.answers import decode_balance, decode_receipt
from runner.codec.requests import balance_body, query_body
from runner.errors import UnreadableAnswer
from runner.faultpoint import faultpoint
from runner.model.outcome import GatewayTime, NoAnswer, NotSent, NotTaken, RawAnswer, Unknown
from runner.sandbox.desk import Desk
from runner.sandbox.faults import Call, parse_fault
from runner.sandbox.replies import Answer
from runner.sandbox.request import REPORT_PATH, SEND_PATH, read_request
from torture.simulation.actors import current_actor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from runner.model.account import Credentials
    from runner.model.outcome import BalanceAnswer, Outcome
    from runner.sandbox.replies import Reply
    from runner.sandbox.settings import SandboxSettings
    from torture.simulation.actors import Actor

REFUSED = "refused"  # beside the effects of the sandbox: nobody listens there
_FORM = "application/x-www-form-urlencoded"
_NOT_TAKEN = {400, 401, 403, 404, 405, 413, 415}


class Way(Protocol):
    """What a request meets, in the thread of whoever sends it."""

    def set_out(self, call: Call, body: bytes) -> str | None:
        """Take it to the gateway; gives what goes wrong there, as the sandbox's faults say it."""

    def come_back(self, call: Call) -> None:
        """Bring the answer, of which the gateway has done its part."""


class Wire:
    """One account's line; what it asks is judged as the program's own client judges it.

    handed_out: answers with reports that were brought to somebody who wrote them down.
    """

    def __init__(
        self,
        settings: SandboxSettings,
        *,
        seed: int,
        clock: Callable[[], datetime],
        credentials: Credentials,
        way: Way,
    ) -> None:
        self.desk = Desk(settings, seed, clock)
        self.requests = 0
        self.handed_out: list[bytes] = []
        self._in_hand: dict[Actor, bytes] = {}
        self._way = way
        self._clock = clock
        self._credentials = credentials
        self._numbers = dict.fromkeys(Call, 0)

    def send(self, body: bytes) -> Outcome:
        """Submit a batch."""
        reply = self._exchange(Call.SEND, SEND_PATH, body)
        if reply is None:
            return NotSent(why="connection refused")
        if not isinstance(reply, Answer) or reply.missing:
            return Unknown(why="no whole answer")
        if reply.status in _NOT_TAKEN:
            return NotTaken(status=reply.status)
        if reply.status != 200:
            return Unknown(why=f"HTTP {reply.status}", redirected=reply.status // 100 == 3)
        try:
            return decode_receipt(reply.body)
        except UnreadableAnswer as error:
            return Unknown(why=str(error))

    def balance(self) -> BalanceAnswer:
        """Ask what is left."""
        reply = self._exchange(Call.BALANCE, SEND_PATH, balance_body(self._credentials))
        if not isinstance(reply, Answer) or reply.missing or reply.status != 200:
            return NoAnswer(why="no answer", begun=reply is not None)
        try:
            return decode_balance(reply.body)
        except UnreadableAnswer as error:
            return NoAnswer(why=str(error), begun=True)

    def reports(self, page: int) -> RawAnswer | NoAnswer:
        """Fetch up to `page` reports."""
        reply = self._exchange(Call.REPORT, REPORT_PATH, query_body(self._credentials, page))
        if not isinstance(reply, Answer) or not reply.body:
            return NoAnswer(why="no answer", begun=reply is not None)
        why = "it was cut" if reply.missing else None if reply.status == 200 else "an odd status"
        return RawAnswer(status=reply.status, body=reply.body, complete=not reply.missing, why=why)

    def tell_time(self) -> GatewayTime:
        """Tell the one time that there is."""
        return GatewayTime(moment=self._clock(), age=timedelta())

    def note_safe(self) -> None:
        """Note that whoever runs has the newest answer in a journal; before, it dies with him."""
        body = self._in_hand.pop(current_actor(), None)
        self.handed_out += [body] if body else []

    def _exchange(self, call: Call, path: str, body: bytes) -> Reply | None:
        """Ask the gateway; None where nobody is there."""
        fault = self._way.set_out(call, body)
        if fault == REFUSED:
            return None
        faultpoint("gateway.begun")
        self.requests += 1
        self._numbers[call] += 1
        self.desk.faults.clear()
        if fault:
            self.desk.faults.add(parse_fault(f"{call}:1={fault}"))
        reply = self.desk.answer(read_request(path, _FORM, body), self._numbers[call])
        if call is Call.REPORT and isinstance(reply, Answer) and reply.body:
            self._in_hand[current_actor()] = reply.body
        self._way.come_back(call)
        return reply
