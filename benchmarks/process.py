"""A contender as a process of its own, whose CPU time and memory are told from outside.

Linux alone: what is told stands in /proc.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TICKS = os.sysconf("SC_CLK_TCK")
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_ROOT = Path(__file__).parent.parent


class Watched:
    """A process that runs. Use ``watching``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._proc = Path("/proc", str(process.pid))
        self._cpu_before = 0.0

    def begin(self) -> None:
        """Count CPU time and memory from now on."""
        (self._proc / "clear_refs").write_text("5")  # sets VmHWM back to what is held now
        self._cpu_before = self._tell_cpu()

    def tell(self) -> tuple[float, int]:
        """Give the CPU seconds since `begin`, and the most bytes that were held since."""
        held = _PEAK.search((self._proc / "status").read_text())
        assert held, "every living process has it"
        return self._tell_cpu() - self._cpu_before, int(held[1]) * 1024

    def finish(self) -> int:
        """Wait until it ends by itself; gives its exit status."""
        return self._process.wait()

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def _tell_cpu(self) -> float:
        # What stands before the last `)` is the program's name, which may hold anything.
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def watching(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Watched]:
    """Run a program while it is watched; it is ended with the block.

    Modules are looked for where PYTHONPATH says first, so that another checkout can be measured.
    """
    # Its own variables alone: what the caller's shell happens to set must not decide a figure.
    inherited = os.environ.get("PYTHONPATH", "")
    modules = [*filter(None, inherited.split(os.pathsep)), str(_ROOT)]
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(modules),
        **(environment or {}),
    }
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield Watched(process)
        finally:
            process.kill()


def python(module: str, *words: str) -> list[str]:
    """Give the command that runs a module with this Python."""
    return [sys.executable, "-m", module, *words]
