"""One case from its first process to the verdict."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torture.processes.case import Beginning, Kill
from torture.processes.judge import judge
from torture.processes.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from torture.processes.case import Case
    from torture.processes.judge import Findings

# Late enough for requests to be in flight, early enough for much to be left to do.
_ABANDON = Kill(place="gateway.begun", passing=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A case that has come to its end.

    passed: how often the first process after the beginning passed each step, or, where it was
    traced, how often that one of its threads did each system call that did it most often.
    home: the folder that was kept; None where every promise was.
    """

    case: Case
    findings: Findings
    passed: Counter[str]
    home: Path | None


def live(case: Case, folder: Path) -> Lived:
    """Run a case in a folder of its own, which stays only where a promise was broken."""
    home = folder / re.sub(r"\W+", "-", f"{case}").strip("-")
    with World(case, home) as world:
        _begin(world)
        prepared = len(world.processes)
        for kill in case.kills:
            world.die(kill)
        world.come_to_an_end()
        first = world.processes[prepared]
        passed = Counter(first.read_steps()) | _busiest_thread(first.read_calls())
        findings = judge(world)
    if not findings.broken:
        shutil.rmtree(home)
    return Lived(
        case=case, findings=findings, passed=passed, home=home if findings.broken else None
    )


def _begin(world: World) -> None:
    if world.case.beginning is Beginning.FRESH:
        return
    world.die(_ABANDON)
    if world.case.beginning is Beginning.OLDER:
        world.become_older()


def _busiest_thread(calls: list[tuple[str, str]]) -> Counter[str]:
    """Count as strace does: each thread for itself."""
    busiest: Counter[str] = Counter()
    for (_, call), times in Counter(calls).items():
        busiest[call] = max(busiest[call], times)
    return busiest
