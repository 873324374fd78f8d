"""Compares what a gateway took with what a state says of it: the promises, one function each.

It reads state and reports with code of its own, from the document of the gateway and the published
views of the state.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from torture.processes.state import find_off, looking_into, read_standing
from torture.processes.world import CONCURRENCY, PAGE, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from runner.sandbox import Submission
    from torture.processes.world import World

_PEOPLE = "SELECT campaign, mobile, state, batch, task_id FROM recipient_status"
_IN_DOUBT = "SELECT id FROM batches WHERE state = 'in_doubt'"
_JOURNAL = "SELECT body FROM report_journal"
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


def judge(world: World) -> Findings:
    """Hold the state against what the gateway took, after the last process has ended."""
    try:
        kept = _read(world.office.state)
    except sqlite3.Error as error:
        return Findings(figures={}, broken=[*world.broken, f"the state cannot be read: {error}"])
    return _compare(world, kept)


def _compare(world: World, kept: Kept) -> Findings:
    taken = [submission for submission in world.sandbox.submissions if submission.taken]
    twice = _find_duplicates(world)
    lost = [*_find_unaccounted(world, kept), *_find_contradictions(kept, taken)]
    unexplained = kept.in_doubt - _explain_doubt(world, kept)
    gone = _find_gone_reports(kept, taken)
    bound = PAGE * (kept.spoilt + sum(death.asking for death in world.deaths))
    figures = {
        "kills": len(world.deaths),
        "people": len(kept.people),
        "duplicates": len(twice),
        "lost": len(lost),
        "in doubt": len(kept.in_doubt),
        "explained": len(kept.in_doubt) - len(unexplained),
        "reports": len(kept.reports),
        "gone": len(gone),
        "bound": bound,
        "looks": world.looks,
    }
    broken = [
        *world.broken,
        *kept.damage,
        *twice,
        *lost,
        *(f"batch {batch} is in doubt, and nothing explains it" for batch in unexplained),
        *_find_overload(world),
        *_find_unapplied(kept),
        *([f"{len(gone)} reports are gone, and at most {bound} may be"] * (len(gone) > bound)),
        *(f"at the end {text}" for text in find_off(read_standing(world.office.state).counts)),
    ]
    return Findings(figures=figures, broken=broken)


def _find_duplicates(world: World) -> list[str]:
    return [
        f"{mobile} was taken {copies} times for {campaign}"
        for campaign in PEOPLE
        for mobile, copies in world.sandbox.copies(campaign).items()
        if copies > 1
    ]


def _find_unaccounted(world: World, kept: Kept) -> Iterator[str]:
    """Find who of the files is not in the state exactly once, or waits at the end."""
    for campaign, mobiles in PEOPLE.items():
        known = [person for person in kept.people if person.campaign == campaign]
        names = [person.mobile for person in known]
        yield from (
            f"{name} is twice in {campaign}" for name in set(names) if names.count(name) > 1
        )
        yield from (f"{name} is not of {campaign}" for name in set(names).difference(mobiles))
        # Who opted out before the plan has no row in it.
        for name in set(mobiles).difference(names, world.opted_out):
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


def _explain_doubt(world: World, kept: Kept) -> set[int]:
    """Give the batches that may be in doubt: in flight at a kill, or with an unclear answer."""
    batches = {(person.campaign, person.mobile): person.batch for person in kept.people}
    unclear = {
        batches.get((submission.title, submission.mobiles[0]), 0)
        for submission in world.sandbox.submissions
        if not _is_clear(submission)
    }
    return unclear.union(*(death.in_flight for death in world.deaths))


def _is_clear(submission: Submission) -> bool:
    answer = submission.answer or ""
    if submission.taken:
        return answer.endswith(f":{submission.task_id}")
    return answer in _CLEAR_CODES


def _find_overload(world: World) -> Iterator[str]:
    for death in world.deaths:
        if len(death.in_flight) > CONCURRENCY:
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
        bodies = [row[0] for row in connection.execute(_JOURNAL)]
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
            reports=frozenset(report for body in bodies for report in _read_reports(body)),
            verdicts=verdicts,
            apart=frozenset((row[0], str(row[1])) for row in connection.execute(_KEPT_APART)),
            spoilt=sum(b"<returnsms" in body and b"</returnsms>" not in body for body in bodies),
            damage=_find_damage(connection),
        )


def _find_damage(connection: sqlite3.Connection) -> list[str]:
    """Ask SQLite itself whether a file and its references are whole."""
    said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    orphans = [
        f"a row without its parent: {row}" for row in connection.execute("PRAGMA foreign_key_check")
    ]
    return [text for text in said if text != "ok"] + orphans


def _read_reports(body: bytes) -> Iterator[Report]:
    """Read the whole boxes of an answer, without an XML parser."""
    encoding = _ENCODING.search(body)
    text = body.decode(encoding[1].decode() if encoding else "utf-8", errors="replace")
    for box in _BOX.findall(text):
        values = dict(_VALUE.findall(box))
        yield Report(values["taskid"], values["mobile"], values["status"] == _DELIVERED)
