"""Reads the message of a campaign file: its frames, their texts and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.language import N_
from runner.model.campaign import Frame, Message, Part
from runner.workspace.images import MOST_BYTES, ImageFault, inspect_image
from runner.workspace.locate import locate_named, mend_path
from runner.workspace.masking import show_name
from runner.workspace.opening import NotAFile, open_resolved
from runner.workspace.suggest import nearest_file
from runner.workspace.texts import read_text, warn_of_quotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as FilePath

    from runner.workspace.faults import Faults
    from runner.workspace.yaml_tree import Path


class MessageReader:
    """Reads the messages of one workspace; a picture that several campaigns show is read once."""

    def __init__(self, root: FilePath) -> None:
        self._root = root
        self._images: dict[str, Part | ImageFault] = {}  # by the names that campaigns write

    def read(self, data: Mapping[str, Any], faults: Faults) -> Message | None:
        """Make a message of a campaign's data; None where a part of it has a fault."""
        for words in ("signature", "opt_out"):
            if isinstance(data.get(words), str):
                read_text((words,), data[words], faults)
        title, written = data.get("title"), data.get("frames")
        if isinstance(title, str):
            warn_of_quotes(("title",), title, faults)
        if not isinstance(written, list):
            return None
        frames = [
            self._read_frame(("frames", index), frame, faults)
            for index, frame in enumerate(written)
            if isinstance(frame, dict)
        ]
        whole = tuple(frame for frame in frames if frame)
        if not isinstance(title, str) or len(whole) < len(written):
            return None
        return Message(title=title, frames=whole)

    def _read_frame(self, path: Path, data: Mapping[str, Any], faults: Faults) -> Frame | None:
        written = list(list_parts(path, data))
        parts = [self._read_part(place, kind, value, faults) for place, kind, value in written]
        whole = tuple(part for part in parts if part)
        duration = data.get("duration")
        if not isinstance(duration, int) or not parts or len(whole) < len(parts):
            return None
        return Frame(duration=duration, parts=whole)

    def _read_part(self, path: Path, kind: str, value: object, faults: Faults) -> Part | None:
        if not isinstance(value, str) or faults.is_told(path):
            return None
        if kind == "text":
            return read_text(path, value, faults)
        return self._read_image(path, value, faults) if kind == "image" else None

    def _read_image(self, path: Path, name: str, faults: Faults) -> Part | None:
        if name not in self._images:
            file = locate_named(self._root, path, name, faults)
            if file is None:
                return None
            self._images[name] = _open_image(file, name)
        image = self._images[name]
        if isinstance(image, Part):
            return image
        fix = mend_path(self._root, path, name, faults) if image.rule == "missing-file" else None
        hint = N_("write `{text}`").format(text=fix.text) if fix else image.hint
        faults.at_value(path, image.rule, image.message, hint, fix=fix)
        return None


def list_parts(path: Path, data: Mapping[str, Any]) -> Iterator[tuple[Path, str, object]]:
    """List a frame's parts with their places; in the short form the text comes first."""
    for kind in ("text", "image"):
        if kind in data:
            yield (*path, kind), kind, data[kind]
    parts = data.get("parts")
    for index, part in enumerate(parts if isinstance(parts, list) else []):
        for kind, value in part.items() if isinstance(part, dict) else ():
            yield (*path, "parts", index, kind), kind, value


def say_sizes(message: Message) -> str:
    """Say how many bytes each part of a message weighs: `title 21, frame 1 jpg 60123`."""
    sizes: str = N_("title {count}").format(count=len(message.title.encode()))
    for number, frame in enumerate(message.frames, start=1):
        for part in frame.parts:
            sizes = N_("{sizes}, frame {number} {type} {count}").format(
                sizes=sizes, number=number, type=part.type, count=len(part.payload)
            )
    return sizes


def _open_image(file: FilePath, name: str) -> Part | ImageFault:
    try:
        with open_resolved(file) as opened:
            data = opened.read(MOST_BYTES + 1)
    except NotAFile as other:
        message, hint = (
            N_("`{name}` is {other}").format(name=show_name(name), other=str(other)),
            N_("name a JPEG (.jpg) or GIF (.gif)"),
        )
        return ImageFault(rule="not-a-file", message=message, hint=hint)
    except FileNotFoundError:
        message = N_("there is no file `{name}`").format(name=show_name(name))
        hint = nearest_file(file) or N_("a path starts at the workspace's folder")
        return ImageFault(rule="missing-file", message=message, hint=hint)
    except OSError as error:
        message = N_("`{name}` cannot be read: {problem}").format(
            name=show_name(name), problem=error.strerror
        )
        return ImageFault(rule="unreadable-file", message=message)
    return inspect_image(data, name=name)
