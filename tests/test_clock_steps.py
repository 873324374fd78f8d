"""Clocks that are set in any way near odd days of many zones: the sample of `make torture`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torture.clocks import explore

if TYPE_CHECKING:
    from pathlib import Path


def test_whatever_a_clock_does_campaigns_start_once_at_their_time_or_say_missed(
    tmp_path: Path,
) -> None:
    told = explore(1, tmp_path, examples=25)
    assert not told.broken, told.broken
    assert told.figures["finished"]
    assert told.figures["missed"]
