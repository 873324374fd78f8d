"""The table of submissions: what the gateway does, and how each has to end."""

from __future__ import annotations

import gzip
import ssl
import zlib
from typing import TYPE_CHECKING

from peers import answer, chunked, saying

from hostile.scripts import (
    OK,
    after_head,
    close_at_once,
    drip,
    early,
    encoded,
    endless,
    endless_tunnel,
    hang,
    hang_after,
    hang_after_head,
    of_length,
    reset_after,
    reset_after_head,
    reset_at_first_byte,
    stall_in_tunnel,
)
from hostile.stage import (
    full_queue,
    no_such_name,
    nobody,
    nobody_as_proxy,
    plain,
    proxied,
    secure,
    shown,
    tampered,
    through_a_tunnel,
    tunnelled,
    under_tls,
    wanting_a_certificate,
)

if TYPE_CHECKING:
    from hostile.stage import Script, Setup

from hostile.cases import End, Sending


def _sending(
    does: str, setup: Setup, end: End, *, heard: int | None = None, hangs: bool = False
) -> Sending:
    usual = 0 if end is End.NOT_SENT else 1
    return Sending(
        does=does, setup=setup, end=end, heard=usual if heard is None else heard, hangs=hangs
    )


def _status(status: str, end: End, *headers: str) -> Sending:
    """Answer a status, with a receipt that nobody is to believe."""
    body = b"" if status[:3] in ("204", "304") else RECEIPT
    script = saying(answer(body, status, *headers))
    return _sending(f"answers HTTP {status}", plain(script), end)


def _code(code: int, meaning: str, end: End) -> Sending:
    return _sending(f"answers {code} ({meaning})", plain(saying(answer(b"%d" % code))), end)


def _body(does: str, body: bytes, end: End = End.IN_DOUBT) -> Sending:
    return _sending(f"answers 200 with {does}", plain(saying(answer(body))), end)


def _said(does: str, said: bytes, end: End = End.IN_DOUBT) -> Sending:
    return _sending(does, plain(saying(said)), end)


def _late(does: str, script: Script) -> Sending:
    return _sending(does, plain(script), End.IN_DOUBT, hangs=True)


RECEIPT = b"100:27349872349823"
ANSWER = answer(RECEIPT)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

BEFORE = (
    _sending("does not listen", nobody, End.NOT_SENT),
    _sending("has a name that does not resolve", no_such_name, End.NOT_SENT),
    _sending("accepts no connection", full_queue, End.NOT_SENT, hangs=True),
)

DURING = (
    _sending(
        "resets at the first byte of the request", plain(reset_at_first_byte), End.IN_DOUBT, heard=0
    ),
    _sending("accepts and closes at once", plain(close_at_once), End.IN_DOUBT, heard=0),
    _sending("accepts and reads nothing", plain(hang), End.IN_DOUBT, heard=0, hangs=True),
    _sending("resets after the request's head", plain(reset_after_head), End.IN_DOUBT),
    _sending("closes after the request's head", plain(after_head()), End.IN_DOUBT),
    _late("hangs after the request's head", hang_after_head),
    _sending(
        "answers 413 after the request's head, and closes",
        plain(after_head(answer(b"", "413 Content Too Large"))),
        End.REJECTED,
    ),
    _sending(
        "answers a receipt after the request's head, and closes",
        plain(after_head(ANSWER)),
        End.ACCEPTED,
    ),
    _sending("answers a receipt before it was asked", plain(early(ANSWER)), End.ACCEPTED),
    _sending(
        "greets like a mail server before it was asked",
        plain(early(b"220 mail.example.cn ESMTP\r\n")),
        End.IN_DOUBT,
    ),
)

SILENCE = (
    _late("hangs after the request", hang_after()),
    _sending("resets after the request", plain(reset_after()), End.IN_DOUBT),
    _sending("closes after the request", plain(saying()), End.IN_DOUBT),
    _late("says 100 Continue and hangs", hang_after(CONTINUE)),
    _late("says 100 Continue again and again, a byte at a time", drip(CONTINUE * 20)),
    _late("answers a byte at a time", drip(answer(b" " * 200 + RECEIPT))),
    _late("sends half a status line and hangs", hang_after(b"HTTP/1.1 20")),
    _late("sends half a header and hangs", hang_after(OK, b"Content-Le")),
    _late("sends headers and hangs", hang_after(OK, b"Content-Length: 18\r\n\r\n")),
    _late("sends half a body and hangs", hang_after(of_length(b"100:2734", 18))),
    _late("sends half a body in chunks and hangs", hang_after(chunked(b"100:2734", end=b""))),
    _late("sends a body without an announced end and hangs", hang_after(OK, b"\r\n", RECEIPT)),
)

BROKEN = (
    _said("closes within the status line", b"HTTP/1.1 20"),
    _said("closes within a header", OK + b"Content-Le"),
    _said("closes after the headers", of_length(b"", 18)),
    _said("closes within the body", of_length(b"100:2734", 18)),
    _sending(
        "resets within the body", plain(reset_after(of_length(b"100:2734", 18))), End.IN_DOUBT
    ),
    _said("closes within the chunks", chunked(RECEIPT[:8], end=b"")),
    _said("closes before the last chunk", chunked(RECEIPT, end=b"")),
)

LENGTHS = (
    _said("announces fewer bytes than it sends", of_length(RECEIPT, 10)),
    _said("announces no bytes and sends some", of_length(RECEIPT, 0)),
    _said("announces more bytes than it sends", of_length(RECEIPT, 99)),
    _said("announces a negative length", of_length(RECEIPT, -18)),
    _said("announces a length that is no number", of_length(RECEIPT, "many")),
    _said("announces two lengths", of_length(RECEIPT, "18\r\nContent-Length: 4")),
    _said("announces no length and closes at the end", OK + b"\r\n" + RECEIPT, End.ACCEPTED),
    _said("adds line ends to a whole answer", ANSWER + b"\r\n\r\n", End.ACCEPTED),
    _said("answers in chunks", chunked(RECEIPT[:7], RECEIPT[7:]), End.ACCEPTED),
    _said("announces chunks and sends none", CHUNKED + RECEIPT),
    _said("sends a chunk size that is no number", CHUNKED + b"zz\r\n" + RECEIPT),
    _said("sends a chunk longer than its size", CHUNKED + b"3\r\n" + RECEIPT + b"\r\n0\r\n\r\n"),
    _said("sends a chunk of 4 GiB that ends at once", CHUNKED + b"ffffffff\r\n" + RECEIPT),
    _said("sends chunks and something after them", chunked(RECEIPT) + b"7"),
)

TOO_MUCH = (
    _said("answers twice at once", ANSWER + answer(b"100:2")),
    _said("says 100 Continue and then answers", CONTINUE + ANSWER, End.ACCEPTED),
    _said("says 103 Early Hints and then answers", b"HTTP/1.1 103 Early Hints\r\n\r\n" + ANSWER),
    _sending("sends a body without end", plain(endless(OK + b"\r\n", b"1")), End.IN_DOUBT),
    _sending(
        "sends chunks without end",
        plain(endless(CHUNKED, b"1000\r\n%s\r\n" % (b"1" * 4096))),
        End.IN_DOUBT,
    ),
    _sending("sends headers without end", plain(endless(OK, b"X-Many: 1\r\n")), End.IN_DOUBT),
    _sending("sends a header line without end", plain(endless(OK, b"x")), End.IN_DOUBT),
    _said(
        "redirects with a body without end",
        b"HTTP/1.1 302 Found\r\n\r\n" + b"x" * 1_000_000,
        End.IN_DOUBT_HALTED,
    ),
    _said("compresses its receipt", encoded(gzip.compress(RECEIPT), "gzip"), End.ACCEPTED),
    _said("sends a gzip bomb", encoded(gzip.compress(b"1" * 50_000_000), "gzip")),
    _said("sends a deflate bomb", encoded(zlib.compress(b"1" * 50_000_000), "deflate")),
    _said("sends gzip that is cut", encoded(gzip.compress(RECEIPT)[:-9], "gzip")),
    _said("says gzip and sends text", encoded(RECEIPT, "gzip")),
    _said("sends an encoding that nobody asked for", encoded(b"\x0b\x02\x80", "br")),
)

NO_HTTP = (
    _said("answers a receipt without HTTP", RECEIPT),
    _said("answers like an SSH server", b"SSH-2.0-OpenSSH_9.2\r\n"),
    _said("answers with a TLS alert", b"\x15\x03\x03\x00\x02\x02\x28"),
    _said("answers with frames of HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    _said("answers with a status of two digits", b"HTTP/1.1 99 Odd\r\n\r\n"),
    _said("answers as HTTP/9.9", b"HTTP/9.9 200 OK\r\nContent-Length: 18\r\n\r\n" + RECEIPT),
    _said("answers with nothing but line ends", b"\r\n" * 50),
)

BODIES = (
    _body("HTML that holds a colon", b"<html>Error: 100:27349872349823</html>"),
    _body("an address", b"http://mms.example.cn:8888"),
    _body("an empty body", b""),
    _body("JSON", b'{"code":0,"taskid":"27349872349823"}'),
    _body("a receipt without a task", b"100:"),
    _body("two receipts", b"100:1\r\n100:2"),
    _body("a code that no table has", b"11"),
    _body("zero bytes", b"\x00" * 18),
    _body(
        "a BOM and line ends around a receipt",
        b"\xef\xbb\xbf\r\n" + RECEIPT + b"\r\n",
        End.ACCEPTED,
    ),
    _body("a receipt with a negative balance", b"-7:27349872349823", End.ACCEPTED),
)

STATUSES = (
    _status("101 Switching Protocols", End.IN_DOUBT),
    _status("202 Accepted", End.IN_DOUBT),
    _status("204 No Content", End.IN_DOUBT),
    _status("206 Partial Content", End.IN_DOUBT),
    *(
        _status(status, End.IN_DOUBT_HALTED, "Location: /elsewhere")
        for status in (
            *("301 Moved Permanently", "302 Found", "303 See Other", "304 Not Modified"),
            *("307 Temporary Redirect", "308 Permanent Redirect"),
        )
    ),
    *(
        _status(status, End.REJECTED)
        for status in (
            *("400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"),
            *("405 Method Not Allowed", "413 Content Too Large", "415 Unsupported Media Type"),
        )
    ),
    *(
        _status(status, End.IN_DOUBT, "Retry-After: 0")
        for status in (
            *("407 Proxy Authentication Required", "408 Request Timeout", "409 Conflict"),
            *("429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway"),
            *("503 Service Unavailable", "504 Gateway Timeout", "799 Odd"),
        )
    ),
)

CODES = (
    _code(0, "parameters wrong", End.REJECTED),
    _code(1, "credentials empty", End.SUSPENDED),
    _code(2, "credentials wrong", End.SUSPENDED),
    _code(3, "no number", End.REJECTED),
    _code(4, "no content", End.REJECTED),
    _code(5, "over 2000 numbers", End.REJECTED),
    _code(6, "balance too low", End.LOW_BALANCE),
    _code(7, "submission failed", End.RETRIED),
    _code(8, "other error", End.IN_DOUBT),
    _code(9, "message over 100K", End.REJECTED),
    _code(10, "may not send MMS", End.SUSPENDED),
)

TLS = (
    *(
        _sending(f"shows a certificate {kind}", shown(kind, saying(ANSWER)), End.NOT_SENT)
        for kind in ("of another host", "of an unknown authority")
    ),
    *(
        _sending(f"shows a certificate that is {kind}", shown(kind, saying(ANSWER)), End.NOT_SENT)
        for kind in ("expired", "not yet valid", "self-signed")
    ),
    _sending("stalls in the handshake", under_tls(hang), End.NOT_SENT, hangs=True),
    _sending("resets in the handshake", under_tls(reset_at_first_byte), End.NOT_SENT),
    _sending("closes before the handshake", under_tls(close_at_once), End.NOT_SENT),
    _sending(
        "speaks plain HTTP where TLS is wanted",
        under_tls(early(answer(b"", "400 Bad Request"))),
        End.NOT_SENT,
    ),
    _sending(
        "speaks TLS where plain HTTP is wanted",
        lambda stage: {"url": secure(saying(ANSWER))(stage)["url"].replace("https:", "http:")},
        End.IN_DOUBT,
        heard=0,
    ),
    _sending(
        "wants a certificate of the client, in TLS 1.2",
        wanting_a_certificate(ssl.TLSVersion.TLSv1_2, saying(ANSWER)),
        End.NOT_SENT,
    ),
    _sending(
        "wants a certificate of the client, in TLS 1.3: the handshake seems done",
        wanting_a_certificate(ssl.TLSVersion.TLSv1_3, saying(ANSWER)),
        End.IN_DOUBT,
        heard=0,
    ),
    _sending(
        "is spoilt on its way in the handshake",
        tampered(saying(ANSWER), from_request=0),
        End.NOT_SENT,
    ),
    _sending(
        "is spoilt on its way in its answer (a corrupt record)",
        tampered(saying(ANSWER), from_request=1),
        End.IN_DOUBT,
    ),
    _sending("hangs after the request, over TLS", secure(hang_after()), End.IN_DOUBT, hangs=True),
    _sending("resets after the request, over TLS", secure(reset_after()), End.IN_DOUBT),
    _sending("closes after the request, over TLS", secure(saying()), End.IN_DOUBT),
    _sending(
        "closes within the body without TLS's farewell",
        secure(saying(of_length(b"100:2734", 18))),
        End.IN_DOUBT,
    ),
    _sending(
        "closes at an end that was not announced, without TLS's farewell",
        secure(saying(OK + b"\r\n" + RECEIPT)),
        End.IN_DOUBT,
    ),
    _sending(
        "closes after a whole answer without TLS's farewell", secure(saying(ANSWER)), End.ACCEPTED
    ),
)

PROXY = (
    _sending("is behind a proxy that does not listen", nobody_as_proxy, End.NOT_SENT),
    *(
        _sending(
            f"is behind a proxy that answers CONNECT with {status}",
            tunnelled(after_head(answer(b"no", status))),
            End.NOT_SENT,
        )
        for status in (
            *("302 Found", "403 Forbidden", "407 Proxy Authentication Required"),
            *("502 Bad Gateway", "503 Service Unavailable"),
        )
    ),
    _sending(
        "is behind a proxy that answers CONNECT with no HTTP",
        tunnelled(after_head(b"SSH-2.0-OpenSSH_9.2\r\n")),
        End.NOT_SENT,
    ),
    _sending(
        "is behind a proxy that answers CONNECT a header at a time",
        tunnelled(endless_tunnel),
        End.NOT_SENT,
        hangs=True,
    ),
    _sending("is behind a proxy that hangs", tunnelled(hang), End.NOT_SENT, hangs=True),
    _sending("is behind a proxy that closes at CONNECT", tunnelled(after_head()), End.NOT_SENT),
    _sending("is behind a proxy that resets at CONNECT", tunnelled(reset_after_head), End.NOT_SENT),
    _sending(
        "is behind a tunnel that leads nowhere",
        tunnelled(stall_in_tunnel),
        End.NOT_SENT,
        hangs=True,
    ),
    _sending(
        "is behind a tunnel, with the certificate of another host",
        through_a_tunnel(saying(ANSWER), "of another host"),
        End.NOT_SENT,
    ),
    _sending(
        "is behind a tunnel that breaks after the request",
        through_a_tunnel(reset_after()),
        End.IN_DOUBT,
    ),
    _sending("is behind a tunnel, and answers", through_a_tunnel(saying(ANSWER)), End.ACCEPTED),
    _sending(
        "is behind a proxy that answers 502 for it",
        proxied(saying(answer(b"", "502 Bad Gateway"))),
        End.IN_DOUBT,
    ),
    _sending(
        "is behind a proxy that hangs with the request",
        proxied(hang_after()),
        End.IN_DOUBT,
        hangs=True,
    ),
)

SENDINGS: dict[str, tuple[Sending, ...]] = {
    "Before the request": BEFORE,
    "During the request": DURING,
    "Silence and drips": SILENCE,
    "Answers that break off": BROKEN,
    "Lengths and chunks": LENGTHS,
    "Too much": TOO_MUCH,
    "No HTTP": NO_HTTP,
    "Bodies": BODIES,
    "Statuses": STATUSES,
    "Codes": CODES,
    "TLS": TLS,
    "Proxies": PROXY,
}
