"""The gift picture: a pot, two cups and a coupon on a table before a round window."""

from __future__ import annotations

from brush import Point, Sheet, blossom, curve, dice, leaf, seal

SIZE = (640, 480)
TABLE = 350
WINDOW = (208, 190)
CLAY = ["#6e2a17", "#b5563a", "#c96c4b", "#9c4329", "#5f2413"]
CELADON = ["#7fa594", "#d6e8dc", "#eef6ee", "#b4d0c2", "#7fa594"]


def draw_tea() -> Sheet:
    """Paint the picture, from what lies outside the window to the coupon."""
    sheet = Sheet(SIZE)
    sheet.background(["#bcd9d0", "#e2eee2", "#f5efd6", "#dfe6c8"])
    _hills(sheet)
    _bamboo(sheet)
    _wall(sheet)
    _table(sheet)
    _pot(sheet, (208, 330))
    for x, level in ((352, 388), (438, 408)):
        _cup(sheet, (x, level))
    _coupon(sheet)
    _fallen_blossoms(sheet)
    return sheet


def _hills(sheet: Sheet) -> None:
    for centre, radius, opacity in (((310, 330), 130, 0.5), ((120, 350), 130, 0.8)):
        hill = sheet.mask()
        hill.disc(centre, radius, squash=0.8)
        sheet.stain(hill, "#9cc0ad", blur=1, opacity=opacity)


def _bamboo(sheet: Sheet) -> None:
    chance = dice(7)
    for x, width, green in ((126, 9, "#6fa46a"), (160, 6, "#8dbb82"), (306, 8, "#5f9660")):
        for joint in range(9):
            top = 20 + joint * 38 + width
            sheet.box((x, top, x + width, top + 36), green, radius=2)
            for _ in range(joint % 3 + 1):
                tilt = chance.choice([chance.uniform(10, 60), chance.uniform(120, 170)])
                blade = leaf((x + width / 2, top), chance.uniform(28, 44), 7, tilt)
                sheet.polygon(blade, green)


def _wall(sheet: Sheet) -> None:
    """Paint a plastered wall around the round window, whose frame is of wood."""
    wall, frame = sheet.mask(), sheet.mask()
    wall.box((0, 0, *SIZE))
    wall.disc(WINDOW, 158, "#000000")
    sheet.wash(wall, ["#efe0c4", "#f6ead2", "#ecd8b4"])
    frame.disc(WINDOW, 166)
    frame.disc(WINDOW, 152, "#000000")
    sheet.wash(frame, ["#7b4427", "#9a5a34", "#5b3320"])


def _table(sheet: Sheet) -> None:
    top = sheet.mask()
    top.box((0, TABLE, *SIZE))
    sheet.wash(top, ["#9c6238", "#b57a49", "#8a5230", "#6b3d22"])
    chance = dice(12)
    for _ in range(26):
        y, left = chance.uniform(TABLE + 4, 478), chance.uniform(-60, 560)
        grain = curve([(left, y), (left + 70, y + chance.uniform(-2, 2)), (left + 170, y)])
        sheet.line(grain, "#87512e", width=0.9)
    sheet.box((0, TABLE - 2, 640, TABLE + 2), "#c58f5c")


def _shadow(sheet: Sheet, centre: Point, radius: float) -> None:
    dark = sheet.mask()
    dark.disc(centre, radius, squash=0.2)
    sheet.stain(dark, "#3c1f0f", blur=5, opacity=0.6)


def _pot(sheet: Sheet, centre: Point) -> None:
    """Draw a pot of purple clay, its spout to the right."""
    x, y = centre
    _shadow(sheet, (x + 6, y + 74), 96)
    limbs = sheet.mask()
    limbs.line(
        curve([(x - 62, y - 22), (x - 122, y - 40), (x - 124, y + 24), (x - 66, y + 36)]), width=13
    )
    spout = curve([(x + 60, y - 2), (x + 92, y - 16), (x + 116, y - 58)])
    belly = curve([(x + 133, y - 54), (x + 114, y + 4), (x + 62, y + 44)])
    limbs.polygon([*spout, *belly])
    sheet.wash(limbs, CLAY[1:])
    body = sheet.mask()
    body.disc((x, y + 8), 86, squash=0.8)
    body.box((x - 46, y + 58, x + 46, y + 78), radius=6)
    body.box((x - 44, y - 66, x + 44, y - 48), radius=7)
    sheet.wash(body, CLAY, sideways=True)
    lid = sheet.mask()
    lid.disc((x, y - 60), 40, squash=0.42)
    lid.disc((x, y - 84), 12)
    sheet.wash(lid, CLAY, sideways=True)
    sheet.line(curve([(x - 44, y - 52), (x, y - 44), (x + 44, y - 52)]), "#5f2413", width=1.6)
    sheet.write("山月", (x, y + 12), 34, "#6a2916")


def _cup(sheet: Sheet, rim: Point) -> None:
    """Draw a celadon cup on its saucer, tea steaming in it."""
    x, y = rim
    _shadow(sheet, (x + 3, y + 44), 50)
    saucer = sheet.mask()
    saucer.disc((x, y + 40), 46, squash=0.2)
    sheet.wash(saucer, CELADON, sideways=True)
    bowl = sheet.mask()
    side = curve([(x - 36, y), (x - 32, y + 22), (x - 17, y + 40)])
    bowl.polygon([*side, *((2 * x - px, py) for px, py in reversed(side))])
    sheet.wash(bowl, CELADON, sideways=True)
    sheet.disc((x, y), 36, "#eef6ee", squash=0.26)
    sheet.disc((x, y + 1), 32, "#c98a2b", squash=0.22)
    sheet.disc((x - 4, y + 2), 20, "#e0a945", squash=0.16)
    _steam(sheet, (x, y - 10))


def _steam(sheet: Sheet, foot: Point) -> None:
    x, y = foot
    bends = [(0, 0), (6, -0.3), (-4, -0.65), (3, -1)]
    for shift, rise in ((-10, 52), (9, 74)):
        wisp = sheet.mask()
        wisp.line(curve([(x + shift + dx, y + rise * dy) for dx, dy in bends]), width=3.4)
        sheet.stain(wisp, "#ffffff", blur=2.6, opacity=0.8)


def _coupon(sheet: Sheet) -> None:
    """Draw the paper that hangs on the wall: buy one, get one."""
    shadow = sheet.mask()
    shadow.box((422, 48, 602, 308), radius=8)
    sheet.stain(shadow, "#5b3a1c", blur=6, opacity=0.4)
    paper = sheet.mask()
    paper.box((416, 40, 596, 300), radius=8)
    sheet.wash(paper, ["#c9281d", "#b01f16"])
    sheet.box((426, 50, 586, 290), "#f2c14e", radius=5)
    sheet.box((428, 52, 584, 288), "#bb231a", radius=4)
    for row, word in enumerate(("买一", "赠一")):
        sheet.write(word, (506, 106 + row * 72), 66, "#ffe6a6")
    sheet.write("开业三天 会员专享", (506, 228), 16.5, "#ffe6a6")
    sheet.line([(444, 246), (568, 246)], "#f2c14e", width=1)
    sheet.write("凭此彩信到店领取", (506, 264), 16.5, "#ffe6a6")
    sheet.disc((506, 44), 6, "#f2c14e")


def _fallen_blossoms(sheet: Sheet) -> None:
    chance = dice(3)
    for _ in range(16):
        place = (chance.uniform(20, 620), chance.uniform(440, 472))
        blossom(sheet, place, 7, 4, ("#ffd45c", "#d9761e"), turn=chance.uniform(0, 90))
    for x, y, angle in ((60, 436, -20), (560, 440, 200), (300, 462, 10)):
        sheet.polygon(leaf((x, y), 36, 13, angle), "#3b7a4e")
    seal(sheet, (42, 44), "山月", 15)
