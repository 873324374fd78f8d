"""Compares what a gateway took with what a state says of it: the promises, one function each.

What is true is a value, so that any proof with real processes and a gateway may be judged here.

It reads state and reports with code of its own, from the document of the gateway and the published
views of the state.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from torture.processes.state import find_off, looking_into, read_standing
from torture.processes.world import CONCURRENCY, PAGE, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from runner.sandbox import Submission
    from torture.processes.world import Death, World

_PEOPLE = "SELECT campaign, mobile, state, batch, task_id FROM recipient_status"
_IN_DOUBT = """
    SELECT id FROM batches WHERE state = 'in_doubt'
    UNION SELECT CAST(name AS INTEGER) FROM events
        WHERE subject = 'batch' AND new_state = 'in_doubt'
"""
_JOURNAL = "SELECT body, times FROM report_journal"
_VERDICTS = """
    SELECT b.task_id, r.mobile, r.delivered FROM recipients AS r JOIN batches AS b ON b.id = r.batch
    WHERE r.delivered IS NOT NULL
"""
_KEPT_APART = "SELECT task_id, mobile FROM reports"

_SENT = {"submitted", "delivered", "failed", "unreported"}
_CLEAR_CODES = {str(code) for code in (*range(8), 9, 10)}  # 8 leaves everything open
_DELIVERED = "10"

_BOX = re.compile(r"<statusbox>(.*?)</statusbox>", re.DOTALL)
_VALUE = re.compile(r"<(\w+)>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</\1>", re.DOTALL)
_ENCODING = re.compile(rb'encoding="([\w-]+)"')


class Person(NamedTuple):
    """A row of the state's own view."""

    campaign: str
    mobile: str
    state: str
    batch: int
    task_id: str | None


class Report(NamedTuple):
    """One box of an answer, as it lies in the journal."""

    task_id: str
    mobile: str
    delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the state holds at the end, read at one moment.

    in_doubt: batches that are, or ever were.
    verdicts: what reports made of people; apart: reports that are not their recipient's.
    spoilt: answers of the journal that end in the midst of a box.
    """

    people: list[Person]
    in_doubt: frozenset[int]
    reports: frozenset[Report]
    verdicts: frozenset[Report]
    apart: frozenset[tuple[str, str]]
    spoilt: int
    damage: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What came of one case. figures: as the table shows them; broken: in words."""

    figures: Mapping[str, int]
    broken: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of a life beside its state.

    people: whom each campaign's file names; its id is the title of its message.
    submissions: everything that the gateway heard; opted_out: who is on the list by now.
    deaths: what killed processes left; concurrency: how many requests an account may have.
    page: reports that a query asks for; swallowed: answers of them that never left the gateway.
    """

    people: Mapping[str, Collection[str]]
    submissions: Sequence[Submission]
    opted_out: frozenset[str]
    deaths: Sequence[Death]
    concurrency: int
    page: int
    swallowed: int = 0


def judge(world: World) -> Findings:
    """Hold the state against what the gateway took, after the last process has ended."""
    truth = Truth(
        people=PEOPLE,
        submissions=world.sandbox.submissions,
        opted_out=world.opted_out,
        deaths=world.deaths,
        concurrency=CONCURRENCY,
        page=PAGE,
    )
    findings = compare(world.office.state, truth)
    return Findings(
        figures={"kills": len(world.deaths), **findings.figures, "looks": world.looks},
        broken=[*world.broken, *findings.broken],
    )


def compare(state: Path, truth: Truth) -> Findings:
    """Hold what a state says against what is true."""
    try:
        kept = _read(state)
    except sqlite3.Error as error:
        return Findings(figures={}, broken=[f"the state cannot be read: {error}"])
    taken = [submission for submission in truth.submissions if submission.taken]
    twice = _find_duplicates(taken)
    lost = [*_find_unaccounted(truth, kept), *_find_contradictions(kept, taken)]
    unexplained = kept.in_doubt - _explain_doubt(truth, kept)
    gone = _find_gone_reports(kept, taken)
    asking = sum(death.asking for death in truth.deaths)
    bound = truth.page * (kept.spoilt + asking + truth.swallowed)
    figures = {
        "people": len(kept.people),
        "duplicates": len(twice),
        "lost": len(lost),
        "in doubt": len(kept.in_doubt),
        "explained": len(kept.in_doubt) - len(unexplained),
        "reports": len(kept.reports),
        "gone": len(gone),
        "bound": bound,
    }
    broken = [
        *kept.damage,
        *twice,
        *lost,
        *(f"batch {batch} is in doubt, and nothing explains it" for batch in unexplained),
        *_find_overload(truth),
        *_find_unapplied(kept),
        *([f"{len(gone)} reports are gone, and at most {bound} may be"] * (len(gone) > bound)),
        *(f"at the end {text}" for text in find_off(read_standing(state).counts)),
    ]
    return Findings(figures=figures, broken=broken)


def _find_duplicates(taken: Iterable[Submission]) -> list[str]:
    copies = Counter((each.title, mobile) for each in taken for mobile in each.mobiles)
    return [
        f"{mobile} was taken {times} times for {campaign}"
        for (campaign, mobile), times in copies.items()
        if times > 1
    ]


def _find_unaccounted(truth: Truth, kept: Kept) -> Iterator[str]:
    """Find who of the files is not in the state exactly once, or waits at the end."""
    by_campaign: dict[str, list[Person]] = {}
    for person in kept.people:
        by_campaign.setdefault(person.campaign, []).append(person)
    for campaign, mobiles in truth.people.items():
        known = by_campaign.get(campaign, [])
        names = Counter(person.mobile for person in known)
        yield from (f"{name} is twice in {campaign}" for name in names if names[name] > 1)
        yield from (f"{name} is not of {campaign}" for name in set(names).difference(mobiles))
        # Who opted out before the plan has no row in it.
        for name in set(mobiles).difference(names, truth.opted_out):
            yield f"{name} of {campaign} is not in the state"
        for person in known:
            if person.state == "pending":
                yield f"{person.mobile} of {campaign} still waits at the end"


def _find_contradictions(kept: Kept, taken: Iterable[Submission]) -> Iterator[str]:
    """Find who was sent to by one account and not by the other."""
    tasks = {(each.title, mobile): each.task_id for each in taken for mobile in each.mobiles}
    for person in kept.people:
        task = tasks.pop((person.campaign, person.mobile), None)
        name = f"{person.mobile} of {person.campaign} is {person.state}"
        if task and person.state not in {*_SENT, "in_doubt"}:
            yield f"{name}, but was sent to"
        elif not task and person.state in _SENT:
            yield f"{name}, but was not sent to"
        elif task and person.task_id and person.task_id != task:
            yield f"{name} by task {person.task_id}, but was sent to by task {task}"
    yield from (f"{mobile} was sent {campaign} and is not in it" for campaign, mobile in tasks)


def _explain_doubt(truth: Truth, kept: Kept) -> set[int]:
    """Give the batches that may come into doubt: in flight at a kill, or with an unclear answer."""
    batches = {(person.campaign, person.mobile): person.batch for person in kept.people}
    unclear = {
        batches.get((submission.title, submission.mobiles[0]), 0)
        for submission in truth.submissions
        if not _is_clear(submission)
    }
    return unclear.union(*(death.in_flight for death in truth.deaths))


def _is_clear(submission: Submission) -> bool:
    answer = submission.answer or ""
    if submission.taken:
        return answer.endswith(f":{submission.task_id}")
    return answer in _CLEAR_CODES


def _find_overload(truth: Truth) -> Iterator[str]:
    for death in truth.deaths:
        if len(death.in_flight) > truth.concurrency:
            yield f"{len(death.in_flight)} batches were in flight at once"


def _find_gone_reports(kept: Kept, taken: Iterable[Submission]) -> set[tuple[str, str]]:
    """Find the reports that the gateway handed out and that are in no answer of the journal."""
    handed_out = {(f"{each.task_id}", mobile) for each in taken for mobile in each.mobiles}
    return handed_out - {(report.task_id, report.mobile) for report in kept.reports}


def _find_unapplied(kept: Kept) -> Iterator[str]:
    """Find the reports of the journal without a place, and the verdicts without a report."""
    for report in kept.reports - kept.verdicts:
        if (report.task_id, report.mobile) not in kept.apart:
            yield f"the report {report} is in the journal and has no place"
    for verdict in kept.verdicts - kept.reports:
        yield f"{verdict} is said of somebody of whom no report came"


def _read(state: Path) -> Kept:
    with looking_into(state) as connection:
        answers = connection.execute(_JOURNAL).fetchall()
        people = [
            Person(row[0], str(row[1]), *row[2:]) for row in connection.execute(_PEOPLE).fetchall()
        ]
        verdicts = frozenset(
            Report(task_id, str(mobile), bool(delivered))
            for task_id, mobile, delivered in connection.execute(_VERDICTS)
        )
        return Kept(
            people=people,
            in_doubt=frozenset(row[0] for row in connection.execute(_IN_DOUBT)),
            reports=frozenset(report for body, _ in answers for report in read_reports(body)),
            verdicts=verdicts,
            apart=frozenset((row[0], str(row[1])) for row in connection.execute(_KEPT_APART)),
            spoilt=sum(
                times
                for body, times in answers
                if b"<returnsms" in body and b"</returnsms>" not in body
            ),
            damage=find_damage(connection),
        )


def find_damage(connection: sqlite3.Connection) -> list[str]:
    """Ask SQLite itself whether a file and its references are whole."""
    said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    orphans = [
        f"a row without its parent: {row}" for row in connection.execute("PRAGMA foreign_key_check")
    ]
    return [text for text in said if text != "ok"] + orphans


def read_reports(body: bytes) -> Iterator[Report]:
    """Read the whole boxes of an answer, without an XML parser."""
    encoding = _ENCODING.search(body)
    text = body.decode(encoding[1].decode() if encoding else "utf-8", errors="replace")
    for box in _BOX.findall(text):
        values = dict(_VALUE.findall(box))
        yield Report(values["taskid"], values["mobile"], values["status"] == _DELIVERED)
