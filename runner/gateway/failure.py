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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.gateway.route import Route
    from runner.model.account import Timeouts

# The first row that fits any error of the chain decides: the particular stands above the general.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (UnreadableAnswer, "{error}"),
    (socket.gaierror, "the name of {peer} does not resolve"),
    (ConnectionRefusedError, "connection refused by {peer}"),
    (
        ssl.SSLCertVerificationError,
        "the certificate of {host} is not trusted: {error.verify_message}",
    ),
    (ssl.SSLError, "TLS with {host} failed ({error.reason})"),
    (TimeoutError, "{timeout}"),
    (RemoteDisconnected, "{peer} closed the connection without an answer"),
    (ConnectionError, "{peer} broke the connection off"),
    (IncompleteRead, "the answer of {peer} was cut short"),
    (HTTPException, "what {peer} answered is no HTTP"),
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
                    peer=route.peer,
                    host=route.host,
                    timeout=_explain_timeout(route, timeout, begun=begun),
                )
    return _explain_by_number(chain, route)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain_timeout(route: Route, timeout: Timeouts, *, begun: bool) -> str:
    if begun:
        return f"no answer from {route.peer} within {timeout.total.total_seconds():g} s"
    seconds = min(timeout.connect, timeout.total).total_seconds()
    return f"no connection to {route.peer} within {seconds:g} s"


def _explain_by_number(chain: list[BaseException], route: Route) -> str:
    root = chain[-1]
    if tunnel := _TUNNEL.match(str(root)):
        return f"{route.peer} refused to connect to {route.host}: HTTP {tunnel[1]}"
    if isinstance(root, OSError) and root.errno is not None:
        return f"{os.strerror(root.errno)}: {route.peer}"
    return f"the exchange with {route.peer} failed ({type(root).__name__})"
