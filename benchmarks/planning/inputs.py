"""Makes the lists that are planned, from a seed, as customers send them.

Random numbers in no order, one in ten of them a second time, one in twenty with +86 before it, one
row in a hundred without a number (so the campaign says `invalid: skip`), and half a million people
to leave out, of whom a quarter of a million are on the list (of a short list, a quarter).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXCLUDED = 500_000

_CAMPAIGN = """\
title: Planned
account: main
start: 2035-09-16 09:00
frames:
  - duration: 3
    text: 【某商场】会员专享，拒收请回复R
recipients:
  files: [lists/members.csv]
  exclude: [lists/staff.csv]
  invalid: skip
"""

_SETTINGS = """\
name: planned
state: {state}
accounts:
  main:
    url: http://127.0.0.1:9
    userid: "1"
    account: planned
    password: {{env: MMS_PASSWORD}}
"""

_WRONG = ("无", "", "12345", "1380013800x", "+1 4155550100")
_NAMES = ("张三", "李四", "王小明", "欧阳震华")
_CITIES = ("上海", "北京", "广州市天河区", "乌鲁木齐")
_BLOCK = 100_000  # rows that are written at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A workspace with one campaign, and where its lists are."""

    folder: Path
    numbers: int
    columns: int

    @property
    def members(self) -> Path:
        """The list of the people."""
        return self.folder / "lists" / "members.csv"

    @property
    def workbook(self) -> Path:
        """The same people as `members`, as a workbook of texts."""
        return self.members.with_suffix(".xlsx")

    @property
    def excluded(self) -> Path:
        """The list of those who get nothing."""
        return self.folder / "lists" / "staff.csv"

    @property
    def state(self) -> Path:
        """Where the program keeps what it plans."""
        return self.folder.with_name(f"{self.folder.name}-state") / "state.db"


def make_input(folder: Path, *, numbers: int, columns: int, seed: int = 1) -> Input:
    """Write a workspace; columns: 1, in UTF-8, or 5, in GB18030 with names and cities."""
    made = Input(folder=folder, numbers=numbers, columns=columns)
    made.members.parent.mkdir(parents=True, exist_ok=True)
    (folder / "runner.yaml").write_text(_SETTINGS.format(state=made.state), encoding="utf-8")
    (folder / "planned.yaml").write_text(_CAMPAIGN, encoding="utf-8")
    chance = random.Random(seed)
    encoding = "utf-8" if columns == 1 else "gb18030"
    heading = "手机号" if columns == 1 else "编号,姓名,手机号,城市,备注"
    with made.members.open("w", encoding=encoding, newline="") as file:
        file.write(f"{heading}\n")
        rows = _make_rows(chance, numbers, columns)
        while block := list(islice(rows, _BLOCK)):
            file.writelines(block)
    chance.seed(seed)
    known = list(islice(_make_mobiles(chance), min(EXCLUDED // 2, numbers // 4)))
    others = random.Random(seed + 1)
    strangers = islice(_make_mobiles(others), EXCLUDED - len(known))
    made.excluded.write_text("".join(f"{mobile}\n" for mobile in (*strangers, *known)))
    return made


def _make_rows(chance: random.Random, numbers: int, columns: int) -> Iterator[str]:
    fresh = _make_mobiles(chance)
    earlier: list[str] = list(islice(fresh, EXCLUDED // 2))
    beginning = iter(earlier[:])
    for row in range(numbers):
        kind = chance.random()
        number = next(beginning, None) or next(fresh)
        if kind < 0.1:
            number = chance.choice(earlier)
        elif kind < 0.15:
            number = f"+86{number}"
        elif kind < 0.16:
            number = chance.choice(_WRONG)
        if columns == 1:
            yield f"{number}\n"
        else:
            name, city = _NAMES[row % 4], _CITIES[row % 3]
            yield f"{row},{name},{number},{city},会员 {row % 100}\n"


def _make_mobiles(chance: random.Random) -> Iterator[str]:
    while True:
        yield str(chance.randrange(13_000_000_000, 20_000_000_000))
