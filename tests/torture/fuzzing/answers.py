"""Judges of what is made of a gateway's answers, each by a second reading without our codec."""

from __future__ import annotations

import re
import zlib
from collections import Counter

from runner.codec.answers import ReportPage, decode_balance, decode_receipt, decode_reports
from runner.errors import UnreadableAnswer
from runner.gateway.answer import inflate, salvage
from runner.model.outcome import Accepted, Balance, QueryRefused, Refused, Report
from torture.fuzzing.target import Target, hold

_CAP = 20_000  # bytes, in the place of 64 MB

_BOX = (
    b"<statusbox><mobile>15023239810</mobile><taskid>1212</taskid><status>10</status>"
    b"<receivetime>2011-12-02 22:12:11</receivetime><errorcode>DELIVRD</errorcode></statusbox>"
)
_OTHER_BOX = (
    b"<statusbox>\n<extno>01</extno><status> 20 </status><mobile>+8613800138000</mobile>"
    b"<taskid>00012</taskid><errorcode>\xe7\xa9\xba\xe5\x8f\xb7</errorcode></statusbox>"
)
_DECLARATION = b'<?xml version="1.0" encoding="utf-8" ?>'
_SHORT_BOXES = [
    b"<statusbox><mobile>1380013800%d</mobile><taskid>%d</taskid><status>%d</status></statusbox>"
    % (number, number // 2, 10 + 10 * (number % 2))
    for number in range(4)
]
_PAGE = _DECLARATION + b"<returnsms>\n" + _BOX + b"\n" + _OTHER_BOX + b"</returnsms>"
_BALANCE = (
    b"<returnsms><returnstatus>Success</returnstatus><message></message>"
    b"<payinfo>\xe9\xa2\x84\xe4\xbb\x98\xe8\xb4\xb9</payinfo><overage>100.5</overage>"
    b"<sendTotal>300</sendTotal></returnsms>"
)
_FAILED = b"<returnsms><returnstatus>Faild</returnstatus><message>busy</message></returnsms>"
_REFUSED = (
    b"<returnsms><errorstatus><error>2</error><remark>\xd3\xc3\xbb\xa7</remark>"
    b"</errorstatus></returnsms>"
)
_XML = (
    *(b"<returnsms>", b"</returnsms>", b"<returnsms/>", b"<statusbox>", b"</statusbox>"),
    *(b"<statusbox ", b"</statusbox >", b"<STATUSBOX>", b"<mobile>", b"</mobile>", b"<taskid>"),
    *(b"</taskid>", b"<status>", b"</status>", b"<errorcode>", b"</errorcode>", b"<extno>"),
    *(b"<errorstatus>", b"<error>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?xml ", b"?>"),
    *(b"<!DOCTYPE a [", b'<!ENTITY b "c">', b"&b;", b"&lt;", b"&#60;", b"&#x9b;", b"xmlns='u'"),
    *(b"xmlns:a='u'", b"<a:", b"encoding='utf-7'", b"encoding='utf-16'", b"<xi:include", b"\0"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\x81", b"\xe7", b"15023239810", b"10", b"20"),
)

# A box that nobody could read in another way: plain fields, each once, nothing around their texts.
_PLAIN_BOX = re.compile(
    rb"<statusbox>\s*((?:<([a-z]+)>[0-9A-Za-z\x80-\xff :-]*</\2>\s*)*)</statusbox>"
)
_PLAIN_FIELD = re.compile(rb"<([a-z]+)>([^<]*)</")
_OTHER_VOICES = (b"<!--", b"<![CDATA[", b"<?", b"<!DOCTYPE")  # in which a box may be no box


def _judge_receipt(body: bytes) -> None:
    """A receipt is two numbers around a colon, by a reader that knows no regular expression."""
    try:
        answer = decode_receipt(body)
    except UnreadableAnswer:
        answer = None
    text = body.strip().removeprefix(b"\xef\xbb\xbf").strip()
    balance, colon, task = text.partition(b":")
    whole, point, part = balance.removeprefix(b"-").partition(b".")
    is_receipt = colon and _is_count(whole, 20) and _is_count(task, 20)
    if is_receipt and (_is_count(part, 10) if point else True):
        expected = Accepted(task_id=task.decode(), balance=balance.decode())
        hold(answer == expected, f"a receipt is read as {answer}")
    elif text in {b"%d" % code for code in range(11)}:
        hold(isinstance(answer, Refused) and answer.code == int(text), f"a code is {answer}")
    else:
        hold(answer is None, f"what is neither a receipt nor a code is read as {answer}")


def _is_count(text: bytes, longest: int) -> bool:
    return 0 < len(text) <= longest and all(digit in b"0123456789" for digit in text)


def _judge_balance(body: bytes) -> None:
    """What is left is told only where both words stand in the answer."""
    try:
        answer = decode_balance(body)
    except UnreadableAnswer:
        return
    plain = b"&" not in body and b"<![CDATA[" not in body and b"<!--" not in body
    if isinstance(answer, Balance):
        hold(re.fullmatch(r"-?[0-9.]+", answer.left), f"an amount is {answer.left!r}")
        hold(re.search(rb"(?i)suc+ess", body) or not plain, "a success that nobody told")
        hold(answer.left.encode() in body or not plain, "an amount that nobody told")
    else:
        hold(re.search(rb"(?i)fai", body) or not plain, "a failure that nobody told")
    told = repr(answer)
    hold(len(told) <= 8 * len(body) + 200, "an answer grew while it was read")


def _judge_reports(body: bytes) -> None:
    """No whole box is lost, none is invented, nothing grows, and twice read is the same."""
    answer = decode_reports(body)
    hold(answer == decode_reports(body), "read twice, an answer is two things")
    plain = _read_plain_boxes(body)
    if isinstance(answer, QueryRefused):
        hold(b"errorstatus" in body.lower() or b"&" in body, "a refusal that nobody told")
        hold(not plain, "a refusal takes the place of boxes")
        return
    _judge_page(answer, plain, body)


def _judge_page(page: ReportPage, plain: Counter[tuple[str, int, bool]], body: bytes) -> None:
    found = Counter(map(_name_report, page.reports))
    kept = "\n".join(piece.text for piece in page.unread)
    lost = plain - found - Counter(_read_plain_boxes(kept.encode(errors="replace")))
    hold(not lost, f"lost: {lost}")
    hold(
        len(page.reports) <= len(re.findall(rb"(?i)<statusbox", body)),
        "more reports than boxes in the answer",
    )
    most = 6 * len(body) + 400 * len(page.unread) + 100
    hold(len(kept) <= most, "what cannot be read grew")
    hold(sum(map(_weigh, page.reports)) <= len(body), "what was read grew")
    hold(page.boxes or not body.strip() or len(kept) <= len(body), "an answer vanished")


def _read_plain_boxes(body: bytes) -> Counter[tuple[str, int, bool]]:
    """Count the reports of all boxes that can be read in one way only; none where in doubt."""
    text = re.sub(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^<>]*\?>", b"", body)
    if any(voice in text for voice in _OTHER_VOICES):
        return Counter()
    reports: Counter[tuple[str, int, bool]] = Counter()
    for box in _PLAIN_BOX.finditer(text):
        fields = [(name, b" ".join(value.split())) for name, value in _PLAIN_FIELD.findall(box[1])]
        known = dict(fields)
        task, mobile = known.get(b"taskid", b""), known.get(b"mobile", b"")
        status = known.get(b"status", b"")
        is_sound = re.fullmatch(rb"1[3-9][0-9]{9}", mobile) and status in {b"10", b"20"}
        if is_sound and task and task.isascii() and len(known) == len(fields):
            reports[task.decode(), int(mobile), status == b"10"] += 1
    return reports


def _name_report(report: Report) -> tuple[str, int, bool]:
    return report.task_id, report.mobile, report.delivered


def _weigh(report: Report) -> int:
    return len(report.task_id) + len(report.error_code) + len(report.extno)


def _judge_broken_off(wire: bytes) -> None:
    """Of an answer that broke off, the body is what followed the head, unless it was packed.

    What does not begin as HTTP does is all body: whoever said it left the head out.
    """
    answer = salvage(wire, _CAP, why="cut")
    hold(answer == salvage(wire, _CAP, why="cut"), "salvaged twice, an answer is two things")
    if answer is not None:
        hold(answer.body and not answer.complete, "an empty or a whole answer was salvaged")
        hold(len(answer.body) <= _CAP + len(wire), "an answer grew beyond its cap")
    head = re.search(rb"\r?\n\r?\n", wire)
    lower = wire.lower()
    if b"chunked" not in lower and b"content-encoding" not in lower and b" 100" not in wire:
        after_head = wire[head.end() :] if head else b""
        body = after_head if wire.startswith(_HTTP[: len(wire)]) else wire
        hold((answer.body if answer else b"") == body, "the body is not what followed the head")
    _judge_inflated(wire)


def _judge_inflated(data: bytes) -> None:
    inflated = inflate(data, _CAP)
    hold(len(inflated.body) <= _CAP + len(data), "a bomb went off")
    stream = zlib.decompressobj(47)
    try:
        whole = stream.decompress(data, _CAP)
    except zlib.error:
        return
    if stream.eof and not stream.unused_data:
        hold(inflated.complete and inflated.body == whole, "a whole body was not taken as whole")


def _pack(data: bytes, wbits: int) -> bytes:
    stream = zlib.compressobj(wbits=wbits)
    return stream.compress(data) + stream.flush()


_HTTP = b"HTTP/"
_HEAD = _HTTP + b"1.1 200 OK\r\nContent-Type: text/xml\r\n"
_CHUNKS = b"5\r\n<retu\r\n" + b"%x\r\n%s" % (40, _PAGE[5:30])

ANSWERS = {
    "receipt": Target(
        judge=_judge_receipt,
        seeds=(
            *(b"100:27349872349823", b"-12.50:1\r\n", b"\xef\xbb\xbf 7", b"10", b"11"),
            *(b"%s:%s" % (b"9" * whole, b"8" * task) for whole in (20, 21) for task in (20, 21)),
            *(b"1.%s:1" % (b"5" * digits) for digits in (10, 11)),
        ),
        words=(b"\xef\xbb\xbf", b"\r\n", b"10", b":", b"-", b".", b"0", b"\xb2", b"\xa0"),
        runs=300_000,
        longest=64,
        is_answer=True,
    ),
    "balance": Target(
        judge=_judge_balance,
        seeds=(_DECLARATION + _BALANCE, _FAILED),
        words=(b"<overage>", b"</overage>", b"<returnstatus>", b"Sucess", b"fail", *_XML),
        runs=75_000,
        longest=512,
        is_answer=True,
    ),
    "reports": Target(
        judge=_judge_reports,
        seeds=(
            *(_PAGE, _PAGE[:-40], _BOX + _OTHER_BOX, _REFUSED, b"<returnsms/>", b""),
            *(b"".join(_SHORT_BOXES), b"<returnsms>" + b"x".join(_SHORT_BOXES) + b"</returnsms>"),
            b"<returnsms>" + b"<".join(_SHORT_BOXES) + b"</returnsms>",
            _SHORT_BOXES[0][:-12] + b"".join(_SHORT_BOXES[1:]),
        ),
        words=_XML,
        runs=60_000,
        longest=1024,
        is_answer=True,
    ),
    "broken-off": Target(
        judge=_judge_broken_off,
        seeds=(
            _HEAD + b"\r\n" + _PAGE[:50],
            _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + _CHUNKS,
            _HEAD + b"Content-Encoding: gzip\r\n\r\n" + _pack(_PAGE, 31),
            b"HTTP/1.1 100 Continue\r\n\r\n" + _HEAD + b"\r\n1",
            _pack(_PAGE, 15),
            _pack(b"a" * 30_000, 31),
        ),
        words=(
            *(b"HTTP/1.1 100 \r\n\r\n", b"\r\n\r\n", b"\n\n", b"Content-Encoding: deflate\r\n"),
            *(b"Transfer-Encoding: chunked\r\n", b"0\r\n", b"ffffffff\r\n", b"; x\r\n", b"x-gzip"),
        ),
        runs=75_000,
        longest=1024,
        is_answer=True,
    ),
}
