"""Start-up: what a person waits for, above what the interpreter itself takes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.measured import Above, Bench, Contender, Measurement, Orders, Who
from benchmarks.startup.contenders import FEW, MANY, NOTHING, make_contenders
from benchmarks.startup.process import measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_QUICK_MANY = 20


def benches(orders: Orders) -> Iterator[Bench]:
    """Give what is measured: each command beside bare Python, and beside PyYAML where it reads."""
    many = _QUICK_MANY if orders.quick else MANY
    found = {entry.name: entry for entry in make_contenders(orders.folder / "startup", many=many)}
    for entry in found.values():  # it writes bytecode, and fills the cache of files
        measure(entry.command, folder=orders.folder)
    for name, command in (
        ("help", "--help"),
        ("status", "status"),
        ("validate-few", f"validate, {FEW}"),
        ("validate-many", f"validate, {many}"),
    ):
        ours = found[command]
        naive = found.get(command.replace("validate", "PyYAML and jsonschema"), ours)
        parts = {Who.OURS: ours, Who.NAIVE: naive, Who.LIMIT: found[NOTHING]}
        if naive is ours:
            del parts[Who.NAIVE]
        yield Bench(
            name=f"startup-{name}",
            title=f"from start to end of {command}{' campaigns' if ',' in command else ''}",
            unit="command",
            contenders=tuple(
                Contender(
                    who=who,
                    what=entry.name,
                    measure=partial(_measure, entry.command, orders.folder),
                )
                for who, entry in parts.items()
            ),
            targets=(Above(against=Who.LIMIT, most=ours.most),) if ours.most else (),
        )


def _measure(command: Sequence[str], folder: Path) -> Measurement:
    took = measure(command, folder=folder)
    return Measurement(units=1, seconds=took.seconds, cpu=took.cpu, peak=took.peak)
