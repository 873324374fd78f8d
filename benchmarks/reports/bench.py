"""Delivery reports: whole pages of 10,000 through the real collector, beside the bare UPDATEs.

The collector asks for a page, journals it durably, parses it, applies it in one transaction and
keeps the counts. The limit is a program in C that knows each report's row before it begins, and
only executes one prepared UPDATE for each, in one transaction a page. Both leave the log of SQLite
alone, which the sender takes in later. Both begin with a copy of the same state, which
`mms-runner run` made, and afterwards the state is looked at: every report has its place.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measured import (
    Bench,
    Contender,
    Figure,
    Measurement,
    Orders,
    Ratio,
    Who,
)
from benchmarks.process import python, watching
from benchmarks.reports.pages import Spread, write_pages
from benchmarks.send.gateway import CGateway
from benchmarks.send.shop import PASSWORD, write_workspace
from benchmarks.sprint import measure_sprint
from benchmarks.tools import compile_c

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HERE = Path(__file__).parent

# A page has 10,000 reports. Adjacent: five whole batches of 2,000; scattered: of any of them.
_LEAST = {Spread.ADJACENT: 0.40, Spread.SCATTERED: 0.80}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """batches: of 2,000 people in the state; pages: of 10,000 reports in one run."""

    batches: int
    pages: int


_WHOLE = _Size(batches=500, pages=5)
_QUICK = _Size(batches=10, pages=1)


def benches(orders: Orders) -> Iterator[Bench]:
    """Give what is measured; raises Missing where no C compiler can be had."""
    size = _QUICK if orders.quick else _WHOLE
    updates = compile_c(_HERE / "updates.c", orders.folder / "updates", "sqlite3")
    state = _make_state(orders.folder, size)
    for spread in Spread:
        pages = orders.folder / f"pages-{spread}"
        write_pages(state, pages, spread, pages=size.pages)
        field = _Field(state=state, pages=pages)
        yield _make_bench(spread, field, updates)
    yield _make_reading_bench(pages)


def _make_reading_bench(pages: Path) -> Bench:
    """Make the bench that shows what lxml takes of all that."""
    whats = {Who.OURS: "decode_reports", Who.NAIVE: "findtext", Who.LIMIT: "lxml's tree alone"}
    contenders = [
        Contender(
            who=who,
            what=what,
            measure=partial(
                measure_sprint,
                python("benchmarks.reports.reading", who, str(pages)),
                folder=pages,
            ),
        )
        for who, what in whats.items()
    ]
    return Bench(
        name="reports-reading",
        title="of that: reading a page of 10,000 reports",
        unit="report",
        contenders=tuple(contenders),
    )


def _make_bench(spread: Spread, field: _Field, updates: Path) -> Bench:
    runs = {
        Who.OURS: ("poll_reports", python("benchmarks.reports.ours")),
        Who.NAIVE: ("ElementTree, UPDATE, commit each", python("benchmarks.reports.naive")),
        Who.LIMIT: ("the prepared UPDATEs alone, in C", [str(updates)]),
    }
    contenders = [
        Contender(who=who, what=what, measure=partial(field.measure, command))
        for who, (what, command) in runs.items()
    ]
    return Bench(
        name=f"reports-{spread}",
        title=f"reports, 10,000 in a page, {spread.value} recipients",
        unit="report",
        contenders=tuple(contenders),
        targets=(Ratio(figure=Figure.RATE, against=Who.LIMIT, least=_LEAST[spread]),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """Where the contenders meet: each with a copy of its own of the same state."""

    state: Path
    pages: Path

    def measure(self, command: Sequence[str]) -> Measurement:
        """Run a contender. command: gets the state's copy and the folder of pages as words."""
        copy = self.state.with_name("copy.db")
        shutil.copyfile(self.state, copy)
        try:
            measured = measure_sprint([*command, str(copy), str(self.pages)], folder=copy.parent)
            if (applied := _count_applied(copy)) != measured.units:
                raise RuntimeError(f"{command} applied {applied} of {measured.units} reports")
        finally:
            for file in copy.parent.glob(f"{copy.name}*"):
                file.unlink()
        return measured


def _count_applied(state: Path) -> int:
    with closing(sqlite3.connect(state)) as connection:
        count = "SELECT count(*) FROM recipients WHERE delivered IS NOT NULL"
        [applied] = connection.execute(count).fetchone()
        return int(applied)


def _make_state(folder: Path, size: _Size) -> Path:
    """Let the program itself send a campaign; gives the state that it leaves, in one file."""
    gateway = compile_c(_HERE.parent / "send" / "gateway.c", folder / "gateway")
    shop = write_workspace(folder / "sent", requests=size.batches, concurrency=4, pictures=0)
    with CGateway(gateway, delay=0, requests=size.batches) as line:
        environment = {
            "XDG_STATE_HOME": str(folder / "state"),
            "MMS_URL": f"http://127.0.0.1:{line.port}",
            "MMS_PASSWORD": PASSWORD,
        }
        command = python("runner", "--quiet", "run", "news")
        with watching(command, folder=shop, environment=environment) as program:
            program.finish()
    state = folder / "state" / "mms-runner" / "bench" / "state.db"
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return state
