"""What is small and means much, or is as large as it may be: read in bounded memory, or refused.

Each is read in a process of its own that may not take more; a bomb that goes off ends it.
"""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
from functools import partial
from pathlib import Path

from PIL import Image
from workspaces import shop

__all__ = ["shop"]

CHECKOUT = Path(__file__).parent.parent
MIB = 1 << 20
LENGTH = 2_000_000

# An answer is what one of these makes of a length, where `fill` repeats its middle to reach it.
ANSWERS = r"""
import sys
from itertools import pairwise
from runner.codec.answers import decode_balance, decode_reports
from runner.errors import UnreadableAnswer

def fill(before, unit, after=b"</returnsms>"):
    return before + unit * ((LENGTH - len(before) - len(after)) // len(unit)) + after

OPEN = b"<returnsms>"
BOX = b"<statusbox><mobile>13800138000</mobile><taskid>1</taskid><status>10</status></statusbox>"
LAUGHS = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi"))
QUADRATIC = '<!DOCTYPE r [<!ENTITY a "' + "x" * 50_000 + '">]>'
BOMBS = {
    "laughs": f'<!DOCTYPE r [<!ENTITY a "ha">{LAUGHS}]><returnsms>&i;</returnsms>'.encode(),
    "quadratic": QUADRATIC.encode() + fill(OPEN, b"&a;"),
    "elements": fill(OPEN, b"<x/>"),
    "empty boxes": fill(OPEN, b"<statusbox/>"),
    "a name that each repeats": fill(b"<returnsms xmlns:a='%s'>" % (b"u" * 99_999), b"<a:x/>"),
    "a prefix that each repeats": fill(b"<returnsms xmlns:%s='u'>" % (b"a" * 40_000), b"<x/>"),
    "attributes": b"<returnsms %s/>" % b" ".join(b"a%d=''" % n for n in range(LENGTH // 12)),
    "namespaces": b"<returnsms %s/>" % b" ".join(b"xmlns:a%d='u'" % n for n in range(LENGTH // 19)),
    "one attribute": b"<returnsms a='%s'/>" % (b"u" * LENGTH),
    "one number": b"<statusbox><mobile>%s</mobile></statusbox>" % (b"1" * LENGTH),
    "a depth of 100,000": OPEN + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</returnsms>",
    "tags in one box": fill(OPEN + b"<statusbox>", b"<a>", b""),
    "begun boxes": fill(OPEN, b"<statusbox>", b""),
    "blanks in a tag": fill(OPEN, b" ", b"</statusbox"),
    "CDATA": OPEN + b"<x><![CDATA[%s]]></x></returnsms>" % (b"&" * LENGTH),
    "no text": b"\xff" * LENGTH,
}
for name, body in BOMBS.items():
    page = decode_reports(body)
    assert not page.reports, name
    assert sum(len(piece.text) for piece in page.unread) < 6 * len(body), name
    try:
        decode_balance(body)
    except UnreadableAnswer:
        continue
    raise AssertionError(name)
whole = decode_reports(fill(OPEN, BOX))
assert len(whole.reports) > 20_000 and not whole.unread
print("whole")
"""

FILES = r"""
import pathlib
from runner.workspace.load import load_workspace
found = load_workspace(pathlib.Path(ROOT))
print(*sorted(f"{fault.file} {fault.rule}" for fault in found.diagnostics), sep="\n")
"""


def run(script: str, *, most: int) -> list[str]:
    """Run a script that may not take more than so many bytes of memory; gives what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_AS, (most, most)),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_no_answer_takes_more_memory_than_its_length_explains():
    assert run(f"LENGTH = {LENGTH}\n{ANSWERS}", most=350 * MIB) == ["whole"]


def gif(width: int, height: int, frames: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0x80, 0, 0)
        + b"\0" * 6
        + frame * frames
        + b";"
    )


def claim_60_000_pixels(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xc0\x00\x11") + 5
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    path.write_bytes(data)


def test_no_file_takes_more_memory_than_one_may_be_long(shop):
    """A picture of 50 megapixels is decoded, so that much there must be."""
    bombs = {
        "jpeg.jpg": "too-many-pixels",
        "png.jpg": "unsupported-image",
        "canvas.gif": "too-many-pixels",
        "frames.gif": "too-many-frames",
        "large.gif": "image-too-large",
        "line.csv": "line-too-long",
        "quoted.csv": "broken-quotes",
        "nul.csv": "binary-file",
    }
    Image.new("RGB", (640, 480)).save(shop.root / "jpeg.jpg")
    claim_60_000_pixels(shop.root / "jpeg.jpg")
    shop.write("png.jpg", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 60_000, 60_000))
    shop.write("canvas.gif", gif(60_000, 60_000, 1))
    shop.write("frames.gif", gif(1, 1, 5_000))
    for name, head in (("line.csv", b"mobile\n"), ("large.gif", b"GIF89a")):
        with (shop.root / name).open("wb") as file:
            file.write(head)
            for _ in range(100):
                file.write(b"1" * 1_000_000)
    shop.write("quoted.csv", b'mobile\n"' + b"2\n" * 5_000_000)
    shop.write("nul.csv", b"mobile\n" + b"\0" * 1_000_000)
    lines = []
    for name in bombs:
        if name.endswith(".csv"):
            lines.append(f"  - {name}\n")
        else:
            shop.write(f"{name}.yaml", f"title: t\nframes: [{{duration: 1, image: {name}}}]\n")
    shop.campaign(recipients=f"recipients:\n  files:\n{''.join(lines)}")
    with (shop.root / "huge.yaml").open("wb") as file:
        file.write(b"title: ")
        file.truncate(100_000_000)
    told = run(f"ROOT = {str(shop.root)!r}\n{FILES}", most=700 * MIB)
    expected = {
        f"{'news' if name.endswith('.csv') else name}.yaml {rule}" for name, rule in bombs.items()
    }
    assert expected <= set(told)
    assert "huge.yaml file-too-large" in told
