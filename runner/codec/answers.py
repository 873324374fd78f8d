"""The gateway's answers: a receipt or a code, a balance, a page of delivery reports.

Anything that is not one of the document's forms, or of those seen from this family of gateways,
raises ``UnreadableAnswer``; only a page of reports is read box by box, since it is handed out once.
Source: gateway interface, 返回值 of the three calls; seen variants: gateway protocol, "seen".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from lxml import etree

from runner.errors import UnreadableAnswer
from runner.model.outcome import Accepted, Balance, Code, QueryRefused, Refused, Report
from runner.model.recipient import parse_mobile

CHINA_STANDARD_TIME = ZoneInfo("Asia/Shanghai")

_BOM = b"\xef\xbb\xbf"
_RECEIPT = re.compile(rb"(-?\d{1,20}(?:\.\d{1,10})?):(\d{1,20})")
_CODE = re.compile(rb"\d|10")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_BOX = re.compile(r"<(statusbox)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_WRAPPER = re.compile(r"</?returnsms\s*/?>|<\?xml[^>]*\?>", re.IGNORECASE)
_SUCCESS = ("success", "sucess")
_WRONG_CREDENTIALS = ("用户名", "密码")
_DELIVERED = {"10": True, "20": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A piece of a report answer that could not be read: kept, never dropped."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """What one report answer held: the reports, and the pieces nobody could read."""

    reports: tuple[Report, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def boxes(self) -> int:
        """How many reports the gateway handed out, as far as they can be told apart."""
        return len(self.reports) + len(self.unread)


def decode_receipt(body: bytes) -> Accepted | Refused:
    """Read the answer to a send.

    body: the whole answer as received; BOM and white space around it are tolerated.
    Raises UnreadableAnswer for anything that is neither a receipt nor a code of the table: the
    outcome is then unknown.
    Source: gateway interface, 彩信下发接口, 返回值.
    """
    text = body.strip().removeprefix(_BOM).strip()
    if receipt := _RECEIPT.fullmatch(text):
        return Accepted(task_id=receipt[2].decode(), balance=receipt[1].decode())
    if _CODE.fullmatch(text):
        return Refused(code=Code(int(text)))
    raise UnreadableAnswer("neither BALANCE:TASKID nor a code from 0 to 10")


def decode_balance(body: bytes) -> Balance | QueryRefused:
    """Read the answer to a balance query; raises UnreadableAnswer.

    Source: gateway interface, 余额查询接口, 返回值; `Sucess` and `Fail` are seen.
    """
    fields = _fields(_parse(_to_text(body)))
    status = fields.get("returnstatus", "").lower()
    if status in _SUCCESS and fields.get("overage"):
        return Balance(
            left=fields["overage"],
            bought=fields.get("sendtotal") or None,
            payment=fields.get("payinfo") or None,
        )
    if status.startswith("fai"):
        remark = fields.get("message", "")
        return QueryRefused(remark=remark, wrong_credentials=_blames_credentials(remark))
    raise UnreadableAnswer("a balance answer without a status or an amount")


def decode_reports(body: bytes) -> ReportPage | QueryRefused:
    """Read a page of delivery reports, box by box where the whole is damaged.

    Every complete box of an answer that was cut or is malformed is read; the rest comes back as
    ``unread``. An empty body is an empty page (seen).
    Source: gateway interface, 状态报告接口, 返回值.
    """
    text = _to_text(body)
    if not text.strip():
        return ReportPage()
    try:
        root = _parse(text)
    except UnreadableAnswer as error:
        return _salvage(text, str(error))
    if _tag(root) != "returnsms":
        return ReportPage(unread=(Unread(text=text, reason="it is not a returnsms document"),))
    return _read_boxes(root)


def _read_boxes(root: etree._Element) -> ReportPage | QueryRefused:
    reports: list[Report] = []
    unread: list[Unread] = []
    for child in root.iterchildren(tag=etree.Element):
        if _tag(child) == "errorstatus":
            return _read_refusal(child)
        if _tag(child) != "statusbox":
            unread.append(_unread(child, "an element that is no statusbox"))
            continue
        try:
            reports.append(_read_box(child))
        except UnreadableAnswer as error:
            unread.append(_unread(child, str(error)))
    return ReportPage(reports=tuple(reports), unread=tuple(unread))


def _read_refusal(element: etree._Element) -> QueryRefused:
    fields = _fields(element)
    code = fields.get("error", "")
    return QueryRefused(
        remark=fields.get("remark", ""),
        code=int(code) if code.isascii() and code.isdigit() else None,
        wrong_credentials=code in ("1", "2"),
    )


def _read_box(box: etree._Element) -> Report:
    fields = _fields(box)
    mobile = parse_mobile(fields.get("mobile", ""))
    delivered = _DELIVERED.get(fields.get("status", ""))
    task_id = fields.get("taskid", "")
    if mobile is None or delivered is None or not task_id:
        raise UnreadableAnswer("a statusbox without a mobile, a taskid or a status of 10 or 20")
    return Report(
        task_id=task_id,
        mobile=mobile,
        delivered=delivered,
        received_at=_read_time(fields.get("receivetime", "")),
        error_code=fields.get("errorcode", ""),
        extno=fields.get("extno", ""),
    )


def _salvage(text: str, reason: str) -> ReportPage:
    reports: list[Report] = []
    unread: list[Unread] = []
    for box in _BOX.finditer(text):
        try:
            reports.append(_read_box(_parse(box[0])))
        except UnreadableAnswer as error:
            unread.append(Unread(text=box[0], reason=str(error)))
    rest = _WRAPPER.sub("", _BOX.sub("", text)).strip()
    if rest:
        unread.append(Unread(text=rest, reason=reason))
    return ReportPage(reports=tuple(reports), unread=tuple(unread))


def _parse(text: str) -> etree._Element:
    """Parse a document that came from outside: no DOCTYPE, no entities, no network."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(_DECLARATION.sub("", text, count=1).strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableAnswer("it is not well-formed XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableAnswer("it has a DOCTYPE")
    return root


def _to_text(body: bytes) -> str:
    """Decode by what the bytes are: declarations of this family of gateways cannot be trusted."""
    body = body.strip().removeprefix(_BOM)
    for encoding in ("utf-8", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    # Cut within a character, or damaged: what surrounds the damage still counts.
    declared = b"gb" in body[:100].lower()
    return body.decode("gb18030" if declared else "utf-8", errors="replace")


def _fields(element: etree._Element) -> dict[str, str]:
    return {_tag(child): (child.text or "").strip() for child in element}


def _tag(element: etree._Element) -> str:
    # A comment or processing instruction has a function in the place of its tag.
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _unread(element: etree._Element, reason: str) -> Unread:
    return Unread(text=etree.tostring(element, encoding="unicode"), reason=reason)


def _blames_credentials(remark: str) -> bool:
    return all(word in remark for word in _WRONG_CREDENTIALS)


@lru_cache(maxsize=4096)  # thousands of reports share a second
def _read_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA_STANDARD_TIME)
    except ValueError:
        return None
