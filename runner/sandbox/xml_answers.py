"""The XML of the balance and report answers, as the document prints it.

Source: gateway interface, 余额查询接口 and 状态报告接口, 返回值.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape  # writes only; nothing here parses XML

from runner.sandbox.china_time import write_time
from runner.sandbox.faults import Kind
from runner.sandbox.replies import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.sandbox.reports import Report

REMARKS = {
    1: "用户名或密码不能为空",
    2: "用户名或密码错误",
    3: "该用户不允许查看状态报告",
    4: "参数不正确",
}

_PREPAID = "预付费"
_BUSY = "系统繁忙"
_STATUS_WORDS: Mapping[Kind | None, str] = {Kind.SUCESS: "Sucess", Kind.LOWER: "success"}
_ODD_BALANCES: Mapping[Kind | None, str] = {Kind.NEGATIVE: "-12", Kind.DECIMAL: "99.50"}


def balance_answer(left: int, bought: int, kind: Kind | None) -> Answer:
    """Answer a balance query, in the manner that the fault wants."""
    if kind is Kind.FAILD:
        return balance_refused(_BUSY)
    return _balance(
        status=_STATUS_WORDS.get(kind, "Success"),
        overage=_ODD_BALANCES.get(kind, f"{left}"),
        bought=f"{bought}",
    )


def balance_refused(message: str) -> Answer:
    """Answer a balance query that fails, with the reason."""
    return _balance(status="Faild", message=message)


def reports_answer(reports: Sequence[Report], kind: Kind | None) -> Answer:
    """Answer a report query; gb2312, BOM, CDATA and the two cuts are the fault's wish."""
    boxes = [_box(report, _cdata if kind is Kind.CDATA else escape) for report in reports]
    whole = _document(*boxes)
    match kind:
        case Kind.GB2312:
            text = whole.replace('encoding="utf-8"', 'encoding="gb2312"')
            return Answer(body=text.encode("gbk"), content_type="text/xml; charset=gb2312")
        case Kind.BOM:
            return _xml("\ufeff\r\n" + whole)
        case Kind.SHORT:
            return _xml(_first_part(boxes))
        case Kind.CUT:
            sent = _first_part(boxes)
            return _xml(sent, missing=len(whole.encode()) - len(sent.encode()))
        case _:
            return _xml(whole)


def reports_refused(code: int) -> Answer:
    """Answer a report query that fails."""
    inner = f"<error>{code}</error>\n<remark>{REMARKS[code]}</remark>"
    return _xml(_document(f"<errorstatus>\n{inner}\n</errorstatus>"))


def _balance(*, status: str, message: str = "", overage: str = "", bought: str = "") -> Answer:
    return _xml(
        _document(
            f"<returnstatus>{status}</returnstatus>",
            f"<message>{message}</message>",
            f"<payinfo>{_PREPAID if overage else ''}</payinfo>",
            f"<overage>{overage}</overage>",
            f"<sendTotal>{bought}</sendTotal>",
        )
    )


def _box(report: Report, write: Callable[[str], str]) -> str:
    values = {
        "mobile": report.mobile,
        "taskid": report.task_id,
        "status": f"{report.status}",
        "receivetime": write_time(report.received_at),
        "errorcode": report.errorcode,
        "extno": report.extno,
    }
    lines = [f"<{name}>{write(value)}</{name}>" for name, value in values.items()]
    return "\n".join(["<statusbox>", *lines, "</statusbox>"])


def _cdata(value: str) -> str:
    return " <![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>\r\n"


def _document(*elements: str) -> str:
    declaration = '<?xml version="1.0" encoding="utf-8" ?>'
    return "\n".join([declaration, "<returnsms>", *elements, "</returnsms>", ""])


def _first_part(boxes: Sequence[str]) -> str:
    """Break the document off in the box in its middle, so that whole ones stand before it."""
    middle = len(boxes) // 2
    cut_box = [box[: len(box) // 2] for box in boxes[middle : middle + 1]]
    return _document(*boxes[:middle], *cut_box).removesuffix("\n</returnsms>\n")


def _xml(text: str, *, missing: int = 0) -> Answer:
    return Answer(
        body=text.encode(),
        content_type="text/xml; charset=utf-8",
        missing=missing,
    )
