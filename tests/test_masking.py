import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.workspace.masking import excerpt, mask_line, mask_row, show_name


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("numbers: [13800138000]", "numbers: [138****8000]"),
        ("- ＋８６１３８００１３８０００", "- ＋８６１******８０００"),
        ("- 86 138-0013-8000", "- 86 1**-****-8000"),
        ("- 138 0013 8000", "- 138 **** 8000"),
        ("- 138_0013.8000", "- 138_****.8000"),
        ("- 1380013800", "- 13********"),
        ("- 138 0013 800", "- 13* **** ***"),
        ("- 138-0013-800", "- 13*-****-***"),
        ("tel: 5550123", "tel: 55*****"),
    ],
)
def test_phone_numbers_are_masked_in_every_form_that_people_write(line, shown):
    assert mask_line(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "start: 2035-09-16 09:00",
        "start: 2035-09-16T09:00:00+08:00",
        "start: 2035-9-16 09:00",
        "until: 2035-09-16 09:00 # 2035-09-17",
        "expect: {recipients: 19000-21000}",
        "message_limit: 102400",
        "text: 中秋快乐，会员专享8折",
        "password: {env: MMS_PASSWORD}",
        "main: {password: {file: /run/secret}, batch_sise: 2000}",
    ],
)
def test_what_is_no_secret_stays_readable(line):
    assert mask_line(line) == line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("    password: hunter2", "    password: *******"),
        ('    "password" : "a b"', '    "password" : ** **'),
        ("main: {userid: 12, password: a,b}c, x: 1}", "main: {userid: 12, password: ****** ** **"),
        ("    pasword: hunter2", "    pasword: *******"),
        ("    密码：hunter2", "    密码：*******"),
        ("password: {x9!k", "password: *****"),
        ("password: {env: A} {password: hunter2}", "password: {env: A} {password: ********"),
        ("url: http://me:secret@mms.example.cn", "url: http://*********@mms.example.cn"),
        ("proxy: 'http://a:b@c@proxy:3128'", "proxy: 'http://*****@proxy:3128'"),
    ],
)
def test_passwords_are_masked(line, shown):
    assert mask_line(line) == shown


@pytest.mark.parametrize(
    "lines",
    [
        ["password:", "  hunter2"],
        ["password: |", "  first", "", "  hunter2"],
        ["password: >-  # kept", "  hunter2"],
        ['password: "one', 'hunter2"'],
        ["main: {url: x, password:", "hunter2}"],
    ],
)
def test_a_password_is_masked_on_every_line_that_it_covers(lines):
    assert "hunter2" not in str(excerpt(lines, len(lines)))


def test_what_follows_a_password_stays_readable():
    lines = ["password: hunter2", "account: main", "- item", "password: {env: A}", "  # comment"]
    shown = [excerpt(lines, number) for number in (2, 3, 5)]
    assert shown == ["account: main", "- item", "  # comment"]


def test_a_reference_on_its_own_line_stays_readable():
    assert excerpt(["password:", "  env: MMS_PASSWORD"], 2) == "  env: MMS_PASSWORD"


def test_an_endless_line_is_not_shown():
    assert excerpt(["x" * 1_000_000], 1) is None


def test_a_row_shows_only_what_separates_its_cells():
    assert mask_row('王小明,"138 0013 8000";\t|x') == '***,"*************";\t|*'


def test_a_name_in_a_message_is_short_printable_and_no_number():
    assert show_name("\x1b[31m13800138000" + "x" * 99) == "?[31m138****8000" + "x" * 24 + "…"


@given(st.text(max_size=80))
def test_a_masked_line_keeps_its_columns(line):
    assert len(mask_line(line)) == len(mask_row(line)) == len(line)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=10))
def test_no_mobile_number_survives(mobile, around):
    assert mobile not in mask_line(f"{around}{mobile}{around}")
