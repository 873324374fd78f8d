"""Runs a command as a process of its own, and tells what it took."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """seconds: from start to end; cpu: of all its threads and the kernel; peak: bytes at most."""

    seconds: float
    cpu: float
    peak: int


def measure(command: Sequence[str], *, folder: Path) -> Measurement:
    """Run a command to its end; raises CalledProcessError where it does not end with 0.

    folder: for its state, and for its bytecode, which an installed program has from the beginning
    and a checkout only where PYTHONDONTWRITEBYTECODE is not set. Its first run writes it.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),  # so that another checkout can be measured
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "XDG_STATE_HOME": str(folder / "states"),
    }
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    cpu = usage.ru_utime + usage.ru_stime
    return Measurement(seconds=seconds, cpu=cpu, peak=usage.ru_maxrss * 1024)
