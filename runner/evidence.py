"""Weighs what speaks for a batch in doubt: reports of a task that nobody knows, and the balance.

A verdict says that the gateway took a batch, never that it did not. Whatever could be explained in
another way as well is no verdict but a note for the person who decides. Counts and moments come in,
values go out; where they come from is the store's.
Source: gateway protocol, "What can be known after a POST".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

from runner.language import N_
from runner.timing import format_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

ENOUGH = 5  # different numbers of one task that settle a batch
PATIENCE = timedelta(hours=24)  # after it ENOUGH are enough of any batch, if nobody else was heard
CLOCKS_APART = timedelta(minutes=2)  # how far the gateway's clock may be behind ours
_SHARE = 20  # one in so many of a batch's people is wanted too, where 5 would be less
_ALIKE = 0.8  # the share of a stranger's numbers in a batch from which it is hardly told from ours
_MUCH_SMALLER = 10  # times: a stranger that is so much smaller is told from ours by its size
_MOST_UNKNOWN = 12  # claims whose sums are tried: 4096
_WAIT = format_duration(PATIENCE)


class Kind(StrEnum):
    """What speaks for a batch, the strongest first."""

    EXTNO = "extno"  # a report echoes the batch's own sub-number
    REPORTS = "reports"  # reports of one unknown task name its people and nobody else's
    BALANCE = "balance"  # the balance fell by its people


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A claim that may be behind an unknown task.

    people: the numbers it went to; claim: its number, of all that there ever were.
    claimed_at to believed_until: when its reports may be made, and heard.
    open: it may be settled (in doubt, or accepted without a task); else it is a mere rival.
    """

    batch: int
    people: int
    claim: int
    claimed_at: datetime
    believed_until: datetime
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What the reports of one unknown task say.

    numbers: how many different ones they name; heard: when we got the first and the last of them.
    claims: how many had ever been made when the first of them was asked for, None where nobody
    knows: a clock that was set cannot put it after a claim.
    earliest: the first moment that they themselves name, by the gateway's clock, or None.
    within: for each suspect, how many of the numbers it went to; alone: those of them that went to
    no other suspect.
    echoed: the batches that the extnos in them name, None for one that is not ours; empty where
    none came back.
    """

    task_id: str
    numbers: int
    heard: tuple[datetime, datetime]
    claims: int | None
    earliest: datetime | None = None
    within: Mapping[int, int] = field(default_factory=dict)
    alone: Mapping[int, int] = field(default_factory=dict)
    echoed: Collection[int | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """An unknown task of any time that names people of a suspect: somebody sends to them too.

    numbers: how many different ones it names; within: those of them that the suspect went to.
    """

    task_id: str
    numbers: int
    within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """All that is known of the tasks that no batch has.

    strangers: for each open suspect the tasks that name any of its people.
    prefix_shared: an extno with our prefix came back that none of our batches explains.
    exclusive: no other program uses the account.
    """

    testimonies: Sequence[Testimony]
    strangers: Mapping[int, Sequence[Stranger]]
    now: datetime
    prefix_shared: bool = False
    exclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The gateway took a batch. task_id: as which task, None where nothing tells it."""

    batch: int
    kind: Kind
    task_id: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What speaks for or about a batch and does not settle it, in words for a person."""

    batch: int
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """How an account's balance moved between two moments at which nothing was in flight.

    before, after: as the gateway wrote them; accepted: people of the batches that it took since.
    unknown: people of each batch of which nobody knows, by batch; open: those of them that are in
    doubt and were claimed once, so that they are in the fall with all their people or not at all.
    certain: it is the account's alone, and nothing was bought in between.
    """

    before: str
    after: str
    accepted: int
    unknown: Mapping[int, int]
    open: Collection[int]
    certain: bool


def weigh_reports(hearing: Hearing, suspects: Sequence[Suspect]) -> Iterator[Verdict | Note]:
    """Say which batches the reports of unknown tasks settle, and what they hint at.

    At most one task settles a batch and at most one batch is settled by a task.
    """
    loudest = sorted(hearing.testimonies, key=lambda testimony: -testimony.numbers)
    for suspect in suspects:
        if suspect.open:
            found = [
                _weigh(testimony, suspect, hearing)
                for testimony in loudest
                if _is_possible(testimony, suspect)
            ]
            yield from _agree(found, suspect)


def weigh_fall(fall: Fall) -> Iterator[Verdict | Note]:
    """Say what the fall of a balance tells of the batches in doubt.

    It settles one only where it is certain, and where every way to explain it has this batch in it.
    What it does not explain is never taken for unsent.
    """
    lost = _lost(fall)
    if lost is None:
        return
    text = _describe_fall(lost, sum(fall.unknown.values()))
    settled = _explain(fall.accepted + lost, fall) if fall.certain else set[int]()
    for batch in sorted(fall.open):
        if batch in settled and len(fall.open) == len(fall.unknown):
            yield Verdict(batch=batch, kind=Kind.BALANCE, task_id=None, text=text)
        else:
            yield Note(batch=batch, kind=Kind.BALANCE, text=text)


def _is_possible(testimony: Testimony, suspect: Suspect) -> bool:
    """Whether a task may be this claim's: of its people alone, and heard of after it."""
    _, last = testimony.heard
    named, claims = testimony.earliest, testimony.claims
    return (
        testimony.within.get(suspect.batch, 0) == testimony.numbers
        and set(testimony.echoed) <= {suspect.batch}
        and claims is not None
        and suspect.claim <= claims
        and last <= suspect.believed_until
        and (named is None or named >= suspect.claimed_at - CLOCKS_APART)
    )


def _weigh(testimony: Testimony, suspect: Suspect, hearing: Hearing) -> Verdict | Note:
    # One is enough, as the protocol page says: another program's prefix must be another.
    echoes = bool(testimony.echoed) and not hearing.prefix_shared
    kind = Kind.EXTNO if echoes else Kind.REPORTS
    lack = None if echoes else _find_lack(testimony, suspect, hearing)
    text = _describe_testimony(testimony, lack, echoes=echoes)
    if lack:
        return Note(batch=suspect.batch, kind=kind, text=text)
    return Verdict(batch=suspect.batch, kind=kind, task_id=testimony.task_id, text=text)


def _describe_testimony(testimony: Testimony, lack: str | None, *, echoes: bool) -> str:
    told = N_(
        "reports of task {task}, which no other batch has, name {people} of its people and nobody"
        " else"
    )
    if lack:
        told = N_(
            "reports of task {task}, which no other batch has, name {people} of its people and"
            " nobody else: {lack}"
        )
    elif echoes:
        told = N_(
            "reports of task {task}, which no other batch has, name {people} of its people and"
            " nobody else, and echo its extno"
        )
    return told.format(task=testimony.task_id, people=testimony.numbers, lack=lack)


def _has_waited(testimony: Testimony, hearing: Hearing) -> bool:
    return hearing.now - testimony.heard[0] >= PATIENCE


def _find_lack(testimony: Testimony, suspect: Suspect, hearing: Hearing) -> str | None:
    """Say what keeps a task that may be a claim's from settling it; None where nothing does."""
    numbers, alone = testimony.numbers, testimony.alone.get(suspect.batch, 0)
    if alone < min(numbers, ENOUGH):
        return N_("but other batches that wait for an answer went to the same people")
    if suspect.people < ENOUGH and not hearing.exclusive:
        return N_(
            "in a batch of fewer than {enough} a person decides, unless `exclusive` is set"
        ).format(enough=ENOUGH)
    wanted = min(ENOUGH, suspect.people)
    if numbers < wanted:
        return N_("{wanted} are wanted").format(wanted=wanted)
    return None if hearing.exclusive else _find_doubt(testimony, suspect, hearing)


def _find_doubt(testimony: Testimony, suspect: Suspect, hearing: Hearing) -> str | None:
    """Say why a task may be a stranger's, who happens to send to people of a batch alone."""
    others = [
        other
        for other in hearing.strangers.get(suspect.batch, ())
        if other.task_id != testimony.task_id
    ]
    if any(_is_alike(other, testimony) for other in others):
        return N_("but so do those of another")
    half = suspect.people // 2 + 1
    if testimony.numbers >= half:
        return None
    if others:
        return N_("somebody else sends to the same people, so that {half} are wanted").format(
            half=half
        )
    # A stranger's first task may be small; that it is all in one batch of many is chance.
    wanted = max(ENOUGH, suspect.people // _SHARE)
    if testimony.numbers >= wanted or _has_waited(testimony, hearing):
        return None
    return N_("{wanted} are wanted, or that {wait} after the first it is still so").format(
        wanted=wanted, wait=_WAIT
    )


def _is_alike(other: Stranger, testimony: Testimony) -> bool:
    """Whether a stranger writes to a batch's people so much alone that others of his may too."""
    inside = other.within >= _ALIKE * other.numbers
    return inside and other.within * _MUCH_SMALLER >= testimony.numbers


def _agree(found: Sequence[Verdict | Note], suspect: Suspect) -> Iterator[Verdict | Note]:
    """Give one opinion of a batch where all tasks allow it; beside an echo no other task counts."""
    found = [opinion for opinion in found if opinion.kind is Kind.EXTNO] or found
    verdicts = [opinion for opinion in found if isinstance(opinion, Verdict)]
    if len(verdicts) > 1:
        tasks = ", ".join(verdict.task_id or "" for verdict in verdicts)
        text = N_("any of the tasks {tasks} could be it, and only one can").format(tasks=tasks)
        yield Note(batch=suspect.batch, kind=verdicts[0].kind, text=text)
    else:
        yield from verdicts or found[:1]


def _lost(fall: Fall) -> int | None:
    """Give the people that a fall is to be explained by; None where it cannot be told in people."""
    try:
        lost = Decimal(fall.before) - Decimal(fall.after) - fall.accepted
        whole = lost >= 0 and lost == lost.to_integral_value()
    except InvalidOperation:
        return None
    return int(lost) if whole and fall.unknown else None


def _explain(total: int, fall: Fall) -> set[int]:
    """Give the claims that are part of every way in which a fall can have come about.

    The balance counts people, so a way is a choice of claims that were taken.
    """
    if len(fall.unknown) > _MOST_UNKNOWN:
        return set()
    ways = [
        set(some)
        for size in range(len(fall.unknown) + 1)
        for some in combinations(fall.unknown, size)
        if total == fall.accepted + sum(fall.unknown[batch] for batch in some)
    ]
    return set.intersection(*ways) if ways else set()


def _describe_fall(lost: int, doubtful: int) -> str:
    """Say how far a balance fell. lost, doubtful: people."""
    people = N_("1 recipient") if doubtful == 1 else N_("{count} recipients").format(count=doubtful)
    fell = (
        N_(
            "the balance fell by {lost} more than what was taken for certain, with {people} in"
            " doubt"
        )
        if lost
        else N_(
            "the balance fell by no more than what was taken for certain, with {people} in doubt"
        )
    )
    return fell.format(lost=lost, people=people)
