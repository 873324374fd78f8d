"""What a peer does with one connection. A client that hangs up ends each of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from peers import answer

if TYPE_CHECKING:
    from peers import Call

    from hostile.stage import Script

_DRIP = 0.05  # seconds between two bytes: each comes in time for a time-out of each read
_PIECE = 65_536

OK = b"HTTP/1.1 200 OK\r\n"
_OVERAGE = (
    "<returnsms><returnstatus>{}</returnstatus><message>{}</message><payinfo>预付费</payinfo>"
    "<overage>{}</overage><sendTotal>200</sendTotal></returnsms>"
)


def hang(call: Call) -> None:
    """Say nothing, whatever the client says."""
    call.wait_for_the_end()


def close_at_once(_: Call) -> None:
    """Hang up without a word."""


def reset_at_first_byte(call: Call) -> None:
    """Hear that something begins, and end with a RST."""
    call.sock.recv(1)
    call.reset()


def after_head(*said: bytes) -> Script:
    """Say this when only the head was read, and hang up."""

    def script(call: Call) -> None:
        call.hear_head()
        call.say(b"".join(said))

    return script


def reset_after_head(call: Call) -> None:
    call.hear_head()
    call.reset()


def hang_after_head(call: Call) -> None:
    call.hear_head()
    hang(call)


def hang_after(*said: bytes) -> Script:
    """Hear the request, say this, and nothing more."""

    def script(call: Call) -> None:
        call.hear()
        call.say(b"".join(said))
        hang(call)

    return script


def reset_after(*said: bytes) -> Script:
    """Hear the request, say this, and end with a RST."""

    def script(call: Call) -> None:
        call.hear()
        call.say(b"".join(said))
        call.reset()

    return script


def drip(data: bytes, *, after: bytes = b"") -> Script:
    """Hear the request and answer byte by byte; after: what is said at once before."""

    def script(call: Call) -> None:
        call.hear()
        call.say(after)
        for byte in data:
            call.say(bytes([byte]))
            time.sleep(_DRIP)

    return script


def endless(head: bytes, piece: bytes) -> Script:
    """Hear the request, and then never stop talking."""
    block = piece * (_PIECE // len(piece))

    def script(call: Call) -> None:
        call.hear()
        call.say(head)
        while True:
            call.say(block)

    return script


def early(*said: bytes) -> Script:
    """Answer before anything was asked."""

    def script(call: Call) -> None:
        call.say(b"".join(said))
        call.hear()

    return script


def stall_in_tunnel(call: Call) -> None:
    """Open a tunnel to nowhere."""
    call.hear_head()
    call.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
    hang(call)


def endless_tunnel(call: Call) -> None:
    """Answer a CONNECT with headers that take their time."""
    call.hear_head()
    call.say(OK)
    while True:
        call.say(b"X-Many: 1\r\n")
        time.sleep(_DRIP)


def of_length(body: bytes, length: object) -> bytes:
    """Build an answer that announces another length than its body has."""
    return OK + f"Content-Length: {length}\r\n\r\n".encode() + body


def overage(left: str = "", *, status: str = "Success", message: str = "") -> bytes:
    """Write the body of an answer to a balance query."""
    return _OVERAGE.format(status, message, left).encode()


def encoded(body: bytes, encoding: str) -> bytes:
    return answer(body, "200 OK", f"Content-Encoding: {encoding}")
