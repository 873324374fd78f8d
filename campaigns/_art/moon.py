"""The mid-autumn picture: the full moon over hills and a lake, lanterns, osmanthus in bloom."""

from __future__ import annotations

from brush import Point, Sheet, blossom, curve, dice, lantern, leaf, ridge, seal

SIZE = (480, 640)
MOON = (292, 214)
SHORE = 520
RANGES = (  # far to near: level, height, seed, colours downwards
    (470, 110, 3, ["#5c6f9f", "#c09a94"]),
    (492, 105, 8, ["#43598e", "#9a8796"]),
    (508, 80, 21, ["#2e457a", "#6d6f92"]),
    (SHORE, 52, 5, ["#1d2f5e", "#414f80"]),
)


def draw_moon() -> Sheet:
    """Paint the picture, from the sky to what hangs before it."""
    sheet = Sheet(SIZE)
    sheet.background(["#0b1539", "#142556", "#2a4380", "#75729a", "#e0a27c", "#f3c58c"])
    _stars(sheet)
    _moon(sheet)
    _clouds(sheet)
    _hills(sheet)
    _lake(sheet)
    _osmanthus(sheet)
    for x, radius, cord in ((402, 30, 30), (450, 22, 84), (346, 18, 16)):
        lantern(sheet, (x, -2), radius, cord=cord)
    _lettering(sheet)
    return sheet


def _stars(sheet: Sheet) -> None:
    chance = dice(15)
    for _ in range(70):
        place = (chance.uniform(0, 480), chance.uniform(0, 330))
        sheet.disc(place, chance.choice([0.6, 0.6, 0.9, 1.3]), "#cfd8f5")


def _moon(sheet: Sheet) -> None:
    sheet.glow(MOON, 170, "#f4c98a", opacity=0.45)
    sheet.glow(MOON, 122, "#ffe9b5", opacity=0.75)
    disc = sheet.mask()
    disc.disc(MOON, 104)
    sheet.wash(disc, ["#fffdf0", "#fff3cc", "#ffe09a"])
    _seas_of_the_moon(sheet)


def _seas_of_the_moon(sheet: Sheet) -> None:
    seas = sheet.mask()
    x, y = MOON
    for dx, dy, radius in ((-38, -34, 26), (-8, -48, 19), (-52, 6, 21), (26, -22, 17), (38, 6, 13)):
        seas.disc((x + dx, y + dy), radius, squash=0.8)
    for dx, dy, radius in ((-20, 42, 14), (50, 34, 11), (10, 66, 9)):
        seas.disc((x + dx, y + dy), radius, squash=0.7)
    sheet.stain(seas, "#e2b96d", blur=6, opacity=0.42)


def _clouds(sheet: Sheet) -> None:
    for x, y, length in ((150, 268, 190), (250, 290, 210), (60, 356, 150), (330, 372, 190)):
        band = sheet.mask()
        for drop, start, share in ((0, 0.18, 0.5), (9, 0, 0.86), (18, 0.3, 0.7)):
            left = x + length * start
            band.box((left, y + drop, left + length * share, y + drop + 8.6), radius=4.3)
        sheet.stain(band, "#fbe3bd", blur=0.8, opacity=0.5)


def _hills(sheet: Sheet) -> None:
    for number, (level, height, seed, colours) in enumerate(RANGES):
        hills = sheet.mask()
        hills.polygon([*ridge(0, 480, level, height, seed), (480, SHORE), (0, SHORE)])
        sheet.wash(hills, colours)
        if number == 2:
            _pagoda(sheet, (104, 502))


def _pagoda(sheet: Sheet, foot: Point) -> None:
    """Draw five storeys, each narrower, with a lit window."""
    x, y = foot
    for storey in range(5):
        half, base = 15 - storey * 2, y - storey * 15
        sheet.box((x - half * 0.7, base - 13, x + half * 0.7, base), "#1a2a56")
        sheet.box((x - 1.8, base - 9, x + 1.8, base - 3), "#ffd27a", radius=1)
        roof = [(x - half - 5, base - 10), (x - half * 0.5, base - 16), (x + half * 0.5, base - 16)]
        sheet.polygon([*roof, (x + half + 5, base - 10), (x, base - 12)], "#131f45")
    sheet.line([(x, y - 74), (x, y - 92)], "#131f45", width=1.6)


def _lake(sheet: Sheet) -> None:
    water = sheet.mask()
    water.box((0, SHORE, *SIZE))
    sheet.wash(water, ["#a98a93", "#4d5f92", "#1c2f63", "#0f1c46"])
    chance = dice(4)
    shine = sheet.mask()
    for row in range(30):
        y, half = SHORE + 3 + row * 4, 16 + row * 2.2
        middle = MOON[0] + chance.uniform(-14, 14)
        reach = half * chance.uniform(0.4, 1)
        shine.box((middle - reach, y, middle + reach, y + 1.8), radius=0.9)
    sheet.stain(shine, "#ffe6ae", blur=0.5, opacity=0.8)


def _osmanthus(sheet: Sheet) -> None:
    """Draw a bough from the upper left corner and one from the lower right, over the water."""
    _bough(sheet, [(-20, 24), (40, 50), (96, 48), (150, 74), (206, 70)], 31)
    _bough(sheet, [(40, 50), (74, 84), (92, 122)], 32)
    _bough(sheet, [(500, 596), (446, 584), (404, 598), (352, 586), (312, 600)], 33)
    _bough(sheet, [(446, 584), (420, 560), (398, 548)], 34)


def _bough(sheet: Sheet, knots: list[Point], seed: int) -> None:
    chance = dice(seed)
    wood = curve(knots)
    sheet.line(wood, "#3a2418", width=3.4)
    for point in wood[4::3]:
        for side in (-1, 1):
            tilt = side * chance.uniform(35, 80) + chance.uniform(-15, 15)
            green = chance.choice(["#1e4a34", "#2a6142", "#3b7a4e"])
            sheet.polygon(leaf(point, chance.uniform(24, 38), 12, 15 + tilt), green)
    for point in wood[6::6]:
        _cluster(sheet, point, seed + round(point[0]))


def _cluster(sheet: Sheet, centre: Point, seed: int) -> None:
    """Draw a bunch of four-petalled osmanthus blossoms."""
    chance = dice(seed)
    for _ in range(6):
        place = (centre[0] + chance.gauss(0, 6), centre[1] + chance.gauss(2, 5))
        gold = chance.choice(["#ffd45c", "#ffbf3f", "#ffe38a"])
        blossom(sheet, place, 6, 4, (gold, "#d9761e"), turn=chance.uniform(0, 90))


def _lettering(sheet: Sheet) -> None:
    shadow = sheet.mask()
    shadow.write_down("花好月圆", (58, 188), 46)
    sheet.stain(shadow, "#0b1539", blur=3, opacity=0.9)
    sheet.write_down("花好月圆", (58, 188), 46, "#ffe9b8")
    seal(sheet, (58, 398), "山月", 14)
