"""Faults on demand: a small language for what shall go wrong, and the book that says when.

    CALL:WHICH=EFFECT[xTIMES]

    CALL    send | balance | report
    WHICH   N    the N-th such request from now on (with xTIMES: that many in a row)
            *    every one (with xTIMES: the first so many)
            P%   a share of them, drawn by the seed
    TIMES   how often at most; 1 for N, without end for * and P%

    send:2=timeout-after      the second send is taken and never answered
    send:*=7x3                the first three sends are answered 7
    send:10%=reset-after      one in ten is taken, and its connection reset
    report:1=cut              the first answer with reports breaks off in the middle of one

Effects of a send. Those in the first line take no message; behind `taken-` they take it first:
    CODE (0 to 99)  http-STATUS  html  empty  garbage
    timeout-before  reset-before   reads the request, takes nothing, answers nothing
    timeout-after   reset-after    takes it, answers nothing
    cut                            takes it, sends less of the receipt than it announced
    padded                         takes it, answers with a BOM and white space around
Effects of a balance query:
    http-STATUS  html  empty  garbage  timeout  reset
    faild  sucess  lower           the status `Faild`, `Sucess`, `success`
    negative  decimal              what is left is -12, or has a fraction
Effects of a report query. Those in the first two lines hand out nothing, so nothing is lost:
    http-STATUS  html  empty  garbage  timeout  reset
    error-1 to error-4
    cut                            hands out, and the connection ends inside a box
    short                          hands out, and a whole answer ends inside a box
    timeout-after   reset-after    hands out, and answers nothing: the reports are lost
    gb2312  bom  cdata             hands out, and writes the XML in that manner

Where several faults hit one request the one that was added first has it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING

from runner.language import N_
from runner.sandbox.chance import chance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Call(StrEnum):
    """A request to the gateway, by what is wanted."""

    SEND = "send"
    BALANCE = "balance"
    REPORT = "report"
    OTHER = "other"  # a page for a person, or an address that there is not


class Kind(StrEnum):
    """What a fault does to an answer."""

    CODE = "code"
    ERROR = "error"
    HTTP = "http"
    HTML = "html"
    EMPTY = "empty"
    GARBAGE = "garbage"
    TIMEOUT = "timeout"
    RESET = "reset"
    CUT = "cut"
    SHORT = "short"
    PADDED = "padded"
    FAILD = "faild"
    SUCESS = "sucess"
    LOWER = "lower"
    NEGATIVE = "negative"
    DECIMAL = "decimal"
    GB2312 = "gb2312"
    BOM = "bom"
    CDATA = "cdata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What goes wrong. number: the code or status; taken: the gateway does its work first."""

    kind: Kind
    number: int = 0
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, as the language of this module says it.

    first: the number of the request, or None; share: of the requests, 1.0 for `*`.
    times: how often at most, None for without end.
    """

    call: Call
    first: int | None
    share: float
    times: int | None
    effect: Effect


_ANYWHERE = {
    kind.value: Effect(kind=kind)
    for kind in (Kind.HTML, Kind.EMPTY, Kind.GARBAGE, Kind.TIMEOUT, Kind.RESET)
}
_PLAIN: Mapping[Call, Mapping[str, Effect]] = {
    Call.SEND: {
        "html": Effect(kind=Kind.HTML),
        "empty": Effect(kind=Kind.EMPTY),
        "garbage": Effect(kind=Kind.GARBAGE),
        "taken-html": Effect(kind=Kind.HTML, taken=True),
        "taken-empty": Effect(kind=Kind.EMPTY, taken=True),
        "taken-garbage": Effect(kind=Kind.GARBAGE, taken=True),
        "timeout-before": Effect(kind=Kind.TIMEOUT),
        "timeout-after": Effect(kind=Kind.TIMEOUT, taken=True),
        "reset-before": Effect(kind=Kind.RESET),
        "reset-after": Effect(kind=Kind.RESET, taken=True),
        "cut": Effect(kind=Kind.CUT, taken=True),
        "padded": Effect(kind=Kind.PADDED, taken=True),
    },
    Call.BALANCE: _ANYWHERE
    | {
        kind.value: Effect(kind=kind, taken=True)
        for kind in (Kind.FAILD, Kind.SUCESS, Kind.LOWER, Kind.NEGATIVE, Kind.DECIMAL)
    },
    Call.REPORT: _ANYWHERE
    | {
        kind.value: Effect(kind=kind, taken=True)
        for kind in (Kind.CUT, Kind.SHORT, Kind.GB2312, Kind.BOM, Kind.CDATA)
    }
    | {
        "timeout-after": Effect(kind=Kind.TIMEOUT, taken=True),
        "reset-after": Effect(kind=Kind.RESET, taken=True),
    },
}

_FAULT = re.compile(
    r"(?P<call>send|balance|report)"
    r":(?:(?P<all>\*)|(?P<percent>\d{1,3}(?:\.\d+)?)%|(?P<first>\d{1,9}))"
    r"=(?P<effect>[a-z0-9-]+?)"
    r"(?:x(?P<times>\d{1,9}))?",
    re.ASCII,
)
_NUMBERED: Mapping[Call, tuple[re.Pattern[str], str]] = {
    Call.SEND: (
        re.compile(r"(?P<taken>taken-)?(?:(?P<code>\d{1,2})|http-(?P<http>[2-5]\d\d))", re.ASCII),
        N_("a code, taken-CODE, http-STATUS, taken-http-STATUS"),
    ),
    Call.BALANCE: (re.compile(r"http-(?P<http>[2-5]\d\d)", re.ASCII), "http-STATUS"),
    Call.REPORT: (
        re.compile(r"http-(?P<http>[2-5]\d\d)|error-(?P<error>[1-4])", re.ASCII),
        N_("http-STATUS, error-1 to error-4"),
    ),
}


def parse_fault(text: str) -> Fault:
    """Read one fault of the language above; ValueError says what is wrong with it."""
    match = _FAULT.fullmatch(text)
    if match is None:
        raise ValueError(
            N_(
                "`{text}` is no fault: write CALL:WHICH=EFFECT, such as send:2=timeout-after,"
                " send:*=7x3, send:10%=reset-after or report:1=cut"
            ).format(text=text)
        )
    call = Call(match["call"])
    first = int(match["first"]) if match["first"] else None
    percent = float(match["percent"] or 100)
    _check_range(text, first=first, percent=percent, times=match["times"])
    return Fault(
        call=call,
        first=first,
        share=percent / 100,
        times=int(match["times"]) if match["times"] else (1 if first else None),
        effect=_read_effect(call, match["effect"]),
    )


def _check_range(text: str, *, first: int | None, percent: float, times: str | None) -> None:
    if first == 0:
        raise ValueError(N_("`{text}`: requests are counted from 1").format(text=text))
    if percent > 100:
        raise ValueError(N_("`{text}`: a share is at most 100%").format(text=text))
    if times is not None and int(times) == 0:
        raise ValueError(N_("`{text}`: x0 would never happen").format(text=text))


def _read_effect(call: Call, text: str) -> Effect:
    plain = _PLAIN[call].get(text)
    if plain is not None:
        return plain
    pattern, forms = _NUMBERED[call]
    match = pattern.fullmatch(text)
    if match is None:
        known = ", ".join(_PLAIN[call])
        raise ValueError(
            N_("`{text}` is no effect of a {call}; there are {forms}, {known}").format(
                text=text, call=call, forms=forms, known=known
            )
        )
    groups = match.groupdict()
    taken = groups.pop("taken", None) is not None
    kind, number = next((name, value) for name, value in groups.items() if value)
    return Effect(kind=Kind(kind), number=int(number), taken=taken)


class _Armed:
    """A fault with the requests that it saw since it was added, and those that it struck."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.struck = 0

    def notices(self, call: Call, luck: float) -> bool:
        """Count a request; True where the fault wants it."""
        if call is not self.fault.call:
            return False
        self.seen += 1
        times = self.fault.times
        if self.fault.first is not None:
            return 0 <= self.seen - self.fault.first < (times or 1)
        return luck < self.fault.share and (times is None or self.struck < times)


class FaultBook:
    """The faults that are armed; safe for many threads."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._armed = [_Armed(fault) for fault in faults]
        self._struck: Counter[Fault] = Counter()
        self._seed = seed
        self._lock = Lock()

    @property
    def struck(self) -> Counter[Fault]:
        """How many requests each fault has spoilt so far, those included that are disarmed."""
        with self._lock:
            return self._struck.copy()

    def add(self, fault: Fault) -> None:
        """Arm one more; its requests are counted from now on."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()

    def draw(self, call: Call, number: int) -> Effect | None:
        """Say what goes wrong with the `number`-th request of this call, if anything."""
        luck = chance(self._seed, call, number)
        with self._lock:
            wanting = [armed for armed in self._armed if armed.notices(call, luck)]
            if not wanting:
                return None
            wanting[0].struck += 1
            self._struck[wanting[0].fault] += 1
            return wanting[0].fault.effect
