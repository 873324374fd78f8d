"""One POST as the connection sees it: how long it may last, and whether its first byte went out."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from runner.faultpoint import faultpoint

if TYPE_CHECKING:
    from runner.model.account import Timeouts


@dataclass(slots=True, kw_only=True)
class Exchange:
    """The deadlines of one POST, and what became known of it; changed by its connection alone.

    connect_by, answer_by: on the monotonic clock, in seconds.
    begun: whether the first byte of the request was handed to the socket.
    wire: every byte received after that, head and framing included.
    """

    connect_by: float
    answer_by: float
    begun: bool = False
    wire: bytearray = field(default_factory=bytearray)

    def seconds_left(self) -> float:
        """Give the time until the deadline that holds now; raises TimeoutError when it is over."""
        left = (self.answer_by if self.begun else self.connect_by) - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the exchange is over")
        return left

    def begin(self) -> None:
        """Note that the first byte goes out now; raises TimeoutError where it is too late for it.

        A process that stood still must not send what others may have given up by then.
        """
        if not self.begun:
            self.seconds_left()
            faultpoint("gateway.connected")
            self.begun = True
            faultpoint("gateway.begun")

    def note_received(self, data: memoryview) -> None:
        """Keep what came from the gateway; what a proxy says before the request is not its word."""
        if self.begun:
            self.wire += data


def start_exchange(timeout: Timeouts) -> Exchange:
    """Begin to count: connecting never takes longer than the whole exchange may."""
    now = monotonic()
    total = timeout.total.total_seconds()
    return Exchange(
        connect_by=now + min(timeout.connect.total_seconds(), total),
        answer_by=now + total,
    )
