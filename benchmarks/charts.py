"""Draws a result as SVG: a bar for each contender, for its speed and for its CPU time.

The colours follow what the reader's system prefers, light or dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benchmarks.measured import Who
from benchmarks.table import show_rate, show_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.compare import Result
    from benchmarks.measured import Measurement

# All in pixels.
_WIDTH = 790
_TOP = 58  # of the first bar
_ROW = 26  # from one bar to the next
_BAR = 16
_PANELS = (310, 560)  # where bars begin
_LONGEST = 150

STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px }
.faint { fill: #57606a }
.ours { fill: #0969da } .naive { fill: #afb8c1 } .limit { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .faint { fill: #9198a1 }
  .ours { fill: #4493f8 } .naive { fill: #656c76 } .limit { fill: #3fb950 }
}
"""


def draw_chart(result: Result) -> str:
    """Draw both panels; gives the text of an SVG file."""
    height = _TOP + _ROW * len(result.whats)
    speed = _draw_bars(result, lambda measured: measured.rate, show_rate, _PANELS[0])
    cost = _draw_bars(result, lambda measured: measured.cost, show_time, _PANELS[1])
    title = escape(result.title)
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">',
        f"<style>{STYLE}</style>",
        write(0, 18, title, "title"),
        write(_PANELS[0], 42, f"{result.unit}s a second", "faint"),
        write(_PANELS[1], 42, f"CPU time a {result.unit}", "faint"),
        *[
            write(0, _middle(row), f"{who}: {escape(what)}")
            for row, (who, what) in enumerate(_in_order(result))
        ],
        *speed,
        *cost,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _in_order(result: Result) -> list[tuple[Who, str]]:
    return [(who, result.whats[who]) for who in Who if who in result.whats]


def _draw_bars(
    result: Result,
    figure: Callable[[Measurement], float],
    show: Callable[[float], str],
    left: int,
) -> list[str]:
    values = {who: result.middle(who, figure) for who, _ in _in_order(result)}
    scale = _LONGEST / max(values.values())
    parts = []
    for row, (who, value) in enumerate(values.items()):
        width = max(value * scale, 1)
        top = _TOP + row * _ROW
        parts += [
            f'<rect class="{who}" x="{left}" y="{top}" width="{width:.1f}" height="{_BAR}"/>',
            write(left + width + 6, _middle(row), show(value)),
        ]
    return parts


def _middle(row: int) -> int:
    """Give the base line of a text beside a bar."""
    return _TOP + row * _ROW + _BAR - 3


def write(x: float, y: float, text: str, kind: str = "") -> str:
    """Write a text, which is XML already, on its base line; kind: a class of the style."""
    mark = f' class="{kind}"' if kind else ""
    return f'<text{mark} x="{x:.1f}" y="{y}">{text}</text>'
