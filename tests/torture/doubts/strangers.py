"""Other programs on the same account: what they send to whom and when, drawn before it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from runner.codec.extno import write_extno

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from datetime import datetime

_LIFE = timedelta(days=4)  # of a program that sends small tasks all the time
_BEGINNINGS = (-240, -48, -12, -1, 0, 1, 6, 24, 48)  # hours from our first campaign
_OTHER_PREFIX = "77"
_MOST_AT_ONCE = 2000
_FEWEST = 5  # people of ours that a mirror sends to: fewer would settle nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A request of another program. client: a number of its own, from 1 on."""

    at: datetime
    client: int
    mobiles: Sequence[int]
    extno: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another program. people: whom it may send to; prefix: of its extnos, None for none."""

    client: int
    people: Sequence[int]
    began: datetime
    prefix: str | None


def draw_strangers(
    luck: random.Random, people: Sequence[int], start: datetime
) -> Iterator[Sending]:
    """Draw what one to three other programs send, with extnos of their own or none."""
    for client in range(1, luck.randint(1, 3) + 1):
        neighbour = Neighbour(
            client=client,
            people=people,
            began=_draw_beginning(luck, start),
            prefix=luck.choice((_OTHER_PREFIX, None)),
        )
        yield from luck.choice((_draw_runner, _draw_crm, _draw_team))(luck, neighbour)


def draw_twin(
    luck: random.Random, people: Sequence[int], start: datetime, prefix: str | None
) -> Iterator[Sending]:
    """Draw what another workspace sends that has our very prefix, against all advice."""
    began = start + timedelta(minutes=luck.uniform(-60, 60))
    neighbour = Neighbour(client=1, people=people, began=began, prefix=prefix)
    yield from _draw_runner(luck, neighbour)


def draw_mirrors(
    luck: random.Random, batches: Sequence[tuple[datetime, Sequence[int]]]
) -> Iterator[Sending]:
    """Draw programs that send, as their first, to people of one of our batches and nobody else.

    batches: when each is sent, and to whom.
    """
    large = [batch for batch in batches if len(batch[1]) >= _FEWEST]
    some = luck.sample(large, min(len(large), luck.randint(1, 4)))
    for client, (sent_at, mobiles) in enumerate(some, start=1):
        people = luck.choice((len(mobiles), luck.randint(_FEWEST, len(mobiles))))
        at = sent_at + timedelta(minutes=luck.uniform(1, 120))
        yield Sending(at=at, client=client, mobiles=luck.sample(mobiles, people))


def _draw_beginning(luck: random.Random, start: datetime) -> datetime:
    return start + timedelta(hours=luck.choice(_BEGINNINGS), minutes=luck.uniform(0, 60))


def _draw_runner(luck: random.Random, neighbour: Neighbour) -> Iterator[Sending]:
    """Another workspace like ours: lists that are cut into batches, with ids from 1 on."""
    people, number, began = neighbour.people, count(1), neighbour.began
    for _ in range(luck.randint(1, 4)):
        size = min(luck.choice((5, 20, 100, 500)), len(people))
        most = min(len(people), 12 * size)
        some = sorted(luck.sample(people, luck.randint(size, most)))
        at = began
        for first in range(0, len(some), size):
            extno = write_extno(neighbour.prefix, next(number)) if neighbour.prefix else ""
            batch = some[first : first + size]
            yield Sending(at=at, client=neighbour.client, mobiles=batch, extno=extno)
            at += timedelta(seconds=luck.uniform(1, 60))
        began += timedelta(hours=luck.uniform(1, 36))


def _draw_crm(luck: random.Random, neighbour: Neighbour) -> Iterator[Sending]:
    """Small tasks all day long."""
    at, most, tasks = neighbour.began, luck.choice((1, 5, 50)), luck.randint(5, 60)
    for _ in range(tasks):
        some = luck.sample(neighbour.people, luck.randint(1, most))
        yield Sending(at=at, client=neighbour.client, mobiles=some)
        at += timedelta(seconds=luck.expovariate(tasks / _LIFE.total_seconds()))


def _draw_team(luck: random.Random, neighbour: Neighbour) -> Iterator[Sending]:
    """Campaigns to a tenth to nine tenths of the same people."""
    at = neighbour.began
    for _ in range(luck.randint(1, 4)):
        share = luck.uniform(0.1, 0.9)
        some = luck.sample(neighbour.people, round(len(neighbour.people) * share))
        for first in range(0, len(some), _MOST_AT_ONCE):
            batch = some[first : first + _MOST_AT_ONCE]
            yield Sending(at=at, client=neighbour.client, mobiles=batch)
        at += timedelta(hours=luck.uniform(1, 48))
