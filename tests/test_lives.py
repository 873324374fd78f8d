"""Campaigns that live from their files to their last reports: the sample of `make torture`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cli_workspace import CHECKOUT
from torture.lives import live

if TYPE_CHECKING:
    from pathlib import Path

SAY_DIGEST = """
import sys
from pathlib import Path
from torture.lives import live
print(live(3, 15, Path(sys.argv[1])).digest)
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_in_a_life_nothing_is_sent_twice_and_nothing_lost(
    seed: int, tmp_path: Path
) -> None:
    lived = live(seed, 60, tmp_path / "kept")

    assert lived.broken == []
    assert lived.figures["campaigns"] > 50
    assert lived.figures["kills"]
    assert lived.figures["doubts"]


def test_the_same_seed_is_the_same_life_in_every_process(tmp_path: Path) -> None:
    """Or nobody could look at what a night of lives has found."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'tests'}",
        "PYTHONHASHSEED": "7",
    }
    command = [sys.executable, "-c", SAY_DIGEST, str(tmp_path / "kept")]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    assert live(3, 15, tmp_path / "kept").digest == said.stdout.strip()
