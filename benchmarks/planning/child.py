"""Runs a program and says what it cost, as the system counts it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROOT = Path(__file__).parents[2]


class Cost(NamedTuple):
    """What a process took: seconds of processor and of the wall clock, bytes at its peak."""

    cpu: float
    wall: float
    peak: float


def run(
    command: Sequence[str | Path],
    *,
    said: str = "",
    of_itself: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a program to its end. Raises CalledProcessError.

    said: its standard input.
    of_itself: what counts is a part of it, of which it prints the two times itself.
    environment: variables beside those of this process.
    """
    began = monotonic()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        env={**os.environ, **(environment or {})},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(said.encode())
        process.stdin.close()
        answer = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, [str(word) for word in command])
    peak = used.ru_maxrss * 1024  # KiB on Linux
    if of_itself:
        cpu, wall = map(float, answer.split())
        return Cost(cpu=cpu, wall=wall, peak=peak)
    return Cost(cpu=used.ru_utime + used.ru_stime, wall=monotonic() - began, peak=peak)
