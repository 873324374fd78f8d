"""What an exchange with the gateway came to. These are values: the protocol foresees every one.

After a POST five things can be known, and the pump asks nothing else:

    Accepted   the gateway took it and named a task
    Refused    the gateway answered a code of its table
    NotSent    no byte of the request went out: safe to repeat
    NotTaken   an HTTP status that says the gateway did not take it
    Unknown    anything else: it may have been taken, so nobody sends it again
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Code(IntEnum):
    """The gateway's answers to a send that failed (gateway interface, 彩信下发接口, 返回值)."""

    WRONG_PARAMETERS = 0
    EMPTY_CREDENTIALS = 1
    WRONG_CREDENTIALS = 2
    NO_NUMBER = 3
    NO_CONTENT = 4
    TOO_MANY_NUMBERS = 5
    LOW_BALANCE = 6
    SUBMISSION_FAILED = 7
    OTHER_ERROR = 8
    TOO_LARGE = 9
    NOT_ALLOWED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The gateway took the batch. task_id: up to 20 digits, text; balance: as it wrote it."""

    task_id: str
    balance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The gateway answered a code of its table."""

    code: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The exchange failed before the request's first byte: safe to repeat. why: for a person."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """HTTP 400, 401, 403, 404, 405, 413 or 415: the gateway did not take it, and will not."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The message may have been taken: never repeated. redirected: the status was a 3xx."""

    why: str
    redirected: bool = False


Outcome = Accepted | Refused | NotSent | NotTaken | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The answer to a balance query, as the gateway wrote it (`overage` may be negative)."""

    left: str
    bought: str | None = None
    payment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRefused:
    """A query that the gateway answered with a failure: its own remark, its code if it has one."""

    remark: str
    code: int | None = None
    wrong_credentials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """A query without a readable answer; it changed nothing, so it may be asked again.

    begun: its first byte went out, so a page of reports may have been handed out and lost.
    """

    why: str
    begun: bool = False


BalanceAnswer = Balance | QueryRefused | NoAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """The report endpoint's bytes as they came, to be journalled before anything looks into them.

    complete: False where the line broke or the size cap cut it.
    why: what was wrong with it, a status other than 200 too; None where nothing was.
    """

    status: int
    body: bytes
    complete: bool = True
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTime:
    """The gateway's clock. moment: what it shows now, None where its answers name no time.

    age: how long ago it said so.
    """

    moment: datetime | None
    age: timedelta


class Report(NamedTuple):
    """One delivery report.

    mobile: 11 digits as an integer; delivered: status 10 (True) or 20 (False).
    received_at: aware, or None where the text is no time; error_code: the carrier's own word.

    A tuple: thousands are made at once, and a frozen dataclass takes three times as long to make.
    """

    task_id: str
    mobile: int
    delivered: bool
    received_at: datetime | None
    error_code: str
    extno: str = ""
