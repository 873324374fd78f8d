"""The power that goes at any moment, a disk that fails, and one that is full.

A life of the real program is recorded by strace, with every write and every sync. For each chosen
moment all that its disk may hold then is built: what was synced, and of the rest whatever POSIX
allows. Nothing that the program had relied on by then may be missing from it, and on some of
these disks the program goes on to the end. The other rows let system calls fail in a life.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from torture.disk.failing import Failure, parse_failure, suffer
from torture.disk.life import Outage, go_through
from torture.processes.case import Beginning, Case, Program, parse_case
from torture.processes.process import can_trace
from torture.proof import Row, run_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torture.proof import Orders

_NAME = "power"
_MOMENTS = 60  # of a life
_LIVES = 2  # of its disks on which the program goes on
_FAILURES = (("fdatasync", "EIO"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"))


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that nothing that was relied on is lost with the power, or on a disk that fails."""
    if not can_trace():
        yield Row(proof=_NAME, name="all", skipped="no strace, or it may not trace here")
        return
    folder = orders.folder / _NAME
    rows: dict[str, Row] = {}
    cases = [_read(orders.only)] if orders.only else _list_cases(orders)
    for row in run_all(_NAME, cases, lambda case: _act(case, folder), orders.jobs):
        rows[row.name] = _add(rows.get(row.name), row)
    yield from rows.values()


def _read(text: str) -> Case | Failure:
    return parse_failure(text) if "/E" in text else parse_case(text)


def _list_cases(orders: Orders) -> list[Case | Failure]:
    outages: list[Case | Failure] = [
        Case(program=program, beginning=beginning, seed=seed)
        for program in Program
        for beginning in Beginning
        for seed in orders.seeds
    ]
    return outages + [
        Failure(program=program, call=call, error=error, seed=seed)
        for program in Program
        for call, error in _FAILURES
        for seed in orders.seeds
    ]


def _act(case: Case | Failure, folder: Path) -> Row:
    if isinstance(case, Failure):
        findings, home = suffer(case, folder)
        broken = [_describe(text, case, home) for text in findings.broken]
        return Row(proof=_NAME, name=case.name, runs=1, figures=findings.figures, broken=broken)
    outage = go_through(case, folder, moments=_MOMENTS, lives=_LIVES)
    return Row(
        proof=_NAME,
        name=f"{case.program} {case.beginning}",
        runs=1,
        figures=_count(outage),
        broken=[_describe(text, case, outage.home) for text in outage.broken],
    )


def _count(outage: Outage) -> dict[str, int]:
    return {"moments": outage.moments, "disks": outage.images, "gone on": outage.lived}


def _describe(text: str, case: Case | Failure, home: Path | None) -> str:
    return f"{text}\n  again: make torture PROOFS={_NAME} ONLY='{case}'\n  kept:  {home}"


def _add(row: Row | None, more: Row) -> Row:
    if row is None:
        return more
    figures = Counter(row.figures)
    figures.update(more.figures)
    broken = [*row.broken, *more.broken]
    return replace(row, runs=row.runs + more.runs, figures=figures, broken=broken)
