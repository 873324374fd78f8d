"""Draw the pictures of the example campaigns; every run gives the same bytes.

    python campaigns/_art/draw.py

Every stroke is code, so nobody else holds rights in the pictures. Needs Pillow and one free font
(Debian: fonts-lxgw-wenkai). What it writes to `media/` is committed, so only who changes a picture
runs it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from moon import draw_moon
from PIL import Image
from shop import draw_shop
from spring import draw_spring
from tea import draw_tea
from way import draw_way

if TYPE_CHECKING:
    from brush import Sheet

MEDIA = Path(__file__).resolve().parent.parent / "media"
QUALITY = 74  # two pictures and the texts stay under 90 KB


def main() -> None:
    """Draw everything, or say that the font is missing."""
    try:
        photos = {
            "moon.jpg": draw_moon(),
            "shop.jpg": draw_shop(),
            "tea.jpg": draw_tea(),
            "spring.jpg": draw_spring(),
        }
        way = draw_way()
    except OSError as fault:
        sys.exit(f"cannot draw: {fault} (is the font there? Debian: fonts-lxgw-wenkai)")
    MEDIA.mkdir(exist_ok=True)
    for name, sheet in photos.items():
        _save_photo(sheet, name)
    _save_film(way, "map.gif")


def _save_photo(sheet: Sheet, name: str) -> None:
    """Save as handsets like it: baseline JPEG, colours halved both ways (4:2:0), no EXIF."""
    sheet.finished().save(MEDIA / name, quality=QUALITY, subsampling="4:2:0", optimize=True)


def _save_film(sheets: list[Sheet], name: str) -> None:
    """Save as an animated GIF that plays for ever and rests on its last picture."""
    pictures = [sheet.finished() for sheet in sheets]
    # all share the last one's palette: a palette for each would flicker and weigh more
    palette = pictures[-1].quantize(colors=240)
    first, *rest = [
        picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures
    ]
    pauses = [900] * len(rest) + [2400]  # milliseconds
    first.save(MEDIA / name, save_all=True, append_images=rest, duration=pauses, loop=0)


if __name__ == "__main__":
    main()
