"""Aims kills at places that calm lives are known to pass, and adds up what came of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torture.processes.case import Beginning, Case, Kill, Program, parse_case
from torture.processes.life import live
from torture.proof import Row, chance, run_all

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Sequence

    from torture.processes.life import Lived
    from torture.proof import Orders

_MOST_KILLS = 3  # of the processes of one case, one after another

Calm = dict[tuple[Program, Beginning], Counter[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """All cases whose first process dies at one place: a row of the table."""

    program: Program
    place: str

    def __str__(self) -> str:
        return f"{self.program} at {self.place}"


def calm_cases(seeds: Iterable[int], *kills: Kill) -> list[Case]:
    """Give each program's life from each beginning; kills: none that is ever reached."""
    return [
        Case(program=program, beginning=beginning, seed=seed, kills=kills)
        for program in Program
        for beginning in Beginning
        for seed in seeds
    ]


def count_passings(lives: Iterable[Lived]) -> Calm:
    """Say how often a process passes each place, at most, by program and beginning."""
    calm: Calm = {}
    for life in lives:
        key = (life.case.program, life.case.beginning)
        calm[key] = calm.get(key, Counter()) | life.passed
    return calm


def find_aims(calm: Calm) -> list[Aim]:
    """Give every program with every place that it passes."""
    pairs = {(program, place) for (program, _), passed in calm.items() for place in passed}
    return [Aim(program=program, place=place) for program, place in sorted(pairs)]


def choose_case(aim: Aim, seed: int, calm: Calm) -> Case:
    """Choose where to begin and at which passing to die: the first, second, last or one between.

    Some of the processes that follow die too, at any place: the seed decides.
    """
    luck = chance(seed, aim)
    beginnings = [
        beginning
        for (program, beginning), passed in sorted(calm.items())
        if program is aim.program and passed[aim.place]
    ]
    beginning = beginnings[seed % len(beginnings)]
    last = calm[aim.program, beginning][aim.place]
    passing = (1, min(2, last), last, luck.randint(1, last))[seed // len(beginnings) % 4]
    first = Kill(place=aim.place, passing=passing)
    passed = calm[aim.program, beginning]
    more = [_choose_kill(passed, luck) for _ in range(luck.randrange(_MOST_KILLS))]
    return Case(program=aim.program, beginning=beginning, seed=seed, kills=(first, *more))


def _choose_kill(passed: Counter[str], luck: random.Random) -> Kill:
    """Choose any place, and a passing of the first half: less is left to do for each process."""
    place = luck.choice(sorted(passed))
    return Kill(place=place, passing=luck.randint(1, (passed[place] + 1) // 2))


def prove_aims(proof: str, calm: Calm, aims: Sequence[Aim], orders: Orders) -> Iterator[Row]:
    """Live the cases of every aim, one for each seed."""
    cases = {choose_case(aim, seed, calm): aim for aim in aims for seed in orders.seeds}
    rows = {aim: Row(proof=proof, name=f"{aim}") for aim in aims}
    for lived in live_all(proof, list(cases), orders):
        aim = cases[lived.case]
        rows[aim] = add_life(rows[aim], lived)
    yield from rows.values()


def prove_one(proof: str, orders: Orders, case: str) -> Row:
    """Live one case, as a broken promise named it."""
    lived = live(parse_case(case), orders.folder)
    return add_life(Row(proof=proof, name=case), lived)


def live_all(proof: str, cases: Sequence[Case], orders: Orders) -> Iterator[Lived]:
    """Live cases, some at once; gives them as they end."""
    return run_all(proof, cases, lambda case: live(case, orders.folder / proof), orders.jobs)


def add_life(row: Row, lived: Lived) -> Row:
    """Count a life in its row."""
    figures = Counter(row.figures)
    figures.update(lived.findings.figures)
    broken = [*row.broken, _describe(row.proof, lived)] if lived.findings.broken else row.broken
    return replace(row, runs=row.runs + 1, figures=figures, broken=broken)


def _describe(proof: str, lived: Lived) -> str:
    first, *others = lived.findings.broken
    more = f" (and {len(others)} more)" if others else ""
    again = f"make torture PROOFS={proof} ONLY='{lived.case}'"
    return f"{first}{more}\n  again: {again}\n  kept:  {lived.home}"
