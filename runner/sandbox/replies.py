"""What goes back on the line: an answer, or one of two silences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from runner.sandbox.faults import Kind
from runner.sandbox.request import SEND_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.sandbox.faults import Effect

_MAINTENANCE = b"""<!DOCTYPE html>
<html><head><title>Maintenance</title></head>
<body><p>Back at 10:30. See http://status.example.cn:8080/</p></body></html>
"""
_GARBAGE = b"\x1f\x00\xff\xfe:\x80\x9c100:\x00\xc3\x28\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer.

    missing: bytes that Content-Length promises beyond the body; the connection closes instead.
    """

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    missing: int = 0


class Silence(Enum):
    """No answer at all."""

    HANG = auto()  # until the client leaves
    RESET = auto()  # the connection is reset


Reply = Answer | Silence

_FAILURES: Mapping[Kind, Reply] = {
    Kind.TIMEOUT: Silence.HANG,
    Kind.RESET: Silence.RESET,
    Kind.HTML: Answer(body=_MAINTENANCE, content_type="text/html; charset=utf-8"),
    Kind.EMPTY: Answer(body=b""),
    Kind.GARBAGE: Answer(body=_GARBAGE),
}


def failure(effect: Effect) -> Reply:
    """Build the reply of a fault that looks the same for each call."""
    if effect.kind is Kind.HTTP:
        return http_error(effect.number)
    return _FAILURES[effect.kind]


def http_error(status: int, *, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Build an answer with this status and the page that a proxy would show.

    A redirect names the gateway's own address: whoever follows it is seen to send twice.
    """
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    page = f"<html><head><title>{status} {phrase}</title></head><body>{phrase}</body></html>\n"
    if 300 <= status < 400:
        headers = (*headers, ("Location", SEND_PATH))
    return Answer(
        status=status,
        body=b"" if status in (204, 304) else page.encode(),
        content_type="text/html; charset=utf-8",
        headers=headers,
    )


def receipt(text: str, effect: Effect | None) -> Reply:
    """Build the answer to a send. text: what it says where nothing goes wrong with it."""
    if effect is None:
        return Answer(body=text.encode())
    match effect.kind:
        case Kind.CODE:
            return Answer(body=f"{effect.number}".encode())
        case Kind.PADDED:
            return Answer(body=f"\ufeff \r\n{text}\r\n ".encode())
        case Kind.CUT:
            sent = text.encode()[:-3]
            return Answer(body=sent, missing=len(text) - len(sent))
        case _:
            return failure(effect)
