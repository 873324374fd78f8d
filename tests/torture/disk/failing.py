"""One life of the program on a disk that fails, or is full for a while."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torture.processes.case import Beginning, Case, Program
from torture.processes.judge import judge
from torture.processes.world import World
from torture.proof import chance

if TYPE_CHECKING:
    from pathlib import Path

    from torture.processes.judge import Findings

# For good, or for a while; each thread's calls are counted by themselves.
_WHEN = {"EIO": "{first}+", "ENOSPC": "{first}..{last}"}
_LATEST = {"fdatasync": 12, "pwrite64": 150}  # calls of a thread before it begins, at most
_WHILE = 30  # calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A kind of system call of a program's first process that fails from some moment on."""

    program: Program
    call: str
    error: str
    seed: int

    def __str__(self) -> str:
        return f"{self.program}/{self.call}/{self.error}/{self.seed}"

    @property
    def name(self) -> str:
        """What it is called in a table."""
        return f"{self.program} with {self.error} of {self.call}"

    def write_words(self, state: Path) -> list[str]:
        """Give the words before the command of a process that is to suffer it.

        Only the log of its state fails, since most of what comes before the first request writes
        elsewhere.
        """
        first = chance(self.seed, self.name).randint(1, _LATEST[self.call])
        when = _WHEN[self.error].format(first=first, last=first + _WHILE)
        inject = f"inject={self.call}:error={self.error}:when={when}"
        words = ["strace", "-f", "-qqq", "-o", os.devnull, "-e", f"trace={self.call}"]
        return [*words, "-P", f"{state}-wal", "-e", inject]


def parse_failure(text: str) -> Failure:
    """Read a failure as it is written; raises ValueError."""
    program, call, error, seed = text.split("/")
    return Failure(program=Program(program), call=call, error=error, seed=int(seed))


def suffer(failure: Failure, folder: Path) -> tuple[Findings, Path | None]:
    """Live until everything is settled; gives what was kept of a life that broke a promise."""
    home = folder / f"{failure}".replace("/", "-")
    case = Case(program=failure.program, beginning=Beginning.FRESH, seed=failure.seed)
    with World(case, home, before=lambda number: write_words() if number == 1 else ()) as world:

        def write_words() -> list[str]:
            return failure.write_words(world.office.state)

        world.come_to_an_end()
        findings = judge(world)
    if findings.broken:
        return findings, home
    shutil.rmtree(home)
    return findings, None
