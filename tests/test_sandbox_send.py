"""The sandbox takes what the document allows, and answers with the document's code otherwise."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from sandbox_line import FORM, GIF, JPG, PNG, b64, exchange, send, send_fields, txt

from runner.sandbox import Sandbox, SandboxSettings


@pytest.fixture
def sandbox():
    with Sandbox(SandboxSettings(balance=100, seed=7)) as sandbox:
        yield sandbox


def test_a_send_is_answered_with_the_balance_in_people_and_a_task_id(sandbox):
    answer = send(sandbox, mobile="13800138000,13900139000")
    left, _, task_id = answer.partition(":")
    assert left == "98"
    assert task_id == sandbox.submissions[0].task_id


def test_task_ids_are_unique_and_too_large_for_a_float(sandbox):
    task_ids = [send(sandbox).partition(":")[2] for _ in range(20)]
    assert len(set(task_ids)) == 20
    assert all(task_id.isdigit() and 14 <= len(task_id) <= 20 for task_id in task_ids)
    assert all(int(task_id) > 2**53 for task_id in task_ids)
    assert any(int(task_id) > 2**63 for task_id in task_ids)


def test_what_was_sent_can_be_looked_at_part_by_part(sandbox):
    content = f"3,{txt('你好')},jpg|{b64(JPG)};15,gif|{b64(GIF)}"
    send(sandbox, content=content, mobile="13800138000,13900139000", extno="42")
    (submission,) = sandbox.submissions
    assert submission.mobiles == ("13800138000", "13900139000")
    assert (submission.title, submission.extno, submission.starttime) == ("中秋快乐", "42", "")
    assert [frame.duration for frame in submission.frames] == [3, 15]
    first, second = submission.frames
    assert [(part.type, part.text) for part in first.parts] == [("txt", "你好"), ("jpg", None)]
    assert [part.payload for part in (*first.parts, *second.parts)] == [
        "你好".encode("gb2312"),
        JPG,
        GIF,
    ]


def test_the_body_is_kept_as_received_but_for_the_password(sandbox):
    fields = send_fields(sandbox)
    send(sandbox)
    expected = urlencode(fields | {"password": ""}).encode()
    assert sandbox.submissions[0].body == expected
    assert b"sandbox&password=&" in expected


def test_a_space_after_the_semicolon_is_read(sandbox):
    send(sandbox, content=f"3,{txt('一')}; 4,{txt('二')}")
    assert [frame.duration for frame in sandbox.submissions[0].frames] == [3, 4]


def test_dashes_and_dots_of_gb2312_arrive_as_phones_show_them(sandbox):
    send(sandbox, content=f"3,txt|{b64('张·三——'.encode('gbk'))}")
    assert sandbox.submissions[0].frames[0].parts[0].text == "张·三——"


def test_a_refused_send_is_recorded_and_not_taken(sandbox):
    send(sandbox, content="3,txt|!")
    (submission,) = sandbox.submissions
    assert (submission.taken, submission.task_id, submission.answer) == (False, None, "0")
    assert submission.mobiles == ("13800138000",)
    assert sandbox.balance == 100


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("1", {"userid": ""}),
        ("1", {"account": ""}),
        ("1", {"password": ""}),
        ("2", {"userid": "13"}),
        ("2", {"account": "Sandbox"}),
        ("2", {"password": "wrong"}),
        ("3", {"mobile": ""}),
        ("4", {"content": ""}),
        ("5", {"mobile": ",".join(f"{13000000000 + n}" for n in range(2001))}),
        ("6", {"mobile": ",".join(f"{13000000000 + n}" for n in range(101))}),
    ],
)
def test_each_rule_has_its_code(sandbox, code, changes):
    assert send(sandbox, **changes) == code


def test_a_missing_field_counts_as_empty(sandbox):
    for name, code in [("password", "1"), ("mobile", "3"), ("content", "4"), ("title", "0")]:
        fields = send_fields(sandbox)
        del fields[name]
        answer = exchange(sandbox, "/sendmms.aspx", urlencode(fields).encode())
        assert (name, answer.body.decode()) == (name, code)


def test_two_thousand_numbers_are_taken():
    mobiles = ",".join(f"{13000000000 + n}" for n in range(2000))
    with Sandbox(SandboxSettings(balance=2000)) as sandbox:
        assert send(sandbox, mobile=mobiles).startswith("0:")
        assert send(sandbox) == "6"


def test_the_size_counts_the_title_in_utf_8_and_the_decoded_content(sandbox):
    title = "题" * 10
    fits = JPG.ljust(102_400 - len(title.encode()), b"\0")
    assert send(sandbox, title=title, content=f"3,jpg|{b64(fits)}").startswith("99:")
    assert send(sandbox, title=title, content=f"3,jpg|{b64(fits + b'0')}") == "9"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(txt("你好"), id="a frame without its seconds"),
        pytest.param("3", id="a frame without a part"),
        pytest.param(f"0,{txt('你好')}", id="no second at all"),
        pytest.param(f"-1,{txt('你好')}", id="a negative duration"),
        pytest.param(f"1.5,{txt('你好')}", id="half a second"),
        pytest.param(f"３,{txt('你好')}", id="a full-width digit"),
        pytest.param(f"3,{txt('你好')};", id="an empty frame"),
        pytest.param(f"3,{txt('你好')},", id="an empty part"),
        pytest.param(f"3, {txt('你好')}", id="a space after a comma"),
        pytest.param(f"3,{txt('你好')};  4,{txt('你好')}", id="two spaces after a semicolon"),
        pytest.param("3,txt", id="a type alone"),
        pytest.param("3,txt|", id="an empty text"),
        pytest.param("3,txt|zsSxvg", id="base64 without its padding"),
        pytest.param("3,txt|zsSx vg==", id="base64 with a space, as an unescaped + gives"),
        pytest.param(f"3,txt|{b64('你好'.encode())}", id="text in UTF-8"),
        pytest.param(f"3,txt|{b64('朱镕基'.encode('gbk'))}", id="a character beyond GB2312"),
        pytest.param(f"3,jpg|{b64(GIF)}", id="a gif that is called jpg"),
        pytest.param(f"3,gif|{b64(JPG)}", id="a jpg that is called gif"),
        pytest.param(f"3,jpg|{b64(PNG)}", id="a png that is called jpg"),
        pytest.param(f"3,png|{b64(PNG)}", id="a type that there is not"),
        pytest.param(f"3,JPG|{b64(JPG)}", id="a type in capitals"),
    ],
)
def test_content_that_breaks_the_grammar_is_answered_0(sandbox, content):
    assert send(sandbox, content=content) == "0"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"mobile": "1380013800"}, id="ten digits"),
        pytest.param({"mobile": "+8613800138000"}, id="a country code"),
        pytest.param({"mobile": "12800138000"}, id="no mobile prefix"),
        pytest.param({"mobile": "１3800138000"}, id="a full-width digit"),
        pytest.param({"mobile": "13800138000, 13900139000"}, id="a space after the comma"),
        pytest.param({"mobile": "13800138000,"}, id="a comma at the end"),
        pytest.param({"starttime": "2035-02-30 09:00:00"}, id="no such day"),
        pytest.param({"starttime": "2035-09-16T09:00:00"}, id="a time in another form"),
        pytest.param({"starttime": "2035-9-16 09:00:00"}, id="a month of one digit"),
        pytest.param({"extno": "4a"}, id="a sub-number with a letter"),
        pytest.param({"action": "sendmms"}, id="an action that there is not"),
        pytest.param({"action": "query"}, id="the other address's action"),
    ],
)
def test_other_malformed_fields_are_answered_0(sandbox, changes):
    assert send(sandbox, **changes) == "0"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda body: body + b"&mobile=13900139000", id="a field twice"),
        pytest.param(lambda body: body + b"&note=%E4%BD", id="UTF-8 cut in a character"),
        pytest.param(lambda body: body + b"&note=%4", id="half an escape"),
        pytest.param(lambda body: body + b"&note", id="a field without ="),
        pytest.param(lambda body: body.replace(b"%2B", b"+"), id="an unescaped +"),
    ],
)
def test_a_form_that_cannot_be_read_is_answered_0(sandbox, spoil):
    picture = JPG.ljust(30, b"\0") + bytes.fromhex("fbefbe")  # ++++ in base64
    content = f"3,jpg|{b64(picture)}"
    body = urlencode(send_fields(sandbox, content=content)).encode()
    assert exchange(sandbox, "/sendmms.aspx", body).body.startswith(b"99:")
    assert exchange(sandbox, "/sendmms.aspx", spoil(body)).body == b"0"


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        (FORM, True),
        (f"{FORM}; charset=UTF-8", True),
        (f"{FORM}; charset=gb2312", False),
        ("multipart/form-data; boundary=x", False),
        ("application/json", False),
    ],
)
def test_only_a_form_in_utf_8_is_read(sandbox, content_type, taken):
    body = urlencode(send_fields(sandbox)).encode()
    answer = exchange(sandbox, "/sendmms.aspx", body, content_type=content_type)
    assert (answer.body != b"0") is taken


DOCUMENTS_EXAMPLE = (
    "3,txt|zsSxvg==,jpg|4AAQSkZJRgABAgAAZABk; 3,gif|ExghIhcXGRcXIiQdIB8fIB0kJCssLywrJDk5Pj45OUFBQ"
)


def test_the_documents_own_example_has_pictures_that_are_none(sandbox):
    """Its jpg begins in the middle of a JPEG header and its gif is cut: a picture must be whole."""
    assert send(sandbox, title="adadadaadad", content=DOCUMENTS_EXAMPLE) == "0"


def test_the_documents_own_example_is_taken_with_real_pictures(sandbox):
    content = DOCUMENTS_EXAMPLE.replace("4AAQSkZJRgABAgAAZABk", b64(JPG))
    content = content[: content.index("gif|")] + f"gif|{b64(GIF)}"
    assert send(sandbox, title="adadadaadad", content=content).startswith("99:")
    assert sandbox.submissions[0].frames[0].parts[0].text == "文本"


def test_copies_tell_how_often_each_number_was_taken(sandbox):
    send(sandbox, title="one", mobile="13800138000,13900139000")
    send(sandbox, title="one", mobile="13800138000")
    send(sandbox, title="two", mobile="13800138000")
    send(sandbox, title="one", mobile="13700137000", content="")
    assert sandbox.copies("one") == {"13800138000": 2, "13900139000": 1}
    assert sandbox.copies() == {"13800138000": 3, "13900139000": 1}


def test_the_balance_can_be_topped_up(sandbox):
    mobiles = ",".join(f"{13000000000 + n}" for n in range(101))
    assert send(sandbox, mobile=mobiles) == "6"
    sandbox.top_up(1)
    assert send(sandbox, mobile=mobiles).startswith("0:")
