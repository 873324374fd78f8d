"""The gateway behind the address: judges each request, takes messages, answers.

It knows requests and replies, and nothing of sockets. One lock guards the balance, so that two
sends at once cannot spend the same money.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

from runner.sandbox.album import Album
from runner.sandbox.chance import chance
from runner.sandbox.faults import Call, FaultBook, Kind
from runner.sandbox.order import Order, Refusal, read_order, split_mobiles
from runner.sandbox.replies import Answer, failure, http_error, receipt
from runner.sandbox.reports import Outbox, foretell
from runner.sandbox.request import without_password
from runner.sandbox.submission import Submission
from runner.sandbox.xml_answers import (
    REMARKS,
    balance_answer,
    balance_refused,
    reports_answer,
    reports_refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from runner.sandbox.faults import Effect
    from runner.sandbox.replies import Reply
    from runner.sandbox.request import Request
    from runner.sandbox.settings import SandboxSettings

DEFAULT_PAGE = 4000
LARGEST_PAGE = 10_000
_SILENT = (Kind.TIMEOUT, Kind.RESET)

_log = logging.getLogger(__name__)


class Desk:
    """The account's state and the three calls; safe for many threads."""

    def __init__(self, settings: SandboxSettings, seed: int, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._seed = seed
        self._clock = clock
        self._lock = Lock()
        self._bought = self._left = settings.balance
        self._submissions: list[Submission] = []
        self.album = Album(settings.keep)
        self._kept_before = self.album.last_sequence
        self.faults = FaultBook(settings.faults, seed)
        self.outbox = Outbox()

    @property
    def balance(self) -> int:
        """How many people can still be sent to."""
        with self._lock:
            return self._left

    @property
    def submissions(self) -> list[Submission]:
        """All sends so far, in the order of their arrival."""
        with self._lock:
            return sorted(self._submissions, key=lambda submission: submission.sequence)

    def top_up(self, people: int) -> None:
        """Buy messages for so many more people."""
        with self._lock:
            self._bought += people
            self._left += people

    def copies(self, title: str | None) -> Counter[str]:
        """Count for each mobile how often a message was taken, of this title or of all."""
        return Counter(
            mobile
            for submission in self.submissions
            if submission.taken and title in (None, submission.title)
            for mobile in submission.mobiles
        )

    def answer(self, request: Request, number: int) -> Reply:
        """Answer the `number`-th request of its call."""
        match request.call:
            case Call.SEND:
                return self._send(request, number)
            case Call.BALANCE:
                return self._balance(request.fields, self.faults.draw(Call.BALANCE, number))
            case Call.REPORT:
                return self._reports(request.fields, self.faults.draw(Call.REPORT, number))
            case _:
                return http_error(404)

    def _send(self, request: Request, number: int) -> Reply:
        effect = self.faults.draw(Call.SEND, number)
        sequence = self._kept_before + number
        order = self._judge(request.fields)
        taking = effect is None or effect.taken
        text, task_id = self._take(order, sequence) if taking else ("", None)
        reply = receipt(text, effect)
        self._record(request, sequence, order, task_id, reply)
        return reply

    def _judge(self, fields: Mapping[str, str]) -> Order | Refusal:
        if fields.get("action") != "send":
            return Refusal.WRONG_PARAMETERS
        wrong = self._credential_error(fields)
        return read_order(fields) if wrong is None else Refusal(wrong)

    def _take(self, order: Order | Refusal, sequence: int) -> tuple[str, str | None]:
        """Take a message that keeps the rules and can be paid: what to answer, and its task."""
        if isinstance(order, Refusal):
            return f"{order}", None
        with self._lock:
            if len(order.mobiles) > self._left:
                return f"{Refusal.LOW_BALANCE}", None
            self._left -= len(order.mobiles)
            left = self._left
        task_id = _task_id(self._seed, sequence)
        self.outbox.expect(foretell(order, task_id, self._clock(), self._settings, self._seed))
        return f"{left}:{task_id}", task_id

    def _record(
        self,
        request: Request,
        sequence: int,
        order: Order | Refusal,
        task_id: str | None,
        reply: Reply,
    ) -> None:
        fields = request.fields
        answer = reply.body.decode(errors="replace") if isinstance(reply, Answer) else None
        submission = Submission(
            sequence=sequence,
            arrived_at=self._clock(),
            task_id=task_id,
            mobiles=split_mobiles(fields),
            title=fields.get("title", ""),
            starttime=fields.get("starttime", ""),
            extno=fields.get("extno", ""),
            frames=order.frames if isinstance(order, Order) else (),
            body=without_password(request.body),
            answer=answer,
        )
        with self._lock:
            self._submissions.append(submission)
        if submission.taken:
            self.album.add(submission)
        people = len(submission.mobiles)
        _log.info("send %d: %d recipients, answer %r", sequence, people, answer)

    def _balance(self, fields: Mapping[str, str], effect: Effect | None) -> Reply:
        if effect is not None and not effect.taken:
            return failure(effect)
        wrong = self._credential_error(fields)
        if wrong is not None:
            return balance_refused(REMARKS[wrong])
        with self._lock:
            left, bought = self._left, self._bought
        return balance_answer(left, bought, effect.kind if effect else None)

    def _reports(self, fields: Mapping[str, str], effect: Effect | None) -> Reply:
        if effect is not None and not effect.taken:
            return reports_refused(effect.number) if effect.kind is Kind.ERROR else failure(effect)
        page = _page_size(fields)
        if fields.get("action") != "query" or page is None:
            return reports_refused(4)
        wrong = self._credential_error(fields)
        if wrong is not None:
            return reports_refused(wrong)
        reports = self.outbox.hand_out(page, self._clock())
        if effect is not None and effect.kind in _SILENT:
            return failure(effect)
        return reports_answer(reports, effect.kind if effect else None)

    def _credential_error(self, fields: Mapping[str, str]) -> int | None:
        """Name what is wrong with the credentials by the number that two calls share: 1 or 2."""
        given = [fields.get(name, "") for name in ("userid", "account", "password")]
        if not all(given):
            return 1
        wanted = [self._settings.userid, self._settings.account, self._settings.password]
        return None if given == wanted else 2


def _page_size(fields: Mapping[str, str]) -> int | None:
    """Read `statusNum`; None for anything but a number from 1 to the largest page."""
    text = fields.get("statusNum", "") or f"{DEFAULT_PAGE}"
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return int(text) if 1 <= int(text) <= LARGEST_PAGE else None


def _task_id(seed: int, sequence: int) -> str:
    """Make an id of 17 to 20 digits: above 2**53 always, above 2**63 sometimes.

    The sequence in its last digits makes it unique.
    """
    digits = 9 + int(4 * chance(seed, "task digits", sequence))
    lowest = 10 ** (digits - 1)
    prefix = lowest + int(9 * lowest * chance(seed, "task", sequence))
    return f"{prefix}{sequence:08d}"
