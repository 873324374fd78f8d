"""YAML: a campaign file of 100 KB, most of it numbers, read again and again.

The limit is libyaml, which the program reads with too: it parses and keeps nothing.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measured import Bench, Contender, Missing, Orders, Who
from benchmarks.process import python
from benchmarks.sprint import measure_sprint
from benchmarks.tools import compile_c

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_SIZE = 100_000  # bytes
_HEAD = (
    "title: 秋季新品\n"
    "frames:\n  - {duration: 5, text: 【某店】新品上架，拒收请回复R}\n"
    "recipients:\n  numbers:\n"
)
_NUMBER = '    - "{}"\n'
_FIRST = 13_800_000_000
_TIMES, _QUICK_TIMES = 20, 2  # that each reads it


def benches(orders: Orders) -> Iterator[Bench]:
    """Give what is measured."""
    file = orders.folder / "large.yaml"
    file.write_text(_write_campaign(), "utf-8")
    words = [str(file), str(_QUICK_TIMES if orders.quick else _TIMES)]
    commands = {
        Who.OURS: ("read_yaml", python("benchmarks.yaml.ours")),
        Who.NAIVE: ("yaml.safe_load", python("benchmarks.yaml.naive")),
    }
    skipped = []
    try:
        program = compile_c(_HERE / "events.c", orders.folder / "events", "yaml")
        commands[Who.LIMIT] = ("libyaml alone, in C", [str(program)])
    except Missing as missing:
        skipped.append(str(missing))
    yield Bench(
        name="yaml",
        title="a campaign file of 100 KB, with the place of everything",
        unit="file",
        contenders=tuple(
            Contender(
                who=who,
                what=what,
                measure=partial(measure_sprint, [*command, *words], folder=orders.folder),
            )
            for who, (what, command) in commands.items()
        ),
        skipped=tuple(skipped),
    )


def _write_campaign() -> str:
    count = (_SIZE - len(_HEAD.encode())) // len(_NUMBER.format(_FIRST))
    numbers = (_NUMBER.format(mobile) for mobile in range(_FIRST, _FIRST + count))
    return _HEAD + "".join(numbers)
