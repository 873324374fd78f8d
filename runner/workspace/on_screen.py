"""Warns of frames that a phone cannot show as they are meant: too much, too short, too large."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from runner.language import N_
from runner.workspace.masking import show_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.model.campaign import Part
    from runner.workspace.second_look import ShownFrame, ShownPart, Subject

# A phone of 360 x 640 dp, the least that apps are laid out for, with body text of 16 sp in lines of
# 24: 20 Chinese characters a line, 20 lines below the bars, 10 beside a picture of 4:3. Source:
# Android, Screen compatibility overview; Material Design, Type system. Larger phones show more.
_COLUMNS = 40  # of half a character's width
_LINES = 20
_LINES_BESIDE_A_PICTURE = 10

# Grown-ups read 4 to 7 Chinese characters a second; subtitles have 9 at the most, 7 for children.
# Sources: Trauzettel-Klosinski and Dietz, IReST (2012): 255 a minute aloud; Netflix, Timed Text
# Style Guide, Chinese (Simplified), Reading Speed Limits.
_CHARACTERS_A_SECOND = 7
_SHORTEST_PICTURE = 2  # seconds: ours, since a phone fades frames in and out
_LONGEST_FRAME = 255
# A word or a number in Latin letters is read at a glance, as one character is; a sign is not read.
_READ_AT_A_GLANCE = re.compile(r"[0-9A-Za-z][!-~]*|[^\W\x00-\x7f]")

# What a message of 100 KB may show, either way up: OMA-TS-MMS-CONF, content classes Image Rich and
# Video Basic. Message centres and phones fit the rest into it; so does Android by default
# (CarrierConfigManager, maxImageWidth and maxImageHeight).
_LONGER, _SHORTER = 640, 480
_LEAST = 160  # the longer side of the least class, Image Basic


def judge_frames(subject: Subject, frames: Sequence[ShownFrame]) -> None:
    """Note what a phone cannot show as it is meant."""
    first: dict[tuple[Part, ...], ShownFrame] = {}
    judged = set()
    for frame in frames:
        _judge_length(subject, frame)
        _judge_duration(subject, frame)
        for picture in frame.pictures:
            if picture.written not in judged:  # one that is shown twice is told once
                judged.add(picture.written)
                _judge_size(subject, picture)
        earlier = first.setdefault(tuple(shown.part for shown in frame.parts), frame)
        if earlier is not frame:
            message = N_("this frame shows the same as an earlier one")
            label = subject.faults.label(earlier.path, N_("the earlier one"))
            hint = N_("delete one of the two, or give the earlier one a longer `duration`")
            subject.faults.at_first_line(
                frame.path, "repeated-frame", message, hint, labels=(label,)
            )


def _judge_length(subject: Subject, frame: ShownFrame) -> None:
    texts = frame.texts
    most = _LINES_BESIDE_A_PICTURE if frame.pictures else _LINES
    if sum(map(_count_lines_at_most, texts)) <= most:  # as of nearly every frame
        return
    lines = sum(map(_count_lines, texts))
    if lines <= most:
        return
    message = (
        N_(
            "this frame's text takes about {lines} lines on a phone, and its screen has {most}"
            " beside a picture"
        )
        if frame.pictures
        else N_("this frame's text takes about {lines} lines on a phone, and its screen has {most}")
    ).format(lines=lines, most=most)
    hint = N_("split it into several frames, or say it in fewer words")
    subject.faults.at_value(texts[-1].path, "text-too-long", message, hint)


def _count_lines(text: ShownPart) -> int:
    return sum(max(1, ceil(_width(line) / _COLUMNS)) for line in text.written.splitlines())


def _count_lines_at_most(text: ShownPart) -> int:
    """Bound the lines that a text takes, as if each of its characters were wide."""
    return sum(1 + 2 * len(line) // _COLUMNS for line in text.written.splitlines())


def _width(line: str) -> int:
    # A: what is wide among Chinese characters, such as quotes and dashes
    return sum(2 if east_asian_width(character) in "WFA" else 1 for character in line)


def _judge_duration(subject: Subject, frame: ShownFrame) -> None:
    count = sum(map(_count_read, frame.texts))
    seconds = min(ceil(count / _CHARACTERS_A_SECOND), _LONGEST_FRAME)
    if frame.texts and frame.duration < seconds:
        message = N_("{time} are too short to read the {count} characters of this frame").format(
            time=_seconds(frame.duration), count=count
        )
    elif not frame.texts and frame.duration < _SHORTEST_PICTURE:
        seconds = _SHORTEST_PICTURE
        message = N_("{time} is too short to see a picture").format(time=_seconds(frame.duration))
    else:
        return
    hint = N_("write {seconds} or more").format(seconds=seconds)
    subject.faults.at_value((*frame.path, "duration"), "duration-too-short", message, hint)


def _seconds(number: int) -> str:
    return N_("1 second") if number == 1 else N_("{count} seconds").format(count=number)


def _count_read(text: ShownPart) -> int:
    return len(_READ_AT_A_GLANCE.findall(text.written))


def _judge_size(subject: Subject, picture: ShownPart) -> None:
    assert picture.part.size is not None  # noqa: S101 - a picture has one
    width, height = picture.part.size
    longer, shorter = max(width, height), min(width, height)
    if _LEAST <= longer <= _LONGER and shorter <= _SHORTER:
        return
    name = show_name(picture.written)
    if longer >= _LEAST:
        scale = min(_LONGER / longer, _SHORTER / shorter)
        fit = f"{max(1, round(width * scale))} x {max(1, round(height * scale))}"
        message = N_(
            "`{name}` has {width} x {height} pixels, and on its way it may be shrunk to {fit}"
        ).format(name=name, width=width, height=height, fit=fit)
        hint = N_(
            "save it with {fit} pixels yourself, and look whether its words can still be read"
        ).format(fit=fit)
        subject.faults.at_value(picture.path, "image-will-shrink", message, hint)
    else:
        message = N_(
            "`{name}` has {width} x {height} pixels, and phones blow up what is so small"
        ).format(name=name, width=width, height=height)
        hint = N_("use a picture of 640 x 480 pixels, or at least 160 x 120")
        subject.faults.at_value(picture.path, "image-too-small", message, hint)
