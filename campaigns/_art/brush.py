"""The brushes that every picture is painted with: sheets, masks, curves, blossoms and lettering.

Coordinates are pixels of the finished picture. A sheet is SCALE times as large and is shrunk at
the end, which smooths every edge. What has soft edges or shades is drawn on a mask first.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[float, float]
Box = tuple[float, float, float, float]

SCALE = 3
WHITE = "#ffffff"
KAI = "LXGWWenKai-Bold.ttf"  # Debian: fonts-lxgw-wenkai (SIL Open Font License)


def dice(seed: int) -> Random:
    """Make a chance that falls the same way on every run."""
    return Random(seed)  # noqa: S311 - scatters blossoms, guards nothing


class Sheet:
    """A picture, or a mask for one, with a pen that knows the scale."""

    def __init__(self, size: tuple[int, int], *, mode: str = "RGB") -> None:
        self.size = size
        self.image = Image.new(mode, (size[0] * SCALE, size[1] * SCALE))
        self._pen = ImageDraw.Draw(self.image)

    def mask(self) -> Sheet:
        """Give an empty mask of the same size: what is drawn on it in white takes the paint."""
        return Sheet(self.size, mode="L")

    def polygon(self, points: Iterable[Point], colour: str = WHITE) -> None:
        """Draw a filled shape."""
        self._pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=colour)

    def box(self, box: Box, colour: str = WHITE, *, radius: float = 0) -> None:
        """Draw a filled rectangle, its corners rounded."""
        self._pen.rounded_rectangle(
            tuple(side * SCALE for side in box), radius * SCALE, fill=colour
        )

    def disc(self, centre: Point, radius: float, colour: str = WHITE, *, squash: float = 1) -> None:
        """Draw a filled circle, its height multiplied by squash."""
        (x, y), tall = centre, radius * squash
        sides = (x - radius, y - tall, x + radius, y + tall)
        self._pen.ellipse([side * SCALE for side in sides], fill=colour)

    def line(self, points: Iterable[Point], colour: str = WHITE, *, width: float = 1) -> None:
        """Draw a line with round joints and round ends."""
        dots = [(x * SCALE, y * SCALE) for x, y in points]
        self._pen.line(dots, fill=colour, width=round(width * SCALE), joint="curve")
        for x, y in (dots[0], dots[-1]):
            self.disc((x / SCALE, y / SCALE), width / 2, colour)

    def write(self, text: str, centre: Point, size: float, colour: str = WHITE) -> None:
        """Write one line of lettering around a centre."""
        x, y = centre
        face = ImageFont.truetype(KAI, round(size * SCALE))
        self._pen.text((x * SCALE, y * SCALE), text, fill=colour, font=face, anchor="mm")

    def write_down(
        self, text: str, top: Point, size: float, colour: str = WHITE, *, step: float = 1.15
    ) -> None:
        """Write a column, as old posters have it; top: the centre of its first character."""
        for row, character in enumerate(text):
            self.write(character, (top[0], top[1] + row * size * step), size, colour)

    def stain(self, mask: Sheet, colour: str, *, blur: float = 0, opacity: float = 1) -> None:
        """Paint one colour through a mask, its edges blurred by so many pixels."""
        soft = mask.image.filter(ImageFilter.GaussianBlur(blur * SCALE)) if blur else mask.image
        self.image.paste(colour, (0, 0), soft.point(lambda light: round(light * opacity)))

    def wash(self, mask: Sheet, colours: Sequence[str], *, sideways: bool = False) -> None:
        """Paint colours that run into each other, downwards or sideways over what is masked."""
        left, top, right, bottom = mask.image.getbbox() or (0, 0, 1, 1)
        strip = Image.new("RGB", (len(colours), 1) if sideways else (1, len(colours)))
        for place, colour in enumerate(colours):
            strip.putpixel((place, 0) if sideways else (0, place), ImageColor.getrgb(colour))
        shade = strip.resize((right - left, bottom - top), Image.Resampling.BICUBIC)
        self.image.paste(shade, (left, top), mask.image.crop((left, top, right, bottom)))

    def background(self, colours: Sequence[str]) -> None:
        """Wash the whole sheet from the top to the bottom."""
        whole = self.mask()
        whole.box((0, 0, *self.size))
        self.wash(whole, colours)

    def glow(self, centre: Point, radius: float, colour: str, *, opacity: float = 1) -> None:
        """Shed light around a point, gone at about twice the radius."""
        light = self.mask()
        light.disc(centre, radius)
        self.stain(light, colour, blur=radius / 2, opacity=opacity)

    def finished(self) -> Image.Image:
        """Shrink the sheet to the picture in its own size."""
        return self.image.resize(self.size, Image.Resampling.LANCZOS)


def curve(knots: Sequence[Point], *, steps: int = 12) -> list[Point]:
    """Lay a smooth line through the knots (Catmull-Rom)."""
    ends = [knots[0], *knots, knots[-1]]
    smooth = [
        _between(ends[place : place + 4], step / steps)
        for place in range(len(knots) - 1)
        for step in range(steps)
    ]
    return [*smooth, knots[-1]]


def _between(knots: Sequence[Point], t: float) -> Point:
    """Find the point at t (0 to 1) between the two middle ones of four knots."""

    def axis(a: float, b: float, c: float, d: float) -> float:
        bend = (2 * a - 5 * b + 4 * c - d) * t + (3 * b - a - 3 * c + d) * t * t
        return (2 * b + (c - a + bend) * t) / 2

    (ax, ay), (bx, by), (cx, cy), (dx, dy) = knots
    return axis(ax, bx, cx, dx), axis(ay, by, cy, dy)


def leaf(root: Point, length: float, width: float, angle: float) -> list[Point]:
    """Outline a leaf or petal that grows from its root; angle: degrees, 0 to the right."""
    turn = math.radians(angle)
    along = [step / 12 for step in range(13)]
    outline = [(length * t, width / 2 * math.sin(math.pi * t**0.8)) for t in along]
    outline += [(x, -y) for x, y in reversed(outline)]
    cos, sin = math.cos(turn), math.sin(turn)
    return [(root[0] + x * cos - y * sin, root[1] + x * sin + y * cos) for x, y in outline]


def blossom(
    sheet: Sheet,
    centre: Point,
    radius: float,
    petals: int,
    colours: tuple[str, str],
    *,
    turn: float,
) -> None:
    """Draw an open blossom: petals in the first colour, its heart in the second."""
    for petal in range(petals):
        angle = turn + petal * 360 / petals
        sheet.polygon(leaf(centre, radius, radius * 0.95, angle), colours[0])
    sheet.disc(centre, radius * 0.26, colours[1])


def ridge(left: float, right: float, level: float, height: float, seed: int) -> list[Point]:
    """Outline the top of a range of hills: gentle waves above a level."""
    chance = dice(seed)
    waves = [(chance.uniform(0.6, 1.4) * 2**n, chance.uniform(0, math.tau)) for n in range(4)]
    reach = right - left

    def lift(t: float) -> float:
        return sum(
            math.sin(f * math.tau * t + p) / (n + 1) ** 1.3 for n, (f, p) in enumerate(waves)
        )

    steps = [step / 160 for step in range(161)]
    return [(left + reach * t, level - height * (0.5 + 0.3 * lift(t))) for t in steps]


def seal(sheet: Sheet, centre: Point, text: str, size: float) -> None:
    """Stamp a red name seal with one character above the other."""
    x, y = centre
    sheet.box(
        (x - size * 0.75, y - size * 1.3, x + size * 0.75, y + size * 1.3), "#b3271e", radius=4
    )
    for row, character in enumerate(text):
        sheet.write(character, (x, y + (row - 0.5) * size * 1.15), size, "#fbeedb")


def lantern(sheet: Sheet, hook: Point, radius: float, *, cord: float, light: float = 0.5) -> None:
    """Hang a red lantern on a cord below a hook; light: how strong its glow is, 0 to 1."""
    x, y = hook[0], hook[1] + cord + radius
    sheet.glow((x, y), radius * 1.5, "#ff9a3c", opacity=light)
    sheet.line([hook, (x, y)], "#5a2a16", width=1.2)
    _tassel(sheet, (x, y + radius * 0.9), radius)
    body = sheet.mask()
    body.disc((x, y), radius, squash=0.86)
    sheet.wash(body, ["#a3140f", "#dd2c1c", "#ff6a37", "#dd2c1c", "#a3140f"], sideways=True)
    _ribs(sheet, (x, y), radius)
    for end in (-0.88, 0.88):
        middle = y + end * radius
        sheet.box(
            (x - radius * 0.42, middle - radius * 0.1, x + radius * 0.42, middle + radius * 0.1),
            "#f2c14e",
            radius=radius * 0.06,
        )


def _ribs(sheet: Sheet, centre: Point, radius: float) -> None:
    """Draw the bamboo ribs of a lantern, seen as ever narrower ellipses."""
    x, y = centre
    angles = [math.radians(angle) for angle in range(-78, 79, 6)]
    for share in (-0.75, -0.4, 0, 0.4, 0.75):
        rib = [(x + share * radius * math.cos(a), y + radius * 0.86 * math.sin(a)) for a in angles]
        sheet.line(rib, "#8f130f", width=0.8)


def _tassel(sheet: Sheet, top: Point, radius: float) -> None:
    """Draw the golden threads below a lantern."""
    x, y = top
    for thread in range(-3, 4):
        end = (x + thread * radius * 0.09, y + radius * 0.95)
        sheet.line([(x + thread * radius * 0.03, y), end], "#e2a93b", width=1)
