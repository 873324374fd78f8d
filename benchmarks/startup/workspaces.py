"""Makes the workspaces that are validated: texts, pictures, lists and settings, as people do.

Every campaign has a picture of its own and one that others show too, a list that others name too,
and the list of those who get nothing; every fourth has a list of its own, every fifth numbers. The
pictures are those of the example: with a comment of its own in it, each is another file to whoever
reads it, and weighs what a picture weighs.
"""

from __future__ import annotations

from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEDIA = Path(__file__).parents[2] / "campaigns" / "media"
_PICTURES = tuple(sorted(_MEDIA.glob("*.jpg")))
_ROWS = 1000  # of a list that several campaigns name
_OWN_ROWS = 100
_CAMPAIGNS_A_LIST = 20

_SETTINGS = """\
# yaml-language-server: $schema=../schemas/settings.schema.json
name: bench
timezone: Asia/Shanghai
accounts:
  main:
    url: {env: MMS_URL}
    userid: {env: MMS_USERID}
    account: {env: MMS_ACCOUNT}
    password: {env: MMS_PASSWORD}
"""

_CAMPAIGN = """\
# yaml-language-server: $schema=../../schemas/campaign.schema.json
title: 山月茶舍祝您中秋快乐 {number}
start: 2035-09-16 09:00            # the day of the festival, in the zone of runner.yaml
frames:
  - duration: 6                    # seconds on the screen
    text: 【山月茶舍】明月千里，桂子飘香。祝您和家人中秋团圆，花好月圆！
    image: media/own/{number}.jpg
  - duration: 9
    parts:
      - image: media/{shared}
      - text: 即日起至9月18日，会员到店品桂花乌龙，并获赠手作月饼一枚。拒收请回复R
recipients:
  files: [{files}]
  exclude: [lists/staff.csv]
{numbers}expect: {{recipients: 1-5500}}
"""
_NUMBERS = '  numbers: ["154 0000 0001", "+86 160-0000-0002"]\n'


def make_workspace(folder: Path, *, campaigns: int) -> Path:
    """Write a workspace of so many campaigns into a folder, and give the folder."""
    for inside in ("lists/own", "media/own"):
        (folder / inside).mkdir(parents=True)
    (folder / "runner.yaml").write_text(_SETTINGS, "utf-8")
    for picture in _PICTURES:
        (folder / "media" / picture.name).write_bytes(picture.read_bytes())
    mobiles = map(str, count(15_400_010_000))
    _write_list(folder / "lists" / "staff.csv", islice(mobiles, _ROWS))
    for number in range(-(-campaigns // _CAMPAIGNS_A_LIST)):
        _write_list(folder / "lists" / f"{number}.csv", islice(mobiles, _ROWS))
    for number in range(campaigns):
        _write_campaign(folder, number, mobiles)
    return folder


def _write_campaign(folder: Path, number: int, mobiles: Iterator[str]) -> None:
    own, shared = (_PICTURES[(number + step) % len(_PICTURES)] for step in (0, 1))
    (folder / "media" / "own" / f"{number}.jpg").write_bytes(_with_comment(own, str(number)))
    files = [f"lists/{number // _CAMPAIGNS_A_LIST}.csv"]
    if number % 4 == 0:
        files.append(f"lists/own/{number}.csv")
        _write_list(folder / files[-1], islice(mobiles, _OWN_ROWS))
    file = folder / f"{2035 + number // 100}" / f"campaign-{number}.yaml"
    file.parent.mkdir(exist_ok=True)
    text = _CAMPAIGN.format(
        number=number,
        shared=shared.name,
        files=", ".join(files),
        numbers=_NUMBERS if number % 5 == 0 else "",
    )
    file.write_text(text, "utf-8")


def _write_list(file: Path, mobiles: Iterator[str]) -> None:
    file.write_text("".join(f"{row}\n" for row in ("mobile", *mobiles)), "utf-8")


def _with_comment(picture: Path, comment: str) -> bytes:
    data = picture.read_bytes()
    segment = (2 + len(comment)).to_bytes(2, "big") + comment.encode()
    return data[:2] + b"\xff\xfe" + segment + data[2:]
