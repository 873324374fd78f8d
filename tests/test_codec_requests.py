"""The bodies of the three calls are, byte for byte, what urlencode makes of the same fields."""

from __future__ import annotations

import hashlib
from urllib.parse import unquote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.codec.content import pack_message
from runner.codec.gb2312 import encode_text
from runner.codec.requests import (
    balance_body,
    join_numbers,
    measure_send,
    query_body,
    send_body,
)
from runner.model.account import Credentials
from runner.model.campaign import Frame, Message, Part, PartType
from runner.sandbox.faults import Call
from runner.sandbox.order import Order, read_order
from runner.sandbox.request import read_request

FORM = "application/x-www-form-urlencoded"
CREDENTIALS = Credentials(url="http://x:8888", userid="12", account="zhouyang", password="p&=+ %密")
NOBODY = Credentials(url="", userid="", account="", password="")
JPG = b"\xff\xd8\xff" + bytes(range(256))

odd = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("&=+% ;,|~*密")
credentials = st.builds(Credentials, url=odd, userid=odd, account=odd, password=odd)
mobiles = st.lists(st.integers(13_000_000_000, 19_999_999_999), min_size=1, max_size=30)


def message_of(title: str = "中秋快乐") -> Message:
    parts = (
        Part(type=PartType.TXT, payload=encode_text("拒收请回复R")),
        Part(type=PartType.JPG, payload=JPG),
    )
    return Message(title=title, frames=(Frame(duration=3, parts=parts),) * 2)


def send_fields(title: str, numbers: list[int], who: Credentials, starttime: str) -> dict[str, str]:
    return {
        "action": "send",
        "userid": who.userid,
        "account": who.account,
        "password": who.password,
        "mobile": ",".join(map(str, numbers)),
        "title": title,
        "starttime": starttime,
        "content": unquote_plus(pack_message(message_of(title)).content.decode()),
    }


@settings(deadline=None)
@given(title=odd, numbers=mobiles, who=credentials)
def test_a_send_is_what_urlencode_gives(title, numbers, who):
    body = send_body(pack_message(message_of(title)), join_numbers(numbers), who)
    assert body == urlencode(send_fields(title, numbers, who, starttime="")).encode()


def test_a_start_at_the_gateway_is_a_form_value_too():
    start = "2035-09-16 09:00:00"
    body = send_body(pack_message(message_of()), "13800138000", CREDENTIALS, starttime=start)
    assert body == urlencode(send_fields("中秋快乐", [13800138000], CREDENTIALS, start)).encode()


def test_without_a_start_the_field_stands_empty():
    body = send_body(pack_message(message_of()), "13800138000", CREDENTIALS)
    assert b"&starttime=&" in body


def test_the_extno_is_left_out_unless_it_is_given():
    message = pack_message(message_of())
    plain = send_body(message, "13800138000", CREDENTIALS)
    assert b"extno" not in plain
    assert send_body(message, "13800138000", CREDENTIALS, extno="0042") == plain + b"&extno=0042"


@settings(deadline=None)
@given(title=odd, numbers=mobiles, who=credentials)
def test_the_sandbox_reads_back_every_field_of_a_send(title, numbers, who):
    body = send_body(pack_message(message_of(title)), join_numbers(numbers), who, extno="7")
    request = read_request("/sendmms.aspx", FORM, body)
    assert request.call is Call.SEND
    assert request.fields == send_fields(title, numbers, who, "") | {"extno": "7"}


def test_the_sandbox_takes_a_send_as_the_document_allows_it():
    numbers = [13_000_000_000 + number for number in range(2000)]
    body = send_body(
        pack_message(message_of()),
        join_numbers(numbers),
        CREDENTIALS,
        starttime="2035-09-16 09:00:00",
    )
    order = read_order(read_request("/sendmms.aspx", FORM, body).fields)
    assert isinstance(order, Order)
    assert order.mobiles == tuple(map(str, numbers))
    assert order.title == "中秋快乐"
    assert order.size == pack_message(message_of()).size


def test_numbers_are_sent_in_the_order_in_which_they_are_given():
    body = send_body(pack_message(message_of()), "13900139000,13800138000", CREDENTIALS)
    assert b"&mobile=13900139000%2C13800138000&" in body


# ---- what a plan may say of a request


def test_a_request_is_measured_with_empty_credentials_and_without_extno():
    message = pack_message(message_of())
    body = send_body(message, "13800138000", NOBODY)
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    assert measure_send(message, "13800138000") == (len(body), digest)
    assert body.startswith(b"action=send&userid=&account=&password=&mobile=13800138000&title=")


def test_the_measure_follows_the_start_at_the_gateway():
    message = pack_message(message_of())
    start = "2035-09-16 09:00:00"
    size, digest = measure_send(message, "13800138000", starttime=start)
    assert size == len(send_body(message, "13800138000", NOBODY, starttime=start))
    assert digest != measure_send(message, "13800138000")[1]


# ---- the two queries


@settings(deadline=None)
@given(credentials)
def test_a_balance_query_is_what_urlencode_gives(who):
    fields = {
        "action": "overage",
        "userid": who.userid,
        "account": who.account,
        "password": who.password,
    }
    assert balance_body(who) == urlencode(fields).encode()
    assert read_request("/sendmms.aspx", FORM, balance_body(who)).call is Call.BALANCE


@settings(deadline=None)
@given(who=credentials, page=st.integers(1, 10_000))
def test_a_report_query_is_what_urlencode_gives(who, page):
    fields = {
        "action": "query",
        "userid": who.userid,
        "account": who.account,
        "password": who.password,
        "statusNum": page,
    }
    assert query_body(who, page) == urlencode(fields).encode()


@pytest.mark.parametrize("secret", ["password", "userid", "account", "url"])
def test_credentials_never_show_themselves(secret):
    assert getattr(CREDENTIALS, secret) not in repr(CREDENTIALS)
