"""The program as a process of its own, killed at a step or at a system call, or let live.

Killed at a step by ``torture.processes.launch`` from within, at a system call by strace: the
process then runs as a user would start it, and dies before the call is done.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cli_workspace import CHECKOUT

from torture.processes.case import Kill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli_workspace import Office

_CALL = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)


class Process:
    """One process of a case. number: of all that there were, from 1; words: those of a command.

    kill: where it dies, None for nowhere; folder: for its log and its trace.
    before: the words of a program that is to run it, such as one that records what it does.
    """

    def __init__(
        self,
        office: Office,
        folder: Path,
        number: int,
        words: Sequence[str],
        kill: Kill | None,
        before: Sequence[str] = (),
    ) -> None:
        self.number = number
        self.kill = kill
        self._log = folder / f"{number}.log"
        self._trace = folder / f"{number}.trace"
        self._trace.touch()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'tests'}",
            "PYTHONDONTWRITEBYTECODE": "1",  # else the first of many has system calls of its own
            **office.environment,
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*before, *_command(kill, self._trace), *words],
                env=environment,
                cwd=office.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a signal reaches strace and what it traces
            )

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it lives."""
        return self._process.poll()

    @property
    def was_killed(self) -> bool:
        """Whether it died where it was to die."""
        return self.kill is not None and self.status == -signal.SIGKILL

    def read_log(self) -> str:
        """Give what it has said so far."""
        return self._log.read_text("utf-8", errors="replace")

    def read_steps(self) -> list[str]:
        """Give the steps that it passed, in order; none of a traced process."""
        return [] if self._is_traced else self._trace.read_text("utf-8").split()

    def read_calls(self) -> list[tuple[str, str]]:
        """Give the system calls of a traced process, each as its thread and its name."""
        return _CALL.findall(self._trace.read_text("utf-8")) if self._is_traced else []

    def was_asking(self) -> bool:
        """Whether it may have had an answer with reports in hand that it had not made safe."""
        if self._is_traced:
            return True  # nobody wrote down its steps
        last = {step: place for place, step in enumerate(self.read_steps())}
        return last.get("collector.asking", -1) > last.get("collector.answer-safe", -1)

    def stop(self) -> None:
        """Tell it to come to an end."""
        os.killpg(self._process.pid, signal.SIGTERM)

    def end_for_good(self) -> None:
        """Leave nothing of it behind, if it hangs."""
        if self.status is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def _is_traced(self) -> bool:
        return self.kill is not None and not self.kill.is_step


def can_trace() -> bool:
    """Whether strace is there and may trace: a container may forbid it."""
    if not shutil.which("strace"):
        return False
    kill = Kill(place="write", passing=1)
    trial = [*_trace(kill, Path(os.devnull)), "echo", "not to be heard"]
    return subprocess.run(trial, check=False, capture_output=True).returncode == -signal.SIGKILL


def _command(kill: Kill | None, trace: Path) -> list[str]:
    if kill is None or kill.is_step:
        return [sys.executable, "-m", "torture.processes.launch", str(kill or "-"), str(trace)]
    return [*_trace(kill, trace), sys.executable, "-m", "runner"]


def _trace(kill: Kill, trace: Path) -> list[str]:
    """Give the words before a command; each thread's calls are counted by themselves."""
    inject = f"inject={kill.place}:signal=SIGKILL:when={kill.passing}"
    # Not with --seccomp-bpf: the signal would not come then.
    return ["strace", "-f", "-qqq", "-o", str(trace), "-e", f"trace={kill.place}", "-e", inject]
