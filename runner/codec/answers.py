"""The gateway's answers: a receipt or a code, a balance, a page of delivery reports.

Anything that is not one of the document's forms, or of those seen from this family of gateways,
raises ``UnreadableAnswer``; only a page of reports is read box by box, since it is handed out once.
Source: gateway interface, 返回值 of the three calls; seen variants: gateway protocol, "seen".
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lxml import etree

from runner.errors import UnreadableAnswer
from runner.language import N_
from runner.model.outcome import Accepted, Balance, Code, QueryRefused, Refused, Report
from runner.model.recipient import mask_mobiles, parse_mobiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CHINA_STANDARD_TIME = ZoneInfo("Asia/Shanghai")

_BOM = b"\xef\xbb\xbf"
_RECEIPT = re.compile(rb"(-?\d{1,20}(?:\.\d{1,10})?):(\d{1,20})")
_CODE = re.compile(rb"\d|10")
_OTHER_CODE = re.compile(rb"-?\d{1,5}")
_AMOUNT = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,10})?")
_QUERY_CODE = re.compile(r"[0-9]{1,4}")
_DECLARATION = re.compile(r"\A\s*<\?xml[^<>]*\?>")
# Up to its own end and not into another: a box that was damaged must not swallow the next.
# Possessive: what matched is never tried again, so that megabytes of tags need no memory.
_BOX = re.compile(
    r"<statusbox(?:\s[^<>]*)?>[^<]*+(?:<(?!/?statusbox[\s/>])[^<]*+)*+</statusbox\s*>",
    re.IGNORECASE,
)
_WRAPPER = re.compile(r"</?returnsms\s*/?>|<\?xml[^<>]*\?>", re.IGNORECASE)
_OPENED = re.compile(r"<returnsms\s*>", re.IGNORECASE)
_CLOSED = re.compile(r"(?:</returnsms\s*>|<returnsms\s*/>)\s*\Z", re.IGNORECASE)
_SUCCESS = ("success", "sucess")
_WRONG_CREDENTIALS = ("用户名", "密码")
_END_OF_BOX = "</statusbox>"
_PIECE = 32_000  # characters
_FIELDS = ("mobile", "taskid", "status", "receivetime", "errorcode", "extno")
_DELIVERED = {"10": True, "20": False}
_MOST_TAGS = 300_000  # twice what 10,000 boxes have; the tree of a larger one takes gigabytes
_LONGEST_NAMES = 300  # characters of namespaces; each piece that cannot be read repeats them
_TIME = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})", re.ASCII)
_FIRST_YEAR = 2000  # 0001 and 1900 are what the gateway's kind of database writes for "no time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A piece of a report answer that could not be read: kept, never dropped."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """What one report answer held: the reports, and the pieces nobody could read.

    cut: the document has no end, so reports may be lost of which not one byte came.
    """

    reports: tuple[Report, ...] = ()
    unread: tuple[Unread, ...] = ()
    cut: bool = False

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
    if _OTHER_CODE.fullmatch(text):
        raise UnreadableAnswer(N_("{code} is none of the codes 0 to 10").format(code=text.decode()))
    raise UnreadableAnswer(N_("neither BALANCE:TASKID nor a code from 0 to 10"))


def decode_balance(body: bytes) -> Balance | QueryRefused:
    """Read the answer to a balance query; raises UnreadableAnswer.

    Source: gateway interface, 余额查询接口, 返回值; `Sucess` and `Fail` are seen.
    """
    fields = _fields(_parse_document(_to_text(body)))
    status = fields.get("returnstatus", "").lower()
    left = fields.get("overage", "")
    if status in _SUCCESS and _AMOUNT.fullmatch(left):
        return Balance(
            left=left,
            bought=mask_mobiles(fields.get("sendtotal", "")) or None,
            payment=mask_mobiles(fields.get("payinfo", "")) or None,
        )
    if status.startswith("fai"):
        remark = mask_mobiles(fields.get("message", ""))
        return QueryRefused(remark=remark, wrong_credentials=_blames_credentials(remark))
    raise UnreadableAnswer(N_("a balance answer without a status or an amount"))


def decode_reports(body: bytes) -> ReportPage | QueryRefused:
    """Read a page of delivery reports, box by box where the whole is damaged.

    Every complete box of an answer that was cut or is malformed is read; the rest comes back as
    ``unread``. An empty body is an empty page (seen). Whatever the bytes, this raises nothing.
    Source: gateway interface, 状态报告接口, 返回值.
    """
    text = _to_text(body)
    if not text.strip():
        return ReportPage()
    try:
        return _read_sound(text) or _read_document(_parse_document(text))
    except UnreadableAnswer as error:
        return _salvage(text, str(error))


def _read_sound(text: str) -> ReportPage | None:
    """Read a page of which everything is a sound box; None where something else is in it.

    In pieces, which take the memory of one and stay near the processor; and without the blanks
    between the elements, which only a piece that is kept must show.
    """
    reports: list[Report] = []
    reader = _BoxReader()
    try:
        for piece in _cut(text):
            root = _parse_document(piece, blanks=False)
            columns = _find_columns(root)
            if columns is None:
                if _find_stray_text(root):
                    return None
                columns = _gather_columns(root)
            reports += reader.read_columns(columns)
    except UnreadableAnswer:
        return None
    return ReportPage(reports=tuple(reports))


def _cut(text: str) -> Iterator[str]:
    """Cut a page behind boxes into pages of some hundred.

    Where it must not be cut, as in a comment or another element, the pieces are no documents.
    """
    start, opening = 0, ""
    while (cut := text.find(_END_OF_BOX, start + _PIECE)) >= 0:
        end = cut + len(_END_OF_BOX)
        yield f"{opening}{text[start:end]}</returnsms>"
        start, opening = end, "<returnsms>"
    yield f"{opening}{text[start:]}"


def _find_columns(root: etree._Element) -> Sequence[Sequence[str]] | None:
    """Give what stands in each of `_FIELDS` in all boxes; None where they are not built alike.

    Quicker than box by box, and as strict: written with what was found, a page of such boxes must
    be the very document, so that each text stands where it was looked for, and nothing beside.
    """
    if not len(root) or _tag(root[0]) != "statusbox":
        return None
    tags = [element.tag for element in root[0].iter()]
    texts = [element.text or "" for element in root.iter()]
    columns = {tag.lower(): texts[place :: len(tags)] for place, tag in enumerate(tags, start=1)}
    alike = len(columns) == len(tags) and len(texts) == 1 + len(root) * len(tags)
    if not alike or _write_page(root.tag, tags, texts[1:]) != _write(root):
        return None
    return [columns.get(name) or [""] * len(root) for name in _FIELDS]


def _gather_columns(boxes: Iterable[etree._Element]) -> Sequence[Sequence[str]]:
    """Give the same of boxes of any kind, one by one; raises UnreadableAnswer."""
    found = []
    for box in boxes:
        if _tag(box) != "statusbox":
            raise UnreadableAnswer(N_("an element that is no statusbox"))
        found.append(_find_fields(box))
    return [[fields.get(name) or "" for fields in found] for name in _FIELDS]


def _write_page(root: str, tags: Sequence[str], texts: Sequence[str]) -> str:
    """Write a page as `_write` would. tags: of each box and its fields; texts: of all of them."""
    box, *fields = tags
    form = "".join(f"<{field}>%s</{field}>" for field in fields)
    page = f"<{box}>%s{form}</{box}>" * (len(texts) // len(tags)) % tuple(texts)
    for place, field in enumerate(fields, start=1):
        if "" in texts[place :: len(tags)]:
            page = page.replace(f"<{field}></{field}>", f"<{field}/>")
    return f"<{root}>{page}</{root}>"


def _write(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)


def _read_document(root: etree._Element) -> ReportPage | QueryRefused:
    by_tag = {_tag(child): child for child in root}
    if "errorstatus" in by_tag and "statusbox" not in by_tag:
        return _read_refusal(by_tag["errorstatus"])
    reports: list[Report] = []
    unread = _find_stray_text(root)
    reader = _BoxReader()
    for child in root:
        try:
            reports.append(reader.read(child))
        except UnreadableAnswer as error:
            unread.append(Unread(text=_write(child), reason=str(error)))
    return ReportPage(reports=tuple(reports), unread=tuple(unread))


def _read_refusal(element: etree._Element) -> QueryRefused:
    fields = _fields(element)
    error = fields.get("error", "")
    code = int(error) if _QUERY_CODE.fullmatch(error) else None
    return QueryRefused(
        remark=mask_mobiles(fields.get("remark", "")), code=code, wrong_credentials=code in (1, 2)
    )


def _find_stray_text(root: etree._Element) -> list[Unread]:
    pieces = (root.text, *(child.tail for child in root))
    stripped = ((piece or "").strip() for piece in pieces)
    return [Unread(text=piece, reason=N_("text beside the boxes")) for piece in stripped if piece]


class _BoxReader:
    """Reads the boxes of one page; what thousands of them share is made once."""

    def __init__(self) -> None:
        self._to_line = cache(_to_line)
        self._read_status = cache(_read_status)
        self._read_time = cache(_read_time)

    def read(self, box: etree._Element) -> Report:
        """Make a report of a box; raises UnreadableAnswer."""
        [report] = self.read_columns(_gather_columns([box]))
        return report

    def read_columns(self, columns: Sequence[Sequence[str]]) -> Sequence[Report]:
        """Make the reports of boxes of which all texts of a field stand together, as in `_FIELDS`.

        Raises UnreadableAnswer where one of them is none.
        """
        mobiles, tasks, statuses, times, error_codes, extnos = columns
        to_line = self._to_line
        numbers = parse_mobiles(list(map(_to_line, mobiles)))  # hardly ever the same
        delivered = list(map(self._read_status, statuses))
        task_ids = list(map(to_line, tasks))
        if None in numbers or None in delivered or "" in task_ids:
            raise UnreadableAnswer(
                N_("a statusbox without a mobile, a taskid or a status of 10 or 20")
            )
        received = map(self._read_time, times)
        rest = map(to_line, error_codes), map(to_line, extnos)
        return list(map(Report, task_ids, numbers, delivered, received, *rest))


def _salvage(text: str, reason: str) -> ReportPage:
    reports: list[Report] = []
    unread: list[Unread] = []
    reader = _BoxReader()
    for box in _BOX.finditer(text):
        try:
            reports.append(reader.read(_parse(box[0])))
        except UnreadableAnswer as error:
            unread.append(Unread(text=box[0], reason=str(error)))
    rest = _WRAPPER.sub("", _BOX.sub("", text)).strip()
    if rest:
        unread.append(Unread(text=rest, reason=reason))
    # A declaration alone is the beginning of a document too.
    begun = not (reports or unread) or _OPENED.search(text)
    cut = bool(begun) and not _CLOSED.search(text)
    return ReportPage(reports=tuple(reports), unread=tuple(unread), cut=cut)


def _parse_document(text: str, *, blanks: bool = True) -> etree._Element:
    if text.count("<") > _MOST_TAGS:
        raise UnreadableAnswer(N_("it holds more than any query asks for"))
    root = _parse(_DECLARATION.sub("", text, count=1).strip(), blanks=blanks)
    if _tag(root) != "returnsms":
        raise UnreadableAnswer(N_("it is not a returnsms document"))
    if sum(len(prefix or "") + len(name) for prefix, name in root.nsmap.items()) > _LONGEST_NAMES:
        raise UnreadableAnswer(N_("it declares long namespaces"))
    return root


def _parse(text: str, *, blanks: bool = True) -> etree._Element:
    """Parse what came from outside: no DOCTYPE, so no entities, and no network.

    blanks: whether to keep the white space that stands between two elements.
    """
    if "<!DOCTYPE" in text:
        raise UnreadableAnswer(N_("it has a DOCTYPE"))
    parser = etree.XMLParser(
        encoding="utf-8",  # it was decoded already: nobody guesses a second time
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=not blanks,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableAnswer(N_("it is not well-formed XML")) from error


def _to_text(body: bytes) -> str:
    """Decode by what the bytes are: declarations of this family of gateways cannot be trusted."""
    body = body.strip().removeprefix(_BOM)
    for encoding in ("utf-8", "gb18030"):
        try:
            getincrementaldecoder(encoding)().decode(body)  # a last character may be cut
        except UnicodeDecodeError:
            continue
        return body.decode(encoding, errors="replace")
    # Damaged: what surrounds the damage still counts.
    declared = b"gb" in body[:100].lower()
    return body.decode("gb18030" if declared else "utf-8", errors="replace")


def _fields(element: etree._Element) -> dict[str, str]:
    """Give the texts of an element's children by their tags."""
    return {tag: _to_line(text) for tag, text in _find_fields(element).items()}


def _find_fields(element: etree._Element) -> dict[str, str | None]:
    """Give what stands in an element's children by their tags: each once, and holding no more."""
    children = element[:]  # type: ignore[index] # takes half as long as `list`
    fields = {child.tag.lower(): child.text for child in children}
    if len(fields) < len(children) or any(map(len, children)):
        raise UnreadableAnswer(N_("a field that stands twice or holds another"))
    return fields


def _to_line(text: str | None) -> str:
    """Put a text in one line: it ends in sentences and logs, where others would be believed."""
    return " ".join((text or "").split())


def _tag(element: etree._Element) -> str:
    return element.tag.lower()


def _blames_credentials(remark: str) -> bool:
    return all(word in remark for word in _WRONG_CREDENTIALS)


def _read_status(text: str | None) -> bool | None:
    return _DELIVERED.get(_to_line(text))


def _read_time(text: str | None) -> datetime | None:
    time = _TIME.fullmatch(_to_line(text))
    if time is None:
        return None
    year, month, day, hour, minute, second = map(int, time.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=CHINA_STANDARD_TIME)
    except ValueError:
        return None
    return moment if moment.year >= _FIRST_YEAR else None
