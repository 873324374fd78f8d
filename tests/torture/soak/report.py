"""One table of what a soak came to."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from torture.soak.flat import Life
    from torture.soak.gauge import Sample
    from torture.soak.life import Soaked

_MIB = 1 << 20
_MOST_BROKEN = 20  # promises that are told one by one


def render(soaked: Soaked) -> str:
    """Draw the table, a figure a line, with the verdict last."""
    rows = [*_describe_work(soaked), *_describe_life(soaked)]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name.ljust(width)}  {text}" for name, text in rows]
    number = len(soaked.broken)
    broken = [f"broken: {text}" for text in soaked.broken[:_MOST_BROKEN]]
    broken += [f"and {number - _MOST_BROKEN} more"] * (number > _MOST_BROKEN)
    verdict = f"{number} BROKEN" if number else "every promise was kept, and nothing grew"
    return "\n".join([*lines, "", *broken, f"soak: {verdict}"])


def _describe_work(soaked: Soaked) -> Iterator[tuple[str, str]]:
    for name, number in soaked.figures.items():
        yield name, f"{number:,}"
    yield "beside it", _count(soaked.deeds)
    yield "weather", _count(soaked.phases)
    yield "faults", _count(soaked.struck)


def _describe_life(soaked: Soaked) -> Iterator[tuple[str, str]]:
    life, samples = soaked.life, soaked.samples
    first, last = life.first[0], life.last[-1]
    requests = last.requests - first.requests
    yield "duration", f"{samples[-1].at:,.0f} s"
    yield "longest life", f"{life.seconds:,.0f} s, {requests:,} requests, {len(samples)} samples"
    yield "", "first third, middle third, last third"
    yield "RSS", _thirds(life, lambda sample: sample.rss / _MIB, "MiB")
    yield "private memory", _thirds(life, lambda sample: sample.private / _MIB, "MiB")
    yield "its slope", f"{life.slope * 1000 / 1024:+,.0f} KiB for 1,000 requests, after the warm-up"
    yield "descriptors, most", _most(life, lambda sample: sample.descriptors)
    yield "threads, most", _most(life, lambda sample: sample.threads)
    yield "log, most", _most(life, lambda sample: sample.log, _MIB, "MiB")
    yield "log, at the end", f"{samples[-1].log / _MIB:.1f} MiB, index {samples[-1].index:,} bytes"
    yield "CPU a request", _rate(life, lambda sample: sample.cpu * 1000, "ms")
    yield "state a request", _rate(life, lambda sample: sample.database, "bytes")
    yield "events a request", _rate(life, lambda sample: sample.events, "rows")
    end = samples[-1]
    yield (
        "state",
        f"{end.database / _MIB:.1f} MiB, {end.database / end.people:,.0f} bytes a recipient",
    )
    yield "report journal", f"{end.answers:,} answers, {end.reports:,} reports"
    if not life.is_long_enough:
        yield "growth", "not judged: the longest life was too short"


def _count(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {times:,}" for name, times in sorted(counter.items())) or "nothing"


def _thirds(life: Life, read: Callable[[Sample], float], unit: str) -> str:
    middles = (median(map(read, third)) for third in (life.first, life.middle, life.last))
    return f"{', '.join(f'{each:.1f}' for each in middles)} {unit}"


def _most(life: Life, read: Callable[[Sample], int], unit: int = 1, name: str = "") -> str:
    most = (max(map(read, third)) for third in (life.first, life.middle, life.last))
    written = (f"{each / unit:.1f}" if unit > 1 else f"{each}" for each in most)
    return f"{', '.join(written)} {name}".strip()


def _rate(life: Life, read: Callable[[Sample], float], unit: str) -> str:
    """Give how much each request took more of something, in each third."""
    rates = [
        (read(third[-1]) - read(third[0])) / max(1, third[-1].requests - third[0].requests)
        for third in (life.first, life.middle, life.last)
    ]
    return f"{', '.join(f'{each:,.1f}' for each in rates)} {unit}"
