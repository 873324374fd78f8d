"""Connections to one gateway that keep a deadline and note the first byte of a request.

Exception classes cannot tell whether a request went out (the same one is raised for a refused
connection and for one that was closed after everything was read): the connection notes it.
Source: gateway protocol, "What can be known after a POST".

http.client speaks HTTP, and nothing stands between: what a library above it adds (redirects,
cookies, retries, the environment's proxies) is what nobody may do here.
"""

from __future__ import annotations

import select
import socket
import ssl
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.client import HTTPResponse

    from _typeshed import ReadableBuffer, WriteableBuffer

    from runner.gateway.exchange import Exchange
    from runner.gateway.route import Route


class DeadlineSocket(socket.socket):
    """A socket whose every operation ends with its exchange, however slowly the peer drips."""

    exchange: Exchange

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        """Receive within the time left."""
        self.settimeout(self.exchange.seconds_left())
        count = super().recv_into(buffer, nbytes or 0, flags)
        self.exchange.note_received(memoryview(buffer)[:count])
        return count

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """Send a piece within the time left."""
        self.settimeout(self.exchange.seconds_left())
        return super().send(data, flags)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """Send everything within the time left."""
        self.settimeout(self.exchange.seconds_left())
        super().sendall(data, flags)


class DeadlineTLSSocket(DeadlineSocket, ssl.SSLSocket):
    """The same over TLS, the handshake included."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands within the time left for connecting."""
        # A stream that ends without TLS's own farewell may have been cut: never taken as an end.
        self.suppress_ragged_eofs = False
        self.settimeout(self.exchange.seconds_left())
        super().do_handshake(block)


class GatewayConnection(HTTPConnection):
    """A connection over a route, used by one exchange after another.

    idle_since: when it last came to rest, on the monotonic clock.
    """

    sock: Any  # a DeadlineSocket, None while it is closed

    def __init__(self, route: Route) -> None:
        super().__init__(*route.opened_to)
        self.idle_since = 0.0
        self._route = route
        self._exchange: Exchange
        self._body = b""
        self._is_connecting = False
        self._create_connection = self._open  # http.client's seam for another kind of socket
        if route.tunnel:
            self.set_tunnel(*route.tunnel, headers=route.proxy_headers())

    def ask(
        self, exchange: Exchange, target: str, headers: Mapping[str, str], body: bytes
    ) -> HTTPResponse:
        """Post a request, and give the answer with its body unread."""
        self._exchange, self._body = exchange, body
        if self.sock is not None:
            self.sock.exchange = exchange
        try:
            self.request("POST", target, headers={**headers, "Content-Length": str(len(body))})
        except OSError:
            # A gateway may answer (413) and close before it has read everything. Where nothing is
            # there, reading fails in its turn.
            if not exchange.begun:
                raise
        finally:
            self._body = b""
        return self.getresponse()

    def connect(self) -> None:
        """Connect; what is said to a proxy and in a TLS handshake is no part of the request."""
        self._is_connecting = True
        try:
            super().connect()
            if self._route.tls:
                self._shake_hands(self._route.tls)
        finally:
            self._is_connecting = False

    def send(self, data: Any) -> None:
        """Hand the head of a request to the socket, and its body in the same piece."""
        if self.sock is None:
            self.connect()
        if self._is_connecting:
            super().send(data)
        else:
            self._exchange.begin()
            super().send(data + self._body)

    def may_be_used(self, idle_limit: float) -> bool:
        """Tell whether it rested so shortly that the peer's idle close cannot race a request."""
        return monotonic() - self.idle_since <= idle_limit and not _has_news(self.sock)

    def _shake_hands(self, tls: ssl.SSLContext) -> None:
        secured: Any = tls.wrap_socket(
            self.sock, server_hostname=self._route.host, do_handshake_on_connect=False
        )
        self.sock = secured
        secured.exchange = self._exchange
        secured.do_handshake()

    def _open(self, address: tuple[str, int], *_: object) -> DeadlineSocket:
        # Name resolution is the C library's, with limits of its own; it comes before everything.
        addresses = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
        *others, last = ((family, address) for family, _, _, _, address in addresses)
        for left, (family, each) in zip(range(len(addresses), 1, -1), others, strict=True):
            # Each address has its share of the time: one that is silent must not hide the next.
            with suppress(OSError):
                return self._open_one(family, each, share=1 / left)
        return self._open_one(*last, share=1)

    def _open_one(self, family: int, address: Any, *, share: float) -> DeadlineSocket:
        sock = DeadlineSocket(family, socket.SOCK_STREAM)
        sock.exchange = self._exchange
        try:
            sock.settimeout(self._exchange.seconds_left() * share)
            sock.connect(address)
        except BaseException:
            sock.close()
            raise
        return sock


def _has_news(sock: socket.socket) -> bool:
    """Whether a connection that rests was closed by the peer, or holds what nobody asked for."""
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))


class Connections:
    """The connections of a route: those that rest are used again, the one used last first.

    headers: of every request; idle_limit: seconds that a connection may have rested to carry one.
    Safe for many threads; it repeats nothing and follows nothing.
    """

    def __init__(self, route: Route, headers: Mapping[str, str], *, idle_limit: float) -> None:
        if route.tls:
            route.tls.sslsocket_class = DeadlineTLSSocket
        self._route = route
        self._headers = {**headers, **route.headers()}
        self._idle_limit = idle_limit
        self._resting: list[GatewayConnection] = []
        self._is_closed = False

    @contextmanager
    def post(self, exchange: Exchange, target: str, body: bytes) -> Iterator[HTTPResponse]:
        """Send a request and give the answer, its body unread.

        Its connection is used again only where the body was read to its end and nothing was raised:
        what else it may hold would be taken for the answer to the next request.
        """
        connection = self._find()
        try:
            answer = connection.ask(exchange, target, self._headers, body)
            with answer:
                yield answer
                is_whole = answer.isclosed()
        except BaseException:
            connection.close()
            raise
        if is_whole and connection.sock is not None:
            self._lay_down(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close every connection that rests; one that is in use ends with its exchange."""
        self._is_closed = True
        while connection := self._pick_up():
            connection.close()

    def _find(self) -> GatewayConnection:
        while connection := self._pick_up():
            if connection.may_be_used(self._idle_limit):
                return connection
            connection.close()
        return GatewayConnection(self._route)

    def _pick_up(self) -> GatewayConnection | None:
        try:
            return self._resting.pop()
        except IndexError:
            return None

    def _lay_down(self, connection: GatewayConnection) -> None:
        connection.idle_since = monotonic()
        self._resting.append(connection)
        if self._is_closed:  # meanwhile
            self.close()
