"""Planning: a list read, checked and cut, and then kept durably, beside a scan in C and `.import`.

All that a process takes counts, with its start.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.measured import Bench, Contender, Figure, Measurement, Orders, Ratio, Who
from benchmarks.planning import list_programs
from benchmarks.planning.child import run
from benchmarks.planning.inputs import Input
from benchmarks.process import python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.planning.child import Cost

_NUMBERS, _QUICK_NUMBERS = 1_000_000, 10_000


def benches(orders: Orders) -> Iterator[Bench]:
    """Give what is measured: lists of one column and of five."""
    numbers = _QUICK_NUMBERS if orders.quick else _NUMBERS
    for columns, name, slower in ((1, "one column", 3), (5, "five columns", 6)):
        made = Input(
            folder=orders.folder / f"{numbers}-{columns}", numbers=numbers, columns=columns
        )
        run(python("benchmarks.planning.ours", "make", str(made.folder)))
        programs = dict(list_programs(made, orders.folder))
        yield _make_bench(
            f"planning-read-{columns}",
            f"a list of {numbers:,} in {name}, read and checked",
            {Who.OURS: "ours: read", Who.NAIVE: "naive: csv.DictReader and set"}
            | {Who.LIMIT: "limit: scan.c"},
            programs,
            numbers,
            least=1 / slower,
        )
        yield _make_bench(
            f"planning-keep-{columns}",
            f"a list of {numbers:,} in {name}, from its file to durable batches",
            {Who.OURS: "ours: files to durable batches", Who.LIMIT: "limit: sqlite3 .import"},
            programs,
            numbers,
            least=1 / 2.5,
        )
    yield _make_workbook_bench(made, numbers)


def _make_workbook_bench(made: Input, numbers: int) -> Bench:
    """Compare with another reader, which keeps a sheet whole; made: a list of five columns."""
    folder = str(made.folder)
    run(python("benchmarks.planning.ours", "workbook", folder))
    words = {Who.OURS: ("read", "read-workbook"), Who.NAIVE: ("calamine and set", "calamine")}
    return Bench(
        name="planning-read-xlsx",
        title=f"a workbook of {numbers:,} in five columns, read and checked",
        unit="number",
        contenders=tuple(
            Contender(
                who=who,
                what=what,
                measure=partial(
                    _measure,
                    partial(run, python("benchmarks.planning.ours", word, folder)),
                    numbers,
                ),
            )
            for who, (what, word) in words.items()
        ),
        targets=(Ratio(figure=Figure.THRIFT, against=Who.NAIVE, least=1.0),),
    )


def _make_bench(
    name: str,
    title: str,
    parts: Mapping[Who, str],
    programs: Mapping[str, Callable[[], Cost] | str],
    numbers: int,
    *,
    least: float,
) -> Bench:
    """parts: whose program is called what; least: of what the limit does in a CPU second."""
    there = {who: programs[part] for who, part in parts.items()}
    return Bench(
        name=name,
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
        targets=(Ratio(figure=Figure.THRIFT, against=Who.LIMIT, least=least),),
        skipped=tuple(program for program in there.values() if isinstance(program, str)),
    )


def _measure(program: Callable[[], Cost], numbers: int) -> Measurement:
    cost = program()
    return Measurement(units=numbers, seconds=cost.wall, cpu=cost.cpu, peak=round(cost.peak))
