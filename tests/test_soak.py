"""A daemon that lives long: the sample of `make soak`, and the rules by which growth is found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from torture.soak.flat import find_growth, find_longest_life
from torture.soak.gauge import Sample
from torture.soak.life import Soaked, soak
from torture.soak.report import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1 << 20


def make_samples(count: int = 90, **changes: Callable[[int], int]) -> list[Sample]:
    """Measure a daemon every ten seconds that does the same work all its life and keeps nothing.

    changes: what is otherwise, by the number of the sample.
    """
    flat: dict[str, Callable[[int], int]] = {
        "rss": lambda _: 60 * MIB,
        "private": lambda number: (45 + number % 2) * MIB,
        "descriptors": lambda number: 14 + number % 4,
        "threads": lambda number: 9 + number % 3,
        "log": lambda number: (number % 5) * MIB,
        "index": lambda _: 32_768,
        "database": lambda number: 10_000 * number,
        "answers": lambda number: number,
        "events": lambda number: 20 * number,
        "people": lambda number: 100 * number,
        "requests": lambda number: 20 * number,
        "reports": lambda number: 100 * number,
    }
    return [make_sample(number, flat | changes) for number in range(count)]


def make_sample(number: int, measures: dict[str, Callable[[int], int]]) -> Sample:
    values: dict[str, Any] = {name: measure(number) for name, measure in measures.items()}
    return Sample(at=10.0 * number, pid=7, cpu=float(number), **values)


def growth(**changes: Callable[[int], int]) -> list[str]:
    return find_growth(find_longest_life(make_samples(**changes)))


def test_whatever_happens_beside_a_daemon_nothing_is_sent_twice_and_nothing_lost(
    tmp_path: Path,
) -> None:
    soaked = soak(4.0, 1, tmp_path)

    assert soaked.broken == []
    assert all(soaked.figures[name] for name in ("requests", "reports", "looks"))
    assert soaked.figures["daemons"] > 1


def test_a_daemon_that_keeps_nothing_is_found_to_be_flat() -> None:
    assert growth() == []


@pytest.mark.parametrize(
    ("grown", "words"),
    [
        ({"private": lambda number: 45 * MIB + 100_000 * number}, "memory grew"),
        ({"descriptors": lambda number: 14 + number // 3}, "descriptors grew"),
        ({"threads": lambda number: 9 + number // 6}, "threads grew"),
        ({"log": lambda number: number * MIB}, "never came below"),
        ({"log": lambda number: min(number, 30) * MIB}, "never came below"),
        ({"database": lambda number: 50 * number**3}, "bytes of the state"),
    ],
)
def test_what_grows_with_the_time_is_found(
    grown: dict[str, Callable[[int], int]], words: str
) -> None:
    [found] = growth(**grown)
    assert words in found


@pytest.mark.parametrize(
    "grown",
    [
        {"private": lambda number: (45 + min(number, 25)) * MIB},  # while it warms up
        {"log": lambda number: (number % 40) * MIB},  # long readers come and go
    ],
)
def test_what_comes_to_rest_is_no_growth(grown: dict[str, Callable[[int], int]]) -> None:
    assert growth(**grown) == []


def test_of_a_short_life_nobody_says_that_nothing_grew() -> None:
    samples = make_samples(count=6)
    assert "not judged" in render(Soaked(samples=samples))


def test_the_daemon_that_was_measured_most_often_is_judged() -> None:
    others = [replace(sample, pid=8, log=99 * MIB) for sample in make_samples(count=9)]
    assert find_growth(find_longest_life([*others, *make_samples(), *others])) == []


def test_what_was_broken_stands_in_the_verdict() -> None:
    told = render(Soaked(samples=make_samples(), broken=["138 was taken twice"]))
    assert told.endswith("broken: 138 was taken twice\nsoak: 1 BROKEN")
    assert render(Soaked(samples=make_samples())).endswith("and nothing grew")
