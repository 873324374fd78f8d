"""The sandbox goes wrong on demand: what the words mean, and what each does to the line."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlencode

import pytest
from sandbox_line import (
    FORM,
    balance,
    boxes,
    credentials,
    exchange,
    post,
    query,
    send,
    send_fields,
)

from runner.sandbox import Sandbox, SandboxSettings, parse_fault


@pytest.fixture
def sandbox():
    with Sandbox(SandboxSettings(balance=100, seed=7)) as sandbox:
        yield sandbox


def answers(sandbox, count):
    """What so many sends are answered, a receipt as `ok`."""
    return ["ok" if ":" in (answer := send(sandbox)) else answer for _ in range(count)]


def test_faults_of_the_settings_are_armed_from_the_start():
    settings = SandboxSettings(faults=(parse_fault("send:2=7"), parse_fault("send:*=6x1")))
    with Sandbox(settings) as sandbox:
        assert answers(sandbox, 4) == ["6", "7", "ok", "ok"]


def test_it_counts_what_each_fault_has_spoilt(sandbox):
    seven, six = parse_fault("send:*=7x2"), parse_fault("send:2=6x2")
    sandbox.add_fault(seven)
    sandbox.add_fault(six)
    answers(sandbox, 4)
    sandbox.clear_faults()
    answers(sandbox, 1)
    assert sandbox.struck == {seven: 2, six: 1}


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (["send:2=7"], ["ok", "7", "ok", "ok", "ok"]),
        (["send:2=7x3"], ["ok", "7", "7", "7", "ok"]),
        (["send:*=7"], ["7", "7", "7", "7", "7"]),
        (["send:*=7x3"], ["7", "7", "7", "ok", "ok"]),
        (["send:100%=7x2"], ["7", "7", "ok", "ok", "ok"]),
        (["send:0%=7"], ["ok", "ok", "ok", "ok", "ok"]),
        (["send:1=8", "send:*=7x2"], ["8", "7", "7", "ok", "ok"]),
        (["balance:*=http-500", "report:*=empty"], ["ok", "ok", "ok", "ok", "ok"]),
    ],
)
def test_which_requests_a_fault_hits(sandbox, faults, expected):
    for fault in faults:
        sandbox.add_fault(fault)
    assert answers(sandbox, 5) == expected


def test_a_fault_counts_from_the_moment_it_is_added(sandbox):
    answers(sandbox, 3)
    sandbox.add_fault(parse_fault("send:1=7"))
    assert answers(sandbox, 2) == ["7", "ok"]


def test_faults_can_be_cleared(sandbox):
    sandbox.add_fault("send:*=7")
    assert answers(sandbox, 1) == ["7"]
    sandbox.clear_faults()
    assert answers(sandbox, 1) == ["ok"]


def struck(seed):
    with Sandbox(SandboxSettings(seed=seed, faults=(parse_fault("send:30%=7"),))) as sandbox:
        return answers(sandbox, 60)


def test_a_share_is_drawn_by_the_seed():
    assert struck(7) == struck(7)
    assert struck(7) != struck(8)
    assert 8 <= struck(7).count("7") <= 30


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no fault: write CALL:WHICH=EFFECT"),
        ("send", "is no fault: write CALL:WHICH=EFFECT"),
        ("other:1=html", "is no fault: write CALL:WHICH=EFFECT"),
        ("send:-1=html", "is no fault: write CALL:WHICH=EFFECT"),
        ("send:１=html", "is no fault: write CALL:WHICH=EFFECT"),
        ("send:0=html", "requests are counted from 1"),
        ("send:101%=html", "a share is at most 100%"),
        ("send:*=htmlx0", "x0 would never happen"),
        ("send:1=explode", "`explode` is no effect of a send; there are a code, .*timeout-before"),
        ("send:1=http-99", "`http-99` is no effect of a send"),
        ("send:1=gb2312", "`gb2312` is no effect of a send"),
        ("report:1=7", "`7` is no effect of a report; there are http-STATUS, error-1 to error-4"),
        ("report:1=error-5", "`error-5` is no effect of a report"),
        ("balance:1=cut", "`cut` is no effect of a balance"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_the_reason(text, message):
    with pytest.raises(ValueError, match=message):
        parse_fault(text)


@pytest.mark.parametrize("code", [*range(11), 99])
def test_any_code_can_be_answered_without_taking_the_message(sandbox, code):
    sandbox.add_fault(f"send:1={code}")
    assert send(sandbox) == f"{code}"
    assert not sandbox.submissions[0].taken
    assert sandbox.balance == 100


@pytest.mark.parametrize("effect", ["8", "http-502", "html", "empty", "garbage"])
def test_what_hides_the_outcome_may_come_before_or_after_the_message_is_taken(sandbox, effect):
    sandbox.add_fault(f"send:1={effect}")
    sandbox.add_fault(f"send:2=taken-{effect}")
    before, after = (post(sandbox, "/sendmms.aspx", send_fields(sandbox)) for _ in range(2))
    assert (before.status, before.body) == (after.status, after.body)
    assert [submission.taken for submission in sandbox.submissions] == [False, True]
    assert sandbox.copies() == {"13800138000": 1}


@pytest.mark.parametrize("status", [204, 302, 307, 400, 413, 429, 500, 502, 599])
@pytest.mark.parametrize("call", ["send", "balance", "report"])
def test_any_http_status_can_be_answered(sandbox, call, status):
    sandbox.add_fault(f"{call}:1=http-{status}")
    path = "/mmsStatusApi.aspx" if call == "report" else "/sendmms.aspx"
    action = {"send": "send", "balance": "overage", "report": "query"}[call]
    fields = send_fields(sandbox, action=action)
    assert post(sandbox, path, fields).status == status
    assert post(sandbox, path, fields).status == 200


def test_a_redirect_leads_back_to_the_gateway_so_that_following_it_is_seen(sandbox):
    sandbox.add_fault("send:1=http-302")
    answer = post(sandbox, "/sendmms.aspx", send_fields(sandbox))
    assert answer.headers["Location"] == "/sendmms.aspx"


def test_the_html_page_is_a_200_that_holds_a_colon(sandbox):
    sandbox.add_fault("send:1=html")
    answer = post(sandbox, "/sendmms.aspx", send_fields(sandbox))
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"10:30" in answer.body


def test_garbage_is_no_text(sandbox):
    sandbox.add_fault("send:1=garbage")
    body = post(sandbox, "/sendmms.aspx", send_fields(sandbox)).body
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_a_cut_receipt_ends_before_its_announced_length_and_is_taken(sandbox):
    sandbox.add_fault("send:1=cut")
    with pytest.raises(http.client.IncompleteRead) as caught:
        send(sandbox)
    left, _, cut_id = caught.value.partial.decode().partition(":")
    (submission,) = sandbox.submissions
    assert left == "99"
    assert submission.task_id.startswith(cut_id)
    assert submission.task_id != cut_id


def test_a_padded_receipt_has_a_bom_and_white_space_around(sandbox):
    sandbox.add_fault("send:1=padded")
    assert send(sandbox) == f"\ufeff \r\n99:{sandbox.submissions[0].task_id}\r\n "


@pytest.mark.parametrize(("effect", "taken"), [("reset-before", False), ("reset-after", True)])
def test_a_reset_comes_before_or_after_the_message_is_taken(sandbox, effect, taken):
    sandbox.add_fault(f"send:1={effect}")
    with pytest.raises(ConnectionResetError) as caught:
        send(sandbox)
    assert caught.type is not http.client.RemoteDisconnected, "that is an orderly end"
    (submission,) = sandbox.submissions
    assert (submission.taken, submission.answer) == (taken, None)
    assert len(sandbox.copies()) == taken


@pytest.mark.parametrize(("effect", "taken"), [("timeout-before", False), ("timeout-after", True)])
def test_a_time_out_comes_before_or_after_the_message_is_taken(sandbox, effect, taken):
    sandbox.add_fault(f"send:1={effect}")
    body = urlencode(send_fields(sandbox)).encode()
    line = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=0.2)
    line.request("POST", "/sendmms.aspx", body, {"Content-Type": FORM})
    with pytest.raises(TimeoutError):
        line.getresponse()
    line.close()
    (submission,) = sandbox.submissions
    assert (submission.taken, submission.answer) == (taken, None)
    assert send(sandbox).startswith("98:" if taken else "99:")


def test_a_send_that_breaks_a_rule_is_not_taken_by_a_fault_that_takes(sandbox):
    sandbox.add_fault("send:1=reset-after")
    with pytest.raises(ConnectionResetError):
        send(sandbox, content="")
    assert not sandbox.submissions[0].taken


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("faild", "<returnstatus>Faild</returnstatus>\n<message>系统繁忙</message>"),
        ("sucess", "<returnstatus>Sucess</returnstatus>"),
        ("lower", "<returnstatus>success</returnstatus>"),
        ("negative", "<overage>-12</overage>"),
        ("decimal", "<overage>99.50</overage>"),
        ("html", "<!DOCTYPE html>"),
    ],
)
def test_a_balance_can_be_told_in_odd_manners(sandbox, effect, expected):
    sandbox.add_fault(f"balance:1={effect}")
    assert expected in balance(sandbox)
    assert "<overage>100</overage>" in balance(sandbox)


@pytest.fixture
def ready(sandbox):
    """A sandbox with five reports that can be fetched."""
    send(sandbox, mobile=",".join(f"{13000000000 + n}" for n in range(5)))
    sandbox.make_reports_ready()
    return sandbox


def test_a_cut_report_answer_ends_inside_a_box_with_the_reports_gone(ready):
    ready.add_fault("report:1=cut")
    with pytest.raises(http.client.IncompleteRead) as caught:
        query(ready)
    partial = caught.value.partial
    assert len(boxes(partial)) == 2
    assert partial.count(b"<statusbox>") == 3
    assert boxes(query(ready)) == []


def test_a_short_report_answer_is_whole_for_http_and_ends_inside_a_box(ready):
    ready.add_fault("report:1=short")
    answer = query(ready)
    assert len(boxes(answer)) == 2
    assert answer.count(b"<statusbox>") == 3
    assert boxes(query(ready)) == []


def test_a_cut_answer_without_reports_ends_inside_the_document(sandbox):
    sandbox.add_fault("report:1=cut")
    with pytest.raises(http.client.IncompleteRead) as caught:
        query(sandbox)
    assert caught.value.partial.endswith(b"<returnsms>")


def test_a_gb2312_answer_says_so_and_is_so(sandbox):
    sandbox.add_report(task_id="1212", mobile="13800138000", status=20, errorcode="空号")
    sandbox.add_fault("report:1=gb2312")
    answer = query(sandbox)
    assert answer.startswith(b'<?xml version="1.0" encoding="gb2312" ?>')
    assert "<errorcode>空号</errorcode>".encode("gb2312") in answer


def test_a_bom_and_a_line_break_can_stand_before_the_declaration(ready):
    ready.add_fault("report:1=bom")
    answer = query(ready)
    assert answer.startswith("\ufeff\r\n<?xml".encode())
    assert len(boxes(answer.removeprefix("\ufeff".encode()))) == 5


def test_values_can_be_cdata_with_white_space_around(sandbox):
    sandbox.add_report(task_id="1212", mobile="13800138000", errorcode="a]]>b")
    sandbox.add_fault("report:1=cdata")
    answer = query(sandbox).decode()
    assert "<mobile> <![CDATA[13800138000]]>\r\n</mobile>" in answer
    assert "<![CDATA[a]]]]><![CDATA[>b]]>" in answer


@pytest.mark.parametrize("code", [1, 2, 3, 4])
def test_each_report_error_can_be_answered_and_hands_out_nothing(ready, code):
    ready.add_fault(f"report:1=error-{code}")
    assert f"<error>{code}</error>".encode() in query(ready)
    assert len(boxes(query(ready))) == 5


@pytest.mark.parametrize("effect", ["html", "empty", "garbage", "http-500"])
def test_a_report_query_that_fails_hands_out_nothing(ready, effect):
    ready.add_fault(f"report:1={effect}")
    assert b"<statusbox>" not in query(ready)
    assert len(boxes(query(ready))) == 5


def test_an_answer_that_never_comes_can_take_the_reports_with_it(ready):
    ready.add_fault("report:1=reset-after")
    with pytest.raises(ConnectionResetError):
        query(ready, statusNum="2")
    assert ready.reports_left == 3
    ready.add_fault("report:1=timeout-after")
    form = urlencode(credentials(ready) | {"action": "query", "statusNum": "2"})
    head = f"POST /mmsStatusApi.aspx HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
    with socket.create_connection(("127.0.0.1", ready.port), timeout=0.2) as line:
        line.sendall(f"{head}Content-Length: {len(form)}\r\n\r\n{form}".encode())
        with pytest.raises(TimeoutError):
            line.recv(1)
    assert ready.reports_left == 1


@pytest.mark.parametrize("call", ["balance", "report"])
def test_queries_can_be_reset_or_never_answered(ready, call):
    ready.add_fault(f"{call}:1=reset")
    ready.add_fault(f"{call}:2=timeout")
    path = "/mmsStatusApi.aspx" if call == "report" else "/sendmms.aspx"
    fields = credentials(ready) | {"action": "query" if call == "report" else "overage"}
    with pytest.raises(ConnectionResetError):
        exchange(ready, path, urlencode(fields).encode())
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
    body = urlencode(fields)
    with socket.create_connection(("127.0.0.1", ready.port), timeout=0.2) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        with pytest.raises(TimeoutError):
            line.recv(1)
    assert ready.reports_left == 5
