"""Writes the figures into docs/performance.md, between two marks, and its charts beside it.

What is left in each path, and why, stands around them by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.charts import draw_chart
from benchmarks.keep import write_figures
from benchmarks.table import render_markdown

if TYPE_CHECKING:
    from benchmarks.keep import Figures

_DOCS = Path(__file__).parent.parent / "docs"
PAGE = _DOCS / "performance.md"
FOLDER = _DOCS / "performance"  # of the charts
KEPT = FOLDER / "figures.json"  # all values that the page shows

_BEGIN = "<!-- figures: written by `make bench DOCS=1` -->\n"
_END = "<!-- end of figures -->\n"


def write_docs(figures: Figures) -> None:
    """Write the page's figures, its charts and all values anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    for result in figures.results:
        (FOLDER / f"{result.name}.svg").write_text(draw_chart(result), "utf-8")
    write_figures(figures, KEPT)
    PAGE.write_text(put_figures(PAGE.read_text("utf-8"), figures), "utf-8")


def put_figures(page: str, figures: Figures) -> str:
    """Put figures in the place of those that a page has."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    charts = [f"![{result.title}]({FOLDER.name}/{result.name}.svg)\n" for result in figures.results]
    parts = [
        f"{figures.date}: {figures.machine}. Medians of {figures.rounds} rounds.\n",
        render_markdown(figures.results),
        *charts,
    ]
    return "\n".join([f"{before}{_BEGIN}", *parts, f"{_END}{after}"])
