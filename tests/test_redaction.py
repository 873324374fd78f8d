"""No secret of an account is kept of what its gateway repeats, and no report is lost by that."""

import gzip
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from peers import answer, connecting, saying, serving
from torture.canaries.echo import ECHOES
from torture.canaries.search import find

from runner.codec.answers import decode_reports
from runner.codec.redaction import Redaction, name_secrets
from runner.model.account import Account, Credentials, SecretKind, SecretRef
from runner.model.outcome import Balance, QueryRefused

SECRET = 'C4n&ry+p%ss=w/rd 漢"'
FORM = f"action=query&userid=12&account=shop&password={quote_plus(SECRET)}&statusNum=10".encode()
BOX = (
    "<statusbox><mobile>{}</mobile><taskid>{}</taskid><status>{}</status>"
    "<receivetime>2035-09-16 09:00:0{}</receivetime><errorcode>{}</errorcode><extno>01</extno>"
    "</statusbox>"
)


@pytest.fixture
def serve():
    yield from serving()


@pytest.fixture
def connect():
    yield from connecting()


def page_of(*errors, task="27349872349823"):
    boxes = (
        BOX.format(13800138000 + index, task, 10, index, error)
        for index, error in enumerate(errors)
    )
    return f"<?xml version='1.0' encoding='utf-8'?><returnsms>{''.join(boxes)}</returnsms>".encode()


def clean(body, **secrets):
    return Redaction(secrets or {"password": SECRET}).clean(body)


# What is covered


@pytest.mark.parametrize("echo", ECHOES)
def test_an_echo_of_the_request_holds_no_password_afterwards(echo):
    said = b"<p>wrong request: " + ECHOES[echo](FORM) + b"</p>"
    assert find(said, SECRET)
    kept = clean(said)
    assert find(kept, SECRET) == []
    assert b"***" in kept
    assert kept.startswith(b"<p>wrong request: ")
    assert kept.endswith(b"</p>")


def test_a_blank_may_come_back_as_a_plus():
    assert clean(b"x open+sesame+now", password="open sesame now") == b"x ***"


@pytest.mark.parametrize("echo", ["as sent", "plain"])
def test_an_answer_that_breaks_off_in_an_echo_keeps_nothing_of_it(echo):
    said = ECHOES[echo](FORM)
    place = said.index(b"C4n")
    for length in range(4, 15):
        kept = Redaction({"password": SECRET}).clean(said[: place + length], is_cut=True)
        assert kept == said[:place] + b"***"


@pytest.mark.parametrize(
    "said",
    [
        "password=10&x",
        "password%3D10%26x",
        '{"password": "10"}',
        "{'password': '10'}",
        '{\\"password\\": \\"10\\"}',
        "<password>10</password>",
        "password=&quot;10&quot;",
    ],
)
def test_a_short_secret_is_covered_behind_its_field_s_name(said):
    assert clean(said.encode(), password="10").decode() == re.sub("10", "***", said)


def test_a_short_secret_stays_elsewhere_for_it_is_in_every_other_number():
    said = b"10 of 100 requests, HTTP 10, password=100"
    assert clean(said, password="10") == said


def test_digits_are_covered_where_they_are_no_part_of_a_longer_number():
    said = b"password=84629173, x%2084629173, 184629173, 846291730"
    kept = b"password=***, x%20***, 184629173, 846291730"
    assert clean(said, password="84629173") == kept


def test_the_longer_of_two_secrets_is_covered_whole():
    assert clean(b"x hunter2secret", password="hunter2secret", account="hunter2") == b"x ***"


def test_what_the_settings_refer_to_is_secret_and_what_they_hold_is_not():
    there = SecretRef(kind=SecretKind.ENV, name="X")
    account = Account(
        name="main",
        url=there,
        userid="12",
        account=there,
        password=there,
        proxy="http://anna:s%20same@proxy:3128",
    )
    credentials = Credentials(url="http://h:1/t0ken", userid="12", account="shop", password="pass")
    assert name_secrets(account, credentials) == {
        "url": "http://h:1/t0ken",
        "path": "t0ken",
        "account": "shop",
        "password": "pass",
        "proxy": "s same",
    }


# What never changes

_WORDS = ("statusbox", "<mobile>", "returnsms", "errorcode", "receivetime", "status>10<", "DELIVRD")
secrets = st.one_of(
    st.text(min_size=1, max_size=12),
    st.from_regex(r"[0-9]{1,14}", fullmatch=True),
    st.sampled_from(["10", "1", "20", "13800138000", "27349872349823", "2035-09-16", *_WORDS]),
)


@hypothesis_settings(deadline=None, max_examples=40)
@given(secrets, st.integers(0, 400))
def test_no_secret_costs_a_report(secret, length):
    """Nor changes whom it is of, its task, its verdict and its time; whole or cut at any byte."""
    page = page_of("DELIVRD", "MK:0001", "10", "")
    for body in (page, page[: len(page) - length]):
        before, after = decode_reports(body), decode_reports(clean(body, password=secret))
        assert [facts(each) for each in after.reports] == [facts(each) for each in before.reports]


def facts(report):
    return (report.mobile, report.task_id, report.delivered, report.received_at)


def test_for_answers_that_can_hold_no_echo_no_pattern_is_made():
    """It takes as long as a short run otherwise takes to start."""
    redaction = Redaction({"password": SECRET})
    redaction.clean(page_of("DELIVRD", "MK:0001"))
    assert "_patterns" not in vars(redaction)
    redaction.clean(quote(SECRET).encode())
    assert "_patterns" in vars(redaction)


@pytest.mark.parametrize("secret", [SECRET, "10", "13800138000", "27349872349823", "statusbox"])
def test_an_answer_without_an_echo_stays_as_it_came(secret):
    page = page_of("DELIVRD", "MK:0001").replace(b"13800138000", b"<![CDATA[ 13800138000 ]]>")
    assert clean(page, password=secret) == page


def test_a_report_beside_an_echo_is_read():
    page = page_of(quote(SECRET, safe=""), "MK:0001")
    read = decode_reports(clean(page))
    assert [report.error_code for report in read.reports] == ["***", "MK:0001"]


@hypothesis_settings(deadline=None, max_examples=10)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=6, max_size=20),
    st.sampled_from(sorted(ECHOES)),
)
def test_no_secret_survives_an_echo(secret, echo):
    assume(not re.search(r"\d\Z|\A\d|[*.]", secret))  # they would be one with what stands around
    form = f"account=.&password={quote_plus(secret)}&x=.".encode()
    assert find(clean(ECHOES[echo](form), password=secret), secret) == []


LETTERS = st.sampled_from("aBc7 -/:'漢é")
FORMS = st.sampled_from(["{0}", "x={0}", "password={0}&x=", "<errorcode>{0}</errorcode>"])


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    st.text(LETTERS, min_size=1, max_size=9),
    FORMS,
    st.sampled_from(sorted(ECHOES)),
    st.integers(0, 60),
    st.sampled_from(["", " ", "\n", "\r\n", "\\n", "7"]),
)
def test_a_quick_look_finds_what_the_patterns_find(secret, form, echo, place, between):
    """Where something is escaped, as by the character at the end, the patterns are always asked."""
    said = ECHOES[echo](form.format(quote_plus(secret)).encode())
    said = said[:place] + between.encode() + said[place:]
    assert clean(said, password=secret) + b"&" == clean(said + b"&", password=secret)


# On the line


@pytest.mark.parametrize("echo", ["as sent", "plain", "HTML, in ASCII", "base64, 1 before it"])
def test_a_page_of_reports_is_kept_without_the_password(serve, connect, echo):
    peer = serve(lambda call: call.say(answer(b"<p>" + ECHOES[echo](call.hear()) + b"</p>")))
    page = connect(peer.url).reports(10)
    assert b"sesame" in peer.bodies[0]
    assert find(page.body, "sesame") == []
    assert b"***" in page.body


def test_a_compressed_page_of_which_a_proxy_dropped_the_header_is_read(serve, connect):
    page = page_of("sesame")
    peer = serve(saying(answer(gzip.compress(page))))
    assert connect(peer.url).reports(10).body == page.replace(b"sesame", b"***")


@pytest.mark.parametrize("status", ["200 OK", "407 Proxy Authentication Required", "502 sesame"])
def test_an_error_page_is_kept_without_the_password(serve, connect, status):
    peer = serve(saying(answer(b"<p>sesame</p>", status, "X-Form: sesame", "Location: /sesame")))
    page = connect(peer.url).reports(10)
    assert page.body == b"<p>***</p>"
    assert "sesame" not in str(page.why)


def test_a_balance_answer_is_read_without_the_password(serve, connect):
    said = "<returnsms><returnstatus>{}</returnstatus><message>{}</message><payinfo>{}</payinfo>"
    said += "<overage>5</overage><sendTotal>sesame</sendTotal></returnsms>"
    bodies = [said.format("Success", "", "sesame"), said.format("Faild", "not &#115;esame", "")]
    line = connect(serve(saying(answer(bodies[0].encode()))).url)
    assert line.balance() == Balance(left="5", bought="***", payment="***")
    line = connect(serve(saying(answer(bodies[1].replace("&#115;", "s").encode()))).url)
    assert line.balance() == QueryRefused(remark="not ***")
