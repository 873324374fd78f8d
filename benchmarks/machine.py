"""Names the machine that the figures are of."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.table import show_time

_COMMITS = 200


def name_machine(folder: Path) -> str:
    """Name it in one line. folder: where the states lie, whose file system counts too."""
    return ", ".join(
        [
            f"{_name_processor()} ({len(os.sched_getaffinity(0))} cores)",
            f"Linux {platform.release()}",
            f"state on {_name_file_system(folder)}, a durable commit in {_time_commit(folder)}",
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
        ]
    )


def _name_processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()  # ARM names no model


def _time_commit(folder: Path) -> str:
    """Time what the disk and the kernel take for one row: no send is faster than its commits."""
    times = []
    with closing(sqlite3.connect(folder / "commits.db", isolation_level=None)) as connection:
        for setting in ("journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("CREATE TABLE commits (number)")
        for number in range(_COMMITS):
            began = time.perf_counter()
            connection.execute("INSERT INTO commits VALUES (?)", (number,))
            times.append(time.perf_counter() - began)
    return show_time(median(times))


def _name_file_system(folder: Path) -> str:
    """Tell the type of the file system that is mounted nearest above a folder."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    kinds = {mount[1]: mount[2] for mount in mounts}
    return next(kinds[str(above)] for above in [folder, *folder.parents] if str(above) in kinds)
