"""Planning: from list files to durable batches, beside a naive program and the limits.

Every figure is of a process of its own: CPU seconds, wall seconds and the peak of its memory; with
its start, but for a daemon's reload, which is measured within the daemon. `measure` gives them;
`python -m benchmarks.planning` prints them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.planning.child import Cost, run
from benchmarks.planning.inputs import Input
from benchmarks.process import runner

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent

_IMPORT = """\
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE recipients (
    batch INTEGER NOT NULL, mobile INTEGER NOT NULL, PRIMARY KEY (batch, mobile)
) WITHOUT ROWID;
.mode csv
.import {rows} recipients
"""


class Row(NamedTuple):
    """One line of the table; cost: None where it could not be measured, and why."""

    name: str
    cost: Cost | None
    why: str | None = None


def measure(folder: Path, *, numbers: int, columns: int, rounds: int = 3) -> list[Row]:
    """Measure one kind of list; the programs take turns, and the median of each counts."""
    made = Input(folder=folder / f"{numbers}-{columns}", numbers=numbers, columns=columns)
    # Not here: a process that is forked counts the memory of the one that forked it as its own.
    run([sys.executable, "-m", "benchmarks.planning.ours", "make", made.folder])
    programs = list_programs(made, folder)
    costs: dict[str, list[Cost]] = {name: [] for name, program in programs if callable(program)}
    for _ in range(rounds):
        for name, program in programs:
            if callable(program):
                costs[name].append(program())
    return [
        Row(name, _median(costs[name])) if callable(program) else Row(name, None, program)
        for name, program in programs
    ]


def list_programs(made: Input, folder: Path) -> list[tuple[str, Callable[[], Cost] | str]]:
    """Name what is measured, each with what runs it or why it cannot be run."""

    def python(what: str, *, of_itself: bool = False) -> Callable[[], Cost]:
        command = (sys.executable, "-m", "benchmarks.planning.ours", what, made.folder)
        return lambda: run(command, of_itself=of_itself)

    return [
        ("limit: scan.c", _scan(made, folder)),
        ("naive: csv.DictReader and set", python("naive")),
        ("ours: read", python("read")),
        ("limit: sqlite3 .import", _import(made, folder)),
        ("ours: start alone", python("start")),
        ("ours: files to durable batches", python("whole")),
        ("ours: `plan` of it, unchanged", partial(run, runner(made.folder, "plan"))),
        ("ours: a daemon's reload of it", python("reload", of_itself=True)),
    ]


def _scan(made: Input, folder: Path) -> Callable[[], Cost] | str:
    compiler = shutil.which("cc")
    if compiler is None:
        return "skipped: there is no C compiler (cc)"
    program = folder / "scan"
    subprocess.run([compiler, "-O2", "-o", program, HERE / "scan.c"], check=True)
    column = "0" if made.columns == 1 else "2"
    return lambda: run([program, column, made.excluded, made.members])


def _import(made: Input, folder: Path) -> Callable[[], Cost] | str:
    program = shutil.which("sqlite3")
    if program is None:
        return "skipped: there is no sqlite3"
    rows, database = folder / "rows.csv", folder / "import.db"
    run([sys.executable, "-m", "benchmarks.planning.ours", "rows", made.folder, rows])

    def import_rows() -> Cost:
        for end in ("", "-wal", "-shm"):
            database.with_name(database.name + end).unlink(missing_ok=True)
        return run([program, database], said=_IMPORT.format(rows=rows))

    return import_rows


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(median(values) for values in zip(*costs, strict=True)))
