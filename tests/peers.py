"""Raw servers on loopback that misbehave as told, for the tests of the gateway client."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.gateway import Gateway
from runner.model.account import Account, Credentials, SecretKind, SecretRef, Timeouts

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

LINGER_NOT = struct.pack("ii", 1, 0)


class Call:
    """One accepted connection; number counts them from 0."""

    def __init__(self, peer: Peer, sock: socket.socket, number: int) -> None:
        self.peer = peer
        self.sock = sock
        self.number = number
        self.file = sock.makefile("rb")

    def hear_head(self) -> bytes:
        """Read a request's head alone."""
        lines = []
        while line := self.file.readline():
            lines.append(line)
            if line == b"\r\n":
                break
        head = b"".join(lines)
        if head:
            self.peer.heads.append(head)
        return head

    def hear(self) -> bytes:
        """Read a whole request, note it, and give its body; empty at the end of the connection."""
        head = self.hear_head()
        return self.hear_body(head) if head else b""

    def hear_body(self, head: bytes) -> bytes:
        """Read the body that a head announced, note it, and give it."""
        length = next(
            int(line.split(b":")[1])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length:")
        )
        body = self.file.read(length)
        self.peer.bodies.append(body)
        return body

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """End the connection with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.close()

    def wait_for_the_end(self) -> None:
        """Say nothing more until the client hangs up."""
        self.file.read()

    def close(self) -> None:
        self.file.close()
        self.sock.close()


class Peer:
    """A server that runs `script` for every connection, each in a thread."""

    def __init__(self, script: Callable[[Call], object], tls: ssl.SSLContext | None = None) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(10)  # a test that goes wrong ends
            # What is said goes out at once: a close with unread bytes would drop what still waits.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(sock, self.connections))
            self.connections += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        if self._tls is not None:
            try:
                sock = self._tls.wrap_socket(sock, server_side=True)
            except OSError:
                return
        call = Call(self, sock, number)
        # A client that hangs up in the middle is what many tests are about.
        with suppress(OSError, ValueError):
            self._script(call)
        with suppress(OSError):
            call.close()

    def wait_until_silent(self) -> None:
        """Wait until every connection that was accepted so far has been closed."""
        for thread in self._threads[1:]:
            thread.join()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()


def serving() -> Iterator[Callable[..., Peer]]:
    """Give a fixture that starts peers, and ends them after the test."""
    peers: list[Peer] = []

    def serve(script: Callable[[Call], object], tls: ssl.SSLContext | None = None) -> Peer:
        peers.append(Peer(script, tls))
        return peers[-1]

    yield serve
    for peer in peers:
        peer.close()


def connecting() -> Iterator[Callable[..., Gateway]]:
    """Give a fixture that opens lines to a URL; further settings are the account's."""
    with ExitStack() as stack:

        def connect(
            url: str,
            *,
            idle_limit: float = 3.0,
            seconds: tuple[float, float] = (2.0, 5.0),
            **settings: object,
        ) -> Gateway:
            timeouts = Timeouts(
                connect=timedelta(seconds=seconds[0]), total=timedelta(seconds=seconds[1])
            )
            account = Account(
                name="main",
                url=url,
                userid="12",
                account="zhouyang",
                password=SecretRef(kind=SecretKind.ENV, name="MMS_PASSWORD"),
                timeout=timeouts,
                **settings,
            )
            credentials = Credentials(url=url, userid="12", account="zhouyang", password="sesame")
            return stack.enter_context(Gateway(account, credentials, idle_limit=idle_limit))

        yield connect


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Build a whole answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n", headers: str = "") -> bytes:
    """Build an answer in chunks; another `end` cuts it."""
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{headers}\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


def answering(*answers: bytes) -> Callable[[Call], None]:
    """Make a script that answers request after request, the last answer again and again."""

    def script(call: Call) -> None:
        said = 0
        while call.hear():
            call.say(answers[min(said, len(answers) - 1)])
            said += 1

    return script


def saying(*pieces: bytes) -> Callable[[Call], None]:
    """Make a script that hears a request, says all this and hangs up."""

    def script(call: Call) -> None:
        call.hear()
        for piece in pieces:
            call.say(piece)

    return script


def relay(call: Call, port: int, alter: Callable[[bytes], bytes] = bytes) -> None:
    """Pass bytes on to `port` and back; alter: what becomes of those that come back."""
    with socket.create_connection(("127.0.0.1", port)) as onward:
        onward.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=_copy, args=(onward, call.sock, alter))
        back.start()
        _copy(call.sock, onward)
        back.join()


class Tunnel:
    """A proxy's script that answers CONNECT and then passes bytes on to `port`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[bytes] = []

    def __call__(self, call: Call) -> None:
        self.asked.append(call.hear_head())
        call.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        relay(call, self.port)


def _copy(
    source: socket.socket, target: socket.socket, alter: Callable[[bytes], bytes] = bytes
) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(alter(data))
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
