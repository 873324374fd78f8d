"""What a send comes to: everything that can be known after a POST, and nothing more."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from contextlib import closing, suppress

import pytest
from peers import Call, answer, answering, chunked, connecting, saying, serving

from runner.model.outcome import Accepted, Code, NotSent, NotTaken, Refused, Unknown

BODY = b"action=send&userid=12&account=zhouyang&password=sesame&mobile=13800138000"
RECEIPT = b"100:27349872349823"
ACCEPTED = Accepted(task_id="27349872349823", balance="100")
NEITHER = "neither BALANCE:TASKID nor a code from 0 to 10"


@pytest.fixture
def serve():
    yield from serving()


@pytest.fixture
def connect():
    yield from connecting()


@pytest.fixture
def outcome_of(serve, connect):
    """Send once to a peer that follows `script`."""

    def send(script, **settings):
        return connect(serve(script).url, **settings).send(BODY)

    return send


def test_a_receipt_means_accepted(outcome_of):
    assert outcome_of(saying(answer(RECEIPT))) == ACCEPTED


def test_a_code_means_refused(outcome_of):
    assert outcome_of(saying(answer(b"\xef\xbb\xbf6\r\n"))) == Refused(code=Code.LOW_BALANCE)


def test_the_form_is_posted_as_it_was_given(serve, connect):
    peer = serve(saying(answer(RECEIPT)))
    connect(f"{peer.url}/prefix/").send(BODY)
    head = peer.heads[0].decode().lower()
    assert peer.bodies == [BODY]
    assert head.startswith("post /prefix/sendmms.aspx http/1.1\r\n")
    assert "content-type: application/x-www-form-urlencoded\r\n" in head
    assert "accept-encoding: identity\r\n" in head
    assert "transfer-encoding" not in head


# Before the first byte: safe to repeat.


def test_a_refused_connection_means_not_sent(connect):
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        outcome = connect(f"http://127.0.0.1:{port}").send(BODY)
    assert outcome == NotSent(why=f"connection refused by 127.0.0.1:{port}")


@pytest.mark.parametrize("host", ["gateway.invalid", "a" * 60 + ".invalid"])
def test_a_name_that_does_not_resolve_means_not_sent(connect, host):
    outcome = connect(f"http://{host}:8888").send(BODY)
    assert outcome == NotSent(why=f"the name of {host}:8888 does not resolve")


def test_a_connection_that_is_never_made_means_not_sent(connect):
    """A listener whose queue is full answers no SYN."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        crowd = [socket.socket() for _ in range(3)]
        for sock in crowd:
            sock.setblocking(False)
            with suppress(BlockingIOError):
                sock.connect(address)
        gateway = connect(f"http://127.0.0.1:{address[1]}", seconds=(0.2, 5))
        outcome = gateway.send(BODY)
        for sock in crowd:
            sock.close()
    assert outcome == NotSent(why=f"no connection to 127.0.0.1:{address[1]} within 0.2 s")


def test_an_address_that_refuses_does_not_hide_the_next_one(serve, connect, monkeypatch):
    peer = serve(saying(answer(RECEIPT)))
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", peer.port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert connect("http://mms.example.cn:8888").send(BODY) == ACCEPTED


# After the first byte: nobody can know.


def reset_at_once(call: Call) -> None:
    call.hear_head()
    call.reset()


def reset_after_the_request(call: Call) -> None:
    call.hear()
    call.reset()


def hang_up_after_the_request(call: Call) -> None:
    call.hear()


def test_a_connection_that_is_reset_within_the_request_leaves_doubt(outcome_of):
    assert isinstance(outcome_of(reset_at_once), Unknown)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (reset_after_the_request, "broke the connection off"),
        (hang_up_after_the_request, "closed the connection without an answer"),
    ],
)
def test_a_connection_that_ends_without_an_answer_leaves_doubt(serve, connect, script, words):
    peer = serve(script)
    assert connect(peer.url).send(BODY) == Unknown(why=f"127.0.0.1:{peer.port} {words}")


def test_a_connection_reset_while_a_large_body_goes_out_leaves_doubt(serve, connect):
    peer = serve(reset_at_once)
    assert isinstance(connect(peer.url).send(b"x" * 5_000_000), Unknown)


def test_silence_leaves_doubt(serve, connect):
    peer = serve(lambda call: (call.hear(), call.wait_for_the_end()))
    outcome = connect(peer.url, seconds=(2, 0.3)).send(BODY)
    assert outcome == Unknown(why=f"no answer from 127.0.0.1:{peer.port} within 0.3 s")


def test_a_gateway_that_reads_nothing_ends_the_send_at_its_deadline(serve, connect):

    def script(call: Call) -> None:
        call.hear()
        call.say(answer(RECEIPT))
        time.sleep(0.6)
        call.hear()

    peer = serve(script)
    gateway = connect(peer.url, seconds=(2, 0.3))
    gateway.send(BODY)
    outcome = gateway.send(b"x" * 20_000_000)
    peer.wait_until_silent()
    assert outcome == Unknown(why=f"no answer from 127.0.0.1:{peer.port} within 0.3 s")
    assert len(peer.bodies[1]) < 20_000_000


def drip(data: bytes):
    def script(call: Call) -> None:
        call.hear()
        for byte in data:
            call.say(bytes([byte]))
            time.sleep(0.05)

    return script


@pytest.mark.parametrize(
    "data",
    [answer(RECEIPT), b"HTTP/1.1 100 Continue\r\n\r\n" * 4 + answer(RECEIPT)],
    ids=["answer", "interim answers"],
)
def test_a_drip_of_bytes_does_not_outlive_the_total_deadline(outcome_of, data):
    """Each byte comes in time for a time-out of each read; the answer would be a receipt."""
    assert "within 0.5 s" in outcome_of(drip(data), seconds=(2, 0.5)).why


def test_an_answer_that_comes_in_pieces_is_an_answer(outcome_of):
    pieces = [bytes([byte]) for byte in answer(RECEIPT)]
    assert outcome_of(saying(*pieces)) == ACCEPTED


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n100:2734",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        chunked(RECEIPT, end=b""),
        chunked(RECEIPT, end=b"5\r\n12"),
        chunked(RECEIPT, end=b"nonsense\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + RECEIPT,
        b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\nContent-Length: 4\r\n\r\n" + RECEIPT,
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + RECEIPT,
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + RECEIPT,
        chunked(RECEIPT) + b"7",
        b"100:27349872349823",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 99 Odd\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 200 + b"\r\n" + RECEIPT,
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"1" * 70_000 + b"\r\n\r\n" + RECEIPT,
    ],
)
def test_an_answer_that_is_cut_or_garbled_leaves_doubt(outcome_of, said):
    assert isinstance(outcome_of(saying(said)), Unknown)


def test_an_answer_in_chunks_is_an_answer(outcome_of):
    assert outcome_of(saying(chunked(RECEIPT[:7], RECEIPT[7:]))) == ACCEPTED


def test_an_answer_that_ends_with_the_connection_is_an_answer(outcome_of):
    assert outcome_of(saying(b"HTTP/1.0 200 OK\r\n\r\n" + RECEIPT)) == ACCEPTED


def test_an_interim_answer_is_not_the_answer(outcome_of):
    assert outcome_of(saying(b"HTTP/1.1 100 Continue\r\n\r\n", answer(RECEIPT))) == ACCEPTED


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415])
def test_a_status_that_says_no_means_not_taken(outcome_of, status):
    assert outcome_of(saying(answer(RECEIPT, f"{status} No"))) == NotTaken(status=status)


@pytest.mark.parametrize("status", [201, 204, 304, 402, 407, 408, 409, 429, 500, 502, 503, 504])
def test_any_other_status_leaves_doubt_whatever_the_body_says(outcome_of, status):
    outcome = outcome_of(
        saying(answer(b"" if status in (204, 304) else RECEIPT, f"{status} sesame"))
    )
    assert isinstance(outcome, Unknown)
    assert outcome.why.startswith(f"HTTP {status} ")
    assert "sesame" not in outcome.why


def test_a_status_that_no_standard_knows_leaves_doubt(outcome_of):
    assert outcome_of(saying(answer(RECEIPT, "799 Odd"))) == Unknown(why="HTTP 799")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_never_followed(serve, connect, status):
    trap = serve(answering(answer(RECEIPT)))
    peer = serve(saying(answer(b"moved", f"{status} Moved", f"Location: {trap.url}/sendmms.aspx")))
    outcome = connect(peer.url).send(BODY)
    assert isinstance(outcome, Unknown)
    assert outcome.redirected
    assert trap.connections == 0


def test_a_redirect_with_an_endless_body_is_told_all_the_same(outcome_of):
    def script(call: Call) -> None:
        call.hear()
        call.say(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
        while True:
            call.say(b"x" * 65_536)

    assert outcome_of(script) == Unknown(why="HTTP 302 Found", redirected=True)


def test_an_unavailable_gateway_is_not_asked_again_by_itself(serve, connect):
    peer = serve(answering(answer(b"", "503 Service Unavailable", "Retry-After: 0")))
    connect(peer.url).send(BODY)
    assert len(peer.bodies) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", NEITHER),
        (b"<html><body>Error: 100:27349872349823</body></html>", NEITHER),
        (b"http://mms.example.cn:8888", NEITHER),
        (b"11", "11 is none of the codes 0 to 10"),
        (b"-1", "-1 is none of the codes 0 to 10"),
        (b"100:", NEITHER),
        (b"password=sesame&mobile=13800138000", NEITHER),
    ],
)
def test_a_body_that_is_no_answer_leaves_doubt_and_is_not_repeated(outcome_of, body, reason):
    why = f"HTTP 200, but the body is no answer: {reason}"
    assert outcome_of(saying(answer(body))) == Unknown(why=why)


def test_an_endless_body_is_cut_at_its_cap(outcome_of):
    def script(call: Call) -> None:
        call.hear()
        call.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            call.say(b"1" * 65_536)

    assert outcome_of(script) == Unknown(why="the answer is larger than 64 KiB")


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
    ],
)
def test_a_compressed_answer_is_read_though_nobody_asked_for_it(outcome_of, encoding, encode):
    said = answer(encode(RECEIPT), "200 OK", f"Content-Encoding: {encoding}")
    assert outcome_of(saying(said)) == ACCEPTED


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"1" * 50_000_000), gzip.compress(RECEIPT)[:-9], b"\x1f\x8b", RECEIPT],
    ids=["a bomb", "cut short", "cut to its first bytes", "nothing compressed"],
)
def test_a_compressed_answer_that_is_a_bomb_or_damaged_leaves_doubt(outcome_of, body):
    outcome = outcome_of(saying(answer(body, "200 OK", "Content-Encoding: gzip")))
    assert outcome == Unknown(why="the answer is compressed, and damaged or larger than 64 KiB")


@pytest.mark.parametrize("status", ["413 Too Large", "200 OK"])
def test_an_answer_is_found_though_the_gateway_closed_before_it_read_everything(
    serve, connect, status
):
    def script(call: Call) -> None:
        call.hear_head()
        call.say(answer(RECEIPT, status, "Connection: close"))

    outcome = connect(serve(script).url).send(b"x" * 20_000_000)
    assert outcome == (ACCEPTED if status.startswith("200") else NotTaken(status=413))


# Connections and their reuse.


def test_a_connection_is_used_again(serve, connect):
    peer = serve(answering(answer(RECEIPT)))
    gateway = connect(peer.url)
    assert [gateway.send(BODY) for _ in range(3)] == [ACCEPTED] * 3
    assert peer.connections == 1


def test_a_connection_that_rested_too_long_is_opened_anew(serve, connect):
    peer = serve(answering(answer(RECEIPT)))
    gateway = connect(peer.url, idle_limit=0.05)
    gateway.send(BODY)
    time.sleep(0.1)
    assert gateway.send(BODY) == ACCEPTED
    assert peer.connections == 2


def test_a_connection_that_the_gateway_closed_meanwhile_is_opened_anew(serve, connect):
    peer = serve(saying(answer(RECEIPT)))
    gateway = connect(peer.url)
    gateway.send(BODY)
    peer.wait_until_silent()
    assert gateway.send(BODY) == ACCEPTED


def test_two_answers_to_one_request_leave_doubt_and_do_not_answer_the_next(serve, connect):
    """Which of them is the answer to it, nobody can know."""

    def script(call: Call) -> None:
        while call.hear():
            call.say(answer(b"100:3") if call.number else answer(b"100:1") + answer(b"100:2"))

    gateway = connect(serve(script).url)
    assert gateway.send(BODY) == Unknown(why="more came than the answer announced")
    assert gateway.send(BODY) == Accepted(task_id="3", balance="100")


def test_a_second_answer_that_comes_late_does_not_answer_the_next(serve, connect):
    read, said = threading.Event(), threading.Event()

    def script(call: Call) -> None:
        call.hear()
        if call.number == 0:
            call.say(answer(b"100:1"))
            read.wait(5)
            call.say(answer(b"100:2"))
            said.set()
            call.hear()
        call.say(answer(b"100:3"))

    gateway = connect(serve(script).url)
    first = gateway.send(BODY)
    read.set()
    said.wait(5)
    assert (first.task_id, gateway.send(BODY).task_id) == ("1", "3")


@pytest.mark.parametrize("status", ["102 Processing", "103 Early Hints", "502 Bad Gateway"])
def test_what_follows_an_unknown_outcome_does_not_answer_the_next_request(serve, connect, status):
    def script(call: Call) -> None:
        call.hear()
        if call.number == 0:
            call.say(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            call.hear()
        call.say(answer(b"100:%d" % call.number))

    gateway = connect(serve(script).url)
    assert isinstance(gateway.send(BODY), Unknown)
    assert gateway.send(BODY) == Accepted(task_id="1", balance="100")


def test_a_connection_with_an_unfinished_request_is_not_used_again(serve, connect):
    def script(call: Call) -> None:
        if call.number == 0:
            call.hear_head()
            call.say(answer(RECEIPT))
            call.sock.shutdown(socket.SHUT_RD)
            return
        answering(answer(RECEIPT))(call)

    peer = serve(script)
    gateway = connect(peer.url)
    gateway.send(b"x" * 20_000_000)
    assert gateway.send(BODY) == ACCEPTED


def test_cookies_are_not_kept(serve, connect):
    peer = serve(answering(answer(RECEIPT, "200 OK", "Set-Cookie: session=1; Path=/")))
    gateway = connect(peer.url)
    gateway.send(BODY)
    gateway.send(BODY)
    assert b"cookie" not in peer.heads[1].lower()


def test_many_threads_share_a_gateway_and_each_gets_its_own_answer(serve, connect):
    def script(call: Call) -> None:
        while body := call.hear():
            call.say(answer(b"100:" + body))

    gateway = connect(serve(script).url, concurrency=8)
    outcomes: dict[int, object] = {}

    def work(first: int) -> None:
        for number in range(first, first + 20):
            outcomes[number] = gateway.send(b"%d" % number)

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 160
    assert all(outcome.task_id == str(number) for number, outcome in outcomes.items())
