"""The collector: fetches delivery reports and makes sure that none that was received is lost.

The gateway hands every report out once, so an answer is durable before anything looks into it;
reading and applying come after, and can be repeated without harm.

What never arrives, nobody can repeat; so a query asks for fewer reports while the line is bad. The
bound: a bad answer (one that was cut, that could not be read whole, or that never came though the
query had begun to go out) loses at most the page that was asked for. After k bad answers in a row
that page is at most max(100, `reports.page` / 2^k) reports, or `reports.page` where that is below
100; each whole answer doubles it again. One that a crash kept from being applied counts as bad.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from runner.codec.answers import ReportPage, decode_reports
from runner.faultpoint import faultpoint
from runner.language import N_, join_clauses
from runner.lifecycle import AccountEvent, AccountState
from runner.model.outcome import NoAnswer, QueryRefused
from runner.store.accounts import change_standing, read_standing, stop_reports
from runner.store.claims import count_claims
from runner.store.doubt import Scales, settle_doubt
from runner.store.journal import (
    EntryState,
    apply_page,
    apply_page_again,
    find_new_entries,
    keep_answer,
    mark_refusal,
)
from runner.store.report_page import keep_page, read_page

if TYPE_CHECKING:
    from datetime import datetime

    from runner.model.account import Account
    from runner.model.outcome import RawAnswer
    from runner.store.database import Database
    from runner.store.journal import Entry
    from runner.store.transaction import Transaction

ROOM_FOR_A_REPORT = 2048  # bytes: as received, in its recipient's row and in the log of the state
_FEWEST = 100  # reports that a query asks for, however bad the line is


class ReportEndpoint(Protocol):
    """The seam to the network: what the collector asks of a gateway client."""

    def reports(self, page: int) -> RawAnswer | NoAnswer:
        """Fetch up to `page` delivery reports; nobody can fetch the same again."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """A question for up to `page` reports of an account.

    claims: how many had ever been made when it was asked: what comes may be of none later.
    """

    account: Account
    page: int
    claims: int

    @property
    def fewer(self) -> int:
        """How many the next one asks for, where the answer to this one is bad."""
        return max(self.page // 2, min(self.page, _FEWEST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading a journalled answer again.

    new: reports that had no place yet; unread: pieces that still cannot be read.
    """

    reports: int
    new: int
    unread: int


def poll_reports(
    database: Database,
    account: Account,
    gateway: ReportEndpoint,
    now: datetime,
    scales: Scales | None = None,
) -> Poll:
    """Fetch one page, journal it, apply it, and let it settle what is in doubt.

    scales: of all polls of this process, so that nothing is weighed again that has not changed.
    Raises DiskFull before it asks where the disk has no room for the answer, which could not be
    had again; with an answer in hand it waits for room.
    """
    poll = _fetch(database, account, gateway, now)
    if not poll.full:  # else what speaks against a batch may be in the next page
        _settle(database, account, now, scales or Scales())
    return poll


def _settle(database: Database, account: Account, now: datetime, scales: Scales) -> None:
    """Weigh the evidence: what an earlier process had received counts as well."""
    with database.reading() as transaction:
        if not scales.has_news(transaction, account, now):
            return
    with database.writing() as transaction:
        settle_doubt(transaction, account, now)


def _fetch(database: Database, account: Account, gateway: ReportEndpoint, now: datetime) -> Poll:
    with database.reading() as transaction:
        query = _Query(
            account=account,
            page=read_page(transaction, account),
            claims=count_claims(transaction),
        )
    database.require_room(query.page * ROOM_FOR_A_REPORT)
    faultpoint("collector.asking")
    answer = gateway.reports(query.page)
    faultpoint("collector.answered")
    if isinstance(answer, NoAnswer):
        _note_silence(database, query, answer)
        return Poll(problem=answer.why, unanswered=True)
    entry = database.record(
        lambda transaction: _journal(transaction, query, answer, now),
        explain=lambda error: N_(
            "an answer with reports of account {account} could not be recorded: {error}"
        ).format(account=account.name, error=error),
    )
    faultpoint("collector.answer-safe")
    poll = _apply(database, entry, now, query if answer.complete else None)
    problems = [problem for problem in (answer.why, poll.problem) if problem]
    return replace(
        poll,
        full=poll.boxes >= query.page,
        problem=join_clauses(*problems) if problems else None,
        unanswered=bool(problems) and not poll.reports,
    )


def _journal(transaction: Transaction, query: _Query, answer: RawAnswer, now: datetime) -> Entry:
    entry = keep_answer(transaction, query.account.name, answer, now, claims=query.claims)
    # It counts as bad until it has proved whole: a crash may come before that.
    keep_page(transaction, query.account, query.fewer)
    faultpoint("collector.journalled")
    return entry


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


def apply_again(database: Database, entry: Entry, now: datetime) -> Reading:
    """Read a journalled answer with this version's reader, from its bytes.

    Every report of it that has no place yet gets one. A refusal that it holds is history: it stops
    nothing again.
    """
    if entry.state is EntryState.RECEIVED:
        poll = _apply(database, entry, now)
        return Reading(reports=poll.reports, new=poll.reports, unread=poll.boxes - poll.reports)
    page = decode_reports(entry.body)
    if isinstance(page, QueryRefused):
        page = ReportPage()
    with database.writing() as transaction:
        new = apply_page_again(transaction, entry, page, now)
    return Reading(reports=len(page.reports), new=new, unread=len(page.unread))


def _apply(database: Database, entry: Entry, now: datetime, query: _Query | None = None) -> Poll:
    """Give the reports of an answer their places.

    query: what it answers; None for one that was cut, and for what an earlier process asked.
    """
    page = decode_reports(entry.body)
    with database.writing() as transaction:
        if query and _is_whole(page):
            keep_page(transaction, query.account, 2 * query.page)
        if isinstance(page, QueryRefused):
            mark_refusal(transaction, entry)
            return _refused(transaction, entry.account, page, now)
        apply_page(transaction, entry, page)
        faultpoint("collector.applied")
    faultpoint("collector.page-safe")
    return Poll(reports=len(page.reports), boxes=page.boxes, problem=_describe_damage(page))


def _note_silence(database: Database, query: _Query, answer: NoAnswer) -> None:
    """Ask for fewer reports from now on, where a page of them may be lost."""
    if answer.begun and query.fewer < query.page:
        with database.writing() as transaction:
            keep_page(transaction, query.account, query.fewer)


def _is_whole(page: ReportPage | QueryRefused) -> bool:
    return isinstance(page, QueryRefused) or not (page.unread or page.cut)


def _describe_damage(page: ReportPage) -> str | None:
    if page.unread:
        return N_(
            "an answer could not be read whole: {count} in quarantine, see `mms-runner reports`"
        ).format(count=len(page.unread))
    if page.cut:
        return N_("an answer broke off between two reports: what else it held is lost")
    return None


def _refused(transaction: Transaction, account: str, refusal: QueryRefused, now: datetime) -> Poll:
    reason = N_("the report query was refused: {answer}").format(
        answer=f"{refusal.code} {refusal.remark}".strip()
    )
    if refusal.wrong_credentials:
        standing = read_standing(transaction, account)
        distrusted = replace(standing, reason=reason, wrong_credentials=True)
        change_standing(transaction, distrusted, AccountEvent.SUSPEND, now)
    else:
        stop_reports(transaction, account, reason, now)
    return Poll(problem=reason)
