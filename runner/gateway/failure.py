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

from urllib3.exceptions import InvalidHeader

from runner.errors import UnreadableAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.gateway.route import Route
    from runner.model.account import Timeouts

# The first row that fits any error of the chain decides: the particular stands above the general.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (UnreadableAnswer, "{error}"),
    (socket.gaierror, "the name of {peer} does not resolve"),
    (ConnectionRefusedError, "connection refused by {peer}"),
    (ssl.SSLCertVerificationError, "the certificate of {host} is not trusted: {detail}"),
    (ssl.SSLEOFError, "{peer} broke the connection off"),
    (ssl.SSLError, "TLS with {host} failed ({detail})"),
    (TimeoutError, "{timeout}"),
    (RemoteDisconnected, "{peer} closed the connection without an answer"),
    (ConnectionError, "{peer} broke the connection off"),
    (IncompleteRead, "the answer of {peer} was cut short"),
    (HTTPException, "what {peer} answered is no HTTP"),
    (InvalidHeader, "what {peer} answered is no HTTP"),
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
                    error=cause,
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
        return f"no answer from {route.peer} within {timeout.total.total_seconds():g} s"
    seconds = min(timeout.connect, timeout.total).total_seconds()
    return f"no connection to {route.peer} within {seconds:g} s"


def _explain_by_number(chain: list[BaseException], route: Route) -> str:
    for cause in chain:
        if tunnel := _TUNNEL.match(str(cause)):
            return f"{route.peer} refused to connect to {route.host}: HTTP {tunnel[1]}"
        if isinstance(cause, OSError) and cause.errno is not None:
            return f"{os.strerror(cause.errno)}: {route.peer}"
    return f"the exchange with {route.peer} failed ({type(chain[-1]).__name__})"
