"""The opening picture: a tea house on its first morning, ribbon, flower baskets and lanterns."""

from __future__ import annotations

import math

from brush import Point, Sheet, blossom, curve, dice, lantern, leaf

SIZE = (640, 480)
PAVEMENT = 400
DOOR = (268, 212, 372, PAVEMENT)
RED, GOLD = "#c9281d", "#f2c14e"


def draw_shop() -> Sheet:
    """Paint the picture, from the sky to the ribbon before the door."""
    sheet = Sheet(SIZE)
    sheet.background(["#8fc7dc", "#cfe6e0", "#fdeecb", "#f7d9a8"])
    _street(sheet)
    _house(sheet)
    for box in ((92, 222, 244, 362), (396, 222, 548, 362)):
        _window(sheet, box)
    _door(sheet)
    _awning(sheet)
    _sign(sheet)
    for x in (256, 384):
        lantern(sheet, (x, 190), 17, cord=18, light=0.3)
    _ribbon(sheet)
    for x in (60, 168, 472, 580):
        _basket(sheet, (x, PAVEMENT + 26))
    _bunting(sheet)
    _confetti(sheet)
    return sheet


def _street(sheet: Sheet) -> None:
    for x, top, width in ((0, 150, 60), (30, 190, 50), (566, 170, 50), (600, 130, 60)):
        sheet.box((x, top, x + width, PAVEMENT), "#d9cfae")
    ground = sheet.mask()
    ground.box((0, PAVEMENT, *SIZE))
    sheet.wash(ground, ["#bfae93", "#d8c9ad", "#e6dabf"])
    for x in range(-320, 961, 80):
        sheet.line([(320 + (x - 320) * 0.7, PAVEMENT), (x, 480)], "#b3a287", width=1)
    for y in (PAVEMENT + 20, PAVEMENT + 48):
        sheet.line([(0, y), (640, y)], "#b3a287", width=1)


def _house(sheet: Sheet) -> None:
    wall = sheet.mask()
    wall.box((72, 96, 568, PAVEMENT))
    sheet.wash(wall, ["#1f5a4c", "#25695a", "#1f5a4c"])
    for x in (72, 252, 376, 556):
        sheet.box((x, 96, x + 12, PAVEMENT), "#17463b")
    sheet.box((72, 372, 568, PAVEMENT), "#17463b")
    _roof(sheet)


def _roof(sheet: Sheet) -> None:
    """Draw a tiled roof whose eaves turn up at both ends."""
    under = curve([(20, 92), (70, 112), (320, 114), (570, 112), (620, 92)])
    over = curve([(560, 58), (320, 56), (80, 58)])
    sheet.polygon([*under, (612, 84), *over, (28, 84)], "#39444d")
    for x in range(84, 560, 14):
        lean = (x - 320) * 0.1
        sheet.line([(x, 60), (x + lean, 110)], "#2b343c", width=2)
    sheet.box((76, 50, 564, 62), "#2b343c", radius=5)
    sheet.line(under, GOLD, width=2.4)


def _window(sheet: Sheet, box: tuple[float, float, float, float]) -> None:
    """Draw a shop window with three shelves of tea jars in warm light."""
    left, top, right, bottom = box
    sheet.box((left - 5, top - 5, right + 5, bottom + 5), "#5b3320", radius=3)
    pane = sheet.mask()
    pane.box(box)
    sheet.wash(pane, ["#ffe9b4", "#ffd78a", "#f3b765"])
    for shelf in range(3):
        level = top + 54 + shelf * 41
        _jars(sheet, (left + 6, level), right - left - 12, seed=round(left) + shelf)
        sheet.box((left, level, right, level + 4), "#8a5430")
    sheen = sheet.mask()
    sheen.polygon([(left + 26, top), (left + 62, top), (left + 8, bottom), (left, bottom)])
    sheet.stain(sheen, "#ffffff", opacity=0.2)
    sheet.line([((left + right) / 2, top), ((left + right) / 2, bottom)], "#5b3320", width=4)


def _jars(sheet: Sheet, start: Point, reach: float, *, seed: int) -> None:
    chance, (x, level) = dice(seed), start
    end = x + reach
    while x < end - 14:
        width, height = chance.uniform(12, 17), chance.uniform(18, 29)
        colour = chance.choice(["#7a3b22", "#2f6f5e", "#b5482f", "#33506e", "#d8c08a"])
        sheet.box((x, level - height, x + width, level), colour, radius=3)
        sheet.box(
            (x + 2, level - height - 4, x + width - 2, level - height + 1), "#3b2416", radius=1
        )
        sheet.box(
            (x + 2.5, level - height * 0.62, x + width - 2.5, level - height * 0.25), "#f6ead0"
        )
        x += width + chance.uniform(3, 6)


def _door(sheet: Sheet) -> None:
    left, top, right, bottom = DOOR
    sheet.box((left - 6, top - 6, right + 6, bottom), "#5b3320")
    room = sheet.mask()
    room.box(DOOR)
    sheet.wash(room, ["#ffdf9b", "#ffeec6", "#f5c27a"])
    sheet.glow((320, 270), 36, "#fff9e2", opacity=0.9)
    sheet.box((292, 336, 348, 372), "#8a5430", radius=2)
    sheet.box((286, 330, 354, 338), "#6b3d22", radius=2)
    _teapot(sheet, (320, 318))
    for inner, outer in ((left, left + 20), (right, right - 20)):
        leaf_of_door = [(inner, top), (outer, top + 12), (outer, bottom - 4), (inner, bottom)]
        sheet.polygon(leaf_of_door, "#7b4427")
    for step in range(2):
        low = bottom + step * 9
        sheet.box((left - 14 - step * 14, low, right + 14 + step * 14, low + 9), "#a89a84")
        sheet.line(
            [(left - 14 - step * 14, low), (right + 14 + step * 14, low)], "#cfc2aa", width=1.4
        )


def _teapot(sheet: Sheet, centre: Point) -> None:
    x, y = centre
    sheet.disc((x, y), 13, "#9c3f25", squash=0.85)
    sheet.line(curve([(x + 9, y + 3), (x + 17, y - 1), (x + 20, y - 8)]), "#9c3f25", width=4)
    handle = curve([(x - 10, y - 5), (x - 20, y - 6), (x - 19, y + 5), (x - 10, y + 5)])
    sheet.line(handle, "#9c3f25", width=2.6)
    sheet.disc((x, y - 12), 3, "#7b2f1b")


def _awning(sheet: Sheet) -> None:
    """Draw stripes of cloth over each window, every one with a round end."""
    for left in (84, 388):
        for stripe in range(8):
            x, colour = left + stripe * 21, RED if stripe % 2 == 0 else "#fbf1dc"
            sheet.polygon([(x, 186), (x + 21, 186), (x + 21, 212), (x, 212)], colour)
            sheet.disc((x + 10.5, 212), 10.5, colour)
        shade = sheet.mask()
        shade.box((left, 186, left + 168, 192))
        sheet.stain(shade, "#000000", blur=2, opacity=0.3)


def _sign(sheet: Sheet) -> None:
    shadow = sheet.mask()
    shadow.box((164, 122, 476, 184), radius=6)
    sheet.stain(shadow, "#000000", blur=5, opacity=0.5)
    sheet.box((160, 116, 480, 180), GOLD, radius=6)
    board = sheet.mask()
    board.box((164, 120, 476, 176), radius=4)
    sheet.wash(board, ["#4a2413", "#6b3a20", "#4a2413"])
    for place, character in enumerate("山月茶舍"):
        sheet.write(character, (212 + place * 72, 147), 44, "#ffdf8e")


def _ribbon(sheet: Sheet) -> None:
    """Draw the ribbon that is about to be cut, between two posts, with a bow in the middle."""
    for x in (222, 418):
        sheet.box((x - 3, 330, x + 3, 418), GOLD, radius=2)
        sheet.disc((x, 328), 6, GOLD)
        sheet.disc((x, 420), 13, "#c8952f", squash=0.3)
    upper = curve([(222, 340), (270, 356), (320, 360), (370, 356), (418, 340)])
    sheet.polygon([*upper, *((x, y + 13) for x, y in reversed(upper))], RED)
    for side in (-1, 1):
        sheet.polygon(leaf((320, 366), 46, 30, 90 - side * 68), "#a81d15")
        sheet.polygon(leaf((320, 366), 46, 34, -90 + side * 62), RED)
        tail = [(320, 368), (320 + side * 26, 412), (320 + side * 14, 410), (320 + side * 8, 418)]
        sheet.polygon(tail, "#d9392c")
    blossom(sheet, (320, 366), 17, 9, ("#e2463a", "#f7b733"), turn=10)


def _basket(sheet: Sheet, foot: Point) -> None:
    """Draw a stand of flowers as friends send them for an opening, with its good wish."""
    (x, y), chance = foot, dice(round(foot[0]))
    sheet.disc((x, y + 3), 34, "#a8987c", squash=0.2)
    for side in (-1, 1):
        sheet.line([(x, y - 70), (x + side * 26, y + 2)], "#7a4d2b", width=3.4)
    for angle in range(180, 361, 12):
        sheet.polygon(leaf((x, y - 84), 44, 13, angle + chance.uniform(-6, 6)), "#3f7d4c")
    for _ in range(26):
        turn, far = chance.uniform(0, math.tau), 34 * math.sqrt(chance.random())
        place = (x + far * math.cos(turn), y - 92 + far * math.sin(turn) * 0.8)
        petals = chance.choice(["#e5383b", "#ff8fa3", "#ffb703", "#fff1e6", "#f3722c"])
        blossom(sheet, place, 9.5, 6, (petals, "#fbd85d"), turn=chance.uniform(0, 60))
    sheet.polygon(
        [(x - 12, y - 62), (x + 12, y - 62), (x + 9, y - 2), (x, y + 5), (x - 9, y - 2)], RED
    )
    for row, character in enumerate("大吉"):
        sheet.write(character, (x, y - 46 + row * 20), 17, "#ffe08a")


def _bunting(sheet: Sheet) -> None:
    for left, right in ((-10, 330), (310, 650)):
        middle = (left + right) / 2
        string = curve([(left, 6), (middle, 42), (right, 6)], steps=9)
        sheet.line(string, "#7a4d2b", width=1.2)
        for number, (x, y) in enumerate(string[1:-1]):
            colour = (RED, GOLD, "#2f7d6b", "#fbf1dc")[number % 4]
            sheet.polygon([(x - 9, y), (x + 9, y), (x, y + 19)], colour)


def _confetti(sheet: Sheet) -> None:
    chance = dice(88)
    for _ in range(90):
        place = (chance.uniform(0, 640), chance.uniform(20, 470))
        colour = chance.choice([RED, GOLD, "#ff8fa3", "#fff6dd", "#4fb0a0"])
        sheet.polygon(leaf(place, chance.uniform(4, 7), 3.4, chance.uniform(0, 360)), colour)
