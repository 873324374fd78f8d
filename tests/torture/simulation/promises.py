"""What must hold at every moment, asked of a state and of the gateways beside it.

For those who simulate everything in one process. The state is read by SQL of its own, the answers
with reports by code of its own, and what was sent is what the gateways took.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from runner.lifecycle import ACCOUNT, BATCH, CAMPAIGN, PAUSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from runner.sandbox import Submission
    from torture.simulation.wire import Wire

_COUNTS = """
    SELECT campaign, total, pending, submitted, delivered, failed, rejected, in_doubt, cancelled,
        unreported
    FROM campaign_progress
"""
# Counted one by one: the view counts by batches, where one is what the others leave.
_COUNTED = "SELECT campaign, state, count(*) FROM recipient_status GROUP BY campaign, state"
_TWICE = """
    SELECT b.campaign, r.mobile FROM recipients AS r JOIN batches AS b ON b.id = r.batch
    GROUP BY b.campaign, r.mobile HAVING count(*) > 1
"""
_FROZEN = """
    SELECT c.id, c.message, b.id, r.mobile
    FROM campaigns AS c JOIN batches AS b ON b.campaign = c.id
    JOIN recipients AS r ON r.batch = b.id
    WHERE c.frozen_at IS NOT NULL ORDER BY c.id, b.id, r.mobile
"""
_EVENTS = """
    SELECT id, subject, name, old_state, new_state, reason FROM events WHERE id > ? ORDER BY id
"""
_STATES = "SELECT id, state FROM {table}"
_COMBINED = """
    SELECT DISTINCT c.id, c.state, b.state
    FROM campaigns AS c JOIN batches AS b ON b.campaign = c.id
"""
_JOURNAL = "SELECT body, state FROM report_journal"
_VERDICTS = """
    SELECT b.task_id, r.mobile, r.delivered FROM recipients AS r JOIN batches AS b ON b.id = r.batch
    WHERE r.delivered IS NOT NULL
"""
_KEPT_APART = "SELECT task_id, mobile, delivered FROM reports"
_PEOPLE = """
    SELECT c.title, s.mobile, s.state, b.state
    FROM recipient_status AS s JOIN batches AS b ON b.id = s.batch
    JOIN campaigns AS c ON c.id = s.campaign
"""
_ACCEPTED = """
    SELECT b.id, c.title, b.task_id, r.mobile
    FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    JOIN recipients AS r ON r.batch = b.id
    WHERE b.state = 'accepted' AND b.settled_by IS NOT 'person' AND r.cancelled IS NULL
    ORDER BY b.id
"""

_TABLES = {"campaign": CAMPAIGN, "batch": BATCH, "account": ACCOUNT}
_SENT = {"submitting", "accepted", "in_doubt", "rejected"}
# Of what is over nothing is left to send; of what has not begun nothing was sent.
_IMPOSSIBLE = {
    "finished": {"planned", "submitting"},
    "cancelled": {"planned"},
    "scheduled": _SENT | {"cancelled"},
    "held": _SENT | {"cancelled"},
    "missed": _SENT | {"cancelled"},
}
_KNOWN = {"delivered", "failed", "submitted", "unreported", "in_doubt"}
_BY_HAND = "a person says that it was not sent"

_BOX = re.compile(rb"<statusbox>(.*?)</statusbox>", re.DOTALL)
_VALUE = re.compile(rb"<(taskid|mobile|status)>\s*(?:<!\[CDATA\[)?([0-9]*)")

Box = tuple[str, int, bool]


def read_boxes(body: bytes) -> list[Box]:
    """Read the whole boxes of an answer, in any of its encodings, without an XML parser."""
    values = (dict(_VALUE.findall(box)) for box in _BOX.findall(body))
    return [
        (box[b"taskid"].decode(), int(box[b"mobile"]), box[b"status"] == b"10") for box in values
    ]


class Promises:
    """Remembers what it saw, and says at each look what is broken.

    wires: of all accounts. words: how often a person said of somebody that a message was not sent;
    repeats: how many campaigns were said to repeat another with the same title.
    awakes: whether a process that was given up may still bring its answer.
    """

    def __init__(self, state: Path, wires: Sequence[Wire], *, awakes: bool = False) -> None:
        self.words: Counter[tuple[str, int]] = Counter()
        self.repeats: Counter[str] = Counter()
        self._state = state
        self._wires = wires
        self._awakes = awakes
        self._newest = 0
        self._known: dict[tuple[str, str], str] = {}
        self._frozen: dict[str, bytes] = {}

    def look(self, *, reports: bool = True) -> list[str]:
        """Say what is broken now; reports: look at every one of them too."""
        with closing(sqlite3.connect(f"file:{self._state}?mode=ro", uri=True)) as connection:
            connection.execute("BEGIN")
            broken = [*_find_wrong_counts(connection)]
            broken += self._find_illegal(connection)
            broken += self._find_thawed(connection)
            broken += _find_impossible(connection)
            broken += (f"{row} is in two batches" for row in connection.execute(_TWICE))
            broken += self._find_twice()
            broken += self._find_unaccounted(connection)
            if reports:
                broken += self._find_lost_reports(connection)
        return broken

    def count_copies(self) -> Counter[tuple[str, int]]:
        """Count how often each message was taken for each number, by the gateways' own count."""
        return Counter(
            (each.title, int(mobile)) for each in self._list_taken() for mobile in each.mobiles
        )

    def count_duplicates(self) -> int:
        """Count who got a message once more than anybody said."""
        return len(list(self._find_twice()))

    def _list_taken(self) -> Iterator[Submission]:
        for wire in self._wires:
            yield from (each for each in wire.desk.submissions if each.taken)

    def _find_illegal(self, connection: sqlite3.Connection) -> Iterator[str]:
        """Read the event log against the tables, and the states against the log."""
        for number, subject, name, old, new, reason in connection.execute(_EVENTS, (self._newest,)):
            self._newest = number
            if subject in _TABLES and PAUSED not in (old, new) and old != new:
                yield from self._follow(subject, name, old, new, reason or "")
        for subject, table in (("batch", "batches"), ("campaign", "campaigns")):
            for name, state in connection.execute(_STATES.format(table=table)):
                if self._known.get((subject, str(name)), "planned") != state:
                    yield f"{subject} {name} is {state}, of which the log says nothing"

    def _follow(
        self, subject: str, name: str, old: str | None, new: str | None, reason: str
    ) -> Iterator[str]:
        before = {"batch": "planned", "account": "active"}.get(subject)
        known = self._known.get((subject, name), before)
        said = f"{subject} {name}: {old} -> {new} ({reason})"
        if old != known:
            yield f"{said}, but it was {known}"
        if new is None:
            self._known.pop((subject, name), None)
            return
        self._known[subject, name] = new
        if old is not None and new not in {str(state) for state in _TABLES[subject][old].values()}:
            yield f"{said} is no way of the table"
        if (old, new) == ("in_doubt", "planned") and reason != _BY_HAND and not self._awakes:
            yield f"{said}: nobody said so"

    def _find_thawed(self, connection: sqlite3.Connection) -> Iterator[str]:
        found = {}
        for name, *row in connection.execute(_FROZEN):
            found.setdefault(name, hashlib.sha256()).update(repr(row).encode())
        now = {name: content.digest() for name, content in found.items()}
        for name, content in self._frozen.items():
            if now.get(name) != content:
                yield f"what was frozen of {name} has changed"
        self._frozen = now

    def _find_twice(self) -> Iterator[str]:
        for (title, mobile), copies in self.count_copies().items():
            allowed = 1 + self.repeats[title] + self.words[title, mobile]
            if copies > allowed:
                yield f"{mobile} was taken {copies} times for {title}, {allowed} may be"

    def _find_unaccounted(self, connection: sqlite3.Connection) -> Iterator[str]:
        """Find who was sent to and is not known to have been, and what was not and is."""
        known = {
            (title, mobile)
            for title, mobile, state, batch in connection.execute(_PEOPLE)
            if state in _KNOWN or batch == "submitting"
        }
        for person in self.count_copies():
            if person not in known and not self.words[person]:
                yield f"{person} was sent to, and the state knows nothing of it"
        taken = {(each.title, frozenset(each.mobiles)): each.task_id for each in self._list_taken()}
        tasks = {each.task_id: (each.title, frozenset(each.mobiles)) for each in self._list_taken()}
        for batch, (title, task, mobiles) in _gather(connection.execute(_ACCEPTED)).items():
            content = (title, mobiles)
            if content not in taken or (task and tasks.get(task) != content):
                yield f"batch {batch} counts as sent by task {task}, but was not"

    def _find_lost_reports(self, connection: sqlite3.Connection) -> Iterator[str]:
        journal = connection.execute(_JOURNAL).fetchall()
        brought = Counter(body for wire in self._wires for body in wire.handed_out)
        for body in brought - Counter(body for body, _ in journal):
            if read_boxes(body):
                yield f"an answer is in no journal: {body!r}"
        received = Counter(
            box for body, state in journal if state != "received" for box in read_boxes(body)
        )
        placed = Counter(
            (task, mobile, bool(delivered))
            for query in (_VERDICTS, _KEPT_APART)
            for task, mobile, delivered in connection.execute(query)
        )
        yield from (f"the report {box} has no place" for box in received - placed)
        yield from (f"{box} is said, and no report says so" for box in placed - received)


def _find_wrong_counts(connection: sqlite3.Connection) -> Iterator[str]:
    counted: dict[str, dict[str, int]] = {}
    for name, state, people in connection.execute(_COUNTED):
        counted.setdefault(name, {})[state] = people
    cursor = connection.execute(_COUNTS)
    states = [column[0] for column in cursor.description[2:]]
    for name, total, *counts in cursor:
        said = {state: people for state, people in zip(states, counts, strict=True) if people}
        if said != counted.get(name, {}) or sum(counts) != total:
            yield f"the counts of {name} do not add up: {total}, {said}, {counted.get(name)}"


def _find_impossible(connection: sqlite3.Connection) -> Iterator[str]:
    for name, state, batch in connection.execute(_COMBINED):
        if batch in _IMPOSSIBLE.get(state, ()):
            yield f"{name} is {state}, and a batch of it is {batch}"


def _gather(
    rows: Iterable[tuple[int, str, str | None, int]],
) -> Mapping[int, tuple[str, str | None, frozenset[str]]]:
    batches: dict[int, tuple[str, str | None, set[str]]] = {}
    for batch, title, task, mobile in rows:
        batches.setdefault(batch, (title, task, set()))[2].add(str(mobile))
    return {
        batch: (title, task, frozenset(mobiles))
        for batch, (title, task, mobiles) in batches.items()
    }
