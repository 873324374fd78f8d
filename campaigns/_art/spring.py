"""The open-day poster: terraces of tea in spring light, peach blossom, swallows."""

from __future__ import annotations

import math

from brush import Point, Sheet, blossom, curve, dice, leaf, ridge, seal

SIZE = (480, 640)
INK = "#1f4a3a"
TERRACES = (  # upper edge at the left, in the middle, at the right; colours downwards
    ((392, 404, 376), ["#a9cf6d", "#7fb255"]),
    ((426, 420, 440), ["#94c25d", "#68a14a"]),
    ((446, 474, 462), ["#7fb552", "#548f42"]),
    ((506, 488, 528), ["#68a448", "#437d3a"]),
    ((548, 566, 540), ["#539340", "#356b33"]),
    ((598, 590, 616), ["#417f37", "#28572b"]),
)


def draw_spring() -> Sheet:
    """Paint the picture, from the sky to the lettering."""
    sheet = Sheet(SIZE)
    sheet.background(["#bfe3e6", "#e4f2e4", "#fdf3d8", "#fde2c0"])
    _sun(sheet)
    _mountains(sheet)
    for number, (edge, colours) in enumerate(TERRACES):
        _terrace(sheet, edge, colours)
        if number == 0:
            _pavilion(sheet, (352, 400))
        if number == 2:
            _picker(sheet, (150, 492))
            _picker(sheet, (206, 487))
    _peach(sheet)
    for place, span in (((332, 236), 17), ((372, 262), 12), ((298, 274), 10)):
        _swallow(sheet, place, span)
    _lettering(sheet)
    return sheet


def _sun(sheet: Sheet) -> None:
    sheet.glow((130, 262), 74, "#ffd9a0", opacity=0.9)
    sheet.disc((130, 262), 40, "#ff9a6b")


def _mountains(sheet: Sheet) -> None:
    for level, height, seed, colours in (
        (372, 120, 14, ["#8fbdbb", "#e6ead2"]),
        (398, 92, 9, ["#6da69b", "#d3e2c0"]),
        (412, 60, 27, ["#4f9079", "#b4d3a0"]),
    ):
        range_of_hills = sheet.mask()
        range_of_hills.polygon([*ridge(0, 480, level, height, seed), (480, 430), (0, 430)])
        sheet.wash(range_of_hills, colours)


def _terrace(sheet: Sheet, edge: tuple[float, float, float], colours: list[str]) -> None:
    """Draw one step of the slope, planted with rows of rounded bushes."""
    left, middle, right = edge
    swell, dip = (110, (left + middle) / 2 - 9), (370, (middle + right) / 2 + 8)
    border = curve([(-30, left), swell, (240, middle), dip, (510, right)], steps=9)
    step = sheet.mask()
    step.polygon([*border, (510, 640), (-30, 640)])
    sheet.wash(step, colours)
    for row in range(3):
        _bushes(sheet, [(x, y + 5 + row * 13) for x, y in border], colours, size=6.5 + row)


def _bushes(sheet: Sheet, border: list[Point], colours: list[str], *, size: float) -> None:
    """Draw a hedge along a line: dark below, light above."""
    for x, y in border:
        sheet.disc((x, y + 3), size * 1.5, colours[1], squash=0.6)
    for x, y in border:
        sheet.disc((x - 1, y), size * 1.2, colours[0], squash=0.5)


def _pavilion(sheet: Sheet, foot: Point) -> None:
    x, y = foot
    for post in (-24, -9, 9, 24):
        sheet.box((x + post - 1.6, y - 34, x + post + 1.6, y), "#8e3b27")
    sheet.box((x - 32, y - 3, x + 32, y + 3), "#c9bda3")
    left, right = (x - 46, y - 40), (x + 46, y - 40)
    eaves = curve([left, (x - 22, y - 34), (x, y - 33), (x + 22, y - 34), right])
    roof = curve([right, (x + 16, y - 50), (x, y - 70), (x - 16, y - 50), left])
    sheet.polygon([*eaves, *roof], "#3d5a55")
    sheet.disc((x, y - 71), 3.4, "#e2a93b")


def _picker(sheet: Sheet, foot: Point) -> None:
    """Draw somebody with a straw hat and a basket, picking."""
    x, y = foot
    sheet.polygon([(x - 8, y - 24), (x + 8, y - 24), (x + 11, y + 8), (x - 11, y + 8)], "#2f6f9f")
    sheet.line([(x + 6, y - 20), (x + 17, y - 8)], "#2f6f9f", width=4)
    sheet.box((x - 19, y - 18, x - 7, y - 1), "#c58f4a", radius=3)
    sheet.disc((x, y - 29), 6, "#f0c8a0")
    sheet.polygon([(x - 15, y - 29), (x, y - 43), (x + 15, y - 29), (x, y - 27)], "#edd08a")


def _peach(sheet: Sheet) -> None:
    """Draw boughs of peach blossom that reach in from the upper right corner."""
    boughs = (
        [(500, 30), (440, 64), (392, 66), (340, 100), (296, 104)],
        [(440, 64), (424, 104), (390, 140)],
        [(500, 128), (462, 150), (440, 188)],
        [(392, 66), (356, 48), (322, 50)],
    )
    for number, knots in enumerate(boughs):
        wood = curve(knots, steps=8)
        sheet.line(wood, "#5d3a2b", width=4 if number == 0 else 2.6)
        _bloom(sheet, wood[3::2], seed=40 + number)


def _bloom(sheet: Sheet, wood: list[Point], *, seed: int) -> None:
    chance = dice(seed)
    for x, y in wood:
        sheet.polygon(leaf((x, y), chance.uniform(13, 20), 6, chance.uniform(0, 360)), "#79ad58")
        place = (x + chance.gauss(0, 7), y + chance.gauss(0, 7))
        pink = chance.choice(["#ff9fb5", "#ffb8c8", "#f9809d", "#ffd3dc"])
        blossom(
            sheet, place, chance.uniform(9, 13), 5, (pink, "#d6335f"), turn=chance.uniform(0, 72)
        )
    for x, y in wood[::3]:
        sheet.polygon(
            leaf((x, y + chance.uniform(60, 210)), 8, 5, chance.uniform(0, 180)), "#ffb8c8"
        )


def _swallow(sheet: Sheet, centre: Point, span: float) -> None:
    for angle in (-158, -22):
        sheet.polygon(leaf(centre, span, span * 0.3, angle), "#26394a")
    for angle in (122, 146):
        sheet.polygon(leaf(centre, span * 0.9, span * 0.14, angle), "#26394a")
    x, y = centre
    sheet.polygon(leaf((x - span * 0.2, y + span * 0.2), span * 0.66, span * 0.3, -45), "#26394a")


def _lettering(sheet: Sheet) -> None:
    """Write the title as columns that are read from the right to the left."""
    sheet.write_down("春茶", (128, 66), 66, INK, step=1.08)
    sheet.write_down("开放日", (58, 58), 40, INK)
    seal(sheet, (58, 196), "山月", 12)
    _ribbon_of_text(sheet, "采茶 · 制茶 · 品新茶", 590)


def _ribbon_of_text(sheet: Sheet, text: str, level: float) -> None:
    band = sheet.mask()
    band.box((92, level - 22, 388, level + 22), radius=22)
    sheet.stain(band, "#fffbea", opacity=0.93)
    sheet.write(text, (240, level - 1), 24, INK)
    for side in (-1, 1):
        for turn in (0, 50, -50):
            tilt = (90 + side * 90) + turn + math.copysign(8, turn)
            sheet.polygon(leaf((240 - side * 128, level), 13, 6, tilt), "#5d9c45")
