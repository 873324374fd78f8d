"""Pages for a person: a message as phones show it, and the list of all that arrived."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from runner.sandbox.china_time import write_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.sandbox.content import Frame, Part
    from runner.sandbox.submission import Submission

_STYLE = """
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: #f4f4f2; color: #222;
       font: 16px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; overflow-wrap: anywhere; }
.facts { margin: 0 0 1.5rem; color: #666; }
.frames { display: flex; flex-wrap: wrap; gap: 1.5rem; margin: 0; padding: 0; list-style: none; }
.phone { width: 16rem; border: .75rem solid #2b2b2e; border-top-width: 1.75rem;
         border-bottom-width: 1.75rem; border-radius: 1.75rem; background: #fff; }
.phone h2 { margin: 0; padding: .3rem .75rem; background: #e9e9ec; color: #555;
            font-size: .8rem; font-weight: normal; }
.screen { min-height: 22rem; max-height: 30rem; overflow-y: auto; }
.screen p { margin: 0; padding: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.screen img { display: block; width: 100%; }
table { border-collapse: collapse; background: #fff; }
th, td { padding: .4rem .8rem; border: 1px solid #ddd; text-align: left; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message in the list of all. arrived: as the gateway writes times."""

    folder: str
    title: str
    people: int
    arrived: str


def picture_name(frame: int, part: int, part_type: str) -> str:
    """Name the file of a picture by its place, both counted from 1."""
    return f"frame-{frame:02d}-part-{part:02d}.{part_type}"


def message_page(submission: Submission) -> str:
    """Draw a message: each frame a phone's screen, pictures by their relative files."""
    title = submission.title or "(no title)"
    facts = [
        f"{len(submission.mobiles)} recipients",
        f"task {submission.task_id}",
        f"arrived {write_time(submission.arrived_at)}",
        *([f"starts {submission.starttime}"] if submission.starttime else []),
        *([f"extno {submission.extno}"] if submission.extno else []),
    ]
    frames = [_frame(number, frame) for number, frame in enumerate(submission.frames, start=1)]
    return _page(
        title,
        f'<p class="facts">{escape(" · ".join(facts))}</p>',
        f'<ol class="frames">{"".join(frames)}</ol>',
        '<p><a href="recipients.txt">recipients</a> · <a href="message.json">facts</a>'
        ' · <a href="../index.html">all messages</a></p>',
    )


def index_page(entries: Sequence[Entry]) -> str:
    """List all messages, the latest first."""
    if not entries:
        return _page("What arrived", '<p class="facts">Nothing yet.</p>')
    head = "<tr><th>arrived</th><th>message</th><th>recipients</th><th>folder</th></tr>"
    rows = "".join(_row(entry) for entry in reversed(entries))
    return _page("What arrived", f"<table>{head}{rows}</table>")


def _row(entry: Entry) -> str:
    link = (
        f'<a href="{escape(entry.folder)}/message.html">{escape(entry.title or "(no title)")}</a>'
    )
    return (
        f'<tr><td>{escape(entry.arrived)}</td><td>{link}</td><td class="number">{entry.people}</td>'
        f"<td>{escape(entry.folder)}</td></tr>\n"
    )


def _frame(number: int, frame: Frame) -> str:
    parts = [_part(number, place, part) for place, part in enumerate(frame.parts, start=1)]
    heading = f"<h2>frame {number} · {frame.duration} s</h2>"
    return f'<li class="phone">{heading}<div class="screen">{"".join(parts)}</div></li>\n'


def _part(frame: int, place: int, part: Part) -> str:
    if part.text is not None:
        return f"<p>{escape(part.text)}</p>"
    return f'<img src="{picture_name(frame, place, part.type)}" alt="picture {place}">'


def _page(title: str, *body: str) -> str:
    content = "\n".join(body)
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{content}\n</body>\n</html>\n"
    )
