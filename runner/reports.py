"""The collector: fetches delivery reports and makes sure that none that was received is lost.

The gateway hands every report out once, so an answer is durable before anything looks into it;
reading and applying come after, and can be repeated without harm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from runner.codec.answers import decode_reports
from runner.faultpoint import faultpoint
from runner.lifecycle import AccountEvent, AccountState
from runner.model.outcome import NoAnswer, QueryRefused
from runner.store.accounts import change_standing, read_standing, stop_reports
from runner.store.journal import apply_page, find_new_entries, keep_answer, mark_refusal

if TYPE_CHECKING:
    from datetime import datetime

    from runner.model.account import Account
    from runner.model.outcome import RawAnswer
    from runner.store.database import Database, Transaction
    from runner.store.journal import Entry

ROOM_FOR_A_REPORT = 2048  # bytes: as received, in its recipient's row and in the log of the state


class ReportEndpoint(Protocol):
    """The seam to the network: what the collector asks of a gateway client."""

    def reports(self) -> RawAnswer | NoAnswer:
        """Fetch a page of delivery reports; nobody can fetch the same again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one poll came to.

    boxes: reports that were handed out, those included that could not be read.
    full: more may be waiting; problem: for a person, or None.
    unanswered: the gateway could not be asked, or nothing that it said could be read.
    """

    reports: int = 0
    boxes: int = 0
    full: bool = False
    problem: str | None = None
    unanswered: bool = False


def poll_reports(
    database: Database, account: Account, gateway: ReportEndpoint, now: datetime
) -> Poll:
    """Fetch one page, journal it, apply it.

    Raises StateRefused before it asks where the disk has no room for the answer, which could not
    be had again.
    """
    database.require_room(account.reports.page * ROOM_FOR_A_REPORT)
    faultpoint("collector.asking")
    answer = gateway.reports()
    faultpoint("collector.answered")
    if isinstance(answer, NoAnswer):
        return Poll(problem=answer.why, unanswered=True)
    with database.writing() as transaction:
        entry = keep_answer(transaction, account.name, answer, now)
        faultpoint("collector.journalled")
    faultpoint("collector.answer-safe")
    poll = _apply(database, entry, now)
    problems = [problem for problem in (answer.why, poll.problem) if problem]
    return replace(
        poll,
        full=poll.boxes >= account.reports.page,
        problem="; ".join(problems) or None,
        unanswered=bool(problems) and not poll.reports,
    )


def may_poll(transaction: Transaction, account: Account) -> bool:
    """Whether an account's reports are to be asked for: not where its credentials are refused."""
    standing = read_standing(transaction, account.name)
    distrusted = standing.state is AccountState.SUSPENDED and standing.wrong_credentials
    return account.reports.collect and not distrusted and standing.reports_stopped is None


def apply_left_over(database: Database, now: datetime) -> int:
    """Apply what was journalled before a crash; gives the number of reports."""
    with database.reading() as transaction:
        entries = find_new_entries(transaction)
    return sum(_apply(database, entry, now).reports for entry in entries)


def _apply(database: Database, entry: Entry, now: datetime) -> Poll:
    page = decode_reports(entry.body)
    with database.writing() as transaction:
        if isinstance(page, QueryRefused):
            mark_refusal(transaction, entry)
            return _refused(transaction, entry.account, page, now)
        apply_page(transaction, entry, page)
        faultpoint("collector.applied")
    faultpoint("collector.page-safe")
    unread = len(page.unread)
    return Poll(
        reports=len(page.reports),
        boxes=page.boxes,
        problem=f"an answer could not be read whole: {unread} in quarantine" if unread else None,
    )


def _refused(transaction: Transaction, account: str, refusal: QueryRefused, now: datetime) -> Poll:
    reason = f"the report query was refused: {refusal.code} {refusal.remark}".strip()
    if refusal.wrong_credentials:
        standing = read_standing(transaction, account)
        distrusted = replace(standing, reason=reason, wrong_credentials=True)
        change_standing(transaction, distrusted, AccountEvent.SUSPEND, now)
    else:
        stop_reports(transaction, account, reason, now)
    return Poll(problem=reason)
