"""The peers of one case, and the settings of the account that meets them."""

from __future__ import annotations

import re
import socket
import ssl
from collections import Counter
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from peers import Peer, Tunnel, relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from authority import Authority
    from peers import Call

    Script = Callable[[Call], object]
    Settings = dict[str, Any]
    Setup = Callable[["Stage"], Settings]

_MOBILE = re.compile(rb"\bmobile=(\d+)")
_SILENT_CROWD = 3  # connections that fill the queue of a listener who accepts none


class Stage:
    """Starts peers, counts what they hear, and ends them."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self._peers: list[Peer] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def serve(self, script: Script, tls: ssl.SSLContext | None = None) -> Peer:
        peer = Peer(script, tls)
        self._stack.callback(peer.close)
        self._peers.append(peer)
        return peer

    def keep(self, sock: socket.socket) -> socket.socket:
        """Close a socket with the stage."""
        return self._stack.enter_context(closing(sock))

    def count_posts(self) -> int:
        """Count the requests of which a peer heard the head at least, all connections closed."""
        return sum(head.startswith(b"POST ") for peer in self._silent() for head in peer.heads)

    def count_mobiles(self) -> Counter[bytes]:
        """Count how often each number was heard, all connections closed."""
        bodies = b"&".join(body for peer in self._silent() for body in peer.bodies)
        return Counter(_MOBILE.findall(bodies))

    def _silent(self) -> list[Peer]:
        for peer in self._peers:
            peer.wait_until_silent()
        return self._peers


def plain(script: Script) -> Setup:
    """Meet a peer over http."""
    return lambda stage: {"url": stage.serve(script).url}


def shown(certificate: str, script: Script) -> Setup:
    """Meet a peer over https that shows one of the authority's certificates."""

    def setup(stage: Stage) -> Settings:
        return _trust(stage, stage.serve(script, stage.authority.contexts[certificate]).url)

    return setup


def secure(script: Script) -> Setup:
    """Meet a peer over https that is trusted."""
    return shown("right", script)


def under_tls(script: Script) -> Setup:
    """Ask for https, and meet whatever the script says instead of TLS."""
    return lambda stage: _trust(stage, stage.serve(script).url.replace("http:", "https:"))


def wanting_a_certificate(version: ssl.TLSVersion, script: Script) -> Setup:
    """Meet a trusted peer that wants the client to show a certificate too."""

    def setup(stage: Stage) -> Settings:
        context = stage.authority.make_context(version)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(stage.authority.ca_file)
        return _trust(stage, stage.serve(script, context).url)

    return setup


def tampered(script: Script, *, from_request: int) -> Setup:
    """Meet a trusted peer through somebody who spoils what it says once it has heard so many."""

    def setup(stage: Stage) -> Settings:
        peer = stage.serve(script, stage.authority.contexts["right"])

        def spoil(data: bytes) -> bytes:
            heard = len(peer.bodies) >= from_request
            return data[:-1] + bytes([data[-1] ^ 1]) if heard else data

        middle = stage.serve(partial(relay, port=peer.port, alter=spoil))
        return _trust(stage, middle.url.replace("http:", "https:"))

    return setup


def proxied(script: Script) -> Setup:
    """Meet a proxy on the way to a gateway over http."""
    return lambda stage: {"url": "http://gateway.invalid:8888", "proxy": stage.serve(script).url}


def tunnelled(proxy: Script) -> Setup:
    """Meet a proxy on the way to a gateway over https."""

    def setup(stage: Stage) -> Settings:
        return _trust(stage, "https://gateway.invalid") | {"proxy": stage.serve(proxy).url}

    return setup


def through_a_tunnel(script: Script, certificate: str = "right") -> Setup:
    """Meet a peer over https behind a proxy that does its work."""

    def setup(stage: Stage) -> Settings:
        peer = stage.serve(script, stage.authority.contexts[certificate])
        return _trust(stage, peer.url) | {"proxy": stage.serve(Tunnel(peer.port)).url}

    return setup


def nobody(stage: Stage) -> Settings:
    """Meet a port at which nobody listens."""
    sock = stage.keep(socket.socket())
    sock.bind(("127.0.0.1", 0))
    return {"url": f"http://127.0.0.1:{sock.getsockname()[1]}"}


def nobody_as_proxy(stage: Stage) -> Settings:
    """Meet nobody where the proxy should be."""
    return {"url": "http://gateway.invalid:8888", "proxy": nobody(stage)["url"]}


def no_such_name(_: Stage) -> Settings:
    """Look for a host that does not exist."""
    return {"url": "http://gateway.invalid:8888"}


def full_queue(stage: Stage) -> Settings:
    """Meet a listener whose queue is full: it answers no SYN."""
    listener = stage.keep(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _ in range(_SILENT_CROWD):
        sock = stage.keep(socket.socket())
        sock.setblocking(False)
        with suppress(BlockingIOError):
            sock.connect(listener.getsockname())
    return {"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}


def _trust(stage: Stage, url: str) -> Settings:
    return {"url": url, "ca_file": stage.authority.ca_file}
