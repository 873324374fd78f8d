"""Who writes the campaigns of a simulated life, changes their minds, and tidies up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from builders import ZONE

from torture.simulation.shelf import POPULATION, Draft

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from torture.simulation.shelf import Shelf

AN_HOUR = 20  # campaigns that are written in one, on average
_LONGEST_AHEAD = 3 * 86_400.0  # seconds from a file to its start


class Author:
    """Writes so many campaigns. repeats: counts how often a title was said to be sent again."""

    def __init__(
        self, shelf: Shelf, luck: random.Random, campaigns: int, repeats: Counter[str]
    ) -> None:
        self.left = campaigns
        self._repeats = repeats
        self._shelf = shelf
        self._luck = luck
        self._ahead = min(_LONGEST_AHEAD, campaigns / AN_HOUR * 1800)
        self._number = 0

    def work(self, now: datetime, states: Mapping[str, str]) -> None:
        """Do an hour's work. states: of the campaigns that the program knows."""
        self._tidy_up(states)
        for _ in range(min(self.left, self._luck.randint(1, 2 * AN_HOUR - 1))):
            self.left -= 1
            self._write_one(now)
        for name in self._choose(0.03):
            self._change_one(name, now)
        for name in self._choose(0.004):
            self._copy_one(name)

    def say_again(self, name: str, other: str) -> None:
        """Say that a campaign is meant to repeat another."""
        draft = self._shelf.drafts[name]
        self._shelf.change(name, again=(*draft.again, other))
        self._repeats[draft.title] += 1

    def _tidy_up(self, states: Mapping[str, str]) -> None:
        """Put away what is over, most of the time."""
        for name in list(self._shelf.drafts):
            if states.get(name) in ("finished", "cancelled") and self._luck.random() < 0.5:
                self._shelf.take_away(name)

    def _choose(self, share: float) -> Collection[str]:
        return [name for name in self._shelf.drafts if self._luck.random() < share]

    def _name(self) -> str:
        self._number += 1
        return f"c{self._number:05}"

    def _write_one(self, now: datetime) -> None:
        name = self._name()
        draft = Draft(
            title=name,
            account=self._luck.choice(list(self._shelf.settings.accounts)),
            mobiles=self._draw_people(),
            start=self._draw_start(now),
            more=self._draw_conditions(now),
        )
        self._shelf.put(name, draft)

    def _draw_people(self) -> list[int]:
        return self._luck.sample(POPULATION, self._luck.randint(5, 60))

    def _draw_start(self, now: datetime) -> str | None:
        kind = self._luck.random()
        if kind < 0.25:
            return "now"
        if kind < 0.35:
            return None
        return _write_time(now + timedelta(seconds=self._luck.uniform(-1800, self._ahead)))

    def _draw_conditions(self, now: datetime) -> str:
        late = _write_time(now + timedelta(seconds=self._ahead + 4 * 86_400))
        lines = {
            "hours: 08:00-22:00\n": 0.1,
            "latest: 12h\n": 0.3,
            f"until: {late}\n": 0.03,
            "expect: {recipients: 1-4}\n": 0.01,
            f"state: {self._luck.choice(['paused', 'paused', 'cancelled'])}\n": 0.03,
        }
        return "".join(line for line, share in lines.items() if self._luck.random() < share)

    def _change_one(self, name: str, now: datetime) -> None:
        kind = self._luck.random()
        # Another message: whoever got the one before may get this one too.
        title = f"{self._shelf.drafts[name].title}+"
        if kind < 0.3:
            self._shelf.change(name, title=title, mobiles=self._draw_people())
        elif kind < 0.6:
            self._shelf.change(name, start=self._draw_start(now))
        elif kind < 0.8:
            self._shelf.change(name, title=title)
        else:
            self._shelf.change(name, more=self._draw_conditions(now))

    def _copy_one(self, name: str) -> None:
        """Copy a file or rename it, with the same people and a few more."""
        kept = self._luck.random() < 0.5
        draft = self._shelf.drafts[name] if kept else self._shelf.take_away(name)
        more = self._luck.sample(POPULATION, 5)
        mobiles = list(dict.fromkeys([*draft.mobiles, *more]))
        copy = Draft(
            title=draft.title,
            account=draft.account,
            mobiles=mobiles,
            start=draft.start,
            more=draft.more,
        )
        self._shelf.put(self._name(), copy)


def _write_time(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%F %T}"
