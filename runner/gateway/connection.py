"""Sockets that keep a deadline, and connections that note the first byte of a request.

Exception classes cannot tell whether a request went out (requests raises the same one for a
refused connection and for one that was closed after everything was read): the connection notes it.
Source: gateway protocol, "What can be known after a POST".
"""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from runner.gateway.exchange import current_exchange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from _typeshed import ReadableBuffer, WriteableBuffer
    from requests import PreparedRequest

    from runner.gateway.route import Route


class DeadlineSocket(socket.socket):
    """A socket whose every operation ends with its exchange, however slowly the peer drips."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        """Receive within the time left."""
        exchange = current_exchange()
        self.settimeout(exchange.seconds_left())
        count = super().recv_into(buffer, nbytes or 0, flags)
        exchange.note_received(memoryview(buffer)[:count])
        return count

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """Send a piece within the time left."""
        self.settimeout(current_exchange().seconds_left())
        return super().send(data, flags)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """Send everything within the time left."""
        self.settimeout(current_exchange().seconds_left())
        super().sendall(data, flags)


class DeadlineTLSSocket(DeadlineSocket, ssl.SSLSocket):
    """The same over TLS, the handshake included."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands within the time left for connecting."""
        # A stream that ends without TLS's own farewell may have been cut: never taken as an end.
        self.suppress_ragged_eofs = False
        self.settimeout(current_exchange().seconds_left())
        super().do_handshake(block)


class GatewayConnection(HTTPConnection):
    """A connection that notes in its exchange when the first byte of a request is handed over.

    idle_since: when it was last put back into its pool, on the monotonic clock.
    """

    idle_since = 0.0
    _is_connecting = False

    def connect(self) -> None:
        """Connect; what is said to a proxy and in a TLS handshake is no part of the request."""
        self._is_connecting = True
        try:
            super().connect()
        finally:
            self._is_connecting = False

    def send(self, data: Any) -> None:
        """Hand bytes to the socket; http.client opens a missing connection only at this point."""
        if self.sock is None:
            self.connect()
        if not self._is_connecting:
            current_exchange().begin()
        super().send(data)

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request; where that breaks off, an answer may still be there to be read.

        A gateway may answer (413) and close before it has read everything. Where nothing is there,
        reading fails in its turn.
        """
        try:
            super().request(*args, **kwargs)
        except OSError:
            if not current_exchange().begun:
                raise

    def is_fit(self) -> bool:
        """Tell whether the exchange may use it: the peer's idle close would race a request."""
        return monotonic() - self.idle_since <= current_exchange().idle_limit

    def _new_conn(self) -> socket.socket:
        # Name resolution is the C library's, with limits of its own; it comes before everything.
        addresses = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        *others, last = ((family, address) for family, _, _, _, address in addresses)
        for left, (family, address) in zip(range(len(addresses), 1, -1), others, strict=True):
            # Each address has its share of the time: one that is silent must not hide the next.
            with suppress(OSError):
                return _open(family, address, seconds=current_exchange().seconds_left() / left)
        return _open(*last, seconds=current_exchange().seconds_left())


def _open(family: int, address: Any, *, seconds: float) -> DeadlineSocket:
    sock = DeadlineSocket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(seconds)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


class GatewayTLSConnection(GatewayConnection, HTTPSConnection):
    """The same over TLS."""


class GatewayPool(HTTPConnectionPool):
    """A pool that hands out no connection that rested too long; urllib3 opens it anew.

    It takes none back by itself: urllib3 offers it as soon as a body has been read, and whether
    that was a sound answer is known only later.
    """

    ConnectionCls = GatewayConnection

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        if not cast(GatewayConnection, connection).is_fit():
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is None:
            super()._put_conn(conn)
        else:
            current_exchange().connection = conn

    def take_back(self, connection: GatewayConnection) -> None:
        """Let a connection rest until the next exchange."""
        connection.idle_since = monotonic()
        super()._put_conn(connection)


class GatewayTLSPool(GatewayPool, HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = GatewayTLSConnection


class GatewayAdapter(HTTPAdapter):
    """requests' transport over the one pool of a route.

    It is used without a ``Session``, which reads a redirect's whole body, however long, and obeys
    environment, netrc and cookies. It retries nothing.
    """

    def __init__(self, route: Route, *, connections: int) -> None:
        super().__init__()
        self._proxies = None if route.proxy is None else {"all": route.proxy}
        self._pool = self._open_pool(route, connections)

    @contextmanager
    def post(self, request: PreparedRequest) -> Iterator[Any]:
        """Send a request and give the answer, its body unread.

        Its connection is used again only where the body was read to its end and nothing was raised:
        what else it may hold would be taken for the answer to the next request.
        """
        exchange = current_exchange()
        try:
            answer: Any = self.send(request, stream=True, proxies=self._proxies)
            try:
                yield answer
            finally:
                answer.close()
                answer.release_conn()
        except BaseException:
            if exchange.connection is not None:
                exchange.connection.close()
            raise
        if exchange.connection is not None:
            self._pool.take_back(exchange.connection)

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,  # noqa: ARG002 - the signature is requests'
        verify: Any,  # noqa: ARG002 - as above
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - as above
        cert: Any = None,  # noqa: ARG002 - as above
    ) -> GatewayPool:
        """Give the pool, whatever the request: there is one gateway."""
        return self._pool

    def build_response(self, req: PreparedRequest, resp: Any) -> Any:  # noqa: ARG002 - as above
        """Give the answer as it came: nobody asks for cookies, encodings or a history."""
        return resp

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool as it is: the route's TLS context verifies, and trusts nobody else."""

    def close(self) -> None:
        """Close every connection that rests; one that is in use ends with its exchange."""
        self._pool.close()
        super().close()

    def _open_pool(self, route: Route, connections: int) -> GatewayPool:
        options: dict[str, Any] = {"maxsize": connections}
        if route.tls is not None:
            route.tls.sslsocket_class = DeadlineTLSSocket
            options["ssl_context"] = route.tls
        if route.proxy is None:
            return _POOLS[route.scheme](route.host, route.port, **options)
        manager = ProxyManager(
            route.proxy, proxy_headers=self.proxy_headers(route.proxy), **options
        )
        manager.pool_classes_by_scheme = _POOLS
        pool = manager.connection_from_host(route.host, route.port, route.scheme)
        return cast(GatewayPool, pool)


_POOLS: dict[str, type[GatewayPool]] = {"http": GatewayPool, "https": GatewayTLSPool}
