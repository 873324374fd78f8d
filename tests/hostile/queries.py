"""The tables of balance queries and of polls: what the gateway does, and how each has to end."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

from builders import FIRST, NOW
from hand_written_line import page_of
from peers import answer, chunked, saying

from hostile.scripts import (
    OK,
    drip,
    encoded,
    endless,
    hang_after,
    of_length,
    overage,
    reset_after,
)
from hostile.stage import (
    nobody,
    plain,
    shown,
)

if TYPE_CHECKING:
    from hostile.stage import Script, Setup

from hostile.cases import TASKS, Asking, Kept, Next, Polling
from hostile.submissions import ANSWER, CHUNKED

# ---- a balance query


def _balance(*said: str, **facts: str) -> Setup:
    return plain(saying(answer(overage(*said, **facts))))


def _asking(does: str, setup: Setup, end: Next = Next.ASKS_AGAIN, **facts: Any) -> Asking:
    return Asking(does=does, setup=setup, end=end, **facts)


ASKINGS = (
    _asking("answers", _balance("100"), Next.GOES_ON),
    _asking("answers with a negative balance", _balance("-7", status="Sucess"), Next.GOES_ON),
    _asking(
        "says that the credentials are wrong",
        _balance(status="Faild", message="用户名或密码错误"),
        Next.STOPS,
    ),
    _asking("refuses for another reason", _balance(status="Faild", message="系统繁忙")),
    _asking("does not listen", nobody, heard=0),
    _asking("hangs", plain(hang_after()), hangs=True),
    _asking(
        "answers a byte at a time", plain(drip(b" " * 400, after=of_length(b"", 400))), hangs=True
    ),
    _asking("resets after the request", plain(reset_after())),
    _asking("closes within the answer", plain(saying(of_length(b"<returnsms>", 99)))),
    _asking(
        "announces fewer bytes than it sends",
        plain(saying(of_length(overage("100"), 9))),
    ),
    _asking("answers HTML", plain(saying(answer(b"<html>100:1</html>")))),
    _asking("answers an empty body", plain(saying(answer(b"")))),
    _asking("answers a receipt", plain(saying(ANSWER))),
    _asking("answers HTTP 204", plain(saying(answer(b"", "204 No Content")))),
    _asking("redirects", plain(saying(answer(b"", "307 Moved", "Location: /elsewhere")))),
    _asking("answers HTTP 502", plain(saying(answer(b"", "502 Bad Gateway")))),
    _asking("sends a body without end", plain(endless(OK + b"\r\n", b" "))),
    _asking("sends a gzip bomb", plain(saying(encoded(gzip.compress(b" " * 50_000_000), "gzip")))),
    _asking("shows a certificate that is expired", shown("expired", saying(ANSWER)), heard=0),
)

# ---- a poll

_OPEN, _CLOSE = b"<returnsms>", b"</returnsms>"
_BOXES = [
    page_of(TASKS[n // 2], [FIRST + n], at=NOW).removeprefix(_OPEN).removesuffix(_CLOSE)
    for n in range(4)
]
PAGE = _OPEN + b"".join(_BOXES) + _CLOSE
_HALF = _OPEN + _BOXES[0] + _BOXES[1] + _BOXES[2][:40]  # two whole reports and some of the third

WHOLE = Kept(applied=4, halved=False)
NOTHING = Kept(kept=False)
CUT = Kept(applied=2, unread=1)
REFUSAL = "<returnsms><errorstatus><error>{}</error><remark>no</remark></errorstatus></returnsms>"


def _polling(does: str, script: Script, end: Kept, *, hangs: bool = False) -> Polling:
    return Polling(does=does, setup=plain(script), end=end, hangs=hangs)


def _unasked(does: str, setup: Setup) -> Polling:
    return Polling(does=does, setup=setup, end=Kept(kept=False, halved=False), heard=0)


def _refusal(code: int) -> Polling:
    said = answer(REFUSAL.format(code).encode())
    end = Kept(halved=False, goes_on=False)
    return _polling(f"refuses with error {code}", saying(said), end)


POLLINGS = (
    _polling("answers", saying(answer(PAGE)), WHOLE),
    _polling("answers in chunks", saying(chunked(PAGE[:50], PAGE[50:])), WHOLE),
    _polling("compresses its answer", saying(encoded(gzip.compress(PAGE), "gzip")), WHOLE),
    _polling("answers an empty body", saying(answer(b"")), Kept(kept=False, halved=False)),
    _unasked("does not listen", nobody),
    _unasked("shows a certificate that is expired", shown("expired", saying(answer(PAGE)))),
    _polling("hangs after the request", hang_after(), NOTHING, hangs=True),
    _polling("resets after the request", reset_after(), NOTHING),
    _polling("closes after the headers", saying(of_length(b"", len(PAGE))), NOTHING),
    _polling("hangs within the answer", hang_after(of_length(_HALF, len(PAGE))), CUT, hangs=True),
    _polling("closes within the answer", saying(of_length(_HALF, len(PAGE))), CUT),
    _polling(
        "closes within an answer without an announced end",
        saying(OK + b"\r\n" + _HALF),
        Kept(applied=2, unread=1),
    ),
    _polling("resets within the answer", reset_after(of_length(_HALF, len(PAGE))), CUT),
    _polling("closes within the chunks", saying(chunked(_HALF, end=b"")), CUT),
    _polling("sends chunks that are none", saying(CHUNKED + _HALF), CUT),
    _polling(
        "closes between two reports",
        saying(of_length(_OPEN + _BOXES[0], len(PAGE))),
        Kept(applied=1),
    ),
    _polling(
        "answers a byte at a time",
        drip(PAGE, after=of_length(b"", len(PAGE))),
        Kept(unread=1),
        hangs=True,
    ),
    _polling(
        "announces fewer bytes than it sends",
        saying(of_length(PAGE, len(PAGE) // 2)),
        Kept(applied=4),
    ),
    _polling("announces no bytes and sends a page", saying(of_length(PAGE, 0)), Kept(applied=4)),
    _polling("announces more bytes than it sends", saying(of_length(PAGE, 9999)), Kept(applied=4)),
    _polling(
        "announces two lengths",
        saying(of_length(PAGE, f"{len(PAGE)}\r\nContent-Length: 4")),
        Kept(applied=4),
    ),
    _polling(
        "answers twice at once", saying(answer(PAGE) + answer(PAGE)), Kept(applied=4, unread=1)
    ),
    _polling("answers a page without HTTP", saying(PAGE), Kept(applied=4)),
    _polling("closes within the headers", saying(OK + b"Content-Le"), NOTHING),
    _polling(
        "announces a length that is no number", saying(of_length(PAGE, "many")), Kept(applied=4)
    ),
    _polling("answers HTML", saying(answer(b"<html>Error: 100:1</html>")), Kept(unread=1)),
    _polling("answers a receipt", saying(ANSWER), Kept(unread=1)),
    _polling(
        "answers one report that cannot be read",
        saying(answer(PAGE.replace(b"<status>10<", b"<status>99<", 1))),
        Kept(applied=3, unread=1),
    ),
    _polling(
        "answers a page that is not well-formed",
        saying(answer(PAGE[:-3])),
        Kept(applied=4, unread=1),
    ),
    _polling("answers HTTP 204", saying(answer(b"", "204 No Content")), NOTHING),
    _polling("answers HTTP 502", saying(answer(b"", "502 Bad Gateway")), NOTHING),
    _polling("answers HTTP 500 with a page", saying(answer(PAGE, "500 Odd")), WHOLE),
    _polling("redirects with a page", saying(answer(PAGE, "302 Found", "Location: /else")), WHOLE),
    _polling(
        "sends gzip that is cut", saying(encoded(gzip.compress(PAGE)[:-8], "gzip")), Kept(applied=4)
    ),
    _polling("says gzip and sends text", saying(encoded(PAGE, "gzip")), Kept(applied=4)),
    _polling(
        "sends a page and then blanks without end",
        endless(OK + b"\r\n" + PAGE, b" "),
        Kept(applied=4),
    ),
    _polling(
        "sends a page in a gzip bomb",
        saying(encoded(gzip.compress(PAGE + b" " * 50_000_000), "gzip")),
        Kept(applied=4),
    ),
    *(_refusal(code) for code in (1, 2, 3, 4)),
)
