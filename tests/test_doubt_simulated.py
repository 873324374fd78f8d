"""A few simulated lives of an account that loses answers; `make torture` lives thousands."""

from __future__ import annotations

import pytest
from torture.doubt import sum_up
from torture.doubts.life import Case, World, live

LIVES = range(10)


def live_in(world, folder, seeds=LIVES):
    return [live(Case(world, seed), folder) for seed in seeds]


@pytest.mark.parametrize("world", [World.EXCLUSIVE, World.QUIET, World.SHARED])
def test_no_batch_is_settled_wrongly_and_some_are_settled(world, tmp_path):
    row = sum_up(world, live_in(world, tmp_path))
    assert row.broken == []
    assert row.figures["really taken"] >= 10
    assert row.figures["extno"] + row.figures["reports"] + row.figures["balance"] >= 1
    assert row.figures["misplaced"] == 0


def test_the_same_seed_is_the_same_life(tmp_path):
    case = Case(World.SHARED, 3)
    assert live(case, tmp_path) == live(case, tmp_path)


def test_who_sends_first_to_a_batch_s_people_and_nobody_else_is_mistaken_for_us(tmp_path):
    """Nobody could tell; and the judge would see it if a batch were settled wrongly elsewhere."""
    row = sum_up(World.MIRRORED, live_in(World.MIRRORED, tmp_path))
    assert row.figures["mistaken"] > 0
    assert row.figures["misplaced"] > 0
    assert row.broken == []


def test_a_life_leaves_nothing_behind(tmp_path):
    live(Case(World.QUIET, 1), tmp_path)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("empty")] == []
