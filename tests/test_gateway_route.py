"""The way to the gateway: addresses, TLS and proxies."""

from __future__ import annotations

import pytest
from authority import Authority
from peers import Call, Tunnel, answer, answering, connecting, saying, serving

from runner.errors import WrongUsage
from runner.model.outcome import Accepted, NotSent, Unknown

BODY = b"action=send&password=sesame"
ACCEPTED = Accepted(task_id="1", balance="100")
RECEIPT = answer(b"100:1")


@pytest.fixture
def serve():
    yield from serving()


@pytest.fixture
def connect():
    yield from connecting()


# Addresses: refused when the line is built, without a word of them.


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mms.example.cn:8888",
        "ftp://mms.example.cn",
        "http://",
        "http://:8888",
        "http:///sendmms.aspx",
        "http://mms..example.cn",
        "http://" + "a" * 64 + ".cn",
        "http://mms.example.cn:port",
        "http://mms.example.cn:99999",
        "http://[::1",
        "http://user:sesame@mms.example.cn",
        "http://mms.example.cn/?password=sesame",
        "http://mms.example.cn/?",
        "http://mms.example.cn/#top",
        "http://mms example.cn",
        "http://mms.example.cn\\sesame",
        "http://mms.example.cn\r\nX: sesame",
        "http://user:se/same@mms.example.cn",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(connect, url):
    with pytest.raises(WrongUsage) as refused:
        connect(url)
    assert "url of account main" in str(refused.value)
    assert "sesame" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy:3128",
        "https://proxy:3128",
        "socks5://proxy",
        "http://",
        "http://proxy/x",
        "http://p:x",
    ],
)
def test_a_proxy_that_is_none_is_refused(connect, proxy):
    with pytest.raises(WrongUsage, match="the proxy of account main"):
        connect("http://mms.example.cn", proxy=proxy)


def test_a_ca_file_that_is_missing_is_refused(connect, tmp_path):
    with pytest.raises(WrongUsage, match="the ca_file of account main cannot be read"):
        connect("https://mms.example.cn", ca_file=str(tmp_path / "none.pem"))


def test_a_ca_file_that_is_a_folder_is_refused(connect, tmp_path):
    with pytest.raises(WrongUsage, match="the ca_file of account main"):
        connect("https://mms.example.cn", ca_file=str(tmp_path))


def test_a_ca_file_without_a_certificate_is_refused(connect, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate\n")
    with pytest.raises(WrongUsage, match="holds no certificate"):
        connect("http://mms.example.cn", ca_file=str(tmp_path / "ca.pem"))


def test_a_chinese_host_name_is_an_address(connect):
    outcome = connect("http://彩信.invalid:8888").send(BODY)
    assert outcome == NotSent(why="the name of xn--vuq819a.invalid:8888 does not resolve")


def test_an_ipv6_address_is_an_address(connect):
    outcome = connect("http://[::1]:1").send(BODY)
    assert isinstance(outcome, NotSent)
    assert outcome.why.endswith(" [::1]:1")


# TLS.


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def serve_tls(serve, authority):
    """Start a peer behind TLS that shows one of the authority's certificates."""
    return lambda script, shown="right": serve(script, authority.contexts[shown])


@pytest.fixture
def connect_tls(connect, authority):
    """Open a line that trusts our authority."""
    return lambda url, **settings: connect(url, ca_file=authority.ca_file, **settings)


def test_a_gateway_that_the_ca_file_vouches_for_is_used(serve_tls, connect_tls):
    peer = serve_tls(answering(RECEIPT))
    gateway = connect_tls(peer.url)
    assert [gateway.send(BODY) for _ in range(3)] == [ACCEPTED] * 3
    assert peer.connections == 1


def test_a_large_request_and_a_large_answer_pass_through_tls(serve_tls, connect_tls):
    page = b"<returnsms>" + b" " * 300_000
    peer = serve_tls(answering(RECEIPT, answer(page)))
    gateway = connect_tls(peer.url)
    assert gateway.send(b"x" * 300_000) == ACCEPTED
    assert gateway.reports(4000).body == page
    assert peer.bodies[0] == b"x" * 300_000


def test_a_gateway_that_nobody_vouches_for_is_sent_nothing(serve_tls, connect):
    peer = serve_tls(answering(RECEIPT))
    outcome = connect(peer.url).send(BODY)
    assert isinstance(outcome, NotSent)
    assert outcome.why.startswith("the certificate of 127.0.0.1 is not trusted: ")
    assert peer.bodies == []


def test_the_ca_file_stands_in_the_place_of_the_public_authorities(serve_tls, connect, authority):
    peer = serve_tls(answering(RECEIPT))
    gateway = connect(peer.url, ca_file=authority.stranger_file)
    assert isinstance(gateway.send(BODY), NotSent)
    assert len(gateway._route.tls.get_ca_certs()) == 1


def test_a_gateway_with_the_certificate_of_another_host_is_sent_nothing(serve_tls, connect_tls):
    peer = serve_tls(answering(RECEIPT), "of another host")
    outcome = connect_tls(peer.url).send(BODY)
    assert isinstance(outcome, NotSent)
    assert "certificate" in outcome.why
    assert peer.bodies == []


def stall(call: Call) -> None:
    """Say nothing, and hang up long after the client should have gone."""
    call.sock.settimeout(1)
    call.wait_for_the_end()


def test_a_handshake_that_stalls_means_not_sent(serve, connect_tls):
    peer = serve(stall)
    url = peer.url.replace("http:", "https:")
    outcome = connect_tls(url, seconds=(0.3, 5)).send(BODY)
    assert outcome == NotSent(why=f"no connection to 127.0.0.1:{peer.port} within 0.3 s")


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_a_handshake_that_fails_means_not_sent(serve, connect_tls, said):
    def script(call: Call) -> None:
        call.sock.recv(1)
        call.say(said)
        call.reset()

    url = serve(script).url.replace("http:", "https:")
    assert isinstance(connect_tls(url).send(BODY), NotSent)


def test_a_connection_that_ends_after_the_request_leaves_doubt_over_tls_too(serve_tls, connect_tls):
    assert isinstance(connect_tls(serve_tls(saying()).url).send(BODY), Unknown)


def test_a_tls_stream_without_a_farewell_is_taken_for_cut(serve_tls, connect_tls):
    """Anybody on the way could have ended it there: a shorter task id would be wrong."""
    peer = serve_tls(saying(b"HTTP/1.0 200 OK\r\n\r\n100:273498"))
    assert isinstance(connect_tls(peer.url).send(BODY), Unknown)


def test_a_report_page_cut_within_tls_is_kept(serve_tls, connect_tls):
    peer = serve_tls(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<returnsms>"))
    page = connect_tls(peer.url).reports(4000)
    assert (page.body, page.complete) == (b"<returnsms>", False)


def test_an_early_answer_is_found_over_tls_too(serve_tls, connect_tls):
    def script(call: Call) -> None:
        call.hear_head()
        call.say(answer(b"", "413 Too Large"))

    assert connect_tls(serve_tls(script).url).send(b"x" * 20_000_000).status == 413


# Proxies.


def test_the_accounts_proxy_is_used(serve, connect):
    proxy = serve(answering(RECEIPT))
    gateway = connect("http://gateway.invalid:8888", proxy=proxy.url)
    assert [gateway.send(BODY) for _ in range(2)] == [ACCEPTED] * 2
    assert proxy.heads[0].startswith(b"POST http://gateway.invalid:8888/sendmms.aspx HTTP/1.1\r\n")
    assert b"\r\nHost: gateway.invalid:8888\r\n" in proxy.heads[0]
    assert proxy.connections == 1


def test_a_proxy_is_told_the_credentials_of_its_address(serve, connect):
    proxy = serve(answering(RECEIPT))
    connect("http://gateway.invalid", proxy=f"http://me:sesame@127.0.0.1:{proxy.port}").send(BODY)
    assert b"\r\nProxy-Authorization: Basic bWU6c2VzYW1l\r\n" in proxy.heads[0]


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment_are_not_obeyed(serve, connect, monkeypatch, variable):
    trap, peer = serve(answering(RECEIPT)), serve(answering(RECEIPT))
    monkeypatch.setenv(variable, trap.url)
    assert connect(peer.url).send(BODY) == ACCEPTED
    assert trap.connections == 0


def test_no_proxy_of_the_environment_does_not_undo_the_accounts_proxy(serve, connect, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    proxy = serve(answering(RECEIPT))
    assert connect("http://gateway.invalid", proxy=proxy.url).send(BODY) == ACCEPTED


def test_the_users_netrc_is_not_read(serve, connect, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password sesame\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    peer = serve(answering(RECEIPT))
    connect(peer.url).send(BODY)
    assert b"authorization" not in peer.heads[0].lower()


def test_a_proxy_that_cannot_be_reached_means_not_sent(connect):
    outcome = connect("http://gateway.invalid", proxy="http://me:sesame@127.0.0.1:1").send(BODY)
    assert outcome == NotSent(why="connection refused by the proxy 127.0.0.1:1")


def test_a_proxy_that_fails_after_the_request_leaves_doubt(serve, connect):
    proxy = serve(answering(answer(b"", "502 Bad Gateway")))
    outcome = connect("http://gateway.invalid", proxy=proxy.url).send(BODY)
    assert outcome == Unknown(why="HTTP 502 Bad Gateway")


def test_https_goes_through_a_tunnel_that_is_verified_to_its_end(serve, serve_tls, connect_tls):
    peer = serve_tls(answering(RECEIPT))
    tunnel = Tunnel(peer.port)
    gateway = connect_tls(peer.url, proxy=serve(tunnel).url)
    assert [gateway.send(BODY) for _ in range(2)] == [ACCEPTED] * 2
    assert tunnel.asked[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1." % peer.port)
    assert len(tunnel.asked) == 1


def test_what_the_proxy_says_is_no_part_of_a_report_page_that_is_cut(serve, serve_tls, connect_tls):
    peer = serve_tls(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<returnsms>"))
    page = connect_tls(peer.url, proxy=serve(Tunnel(peer.port)).url).reports(4000)
    assert (page.status, page.body, page.complete) == (200, b"<returnsms>", False)


def test_a_tunnel_that_is_refused_means_not_sent(serve, connect_tls):
    def script(call: Call) -> None:
        call.hear_head()
        call.say(answer(b"", "407 sesame"))

    proxy = serve(script)
    outcome = connect_tls("https://gateway.invalid", proxy=proxy.url).send(BODY)
    why = f"the proxy 127.0.0.1:{proxy.port} refused to connect to gateway.invalid: HTTP 407"
    assert outcome == NotSent(why=why)


def test_a_tunnel_that_stalls_means_not_sent(serve, connect_tls):
    proxy = serve(stall)
    outcome = connect_tls("https://gateway.invalid", proxy=proxy.url, seconds=(0.3, 5)).send(BODY)
    why = f"no connection to the proxy 127.0.0.1:{proxy.port} within 0.3 s"
    assert outcome == NotSent(why=why)


def test_a_tunnel_that_breaks_after_the_request_leaves_doubt(serve, serve_tls, connect_tls):
    peer = serve_tls(saying())
    gateway = connect_tls(peer.url, proxy=serve(Tunnel(peer.port)).url)
    assert isinstance(gateway.send(BODY), Unknown)
