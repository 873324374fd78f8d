"""Make the lists of the example: invented people, the same on every run.

    python campaigns/lists/_make.py

members.csv is what a shop's till exports after years of typing: every way to write a number, some
people twice. staff.csv is what a colleague sends: numbers only. The numbers have the shape of
mobile numbers, in segments that, as far as we know, no carrier has handed out to phones: a
rehearsal that went to a real gateway by mistake should ring nowhere.
"""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

Row = tuple[str, str, str]  # name, number as typed, city

HERE = Path(__file__).resolve().parent
MEMBERS, TWICE, STAFF, STAFF_AND_MEMBER = 5_200, 160, 48, 36
SEGMENTS = ("154", "160", "161", "163", "164", "168", "169")
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英文华建国玉兰春梅海燕晓东子涵雨欣浩然思远"
CITIES = ("杭州", "绍兴", "宁波", "湖州", "嘉兴", "金华", "苏州")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
FULL_WIDTH_SHARE = 0.02
# as people write it: the shape, and how many of a hundred do
FORMS = (
    ("{a}{b}{c}", 72),
    ("{a} {b} {c}", 8),
    ("{a}-{b}-{c}", 7),
    ("+86{a}{b}{c}", 5),
    ("+86 {a} {b} {c}", 3),
    ("0086{a}{b}{c}", 3),
    ("86 {a}-{b}-{c}", 2),
)


def main() -> None:
    """Write both lists."""
    chance = Random(20350916)  # noqa: S311 - invents people, guards nothing
    numbers = _numbers(chance, MEMBERS + STAFF - STAFF_AND_MEMBER)
    _write_members(_members(chance, numbers[:MEMBERS]))
    staff = chance.sample(numbers[:MEMBERS], STAFF_AND_MEMBER) + numbers[MEMBERS:]
    _write_staff(sorted(staff))


def _numbers(chance: Random, count: int) -> list[str]:
    """Invent so many different numbers."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[f"{chance.choice(SEGMENTS)}{chance.randrange(10**8):08}"] = None
    return list(found)


def _members(chance: Random, numbers: list[str]) -> list[Row]:
    """Give every number a person and a city; some people stand in the list a second time."""
    people = [(_name(chance), number, chance.choice(CITIES)) for number in numbers]
    once = [(name, _typed(chance, number), city) for name, number, city in people]
    twice = [
        (name, _typed_again(chance, number, once[place][1]), city)
        for place, (name, number, city) in chance.sample(list(enumerate(people)), TWICE)
    ]
    return chance.sample(once + twice, MEMBERS + TWICE)


def _name(chance: Random) -> str:
    return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))


def _typed(chance: Random, number: str) -> str:
    """Write a number the way somebody at a till would."""
    shape = chance.choices([shape for shape, _ in FORMS], [share for _, share in FORMS])[0]
    text = shape.format(a=number[:3], b=number[3:7], c=number[7:])
    return text.translate(FULL_WIDTH) if chance.random() < FULL_WIDTH_SHARE else text


def _typed_again(chance: Random, number: str, before: str) -> str:
    """Write it another way than the last time."""
    while (text := _typed(chance, number)) == before:
        continue
    return text


def _write_members(rows: list[Row]) -> None:
    with (HERE / "members.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("姓名", "手机号", "城市"))
        table.writerows(rows)


def _write_staff(numbers: list[str]) -> None:
    with (HERE / "staff.csv").open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{number[:3]} {number[3:7]} {number[7:]}\n" for number in numbers)


if __name__ == "__main__":
    main()
