"""The one table of all that was measured, for a terminal and for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measured import Above, Cost, Figure, Target, Who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.compare import Result

_HEADINGS = ("", "a second", "CPU each", "memory", "ours to it", "by CPU", "target")
_LEFT = (0, len(_HEADINGS) - 1)  # columns of words; the others hold figures


def render_text(results: Sequence[Result]) -> str:
    """Show the table to a person at a terminal."""
    lines: list[tuple[str, ...]] = [_HEADINGS]
    for result in results:
        lines.append((_head(result), *[""] * (len(_HEADINGS) - 1)))
        lines += [(f"  {row[0]}", *row[1:]) for row in _rows(result)]
        lines += [(f"  skipped: {why}", *[""] * (len(_HEADINGS) - 1)) for why in result.skipped]
    cells = [line for line in lines if any(line[1:])]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return "".join(f"{_align(line, widths)}\n" for line in lines)


def render_markdown(results: Sequence[Result]) -> str:
    """Show it on a page."""
    rule = tuple("---" if column in _LEFT else "---:" for column in range(len(_HEADINGS)))
    lines: list[tuple[str, ...]] = [_HEADINGS, rule]
    for result in results:
        lines.append((f"**{_head(result)}**", *[""] * (len(_HEADINGS) - 1)))
        lines += _rows(result)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _head(result: Result) -> str:
    return f"{result.title}, in {result.unit}s"


def _rows(result: Result) -> Iterator[tuple[str, ...]]:
    for who in Who:
        if who not in result.whats:
            continue
        is_ours = who is Who.OURS
        yield (
            f"{who}: {result.whats[who]}",
            show_rate(result.middle(who, lambda measured: measured.rate)),
            show_time(result.middle(who, lambda measured: measured.cost)),
            f"{result.middle(who, lambda measured: measured.peak) / 1e6:.0f} MB",
            "" if is_ours else show_ratio(result.ratio(Figure.RATE, who)),
            "" if is_ours else show_ratio(result.ratio(Figure.THRIFT, who)),
            "; ".join(_judge(result, target) for target in result.targets if _of(target) is who),
        )


def _of(target: Target) -> Who:
    """Say in whose line a target stands."""
    return Who.OURS if isinstance(target, Cost) else target.against


def _judge(result: Result, target: Target) -> str:
    if isinstance(target, Cost):
        words = f"at most {show_time(target.most)} CPU"
    elif isinstance(target, Above):
        words = f"at most {show_time(target.most)} CPU above it"
    elif target.figure is Figure.THRIFT:
        words = f"at least {show_ratio(target.least)} by CPU"
    else:
        words = f"at least {show_ratio(target.least)}"
    return words if result.is_reached(target) else f"MISSED {words}"


def _align(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column in _LEFT else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def show_rate(rate: float) -> str:
    """Show units a second, to three figures."""
    return f"{float(f'{rate:.3g}'):,.10g}"


def show_time(seconds: float) -> str:
    """Show seconds, to two figures, in the unit that suits them."""
    unit, size = ("s", 1.0) if seconds >= 1 else ("ms", 1e-3) if seconds >= 1e-3 else ("µs", 1e-6)
    return f"{float(f'{seconds / size:.2g}'):g} {unit}"


def show_ratio(ratio: float) -> str:
    """Show a share as percent, and what is more than twice as much as a factor."""
    return f"{ratio * 100:.0f} %" if ratio < 2 else f"{float(f'{ratio:.2g}'):g} ×"
