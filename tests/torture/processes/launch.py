"""Starts the real program, and kills it at a step: `python -m torture.processes.launch`.

Its words: KILL TRACE WORDS…
KILL is `pump.claimed:3`, the third passing of a step, or `-` for none; TRACE a file that gets a
line for every passing of a step, the last one too; WORDS are those of `mms-runner`. The kill is a
SIGKILL from within: nothing of the process runs after it, in no thread.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter

from runner.cli import main
from runner.faultpoint import EVENT

_NONE = "-"


class _Listener:
    """Hears every audit event of the interpreter, and cares for the steps alone."""

    def __init__(self, kill: str, trace: str) -> None:
        self._step, _, passing = kill.partition(":")
        self._passing = int(passing or 0)
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._passed: Counter[str] = Counter()
        self._turn = threading.Lock()

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != EVENT:
            return
        step = str(arguments[0])
        with self._turn:
            self._passed[step] += 1
            os.write(self._trace, f"{step}\n".encode())
            if (step, self._passed[step]) == (self._step, self._passing):
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    kill, trace, *words = sys.argv[1:]
    sys.addaudithook(_Listener("" if kill == _NONE else kill, trace))
    main(words, prog_name="mms-runner")
