"""What `make torture PROOFS=fuzz` fuzzes at length: its seeds, and some damage to them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torture import fuzz
from torture.fuzzing.target import Broken, hold
from torture.fuzzing.targets import TARGETS
from torture.proof import Orders

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = {"settings": 25, "campaign": 15}  # files of a workspace; the others are quicker


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """Damage a seed: some stretches are replaced by words, by bytes, or by parts of a seed."""
    target = TARGETS[name]
    seeds = st.sampled_from(target.seeds)
    data = draw(seeds)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 12))
        other = draw(seeds)
        part = st.integers(0, len(other)).map(lambda at, other=other: other[at : at + 40])
        new = draw(st.sampled_from(target.words) | st.binary(max_size=4) | part)
        data = data[:start] + new + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_read_well_keeps_every_promise(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].judge(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_damage_breaks_no_promise(name: str) -> None:
    @settings(
        max_examples=EXAMPLES.get(name, 100),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(damaged(name))
    def judge(data: bytes) -> None:
        TARGETS[name].judge(data)

    judge()


def test_a_judge_sees_what_is_wrong() -> None:
    with pytest.raises(Broken, match="it is"):
        hold(False, "it is")


def test_an_input_that_broke_a_promise_is_judged_again_by_its_file(tmp_path: Path) -> None:
    """Without atheris, so that everybody can repeat it."""
    (tmp_path / "input").write_bytes(b"10")
    orders = Orders(seeds=[1], jobs=1, folder=tmp_path, only=f"receipt={tmp_path}/input")
    [row] = fuzz.prove(orders)
    assert (row.name, row.runs, row.broken) == ("receipt", 1, ())


def test_without_atheris_the_proof_says_that_it_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    rows = list(fuzz.prove(Orders(seeds=[1], jobs=1, folder=tmp_path)))
    assert {row.skipped for row in rows} == {"atheris is not installed"}
    assert [row.name for row in rows] == list(TARGETS)
