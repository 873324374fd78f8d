"""The gateway of the send benchmark: gateway.c as a process, and what it saw."""

from __future__ import annotations

import select
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.process import Watched

_LOOK_UP = 0.1  # seconds between two looks at whether the client is still there
_PATIENCE = 300.0  # seconds; nothing that is measured takes so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Submissions as the gateway saw them. seconds: first byte of the first to last answer."""

    seconds: float
    bytes: int


class CGateway:
    """A gateway that answers after `delay` milliseconds and watches for `requests` submissions."""

    def __init__(self, program: Path, *, delay: float, requests: int) -> None:
        command = [str(program), str(delay), str(requests)]
        pipe = subprocess.PIPE  # it ends with its stdin, however this program ends
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0)
        assert self._process.stdout
        self._told = self._process.stdout
        self.port = int(self._read("port")[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.__exit__(None, None, None)

    def wait_for_first(self, client: Watched) -> None:
        """Wait until the first request begins to arrive; RuntimeError where it never will."""
        self._wait(client)
        self._read("first")

    def wait_for_last(self, client: Watched) -> Seen:
        """Wait until the last submission is answered; RuntimeError where it never will be."""
        self._wait(client)
        seconds, size = self._read("last")
        return Seen(seconds=float(seconds), bytes=int(size))

    def _wait(self, client: Watched) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not select.select([self._told], [], [], _LOOK_UP)[0]:
            if client.has_ended or time.monotonic() > deadline:
                raise client.failure()

    def _read(self, word: str) -> list[str]:
        line = self._told.readline().decode().split()
        if line[:1] != [word]:
            raise RuntimeError(f"the gateway said {line} instead of {word}")
        return line[1:]
