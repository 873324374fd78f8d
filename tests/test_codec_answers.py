"""What the gateway's answers mean, in every form of its document and every form that was seen.

Whatever is neither is no answer: for a send that makes the outcome unknown, for a page of delivery
reports it keeps the bytes.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.codec.answers import (
    ReportPage,
    decode_balance,
    decode_receipt,
    decode_reports,
)
from runner.errors import UnreadableAnswer
from runner.model.outcome import Accepted, Balance, Code, QueryRefused, Refused, Report

if TYPE_CHECKING:
    from pathlib import Path

BOM = b"\xef\xbb\xbf"
HTML = b"<!DOCTYPE html>\n<html><head><title>502</title></head><body>a:b</body></html>"

# ---- the answer to a send


def test_a_receipt_is_the_balance_and_the_task():
    """The document's own example."""
    assert decode_receipt(b"100:27349872349823") == Accepted(
        task_id="27349872349823", balance="100"
    )


@pytest.mark.parametrize("code", range(11))
def test_a_bare_code_is_a_refusal(code):
    assert decode_receipt(b"%d" % code) == Refused(code=Code(code))


@pytest.mark.parametrize(
    ("body", "balance", "task_id"),
    [
        (b"-12:1", "-12", "1"),
        (b"0:1", "0", "1"),
        (b"99.50:1", "99.50", "1"),
        (b"100:12345678901234567890", "100", "12345678901234567890"),
        (b"100:00000000000000000007", "100", "00000000000000000007"),
        (b"1:2", "1", "2"),
    ],
)
def test_balance_and_task_id_stay_as_they_were_written(body, balance, task_id):
    assert decode_receipt(body) == Accepted(task_id=task_id, balance=balance)


@pytest.mark.parametrize("text", [b"100:27349872349823", b"10", b"7"])
@pytest.mark.parametrize(
    "around",
    [
        b"%s ",
        b" %s",
        b" %s\r\n",
        b"\r\n%s\n",
        BOM + b"%s",
        BOM + b"\r\n%s",
        b"\r\n" + BOM + b"%s\t",
    ],
)
def test_a_bom_and_white_space_around_an_answer_change_nothing(text, around):
    assert decode_receipt(around % text) == decode_receipt(text)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n",
        BOM,
        b"11",
        b"-1",
        b"00",
        b"07",
        b"7.0",
        b"1 0",
        b"7\n7",
        b"100:",
        b":27349872349823",
        b"100:27349872349823:1",
        b"100: 27349872349823",
        b"100:27349872349823\n100:27349872349824",
        b"100:27349872349823 7",
        b"100:123456789012345678901",
        b"100:2734987234982x",
        b"100:-1",
        b"1e3:1",
        b"--1:1",
        b"ok:1",
        "１００:1".encode(),
        "7".encode("utf-16"),
        b"\x007",
        b"http://login.example.cn:8888/",
        b"8888:http://login.example.cn",
        b"<html>100:27349872349823</html>",
        HTML,
        b"9" * 100_000,
        b"1:" + b"9" * 100_000,
    ],
)
def test_anything_else_is_no_answer_to_a_send(body):
    with pytest.raises(UnreadableAnswer):
        decode_receipt(body)


# ---- the answer to a balance query


def balance_answer(
    status: str = "Success",
    message: str = "",
    payinfo: str = "预付费",
    overage: str = "100",
    bought: str = "5000",
) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8" ?>\n\n<returnsms>\n\n'
        f"<returnstatus>{status}</returnstatus>\n<message>{message}</message>\n"
        f"<payinfo>{payinfo}</payinfo>\n<overage>{overage}</overage>\n"
        f"<sendTotal>{bought}</sendTotal>\n</returnsms>\n"
    )


def test_a_balance_answer_says_what_is_left_and_how_it_is_paid():
    assert decode_balance(balance_answer().encode()) == Balance(
        left="100", bought="5000", payment="预付费"
    )


@pytest.mark.parametrize(
    "status", ["Success", "success", "SUCCESS", "Sucess", "sucess", " Success"]
)
def test_success_is_read_however_it_is_spelt(status):
    assert decode_balance(balance_answer(status=status).encode()) == decode_balance(
        balance_answer().encode()
    )


@pytest.mark.parametrize("left", ["0", "-12", "99.50", "-0.1", "00100", "9" * 20])
def test_what_is_left_stays_as_it_was_written(left):
    answer = decode_balance(balance_answer(overage=left).encode())
    assert isinstance(answer, Balance)
    assert answer.left == left


def test_a_postpaid_account_may_leave_out_what_was_bought():
    answer = decode_balance(balance_answer(payinfo="后付费", bought="").encode())
    assert answer == Balance(left="100", bought=None, payment="后付费")


def test_a_balance_answer_may_lack_all_but_its_status_and_the_amount():
    body = b"<returnsms><overage>7</overage><returnstatus>Success</returnstatus></returnsms>"
    assert decode_balance(body) == Balance(left="7")


@pytest.mark.parametrize("status", ["Faild", "Fail", "Failed", "faild"])
def test_a_failed_balance_query_gives_the_gateways_own_reason(status):
    body = balance_answer(status=status, message="系统繁忙", overage="")
    assert decode_balance(body.encode()) == QueryRefused(remark="系统繁忙")


@pytest.mark.parametrize("remark", ["用户名或密码不能为空", "用户名或密码错误"])
def test_both_reasons_of_the_document_blame_the_credentials(remark):
    body = balance_answer(status="Faild", message=remark, payinfo="", overage="", bought="")
    assert decode_balance(body.encode()) == QueryRefused(remark=remark, wrong_credentials=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"100",
        b"100:27349872349823",
        HTML,
        b"<returnsms/>",
        b"<html><returnstatus>Success</returnstatus><overage>1</overage></html>",
        balance_answer(status="").encode(),
        balance_answer(status="maybe").encode(),
        balance_answer(overage="").encode(),
        balance_answer(overage="NaN").encode(),
        balance_answer(overage="Infinity").encode(),
        balance_answer(overage="a lot").encode(),
        balance_answer(overage="<b>1</b>").encode(),
        balance_answer(overage="1</overage><overage>2").encode(),
        balance_answer()[:-5].encode(),
    ],
)
def test_anything_else_is_no_answer_to_a_balance_query(body):
    with pytest.raises(UnreadableAnswer):
        decode_balance(body)


# ---- a page of delivery reports

DECLARATION = '<?xml version="1.0" encoding="utf-8" ?>'


def box(number: int = 0, **changes: str) -> str:
    fields = {
        "mobile": f"{15023239810 + number}",
        "taskid": "1212",
        "status": "10",
        "receivetime": "2011-12-02 22:12:11",
        "errorcode": "DELIVRD",
        "extno": "",
        **changes,
    }
    lines = "\n".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<statusbox>\n\n{lines}\n\n</statusbox>"


def report(number: int = 0, **changes: object) -> Report:
    facts: dict[str, object] = {
        "task_id": "1212",
        "mobile": 15023239810 + number,
        "delivered": True,
        "received_at": datetime(2011, 12, 2, 14, 12, 11, tzinfo=UTC),
        "error_code": "DELIVRD",
        "extno": "",
    }
    return Report(**{**facts, **changes})


def page(*boxes: str, declaration: str = DECLARATION) -> str:
    return "\n\n".join([declaration, "<returnsms>", *boxes, "</returnsms>", ""])


def read(body: str | bytes) -> ReportPage:
    answer = decode_reports(body.encode() if isinstance(body, str) else body)
    assert isinstance(answer, ReportPage)
    return answer


def reports_of(*boxes: str) -> tuple[Report, ...]:
    answer = read(page(*boxes))
    assert not answer.unread
    return answer.reports


def test_the_documents_own_page_is_read():
    second = box(1, status="20", errorcode="2")
    assert reports_of(box(), second) == (report(), report(1, delivered=False, error_code="2"))


def test_the_time_is_china_standard_time():
    (only,) = reports_of(box(receivetime="2011-12-02 22:12:11"))
    assert only.received_at == datetime(2011, 12, 2, 14, 12, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "2011-02-30 00:00:00", "0001-01-01 00:00:00", "1900-01-01 00:00:00"]
)
def test_a_report_without_a_real_time_still_counts(text):
    """0001 and 1900 are what the gateway's kind of database writes for nothing."""
    assert reports_of(box(receivetime=text)) == (report(received_at=None),)


@settings(deadline=None)
@given(
    st.tuples(
        st.integers(0, 2036),
        *(st.integers(0, most) for most in (13, 32, 25, 61, 61)),
    ),
    st.sampled_from(["{:04}-{:02}-{:02} {:02}:{:02}:{:02}", "{}-{}-{} {}:{}:{}"]),
)
def test_a_time_is_read_as_the_standard_library_reads_it(numbers, form):
    text = form.format(*numbers)
    try:
        expected = datetime.strptime(f"{text} +0800", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        expected = None
    (only,) = reports_of(box(receivetime=text))
    assert only.received_at == (expected if expected and expected.year >= 2000 else None)


@pytest.mark.parametrize(("status", "delivered"), [("10", True), ("20", False)])
@pytest.mark.parametrize("error_code", ["DELIVRD", "UNDELIV", "2", "", "用户关机"])
def test_the_status_alone_decides_whatever_the_carriers_word(status, delivered, error_code):
    assert reports_of(box(status=status, errorcode=error_code)) == (
        report(delivered=delivered, error_code=error_code),
    )


@pytest.mark.parametrize("task_id", ["12345678901234567890", "0007"])
def test_a_task_id_is_text(task_id):
    assert reports_of(box(taskid=task_id)) == (report(task_id=task_id),)


@pytest.mark.parametrize(
    "mobile", ["8615023239810", "+86 150-2323-9810", " 15023239810\r\n", "1502323\r\n9810"]
)
def test_a_reported_number_is_normalised_like_any_other(mobile):
    assert reports_of(box(mobile=mobile)) == (report(),)


def test_an_echoed_extno_is_kept():
    assert reports_of(box(extno="0042")) == (report(extno="0042"),)


def test_fields_may_be_missing_or_stand_in_another_order():
    fields = "<status>20</status><mobile>15023239810</mobile><taskid>7</taskid>"
    assert reports_of(f"<statusbox>{fields}</statusbox>") == (
        report(task_id="7", delivered=False, received_at=None, error_code=""),
    )


def test_unknown_fields_are_passed_over():
    assert reports_of(box(spcode="1069")) == (report(),)


def test_cdata_padding_and_character_references_are_undone():
    padded = box(mobile=" <![CDATA[15023239810]]>\r\n", taskid="&#49;2<![CDATA[12 ]]>")
    assert reports_of(padded) == (report(),)


def test_comments_and_instructions_change_nothing():
    assert reports_of("<!-- a --><?b c?>", box(taskid="12<!-- d -->12")) == (report(),)


def test_tags_are_read_in_any_case():
    assert read(page(box().replace("statusbox", "StatusBox").replace("taskid", "TaskID"))) == read(
        page(box())
    )


@pytest.mark.parametrize("body", [b"", b" \r\n", BOM, b"<returnsms/>", page().encode()])
def test_nothing_to_report_is_an_empty_page(body):
    assert read(body) == ReportPage()


@pytest.mark.parametrize("before", ["", "\n", "\r\n", "\ufeff", "\ufeff\r\n", "\n\ufeff"])
@pytest.mark.parametrize("declaration", ["", DECLARATION, '<?xml version="1.0"?>'])
def test_a_bom_and_line_breaks_may_precede_the_declaration(before, declaration):
    assert read(before + page(box(), declaration=declaration)).reports == (report(),)


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "utf-8", "UTF-16", "none-such"])
@pytest.mark.parametrize("real", ["utf-8", "gbk"])
def test_the_bytes_decide_the_encoding_and_not_the_declaration(declared, real):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>'
    body = page(box(errorcode="空号"), declaration=declaration).encode(real)
    assert read(body) == ReportPage(reports=(report(error_code="空号"),))


def test_a_page_in_gb18030_may_hold_any_character():
    rare = "㐀🀄"  # four bytes each, in GB18030 alone of its family
    assert read(page(box(errorcode=rare)).encode("gb18030")).reports == (report(error_code=rare),)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_page_in_utf_16_is_kept_whole(encoding):
    """Nobody has seen one; what it says is in the bytes that are kept beside this text."""
    answer = read(page(box(), box(1)).encode(encoding))
    assert answer.reports == ()
    [piece] = answer.unread
    assert "statusbox" in piece.text.replace("\0", "")


REMARKS = {
    1: "用户名或密码不能为空",
    2: "用户名或密码错误",
    3: "该用户不允许查看状态报告",
    4: "参数不正确",
}


def refusal(code: object, remark: str) -> str:
    return page(f"<errorstatus>\n<error>{code}</error>\n<remark>{remark}</remark>\n</errorstatus>")


@pytest.mark.parametrize("code", REMARKS)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_refused_query_gives_code_and_remark(code, encoding):
    """Only 1 and 2 blame the credentials."""
    assert decode_reports(refusal(code, REMARKS[code]).encode(encoding)) == QueryRefused(
        remark=REMARKS[code], code=code, wrong_credentials=code in (1, 2)
    )


@pytest.mark.parametrize("code", ["", "x", "²", "-1", "1" * 5000])
def test_a_refusal_with_an_odd_code_is_a_refusal_without_a_code(code):
    assert decode_reports(refusal(code, "?").encode()) == QueryRefused(remark="?")


# ---- what of a page cannot be read


MALFORMED = [
    box(mobile=""),
    box(mobile="12345"),
    box(taskid=""),
    box(status=""),
    box(status="30"),
    box(status="delivered"),
    box(mobile="150<b>2</b>3239810"),
    box(taskid="12<b/>12"),
    box().replace("</mobile>", "</mobile><mobile>15023239899</mobile>"),
    "<statusbox/>",
    "<message>hello</message>",
    box().replace("statusbox>", "report>"),
]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_box_among_good_ones_is_kept_apart(malformed):
    malformed = re.sub(r"<(\w+)></\1>", r"<\1/>", malformed)  # the same to XML
    answer = read(page(box(1), malformed, box(2)))
    assert answer.reports == (report(1), report(2))
    assert [piece.text for piece in answer.unread] == [malformed]
    assert answer.boxes == 3


@pytest.mark.parametrize("malformed", MALFORMED)
def test_malformed_boxes_that_are_all_alike_are_kept(malformed):
    answer = read(page(malformed, malformed))
    assert not answer.reports
    assert len(answer.unread) == 2


@pytest.mark.parametrize("malformed", [box(errorcode="<"), box(errorcode="&none;"), box(x="\x02")])
def test_a_box_that_breaks_the_document_does_not_take_the_others_with_it(malformed):
    answer = read(page(box(1), malformed, box(2)))
    assert answer.reports == (report(1), report(2))
    assert [piece.text for piece in answer.unread] == [malformed]


def test_a_box_that_lost_its_end_does_not_swallow_the_next():
    damaged = box(1).removesuffix("</statusbox>")
    answer = read(page(damaged, box(2)))
    assert answer.reports == (report(2),)
    assert [piece.text for piece in answer.unread] == [damaged.strip()]


def test_text_beside_the_boxes_is_kept():
    answer = read(page("系统", box(), "繁忙"))
    assert answer.reports == (report(),)
    assert [piece.text for piece in answer.unread] == ["系统", "繁忙"]


def test_text_behind_thousands_of_boxes_is_kept():
    answer = read(page(*map(box, range(1000)), "lost?", *map(box, range(1000, 2000)), "lost."))
    assert answer.reports == tuple(map(report, range(2000)))
    assert [piece.text for piece in answer.unread] == ["lost?", "lost."]


@pytest.mark.parametrize("number", [0, 999, 1999])
@pytest.mark.parametrize(
    ("odd", "field"),
    [
        (box(mobile="110"), None),
        (box(errorcode="<extno/>"), None),
        (box(x="<statusbox/>"), None),
        (box().replace("statusbox>", "report>"), None),
        (box().replace("errorcode", "extno"), None),
        (box(taskid="1").replace("errorcode>", "spcode>"), report(task_id="1", error_code="")),
        (box(errorcode="A&amp;B"), report(error_code="A&B")),
        (box(errorcode="&lt;/errorcode>"), report(error_code="</errorcode>")),
        (box(mobile=" 138 0013 8000\n"), report(mobile=13800138000)),
        (box(receivetime=""), report(received_at=None)),
    ],
)
def test_one_box_unlike_thousands_of_others_is_read_for_itself(number, odd, field):
    """Boxes that are built alike are read together."""
    boxes = [*map(box, range(2000))]
    reports = [*map(report, range(2000))]
    boxes[number] = odd
    reports[number : number + 1] = [field] if field else []
    answer = read(page(*boxes))
    assert answer.reports == tuple(reports)
    assert len(answer.unread) == (field is None)


def test_a_refusal_beside_boxes_costs_no_report():
    """Every report is handed out once."""
    error = "<errorstatus><error>4</error></errorstatus>"
    answer = read(page(box(), error))
    assert answer.reports == (report(),)
    assert [piece.text for piece in answer.unread] == [error]


def test_boxes_without_the_element_around_them_are_read():
    assert read(box()).reports == (report(),)
    assert read(box(0) + box(1)).reports == (report(0), report(1))


@pytest.mark.parametrize("body", [HTML, b"4", b"100:1", b"\xff\xfe\x00", b"<html>busy</html>"])
def test_what_is_no_page_is_kept_whole(body):
    answer = read(body)
    assert answer.reports == ()
    assert [piece.text for piece in answer.unread] == [body.decode(errors="replace")]


def test_a_whole_box_is_read_although_a_character_beside_it_was_cut():
    body = page(box(0), box(1, errorcode="空号")).encode()
    cut = body[: body.index("号".encode()) + 1]
    answer = read(cut)
    assert answer.reports == (report(),)
    assert [piece.text[:11] for piece in answer.unread] == ["<statusbox>"]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_page_cut_at_any_byte_loses_no_whole_box_and_invents_none(encoding):
    boxes = [box(0), box(1, status="20", errorcode="空号"), box(2)]
    whole = page(*boxes).encode(encoding)
    expected = read(whole).reports
    starts = [whole.index(b"<returnsms>") + len(b"<returnsms>")]
    starts += [whole.index(text.encode(encoding)) + len(text.encode(encoding)) for text in boxes]
    for length in range(starts[0], len(whole) + 1):
        answer = read(whole[:length])
        count = sum(start <= length for start in starts) - 1
        assert answer.reports == expected[:count]
        rest = whole[starts[count] : length].decode(encoding, errors="replace").strip()
        kept = [] if rest in ("", "</returnsms>") else [rest]
        assert [piece.text for piece in answer.unread] == kept


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_page_that_lost_its_end_is_never_taken_for_a_whole_one(encoding):
    """However little is missing: what came behind it was handed out, and nobody has it."""
    whole = page(box(0), box(1, errorcode="空号")).encode(encoding).strip()
    assert read(whole) == ReportPage(reports=read(whole).reports)
    for length in range(1, len(whole)):
        answer = read(whole[:length])
        assert answer.cut or answer.unread


@pytest.mark.parametrize(
    "body", [box(0) + box(1), f"{DECLARATION}{DECLARATION}<returnsms/>", "</returnsms>"]
)
def test_what_was_never_begun_or_has_its_end_lost_nothing(body):
    assert not read(body).cut


LONG = "x" * 40_000  # longer than the pieces in which a page is read
BLANKS = st.text(" \t\r\n", max_size=3)
TEXTS = st.lists(
    st.sampled_from(
        [
            *(
                "10",
                "20",
                "15023239810",
                "1212",
                "+86 ",
                "DELIVRD",
                "空号",
                "&#49;",
                "&#32;",
                "&lt;",
            ),
            *(" ", "\n", "\u3000", "<!-- a -->", "<?b c?>", "<![CDATA[ ]]>", "<![CDATA[1<2]]>"),
            "<b>1</b>",
            *(f"<!--{LONG}-->", f"<!--{LONG}</statusbox>-->", f"<![CDATA[{LONG}</statusbox>]]>"),
        ]
    ),
    max_size=4,
).map("".join)
TAGS = st.sampled_from(["mobile", "taskid", "status", "errorcode", "extno", "TaskID", "spcode"])
FIELDS = st.builds("<{0}{1}>{2}{3}</{0}>{1}{4}".format, TAGS, BLANKS, BLANKS, TEXTS, BLANKS)
SPACES = st.sampled_from(["", ' xml:space="preserve"', ' xml:space="default"'])
ODD_BOXES = st.builds(
    "<statusbox{}>{}{}</statusbox>".format, SPACES, TEXTS, st.lists(FIELDS).map("".join)
)
SOUND_BOXES = st.builds(box, st.integers(0, 9), errorcode=TEXTS, extno=TEXTS, taskid=TEXTS, x=TEXTS)
PLAIN_BOXES = st.builds(box, st.integers(0, 9), errorcode=st.sampled_from(["", "DELIVRD", LONG]))
WRAPPED_BOXES = st.lists(PLAIN_BOXES, max_size=3).map("".join).map("<x>{}</x>".format)
BOXES = st.lists(SOUND_BOXES | PLAIN_BOXES | ODD_BOXES | WRAPPED_BOXES, max_size=4)


@settings(deadline=None, max_examples=150)
@given(BOXES | st.lists(PLAIN_BOXES, max_size=4), BLANKS)
def test_a_box_is_read_alike_whether_or_not_all_of_its_page_is_sound(boxes, blanks):
    """A page without a fault is read in pieces, without the blanks between its elements."""
    whole = read(f"<returnsms>{blanks.join(boxes)}</returnsms>")
    apart = [read(f"<returnsms>{each}<odd/></returnsms>") for each in boxes]
    assert whole.reports == tuple(report for each in apart for report in each.reports)
    unread = [piece for each in apart for piece in each.unread if piece.text != "<odd/>"]
    assert list(whole.unread) == unread


# ---- what a hostile or broken peer may send

LAUGHS = (
    '<!DOCTYPE returnsms [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi"))
    + "]>"
)
FILE = '<!DOCTYPE returnsms [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("doctype", "entity"), [(LAUGHS, "&i;"), (FILE, "&f;"), ("<!DOCTYPE returnsms>", "")]
)
def test_a_doctype_is_refused_and_no_entity_is_opened(doctype, entity):
    declaration = DECLARATION + doctype
    with pytest.raises(UnreadableAnswer):
        decode_balance(balance_answer().replace(DECLARATION, declaration).encode())
    answer = read(page(box(errorcode=f"x{entity}"), declaration=declaration))
    assert "root:" not in repr(answer)
    assert "haha" not in repr(answer)
    assert any("<!DOCTYPE" in piece.text for piece in answer.unread)


def test_nothing_that_an_answer_names_is_fetched(tmp_path: Path) -> None:
    """Neither an entity, nor a DTD, nor an XInclude, nor a style sheet, nor a schema."""
    (tmp_path / "secret").write_text("root:x:0")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        for address in (f"http://127.0.0.1:{port}/a", f"{tmp_path.as_uri()}/secret"):
            for attack in FETCHES:
                answer = decode_reports(attack.format(address).encode())
                assert "root:x" not in repr(answer)
                with suppress(UnreadableAnswer):
                    decode_balance(attack.format(address).encode())
        with pytest.raises(BlockingIOError):  # nobody called
            listener.accept()


FETCHES = [
    '<!DOCTYPE returnsms [<!ENTITY a SYSTEM "{}">]><returnsms>&a;</returnsms>',
    '<!DOCTYPE returnsms SYSTEM "{}"><returnsms/>',
    '<!DOCTYPE returnsms [<!ENTITY % a SYSTEM "{}">%a;]><returnsms/>',
    '<?xml-stylesheet href="{}" type="text/xsl"?><returnsms/>',
    (
        '<returnsms xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{}" parse="text"/>'
        "</returnsms>"
    ),
    (
        '<returnsms xmlns:x="http://www.w3.org/2001/XMLSchema-instance"'
        ' x:noNamespaceSchemaLocation="{}"/>'
    ),
]


@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "utf-32", "hz", "shift_jis"])
def test_a_page_in_an_odd_encoding_is_never_read_as_another_persons(encoding: str) -> None:
    """What its bytes say as UTF-8 or GB18030 is read; else all of it is kept as it came."""
    body = page(box(errorcode="a")).replace("utf-8", encoding).encode(encoding)
    answer = read(body)
    assert answer.boxes == 1
    assert answer.reports in ((), (report(error_code="a"),))


def test_an_unused_namespace_of_the_root_changes_nothing() -> None:
    schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    body = page(box()).replace("<returnsms>", f"<returnsms {schema}>")
    assert read(body).reports == (report(),)


def test_boxes_in_a_namespace_are_kept_and_not_taken_for_ours() -> None:
    foreign = box().replace("statusbox", "a:statusbox")
    answer = read(f'<returnsms xmlns:a="u">{foreign}{box(1)}</returnsms>')
    assert answer.reports == (report(1),)
    assert "15023239810" in answer.unread[0].text


def test_the_gateways_words_stand_in_one_line() -> None:
    """They end in sentences and logs, where a line of their own would be believed."""
    [found] = reports_of(box(errorcode="a\n::error::b"))
    assert found.error_code == "a ::error::b"


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 5000,
        b"<returnsms>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</returnsms>",
        b"<statusbox" * 5000,
        b"<statusbox>" * 5000,
        b"<?xml" * 5000,
        b"<returnsms" * 5000,
        b"<statusbox>" + b"<" * 5000 + b"</statusbox>",
        b"</statusbox>" * 5000,
    ],
)
def test_nesting_and_repetition_are_only_unreadable(body):
    answer = read(body)
    assert answer.reports == ()
    assert answer.unread
    with pytest.raises(UnreadableAnswer):
        decode_balance(body)


def mutate(whole: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace stretches of an answer: (place in thousandths, length, new bytes)."""
    for place, length, new in edits:
        start = len(whole) * place // 1000
        whole = whole[:start] + new + whole[start + length :]
    return whole


ANSWERS = [
    b"100:27349872349823",
    b"7",
    balance_answer().encode(),
    balance_answer(status="Faild", message=REMARKS[2]).encode("gbk"),
    refusal(1, REMARKS[1]).encode(),
    page(box(0), box(1, errorcode="空号"), box(2)).encode(),
    page(box(0), box(1, errorcode="空号")).encode("gbk"),
]
snippets = st.sampled_from(
    [b"", b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"</statusbox>", b"<statusbox>", b"\x00"]
)
edits = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 40), snippets | st.binary(max_size=4)),
    max_size=4,
)
bodies = st.binary(max_size=200) | st.builds(mutate, st.sampled_from(ANSWERS), edits)


@settings(deadline=None, max_examples=100)
@given(bodies)
def test_whatever_comes_a_send_or_balance_answer_is_read_or_unreadable(body):
    for decode in (decode_receipt, decode_balance):
        try:
            answer = decode(body)
        except UnreadableAnswer:
            continue
        assert isinstance(answer, Accepted | Refused | Balance | QueryRefused)


@settings(deadline=None, max_examples=100)
@given(bodies)
def test_whatever_comes_a_page_of_reports_is_kept_without_an_error(body):
    answer = decode_reports(body)
    if isinstance(answer, ReportPage) and not answer.boxes:
        text = body.decode("utf-8", errors="replace")
        assert "<statusbox>" not in text or "<!--" in text


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2), st.integers(0, 1000), snippets | st.binary(max_size=4))
def test_damage_to_one_box_costs_no_other(damaged, place, new):
    boxes = [box(number).encode() for number in range(3)]
    boxes[damaged] = mutate(boxes[damaged], [(place, len(new), new)])
    answer = read(b"<returnsms>" + b"".join(boxes) + b"</returnsms>")
    others = [report(number) for number in range(3) if number != damaged]
    # The damage may make a report of another's number: then that one is there twice.
    assert [each for each in others if each in answer.reports] == others
    assert len(answer.reports) <= 3
