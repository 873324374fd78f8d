"""A contender as a process of its own, whose CPU time and memory are told from outside.

Linux alone: memory stands in /proc, and CPU time is a clock of its own for each process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_ROOT = Path(__file__).parent.parent
_LAST_WORDS = 2000  # characters of its errors that are shown


class Watched:
    """A process that runs. Use ``watching``."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self._proc = Path("/proc", str(process.pid))
        self._cpu_before = 0.0

    def begin(self) -> None:
        """Count CPU time and memory from now on."""
        (self._proc / "clear_refs").write_text("5")  # sets VmHWM back to what is held now
        self._cpu_before = self._tell_cpu()

    def tell(self) -> tuple[float, int]:
        """Give the CPU seconds since `begin`, and the most bytes that were held since."""
        held = _PEAK.search((self._proc / "status").read_text())
        if not held:
            raise self.failure()
        return self._tell_cpu() - self._cpu_before, int(held[1]) * 1024

    def hear(self, word: str) -> list[str]:
        """Wait for a line of its stdout that begins with a word; gives the others."""
        assert self._process.stdout
        line = self._process.stdout.readline().decode().split()
        if line[:1] != [word]:
            raise self.failure()
        return line[1:]

    def say_go(self) -> None:
        """Give it an empty line to read."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")

    def finish(self) -> None:
        """Wait until it ends by itself; raises RuntimeError where it does not end well."""
        if self._process.wait():
            raise self.failure()

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def failure(self) -> RuntimeError:
        """Say that it did not do what it should, with its last words."""
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace")[-_LAST_WORDS:]
        return RuntimeError(f"{self._process.args!r} failed: {words}")

    def _tell_cpu(self) -> float:
        # As clock_getcpuclockid(3) makes it of a process: to the nanosecond, unlike /proc/PID/stat.
        return time.clock_gettime(~self._process.pid << 3 | 2)


@contextmanager
def watching(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Watched]:
    """Run a program while it is watched; it is ended with the block.

    Modules are looked for where PYTHONPATH says first, so that another checkout can be measured.
    """
    # Its own variables alone: what the caller's shell happens to set must not decide a figure.
    modules = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), str(_ROOT)]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(modules)}
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**variables, **(environment or {})},
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            bufsize=0,
        ) as process,
    ):
        try:
            yield Watched(process, errors)
        finally:
            process.kill()


def python(module: str, *words: str) -> list[str]:
    """Give the command that runs a module with this Python."""
    return [sys.executable, "-m", module, *words]


def runner(workspace: Path, *words: str) -> list[str]:
    """Give the command that runs one of ours in a workspace, by this Python."""
    return python("runner", "--quiet", "-C", str(workspace), *words)
