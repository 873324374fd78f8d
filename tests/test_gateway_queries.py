"""The two queries: what is left, and reports of which no received byte is ever lost."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from peers import Call, answer, answering, chunked, connecting, saying, serving

from runner.gateway.answer import Inflated, inflate, salvage
from runner.model.outcome import Balance, NoAnswer, QueryRefused, RawAnswer

PAGE = "".join(
    f"<statusbox><mobile>{13800138000 + n}</mobile></statusbox>" for n in range(500)
).encode()
OVERAGE = (
    "<returnsms><returnstatus>{}</returnstatus><message>{}</message><payinfo>预付费</payinfo>"
    "<overage>{}</overage><sendTotal>200</sendTotal></returnsms>"
)
CAP = 64 << 20


@pytest.fixture
def serve():
    yield from serving()


@pytest.fixture
def connect():
    yield from connecting()


@pytest.fixture
def page_of(serve, connect):
    """Ask for reports once, from a peer that follows `script`."""
    return lambda script, **settings: connect(serve(script).url, **settings).reports(4000)


def test_a_balance_comes_as_the_gateway_wrote_it(serve, connect):
    peer = serve(saying(answer(OVERAGE.format("Success", "", "-7").encode())))
    balance = connect(peer.url).balance()
    assert balance == Balance(left="-7", bought="200", payment="预付费")
    assert peer.heads[0].startswith(b"POST /sendmms.aspx ")
    assert peer.bodies == [b"action=overage&userid=12&account=zhouyang&password=sesame"]


def test_a_balance_query_can_be_refused(serve, connect):
    peer = serve(saying(answer(OVERAGE.format("Faild", "用户名或密码错误", "").encode())))
    assert connect(peer.url).balance() == QueryRefused(
        remark="用户名或密码错误", wrong_credentials=True
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(b"", "502 Bad Gateway"), "HTTP 502 Bad Gateway"),
        (answer(b"", "307 Moved", "Location: /"), "HTTP 307 Temporary Redirect"),
        (answer(b"<html>sesame</html>"), "HTTP 200, but the body is no answer"),
        (answer(b" " * 70_000), "the answer is larger than 64 KiB"),
    ],
)
def test_a_balance_query_without_an_answer_says_why(serve, connect, said, why):
    assert connect(serve(saying(said)).url).balance() == NoAnswer(why=why)


def test_a_balance_query_that_reaches_nobody_says_so(connect):
    why = "connection refused by 127.0.0.1:1"
    assert connect("http://127.0.0.1:1").balance() == NoAnswer(why=why)


def test_reports_are_asked_for_by_the_page(serve, connect):
    peer = serve(saying(answer(PAGE)))
    answered = connect(peer.url).reports(123)
    assert answered == RawAnswer(status=200, body=PAGE)
    assert peer.heads[0].startswith(b"POST /mmsStatusApi.aspx ")
    assert peer.bodies == [b"action=query&userid=12&account=zhouyang&password=sesame&statusNum=123"]


def test_an_empty_page_is_an_answer(page_of):
    assert page_of(saying(answer(b""))) == RawAnswer(status=200, body=b"")


@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_the_body_of_any_status_is_kept(page_of, status):
    page = page_of(saying(answer(PAGE, f"{status} Odd")))
    assert (page.status, page.body, page.complete) == (status, PAGE, True)
    assert f"HTTP {status}" in page.why


@pytest.mark.parametrize("status", [204, 307, 404, 502])
def test_a_status_without_a_body_is_not_taken_for_an_empty_page(page_of, status):
    page = page_of(saying(answer(b"", f"{status} Odd")))
    assert isinstance(page, NoAnswer)
    assert page.begun
    assert f"HTTP {status}" in page.why


@pytest.mark.parametrize(
    "script", [saying(), saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")]
)
def test_there_is_no_answer_only_where_no_byte_of_a_body_came(page_of, script):
    """A page may have been handed out even so: the query had begun to go out."""
    page = page_of(script)
    assert isinstance(page, NoAnswer)
    assert page.begun


def test_reports_that_cannot_be_asked_for_are_no_answer(connect):
    why = "connection refused by 127.0.0.1:1"
    assert connect("http://127.0.0.1:1").reports(4000) == NoAnswer(why=why, begun=False)


# An answer that breaks off is kept, byte for byte, however it breaks and however it was framed.


def by_length(part: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + part


def by_chunks(part: bytes) -> bytes:
    pieces = [part[place : place + 1000] for place in range(0, len(part), 1000)]
    return chunked(*pieces, end=b"")


def by_a_cut_chunk(part: bytes) -> bytes:
    return chunked(end=b"%x\r\n" % len(PAGE)) + part


def by_the_end_of_the_connection(part: bytes) -> bytes:
    return b"HTTP/1.0 200 OK\r\n\r\n" + part


FRAMINGS = [by_length, by_chunks, by_a_cut_chunk, by_the_end_of_the_connection]
LENGTHS = [1, 999, 1000, 8191, 8192, 8193, 20_001]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("framing", FRAMINGS)
def test_every_byte_of_an_answer_that_is_reset_is_kept(page_of, framing, length):
    def script(call: Call) -> None:
        call.hear()
        call.say(framing(PAGE[:length]))
        call.reset()

    page = page_of(script)
    assert (page.status, page.body, page.complete) == (200, PAGE[:length], False)
    assert page.why.endswith("broke the connection off")


@pytest.mark.parametrize("length", [1, 8193])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_every_byte_of_an_answer_that_stalls_is_kept(page_of, framing, length):
    def script(call: Call) -> None:
        call.hear()
        call.say(framing(PAGE[:length]))
        call.wait_for_the_end()

    page = page_of(script, seconds=(2, 0.25))
    assert (page.body, page.complete) == (PAGE[:length], False)
    assert "within 0.25 s" in page.why


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("framing", FRAMINGS[:-1])
def test_every_byte_of_an_answer_that_ends_too_early_is_kept(page_of, framing, length):
    page = page_of(saying(framing(PAGE[:length])))
    assert (page.body, page.complete) == (PAGE[:length], False)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 99\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n",
    ],
)
def test_the_body_of_an_answer_that_no_library_understands_is_kept(page_of, head):
    page = page_of(saying(head + PAGE[:50]))
    assert (page.status, page.body, page.complete) == (200, PAGE[:50], False)


@pytest.mark.parametrize("trailer", [b"", b"X-Digest: 1\r\n"])
def test_what_follows_the_last_chunk_is_kept_too(page_of, trailer):
    more = b"<statusbox></statusbox>"
    page = page_of(saying(chunked(PAGE[:50], end=b"0\r\n" + trailer + b"\r\n" + more)))
    assert (page.body, page.complete) == (PAGE[:50] + more, False)


def test_a_page_without_http_is_kept(page_of):
    page = page_of(saying(PAGE[:50]))
    assert (page.status, page.body, page.complete) == (0, PAGE[:50], False)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_an_answer_that_is_cut_within_its_head_is_no_empty_page(page_of, head):
    """http.client takes it for one: reports may have been handed out and lost."""
    assert page_of(saying(head)) == NoAnswer(
        why="the answer was cut short within its head", begun=True
    )


def test_what_the_size_cap_cuts_off_is_kept_as_far_as_it_came(page_of):
    def script(call: Call) -> None:
        call.hear()
        call.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            call.say(b"x" * (1 << 20))

    page = page_of(script, seconds=(2, 30))
    assert not page.complete
    assert page.why == "the answer is larger than 64 MiB"
    assert len(page.body) > CAP
    assert page.body.strip(b"x") == b""


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_compressed_page_is_kept_inflated_as_far_as_it_came(page_of, compress):
    body = compress(PAGE)
    cut = answer(body, "200 OK", f"Content-Encoding: {'gzip' if body[0] == 31 else 'deflate'}")
    page = page_of(saying(cut[:-200]))
    assert not page.complete
    assert len(page.body) > 1000
    assert PAGE.startswith(page.body)


def test_a_page_that_is_called_compressed_and_is_not_stays_as_it_came(page_of):
    page = page_of(saying(answer(PAGE, "200 OK", "Content-Encoding: gzip")))
    assert (page.body, page.complete) == (PAGE, False)


def test_a_compressed_page_of_which_nothing_can_be_inflated_stays_as_it_came():
    assert inflate(b"\x1f\x8b", 100) == Inflated(body=b"\x1f\x8b", complete=False)


def test_a_bomb_is_inflated_up_to_the_cap_and_no_further():
    inflated = inflate(gzip.compress(b"x" * 5_000_000), 1_000_000)
    assert (len(inflated.body), inflated.complete) == (1_000_000, False)


@given(pieces=st.lists(st.binary(min_size=1, max_size=50)), cut=st.integers(0, 500))
def test_the_chunks_of_a_cut_answer_are_joined_without_loss_or_framing(pieces, cut):
    whole = b"".join(pieces)
    wire = chunked(*pieces)
    page = salvage(wire[: max(0, len(wire) - cut)], CAP, why="cut")
    assert whole.startswith(page.body if page else b"")
    if cut <= len(b"0\r\n\r\n"):
        assert (page.body if page else b"") == whole


@given(st.binary(max_size=300))
@example(b"f" * 30 + b"\r\n")
def test_no_bytes_make_salvage_fail_or_lose_a_body(noise):
    page = salvage(b"HTTP/1.1 200 OK\r\n\r\n" + noise, CAP, why="cut")
    assert (page.body if page else b"") == noise
    salvage(noise, CAP, why="cut")
    for framing in (b"Transfer-Encoding: chunked", b"Content-Encoding: deflate"):
        salvage(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + noise, CAP, why="cut")


def test_a_page_that_breaks_off_does_not_disturb_the_next(serve, connect):
    def script(call: Call) -> None:
        (saying(by_length(PAGE[:10])) if call.number == 0 else answering(answer(PAGE)))(call)

    gateway = connect(serve(script).url)
    assert not gateway.reports(4000).complete
    assert gateway.reports(4000) == RawAnswer(status=200, body=PAGE)
