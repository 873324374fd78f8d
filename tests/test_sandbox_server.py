"""The sandbox on the line: HTTP as a gateway speaks it, and steady whatever its clients do."""

from __future__ import annotations

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from sandbox_line import FORM, JPG, b64, exchange, get, query, send, send_fields, until

from runner.errors import WrongUsage
from runner.sandbox import Sandbox, SandboxSettings


@pytest.fixture
def sandbox():
    with Sandbox(SandboxSettings(balance=1000, seed=7)) as sandbox:
        yield sandbox


def raw_send(sandbox, **headers):
    """A whole send as bytes, with further header lines."""
    body = urlencode(send_fields(sandbox))
    lines = {"Host": "x", "Content-Type": FORM, "Content-Length": len(body)} | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /sendmms.aspx HTTP/1.1\r\n{head}\r\n".encode(), body.encode()


def connect(sandbox):
    return socket.create_connection(("127.0.0.1", sandbox.port), timeout=5)


@pytest.mark.parametrize("path", ["/sendmms.aspx", "/mmsStatusApi.aspx"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_the_gateways_addresses_take_post_alone(sandbox, path, method):
    answer = exchange(sandbox, path, None, method=method)
    assert answer.status == 405
    assert "POST" in answer.headers["Allow"]


def test_another_address_is_404_and_counted_apart(sandbox):
    assert exchange(sandbox, "/sendMMS.aspx", b"action=send").status == 404
    assert sandbox.requests == {"other": 1}


def test_requests_of_each_call_are_counted(sandbox):
    send(sandbox)
    send(sandbox, content="")
    query(sandbox)
    assert sandbox.requests == {"send": 2, "report": 1}
    assert [submission.sequence for submission in sandbox.submissions] == [1, 2]


def test_one_connection_serves_many_requests(sandbox):
    body = urlencode(send_fields(sandbox))
    line = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=5)
    line.connect()
    first_socket = line.sock
    for left in (999, 998, 997):
        line.request("POST", "/sendmms.aspx", body, {"Content-Type": FORM})
        assert line.getresponse().read().startswith(f"{left}:".encode())
    assert line.sock is first_socket
    line.close()


def test_a_client_that_waits_for_100_continue_gets_it(sandbox):
    head, body = raw_send(sandbox, Expect="100-continue")
    with connect(sandbox) as line:
        line.sendall(head)
        assert line.recv(1000).startswith(b"HTTP/1.1 100 ")
        line.sendall(body)
        assert line.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("length", "status"),
    [("none", 411), ("-5", 411), ("5000000", 413), ("9" * 5000, 413)],
)
def test_a_body_of_unknown_or_absurd_length_is_not_read(sandbox, length, status):
    head, _ = raw_send(sandbox, **{"Content-Length": length})
    with connect(sandbox) as line:
        line.sendall(head)
        assert line.recv(1000).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_client_that_leaves_in_the_midst_of_its_request_sent_nothing(sandbox):
    head, body = raw_send(sandbox)
    with connect(sandbox) as line:
        line.sendall(head + body[:-1])
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1000) == b""
    assert sandbox.submissions == []


def test_clients_that_vanish_or_talk_nonsense_disturb_nobody(sandbox, capfd):
    head, body = raw_send(sandbox)
    for noise in (b"", b"\x16\x03\x01\x02\x00", b"POST /\r\n\r\n", head, head + body):
        with connect(sandbox) as line:
            line.sendall(noise)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert ":" in send(sandbox)
    assert capfd.readouterr().err == ""


def test_sends_at_once_are_counted_and_spend_each_person_once():
    settings = SandboxSettings(balance=25, latency=0.02)
    with Sandbox(settings) as sandbox, ThreadPoolExecutor(8) as clients:
        mobiles = [f"{13000000000 + n}" for n in range(40)]
        answers = list(clients.map(lambda mobile: send(sandbox, mobile=mobile), mobiles))
        assert sorted(int(answer.partition(":")[0]) for answer in answers if ":" in answer) == [
            *range(25)
        ]
        assert answers.count("6") == 15
        assert len(sandbox.copies()) == 25
        assert 2 <= sandbox.most_at_once["send"] <= 8


def test_one_client_at_a_time_is_seen_as_one(sandbox):
    send(sandbox)
    send(sandbox)
    assert sandbox.most_at_once["send"] == 1


def hears_the_end(line):
    try:
        return line.recv(1000) == b""
    except ConnectionResetError:  # what was not read yet makes it one
        return True


def test_the_end_does_not_wait_for_requests_that_hang():
    with Sandbox() as sandbox:
        sandbox.add_fault("send:1=timeout-after")
        line = connect(sandbox)
        line.sendall(b"".join(raw_send(sandbox)))
        idle = connect(sandbox)
        until(lambda: sandbox.submissions)
    with line, idle:
        assert hears_the_end(line)
        assert hears_the_end(idle)
    with pytest.raises(ConnectionRefusedError):
        connect(sandbox)


def test_the_end_does_not_wait_for_the_latency():
    with Sandbox(SandboxSettings(latency=3600)) as sandbox:
        line = connect(sandbox)
        line.sendall(b"".join(raw_send(sandbox)))
        until(lambda: sandbox.submissions)
    line.close()


def test_the_address_is_told_and_only_this_machine_reaches_it(sandbox):
    assert sandbox.url == f"http://127.0.0.1:{sandbox.port}"
    assert sandbox._server.server_address[0] == "127.0.0.1"


def test_a_port_in_use_is_told_in_a_sentence(sandbox):
    with pytest.raises(WrongUsage, match=f"port {sandbox.port} of 127.0.0.1 is in use"):
        Sandbox(port=sandbox.port).__enter__()


def test_a_port_or_address_that_cannot_be_is_told_in_a_sentence():
    with pytest.raises(WrongUsage, match="70000 is no port"):
        Sandbox(port=70000).__enter__()
    with pytest.raises(WrongUsage, match="cannot listen on"):
        Sandbox(host="192.0.2.1").__enter__()


def test_the_password_is_never_shown(caplog):
    caplog.set_level("DEBUG")
    with Sandbox(SandboxSettings(password="hush-hush")) as sandbox:
        send(sandbox)
        send(sandbox, password="hush-HUSH")
        shown = repr((sandbox.settings, sandbox.submissions)) + caplog.text
        bodies = b"".join(submission.body for submission in sandbox.submissions)
        page = get(sandbox, "/").body
    assert "send 1: 1 recipients" in shown
    assert "hush" not in shown.lower()
    assert b"hush" not in (bodies + page).lower()


def test_a_large_message_to_two_thousand_people_arrives_whole():
    picture = JPG.ljust(102_000, b"\xfb")
    mobiles = [f"{13000000000 + n}" for n in range(2000)]
    with Sandbox() as sandbox:
        send(sandbox, title="t", content=f"3,jpg|{b64(picture)}", mobile=",".join(mobiles))
        (submission,) = sandbox.submissions
    assert submission.frames[0].parts[0].payload == picture
    assert submission.mobiles == tuple(mobiles)
