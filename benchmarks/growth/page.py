"""Shows curves: as a table for a terminal and a page, and as charts beside the page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.growth.chart import draw_curve
from benchmarks.growth.curves import Curve
from benchmarks.measured import Measurement
from benchmarks.table import show_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_DOCS = Path(__file__).parents[2] / "docs"
PAGE = _DOCS / "performance.md"
FOLDER = _DOCS / "performance" / "growth"
KEPT = FOLDER / "figures.json"

_BEGIN = "<!-- growth: written by `make bench ONLY=growth DOCS=1` -->\n"
_END = "<!-- end of growth -->\n"


def render_curves(curves: Iterable[Curve]) -> str:
    """Show CPU time, and memory, at each size: a table of Markdown for each curve."""
    return "\n".join(_render(curve) for curve in curves)


def _render(curve: Curve) -> str:
    sizes = sorted({size for points in curve.lines.values() for size in points})
    head = [f"{curve.title}, by {curve.size}", *(f"{size:,}" for size in sizes)]
    rows = [head, ["---", *["---:"] * len(sizes)]]
    for name, points in curve.lines.items():
        rows.append([name, *(_show(points.get(size)) for size in sizes)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _show(measured: Measurement | None) -> str:
    if measured is None:
        return ""
    return f"{show_time(measured.cpu)}, {measured.peak / 1e6:.0f} MB"


def write_curves(curves: Sequence[Curve], machine: str, path: Path) -> None:
    """Keep every value in a file."""
    document = {"machine": machine, "curves": [asdict(curve) for curve in curves]}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def read_curves(path: Path) -> tuple[list[Curve], str]:
    """Read them again, with the machine that they are of."""
    kept = json.loads(path.read_text("utf-8"))
    return [_read_curve(curve) for curve in kept["curves"]], kept["machine"]


def _read_curve(kept: dict[str, Any]) -> Curve:
    lines = {
        name: {int(size): Measurement(**measured) for size, measured in points.items()}
        for name, points in kept.pop("lines").items()
    }
    return Curve(lines=lines, **kept)


def write_growth(curves: Sequence[Curve], machine: str) -> None:
    """Write the page's section, its charts and all values anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, chart in draw_charts(curves):
        (FOLDER / name).write_text(chart, "utf-8")
    write_curves(curves, machine, KEPT)
    PAGE.write_text(put_growth(PAGE.read_text("utf-8"), curves, machine), "utf-8")


def draw_charts(curves: Iterable[Curve]) -> Iterator[tuple[str, str]]:
    """Give each chart with the name of its file."""
    for curve in curves:
        yield f"{curve.name}.svg", draw_curve(curve)


def put_growth(page: str, curves: Sequence[Curve], machine: str) -> str:
    """Put curves in the place of those that a page has."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    parts = [f"{machine}. CPU time and the most memory that was held.\n"]
    for curve in curves:
        parts.append(_render(curve))
        parts.append(f"![{curve.title}](performance/growth/{curve.name}.svg)\n")
    return "\n".join([f"{before}{_BEGIN}", *parts, f"{_END}{after}"])
