"""A failure at the nth call into a library, for n = 1, 2, 3 and so on, as SQLite does with malloc.

A trap is set for one exchange over a real line to a peer that is well. It counts the calls of
functions of the libraries below the client, and of the client's own sockets, which stand for those
of C, and makes one of them raise. So the moments are found by looking, like the exceptions.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torture.simulation.steps import hearing_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from runner.gateway import Gateway
    from runner.model.outcome import BalanceAnswer, NoAnswer, Outcome, RawAnswer

_LIBRARIES = {"http", "email", "socket", "ssl"}
_SOCKETS = "runner.gateway.connection"
# Nothing in it can fail, and before it two sockets own one descriptor: the second would close what
# may be somebody else's by then.
_HAND_OVER = "socket.socket.detach"


@dataclass(slots=True, kw_only=True)
class Trap:
    """Raises an error at the nth call, and notes all that were made; at 0 it only notes.

    begun_at: how many calls there were when the first byte of the request was to go out.
    """

    at: int = 0
    make_error: Callable[[], Exception] = Exception
    calls: list[str] = field(default_factory=list)
    begun_at: int | None = None

    @property
    def sprung(self) -> bool:
        return len(self.calls) == self.at

    @property
    def has_received(self) -> bool:
        """Whether the beginning of an answer had been read when it sprang."""
        begun = self.calls[self.begun_at :] if self.begun_at is not None else []
        return any(call.endswith("client.parse_headers") for call in begun)

    @property
    def writes(self) -> int:
        """How often something was written to a socket before it sprang."""
        return sum(call.endswith("DeadlineSocket.sendall") for call in self.calls[:-1])

    @contextmanager
    def set(self) -> Iterator[None]:
        """Lie in wait in this thread."""
        before = sys.gettrace()
        hear = self._hear_call  # held: the interpreter lets go of it where it raises
        with hearing_steps(self._hear_step):
            sys.settrace(hear)
            try:
                yield
            finally:
                sys.settrace(before)

    def _hear_call(self, frame: FrameType, event: str, _: Any) -> None:
        if self.sprung and self.at:
            return
        module = frame.f_globals.get("__name__", "")
        if event != "call" or (module.split(".")[0] not in _LIBRARIES and module != _SOCKETS):
            return
        call = f"{module}.{frame.f_code.co_qualname}"
        if call == _HAND_OVER:
            return
        self.calls.append(call)
        if self.sprung:
            raise self.make_error()

    def _hear_step(self, step: str) -> None:
        if step == "gateway.begun" and self.begun_at is None:
            self.begun_at = len(self.calls)


class TrappedLine:
    """A line to a gateway on which a trap may lie for the next exchange of one kind."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._traps: dict[str, Trap] = {}

    def lay(self, call: str, trap: Trap) -> None:
        """Let the next `send`, `balance` or `reports` meet a trap."""
        self._traps[call] = trap

    def send(self, body: bytes) -> Outcome:
        with self._meet("send"):
            return self._gateway.send(body)

    def balance(self) -> BalanceAnswer:
        with self._meet("balance"):
            return self._gateway.balance()

    def reports(self, page: int) -> RawAnswer | NoAnswer:
        with self._meet("reports"):
            return self._gateway.reports(page)

    def close(self) -> None:
        """Close the connections that rest."""
        self._gateway.close()

    @contextmanager
    def _meet(self, call: str) -> Iterator[None]:
        trap = self._traps.pop(call, None)
        if trap is None:
            yield
        else:
            self._gateway.balance()  # a connection rests now, whatever came before
            with trap.set():
                yield
