"""Planning: a list read, checked and cut, and then kept durably, beside a scan in C and `.import`.

All that a process takes counts, with its start.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.measured import Bench, Contender, Measurement, Orders, Who
from benchmarks.planning import list_programs
from benchmarks.planning.child import run
from benchmarks.planning.inputs import Input
from benchmarks.process import python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.planning.child import Cost

_NUMBERS, _QUICK_NUMBERS = 1_000_000, 10_000


def benches(orders: Orders) -> Iterator[Bench]:
    """Give what is measured, of a list of one column."""
    numbers = _QUICK_NUMBERS if orders.quick else _NUMBERS
    made = Input(folder=orders.folder / f"{numbers}-1", numbers=numbers, columns=1)
    run(python("benchmarks.planning.ours", "make", str(made.folder)))
    programs = dict(list_programs(made, orders.folder))
    for name, title, parts in (
        (
            "read",
            f"a list of {numbers:,}, read and checked",
            {
                Who.OURS: "ours: read",
                Who.NAIVE: "naive: csv.DictReader and set",
                Who.LIMIT: "limit: scan.c",
            },
        ),
        (
            "keep",
            f"a list of {numbers:,}, from its file to durable batches",
            {Who.OURS: "ours: files to durable batches", Who.LIMIT: "limit: sqlite3 .import"},
        ),
    ):
        there = {who: programs[part] for who, part in parts.items()}
        yield Bench(
            name=f"planning-{name}",
            title=title,
            unit="number",
            contenders=tuple(
                Contender(
                    who=who,
                    what=parts[who].partition(": ")[2],
                    measure=partial(_measure, program, numbers),
                )
                for who, program in there.items()
                if not isinstance(program, str)
            ),
            skipped=tuple(program for program in there.values() if isinstance(program, str)),
        )


def _measure(program: Callable[[], Cost], numbers: int) -> Measurement:
    cost = program()
    return Measurement(units=numbers, seconds=cost.wall, cpu=cost.cpu, peak=round(cost.peak))
