"""What went wrong on the line, in a short sentence for an operator.

The words come from the route and from our own table: libraries' messages may repeat an address with
its password, a proxy's page or a line of the answer.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import TYPE_CHECKING

from runner.errors import UnreadableAnswer
from runner.language import N_, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.gateway.route import Route
    from runner.model.account import Timeouts

# The first row that fits any error of the chain decides: the particular stands above the general.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (UnreadableAnswer, Message("{error}")),
    (socket.gaierror, N_("the name of {peer} does not resolve")),
    (ConnectionRefusedError, N_("connection refused by {peer}")),
    (ssl.SSLCertVerificationError, N_("the certificate of {host} is not trusted: {detail}")),
    (ssl.SSLEOFError, N_("{peer} broke the connection off")),
    (ssl.SSLError, N_("TLS with {host} failed ({detail})")),
    (TimeoutError, Message("{timeout}")),
    (RemoteDisconnected, N_("{peer} closed the connection without an answer")),
    (ConnectionError, N_("{peer} broke the connection off")),
    (IncompleteRead, N_("the answer of {peer} was cut short")),
    (HTTPException, N_("what {peer} answered is no HTTP")),
)
# http.client raises a bare OSError with these words, followed by the proxy's own.
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")


def explain(error: Exception, route: Route, timeout: Timeouts, *, begun: bool) -> str:
    """Say what went wrong; begun: whether the request had begun to go out."""
    chain = list(_chain(error))
    for kind, sentence in _SENTENCES:
        for cause in chain:
            if isinstance(cause, kind):
                return sentence.format(
                    error=str(cause),
                    detail=_name_tls_fault(cause),
                    peer=route.peer,
                    host=route.host,
                    timeout=_explain_timeout(route, timeout, begun=begun),
                )
    return _explain_by_number(chain, route)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that led to it; some libraries name one cause and hide another."""
    yield error
    for earlier in dict.fromkeys((error.__cause__, error.__context__)):
        if earlier is not None:
            yield from _chain(earlier)


def _name_tls_fault(error: BaseException) -> str:
    """Give OpenSSL's word for a fault; errors that Python's own code raises may lack it."""
    fault = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    return str(fault or type(error).__name__)


def _explain_timeout(route: Route, timeout: Timeouts, *, begun: bool) -> str:
    if begun:
        silent, limit = N_("no answer from {peer} within {seconds} s"), timeout.total
    else:
        silent = N_("no connection to {peer} within {seconds} s")
        limit = min(timeout.connect, timeout.total)
    return silent.format(peer=route.peer, seconds=f"{limit.total_seconds():g}")


def _explain_by_number(chain: list[BaseException], route: Route) -> str:
    for cause in chain:
        if tunnel := _TUNNEL.match(str(cause)):
            return N_("{peer} refused to connect to {host}: HTTP {status}").format(
                peer=route.peer, host=route.host, status=tunnel[1]
            )
        if isinstance(cause, OSError) and cause.errno is not None:
            return f"{os.strerror(cause.errno)}: {route.peer}"
    return N_("the exchange with {peer} failed ({kind})").format(
        peer=route.peer, kind=type(chain[-1]).__name__
    )
