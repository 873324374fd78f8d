"""The animated map: three sheets on which the way from the metro to the tea garden grows."""

from __future__ import annotations

from brush import Point, Sheet, curve, leaf

SIZE = (480, 400)
START, GOAL = (76, 316), (388, 112)
WAY = ((76, 316), (76, 236), (214, 236), (214, 150), (388, 150), GOAL)
HOUSES = (  # left, top, width, height
    (110, 366, 76, 26),
    (110, 262, 76, 36),
    (240, 262, 84, 44),
    (20, 130, 40, 80),
    (110, 120, 76, 84),
    (244, 188, 96, 30),
    (370, 262, 86, 60),
)
ROAD, INK = "#ffffff", "#2b3a42"


def draw_way() -> list[Sheet]:
    """Draw the three sheets in playing order: the start, half the way, the whole way."""
    return [_sheet(legs, arrived=legs == len(WAY)) for legs in (2, 4, len(WAY))]


def _sheet(legs: int, *, arrived: bool) -> Sheet:
    sheet = Sheet(SIZE)
    sheet.background(["#f3eddd"])
    _land(sheet)
    _roads(sheet)
    _names(sheet)
    if legs > 1:
        sheet.line(WAY[:legs], "#ffffff", width=10)
        sheet.line(WAY[:legs], "#e4572e", width=6)
    _metro(sheet)
    _pin(sheet, GOAL, colour="#d62828" if arrived else "#9aa5ab")
    return sheet


def _land(sheet: Sheet) -> None:
    garden = [(282, 20), (380, 8), (470, 30), (474, 140), (420, 176), (300, 172), (268, 96)]
    sheet.polygon(curve([*garden, garden[0]]), "#cfe3b4")
    for row in range(5):
        y = 44 + row * 24
        sheet.line(curve([(296, y + 8), (340, y), (400, y + 8), (452, y)]), "#a9cb86", width=7)
    river = curve([(-20, 70), (80, 92), (150, 52), (236, 40), (262, -20)])
    sheet.line(river, "#a9d6e5", width=34)
    for x, y, width, height in HOUSES:
        sheet.box((x, y, x + width, y + height), "#e6dcc4", radius=5)


def _roads(sheet: Sheet) -> None:
    roads: tuple[tuple[Point, ...], ...] = (
        ((-10, 236), (490, 236)),
        ((76, 410), (76, -10)),
        ((214, 410), (214, -10)),
        ((214, 150), (388, 150), (490, 190)),
        ((-10, 344), (490, 344)),
        ((342, 236), (342, 410)),
    )
    for width, colour in ((20, "#d8cdb4"), (17, ROAD)):
        for road in roads:
            sheet.line(road, colour, width=width)
    sheet.line(WAY[-2:], "#f7f3e8", width=9)


def _names(sheet: Sheet) -> None:
    for text, place in (("茶山路", (420, 236)), ("滨江大道", (280, 344))):
        sheet.write(text, place, 14, "#7a7465")
    sheet.write_down("桂花街", (214, 284), 13, "#7a7465")
    sheet.write("青溪", (32, 80), 17, "#4a8fa8")


def _metro(sheet: Sheet) -> None:
    x, y = START
    sheet.disc(START, 16, "#ffffff")
    sheet.disc(START, 13.5, "#1d6fb8")
    sheet.write("M", (x, y), 17, "#ffffff")
    _label(sheet, "地铁青溪站", (x + 62, y + 2), width=82)


def _pin(sheet: Sheet, foot: Point, *, colour: str) -> None:
    x, y = foot
    sheet.disc((x, y), 11, "#8fae70", squash=0.4)
    sheet.polygon([(x - 17, y - 34), (x + 17, y - 34), (x, y)], colour)
    sheet.disc((x, y - 40), 20, colour)
    sheet.disc((x, y - 40), 13, "#ffffff")
    for angle in (-60, -120):
        sheet.polygon(leaf((x, y - 32), 16, 9, angle), "#4f9a45")
    _label(sheet, "山月茶园", (x - 66, y - 40), width=78)


def _label(sheet: Sheet, text: str, centre: Point, *, width: float) -> None:
    x, y = centre
    sheet.box((x - width / 2, y - 13, x + width / 2, y + 13), INK, radius=5)
    sheet.write(text, (x, y), 15, "#ffffff")
