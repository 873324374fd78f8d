"""The sandbox on the network: HTTP/1.1 with keep-alive, and the silences that a desk asks for."""

from __future__ import annotations

import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Condition, Event
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runner.sandbox.faults import Call
from runner.sandbox.replies import Answer, Silence, http_error
from runner.sandbox.request import REPORT_PATH, SEND_PATH, read_request

if TYPE_CHECKING:
    from runner.sandbox.desk import Desk
    from runner.sandbox.replies import Reply
    from runner.sandbox.traffic import Traffic

_LARGEST_BODY = 4 * 1024 * 1024
_IDLE_SECONDS = 120.0
_GOODBYE_SECONDS = 5.0
# Linger for no time: closing then resets the connection instead of ending it.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_PAGE_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "jpg": "image/jpeg",
    "gif": "image/gif",
}
_PAGE_HEADERS = (
    ("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'"),
    ("X-Content-Type-Options", "nosniff"),
)


class GatewayServer(ThreadingTCPServer):
    """Listens and serves each connection in a thread; raises OSError where it cannot bind."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], desk: Desk, traffic: Traffic, latency: float
    ) -> None:
        self.desk = desk
        self.traffic = traffic
        self.latency = latency
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._changed = Condition()
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that it can be closed while it waits."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection without the orderly end first: it would undo a reset."""
        self.close_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client that vanished go in peace; anything else is a defect and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stop listening and close what is open, the hanging requests too."""
        self.stopping.set()
        self.shutdown()
        with self._changed:
            for connection in self._open:
                _wake(connection)
            self._changed.wait_for(lambda: not self._open, timeout=_GOODBYE_SECONDS)
        self.server_close()


class _Connection(BaseHTTPRequestHandler):
    """One client: its requests one after another."""

    server: GatewayServer
    protocol_version = "HTTP/1.1"
    server_version = "mms-sandbox"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    wbufsize = -1  # head and body leave in one packet

    def do_POST(self) -> None:
        """Read a request and let the desk answer it."""
        body = self._read_body()
        if body is None:
            return
        content_type = self.headers.get("Content-Type", "")
        request = read_request(self._path, content_type, body)
        with self.server.traffic.during(request.call) as number:
            reply = self.server.desk.answer(request, number)
            self.server.stopping.wait(self.server.latency)
            self._perform(reply)

    def do_GET(self) -> None:
        """Show what arrived; the gateway's own addresses take nothing but POST."""
        with self.server.traffic.during(Call.OTHER):
            self._perform(self._page())

    def do_PUT(self) -> None:
        """Refuse another method."""
        self.close_connection = True  # its body stays unread
        self._perform(http_error(405, headers=(("Allow", "GET, POST"),)))

    do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = do_PUT  # noqa: N815 - as above

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Say nothing on stderr: what came stands in the submissions."""

    def handle_expect_100(self) -> bool:
        """Let the client go on at once, past the buffer that waits for the answer."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path

    def _read_body(self) -> bytes | None:
        """Read the whole body; None where it was refused or the client left in its midst."""
        length = self.headers.get("Content-Length", "")
        refusal = _length_refusal(length)
        if refusal is not None:
            self.close_connection = True  # the body stays unread
            self._perform(http_error(refusal))
            return None
        body = self.rfile.read(int(length))
        self.close_connection |= len(body) < int(length)
        return body if len(body) == int(length) else None

    def _page(self) -> Answer:
        if self._path in (SEND_PATH, REPORT_PATH):
            return http_error(405, headers=(("Allow", "POST"),))
        path = self._path.removeprefix("/")
        page = self.server.desk.album.read(path)
        if page is None:
            return http_error(404)
        suffix = path.rpartition(".")[2]
        content_type = _PAGE_TYPES.get(suffix, _PAGE_TYPES["html"])
        return Answer(body=page, content_type=content_type, headers=_PAGE_HEADERS)

    def _perform(self, reply: Reply) -> None:
        match reply:
            case Answer():
                self._write(reply)
            case Silence.HANG:
                self._wait_until_left()
            case Silence.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                self.close_connection = True

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", f"{len(answer.body) + answer.missing}")
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.missing or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _wait_until_left(self) -> None:
        """Keep the line open and quiet; `stop` wakes this too."""
        self.close_connection = True
        self.connection.settimeout(None)
        while self.connection.recv(4096):
            pass


def _length_refusal(length: str) -> int | None:
    if not (length.isascii() and length.isdigit()):
        return 411
    return 413 if len(length) > 9 or int(length) > _LARGEST_BODY else None


def _wake(connection: socket.socket) -> None:
    """End both directions, so that a thread that waits for this peer goes on."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the peer was quicker
