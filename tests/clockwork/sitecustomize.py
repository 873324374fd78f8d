"""Shifts the clock of a process, as somebody who sets it does: Python imports this by its name.

The file that CLOCK_SHIFT names holds by how many seconds, and may change at any time. The monotonic
clocks go on as they are, and so does the clock of SQLite, by which views tell who is overdue.
"""

import datetime
import os
import time
from pathlib import Path

_shift = Path(os.environ["CLOCK_SHIFT"])
_true_time = time.time


def _shifted_time() -> float:
    return _true_time() + float(_shift.read_text("ascii"))


class _Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(_shifted_time(), tz)


time.time = _shifted_time
datetime.datetime = _Shifted  # the class itself lets nobody change it
