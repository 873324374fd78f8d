"""What is sent: a message as large as it may be, to 2,000 numbers a request.

Once as a workspace, for the program, and once as the fields of a form, for everybody else: the
gateway sees that both have the same size.

python -m benchmarks.send.shop FOLDER REQUESTS CONCURRENCY      writes a workspace, to profile
"""

from __future__ import annotations

import sys
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image

BATCH = 2000  # numbers a request, the most that the gateway takes
FIRST = 13_000_000_000
TITLE = "秋季新品"
TEXT = "【某店】新品上架，会员专享……拒收请回复R"
PASSWORD = "secret"

_PICTURES = 3
_SIDE = 232  # pixels; of noise at this quality: a third of what a message may weigh
_QUALITY = 75

_SETTINGS = """\
name: bench
accounts:
  main:
    url: {{env: MMS_URL}}
    userid: "12"
    account: bench
    password: {{env: MMS_PASSWORD}}
    concurrency: {concurrency}
"""


def write_workspace(
    folder: Path, *, requests: int, concurrency: int, pictures: int = _PICTURES
) -> Path:
    """Write a workspace whose one draft, `news`, goes out in so many requests."""
    folder.mkdir()
    frames = [f"  - {{duration: 5, text: {TEXT}}}"]
    frames += [f"  - {{duration: 5, image: {index}.jpg}}" for index in range(pictures)]
    campaign = [f"title: {TITLE}", "frames:", *frames, "recipients: {files: [people.csv]}", ""]
    (folder / "news.yaml").write_text("\n".join(campaign), "utf-8")
    (folder / "runner.yaml").write_text(_SETTINGS.format(concurrency=concurrency), "utf-8")
    for index in range(pictures):
        (folder / f"{index}.jpg").write_bytes(_draw_picture(index))
    with (folder / "people.csv").open("w") as file:
        file.writelines(f"{mobile}\n" for mobile in range(FIRST, FIRST + requests * BATCH))
    return folder


def form_fields() -> dict[str, str]:
    """Give the fields of one request of it."""
    text = TEXT.encode("gbk")
    pictures = [b64encode(_draw_picture(index)).decode() for index in range(_PICTURES)]
    frames = [f"5,txt|{b64encode(text).decode()}", *(f"5,jpg|{each}" for each in pictures)]
    return {
        "action": "send",
        "userid": "12",
        "account": "bench",
        "password": PASSWORD,
        "mobile": ",".join(map(str, range(FIRST, FIRST + BATCH))),
        "title": TITLE,
        "starttime": "",
        "content": ";".join(frames),
    }


def _draw_picture(seed: int) -> bytes:
    """Draw a baseline JPEG of noise: nothing that is sent compresses by accident."""
    noise = Random(seed).randbytes(_SIDE * _SIDE * 3)
    file = BytesIO()
    Image.frombytes("RGB", (_SIDE, _SIDE), noise).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


if __name__ == "__main__":
    write_workspace(Path(sys.argv[1]), requests=int(sys.argv[2]), concurrency=int(sys.argv[3]))
