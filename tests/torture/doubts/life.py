"""One life of an account whose answers get lost: its campaigns, its doubts, and who else is there.

The runner's own store, pump and collector work on simulated days against a gateway in memory, which
knows what it took. A seed decides everything.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from builders import make_account

from runner.model.account import OnCode8, ReportPolling
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from torture.doubts.court import Court
from torture.doubts.sender import DoubtfulSender
from torture.doubts.shared_gateway import Echo, SharedGateway, draw_manners
from torture.doubts.strangers import draw_mirrors, draw_strangers, draw_twin
from torture.doubts.timeline import Timeline
from torture.proof import chance

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from runner.model.account import Account
    from torture.doubts.strangers import Sending

_START = datetime(2035, 9, 16, 1, 0, tzinfo=UTC)
_BEFORE = timedelta(days=11)  # since when others may be at work
_FIRST = 13_800_000_000
_PEOPLE = (200, 300, 500, 1000, 3000)
_PREFIX = "81"
_BATCH_SIZES = (3, 6, 10, 30, 100, 500, 2000)
_MOST_BATCHES = 12  # of a campaign
_SAME_AGAIN = 0.15  # of the campaigns go to the list of the one before
_APART = (0, 0.1, 5, 30)  # hours between two campaigns
_HAVE_PERSON = 0.4  # of the lives have somebody who settles what waits for long
_ARE_TOPPED_UP = 0.5

_EARLY_LOOKS = (200, 100, 40, 13, 5, 0.5)  # hours before the first campaign
_LOOK_EARLY = 0.7  # of the lives; in the others all that others were sent is heard of at once
_LOOKS = (0, 1, 3, 6, 12, 25, 45, 70, 120, 240, 480, 900, 1500, 2500, 4000)  # minutes after each
_LATE_LOOKS = (1, 2, 3, 4, 5, 6, 8, 9)  # days after the first campaign


class World(StrEnum):
    """Who else is on the account."""

    EXCLUSIVE = "exclusive"  # nobody, and the settings say so
    QUIET = "quiet"  # nobody, and the settings do not say it
    SHARED = "shared"  # other programs, since before our first claim or from the middle on
    ONE_PREFIX = "one-prefix"  # another workspace with our very extno prefix, against all advice
    MIRRORED = "mirrored"  # programs whose first task goes to people of a batch and nobody else


class Case(NamedTuple):
    """Which life."""

    world: World
    seed: int

    def __str__(self) -> str:
        return f"{self.world}/{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What came of a life. wrong: each promise that was broken, in words."""

    case: Case
    counts: Mapping[str, int] = field(default_factory=dict)
    wrong: Sequence[str] = ()


class _Planned(NamedTuple):
    """One of our campaigns."""

    at: datetime
    name: str
    mobiles: Sequence[int]
    batch_size: int


def live(case: Case, folder: Path) -> Lived:
    """Live a life, in a state within a folder, which goes away with it."""
    state = folder / f"{case.world}-{case.seed}.db"
    shutil.copy(_make_empty(folder), state)
    life = _Life(case, state)
    try:
        return life.live()
    finally:
        life.close()
        for path in folder.glob(f"{state.name}*"):
            path.unlink()


class _Life:
    """Everything that is there, drawn before it begins; what happens on the way is drawn then."""

    def __init__(self, case: Case, state: Path) -> None:
        self._case = case
        self._luck = luck = chance(case.seed, "doubt", case.world)
        self._time = Timeline(_START - _BEFORE)
        people = [_FIRST + number for number in range(luck.choice(_PEOPLE))]
        account = _draw_account(case.world, luck)
        self._campaigns = list(_draw_campaigns(luck, people))
        echo = Echo.WHOLE if case.world is World.ONE_PREFIX else None
        self._gateway = SharedGateway(draw_manners(luck, echo=echo), luck, self._time)
        self._sender = DoubtfulSender(
            state,
            account,
            self._gateway,
            time=self._time,
            luck=luck,
            faulty=luck.uniform(0.2, 0.6),
        )
        self._appoint_others(people, account)
        self._appoint_ours()

    def live(self) -> Lived:
        """Let it happen, and judge it."""
        court = Court(self._sender, self._gateway)
        has_person = self._luck.random() < _HAVE_PERSON
        for look in self._draw_looks():
            self._time.go_to(look)
            self._sender.work()
            court.hear()
            if has_person:
                self._sender.ask_person()
                court.hear()
        court.conclude()
        counts = court.counts + Counter({"by hand": self._sender.by_hand})
        return Lived(case=self._case, counts=counts, wrong=court.wrong)

    def close(self) -> None:
        """End it for good."""
        self._sender.close()

    def _appoint_others(self, people: Sequence[int], account: Account) -> None:
        for sending in self._draw_others(people, account):
            take = partial(self._gateway.take, sending.client, sending.mobiles, sending.extno)
            self._time.appoint(sending.at, take)

    def _appoint_ours(self) -> None:
        for campaign in self._campaigns:
            self._time.appoint(campaign.at, partial(self._sender.begin, *campaign[1:]))
        if self._luck.random() < _ARE_TOPPED_UP:
            for _ in range(3):
                points = self._luck.choice((5, 100, 1000))
                at = _START + timedelta(hours=self._luck.uniform(0, 60))
                self._time.appoint(at, partial(self._gateway.top_up, points))

    def _draw_others(self, people: Sequence[int], account: Account) -> Iterable[Sending]:
        match self._case.world:
            case World.SHARED:
                return draw_strangers(self._luck, people, _START)
            case World.ONE_PREFIX:
                return draw_twin(self._luck, people, _START, account.extno)
            case World.MIRRORED:
                batches = [batch for campaign in self._campaigns for batch in _cut(campaign)]
                return draw_mirrors(self._luck, batches)
            case _:
                return ()

    def _draw_looks(self) -> list[datetime]:
        """Draw when our side is at work."""
        looks = [_START + timedelta(days=days) for days in _LATE_LOOKS]
        if self._luck.random() < _LOOK_EARLY:
            looks += [_START - timedelta(hours=hours) for hours in _EARLY_LOOKS]
        looks += [
            campaign.at + timedelta(minutes=minutes * self._luck.uniform(0.7, 1.3))
            for campaign in self._campaigns
            for minutes in _LOOKS
        ]
        return sorted(looks)


def _draw_account(world: World, luck: random.Random) -> Account:
    return make_account(
        extno=_PREFIX if world is World.ONE_PREFIX else luck.choice((_PREFIX, None)),
        exclusive=world is World.EXCLUSIVE,
        concurrency=luck.choice((1, 2, 4)),
        on_code_8=OnCode8.RETRY if luck.random() < 0.25 else OnCode8.DOUBT,
        reports=ReportPolling(page=luck.choice((100, 500, 4000))),
    )


def _draw_campaigns(luck: random.Random, people: Sequence[int]) -> Iterator[_Planned]:
    at, earlier = _START + timedelta(minutes=luck.uniform(0, 60)), None
    for number in range(luck.randint(1, 3)):
        size = luck.choice(_BATCH_SIZES)
        most = min(len(people), _MOST_BATCHES * size)
        mobiles = sorted(luck.sample(people, luck.randint(most // 3, most)))
        if earlier and luck.random() < _SAME_AGAIN:
            mobiles, size = earlier
        yield _Planned(at, f"campaign{number}", mobiles, size)
        earlier = mobiles, size
        at += timedelta(hours=luck.choice(_APART))


def _cut(campaign: _Planned) -> Iterator[tuple[datetime, Sequence[int]]]:
    for first in range(0, len(campaign.mobiles), campaign.batch_size):
        yield campaign.at, campaign.mobiles[first : first + campaign.batch_size]


def _make_empty(folder: Path) -> Path:
    """Make an empty state once for each process: to lay one out takes longer than to copy it."""
    empty = folder / f"empty-{os.getpid()}.db"
    if not empty.exists():
        database = open_database(empty, actor="simulation")
        with database.writing() as transaction:
            ensure_accounts(transaction, ["main"], _START)
        database.close()
    return empty
