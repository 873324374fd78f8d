"""Draws a curve as SVG: CPU time and memory against size, both axes by powers of ten."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benchmarks.charts import STYLE, write
from benchmarks.table import show_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.growth.curves import Curve
    from benchmarks.measured import Measurement

# All in pixels.
_SIZE = (790, 330)
_PANELS = (60, 360)  # where the axes of time and of memory stand
_PANEL = (220, 210)
_TOP = 60
_LEGEND = 600

_COLOURS = ("#0969da", "#bf3989", "#1a7f37", "#bc4c00", "#8250df")  # seen on light and on dark
_OF_LINES = "polyline { fill: none; stroke-width: 2 } .axis { stroke: #8c959f; stroke-width: 0.5 }"


def draw_curve(curve: Curve) -> str:
    """Draw both panels; gives the text of an SVG file."""
    width, height = _SIZE
    title = escape(curve.title)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    legend = [
        f'<rect x="{_LEGEND}" y="{_TOP + 24 * row}" width="12" height="12" fill="{colour}"/>'
        + write(_LEGEND + 18, _TOP + 11 + 24 * row, escape(name))
        for row, (name, colour) in enumerate(zip(curve.lines, _COLOURS, strict=False))
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">',
        f"<style>{STYLE}{_OF_LINES}</style>",
        write(0, 18, title, "title"),
        *_draw_panel(curve, "CPU time", lambda measured: measured.cpu, show_time, _PANELS[0]),
        *_draw_panel(
            curve, "memory", lambda measured: measured.peak / 1e6, _show_megabytes, _PANELS[1]
        ),
        write(_PANELS[0], height - 8, escape(f"against {curve.size}"), "faint"),
        *legend,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _draw_panel(
    curve: Curve,
    heading: str,
    figure: Callable[[Measurement], float],
    show: Callable[[float], str],
    left: int,
) -> list[str]:
    lines = [
        [(log10(size), log10(figure(measured))) for size, measured in points.items()]
        for points in curve.lines.values()
    ]
    sizes, values = zip(*(point for line in lines for point in line), strict=True)
    across, up = _span(sizes), _span(values)

    def place(size: float, value: float) -> tuple[float, float]:
        x = left + (size - across[0]) / (across[1] - across[0]) * _PANEL[0]
        return x, _TOP + (up[1] - value) / (up[1] - up[0]) * _PANEL[1]

    parts = [write(left, 42, heading, "faint")]
    for power in range(up[0], up[1] + 1):
        _, y = place(across[0], power)
        line = f'<line class="axis" x1="{left}" x2="{left + _PANEL[0]}" y1="{y:.1f}" y2="{y:.1f}"/>'
        parts += [line, write(left - 50, round(y) + 4, show(10.0**power), "faint")]
    for power in range(across[0], across[1] + 1):
        x, _ = place(power, up[0])
        parts.append(write(x - 10, _TOP + _PANEL[1] + 20, f"10^{power}", "faint"))
    for line_points, colour in zip(lines, _COLOURS, strict=False):
        places = [place(*point) for point in line_points]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline stroke="{colour}" points="{joined}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return parts


def _span(logarithms: tuple[float, ...]) -> tuple[int, int]:
    """Give the whole powers of ten between which everything lies."""
    low, high = floor(min(logarithms)), ceil(max(logarithms))
    return low, max(high, low + 1)


def _show_megabytes(megabytes: float) -> str:
    return f"{megabytes:g} MB"
