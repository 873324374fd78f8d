"""Reads the message of a campaign file: frames, their texts and pictures, and their weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.codec.content import encode_text, find_strays, message_size
from runner.model.campaign import Frame, Message, Part, PartType
from runner.workspace.images import ImageFault, inspect_image
from runner.workspace.locate import locate_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as FilePath

    from runner.codec.content import Stray
    from runner.model.account import Account
    from runner.workspace.faults import Faults
    from runner.workspace.yaml_tree import Path

_MOST_IMAGE_BYTES = 5 * 1024 * 1024  # fifty times what any message may weigh


def read_message(
    root: FilePath, data: Mapping[str, Any], account: Account | None, faults: Faults
) -> Message | None:
    """Make a message of a campaign's data; None where a part of it has a fault.

    account: whose limit the message must keep, None where that is not known.
    """
    title, written = data.get("title"), data.get("frames")
    if not isinstance(written, list):
        return None
    frames = [
        _read_frame(root, ("frames", index), frame, faults)
        for index, frame in enumerate(written)
        if isinstance(frame, dict)
    ]
    whole = tuple(frame for frame in frames if frame)
    if not isinstance(title, str) or len(whole) < len(written):
        return None
    message = Message(title=title, frames=whole)
    if account:
        _check_size(message, account, faults)
    return message


def _read_frame(
    root: FilePath, path: Path, data: Mapping[str, Any], faults: Faults
) -> Frame | None:
    written = list(_list_parts(path, data))
    parts = [_read_part(root, place, kind, value, faults) for place, kind, value in written]
    whole = tuple(part for part in parts if part)
    duration = data.get("duration")
    if not isinstance(duration, int) or not parts or len(whole) < len(parts):
        return None
    return Frame(duration=duration, parts=whole)


def _list_parts(path: Path, data: Mapping[str, Any]) -> Iterator[tuple[Path, str, object]]:
    """List a frame's parts with their places; in the short form the text comes first."""
    for kind in ("text", "image"):
        if kind in data:
            yield (*path, kind), kind, data[kind]
    parts = data.get("parts")
    for index, part in enumerate(parts if isinstance(parts, list) else []):
        for kind, value in part.items() if isinstance(part, dict) else ():
            yield (*path, "parts", index, kind), kind, value


def _read_part(root: FilePath, path: Path, kind: str, value: object, faults: Faults) -> Part | None:
    if not isinstance(value, str) or not value:
        return None
    if kind == "text":
        return _read_text(path, value, faults)
    return _read_image(root, path, value, faults) if kind == "image" else None


def _read_text(path: Path, text: str, faults: Faults) -> Part | None:
    strays = find_strays(text)
    if not strays:
        return Part(type=PartType.TXT, payload=encode_text(text))
    spans = faults.document.locate_characters(path, [stray.index for stray in strays])
    for stray, span in zip(strays, spans, strict=True):
        shown = f"`{stray.character}`" if stray.character.isprintable() else "this character"
        message = f"{shown} (U+{ord(stray.character):04X}) cannot be sent: a text travels in GB2312"
        faults.at_value(path, "outside-gb2312", message, _suggest(stray), span=span)
    return None


def _suggest(stray: Stray) -> str:
    if stray.suggestion is None:
        return "write it in another way"
    if stray.suggestion == "":
        return "delete it"
    return f"write `{stray.suggestion}`" if stray.suggestion.strip() else "use a plain blank"


def _read_image(root: FilePath, path: Path, name: str, faults: Faults) -> Part | None:
    file = locate_named(root, path, name, faults)
    if file is None:
        return None
    try:
        data = _read_bounded(file)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        faults.at_value(
            path,
            "missing-file" if missing else "unreadable-file",
            f"there is no file `{name}`"
            if missing
            else f"`{name}` cannot be read: {error.strerror}",
            "a path starts at the workspace's folder",
        )
        return None
    part = inspect_image(data, name=name)
    if isinstance(part, ImageFault):
        faults.at_value(path, part.rule, part.message, part.hint)
        return None
    return part


def _read_bounded(file: FilePath) -> bytes:
    file.stat()  # says what is wrong where nothing is there
    if not file.is_file():
        raise OSError(None, "it is no regular file")
    with file.open("rb") as opened:
        return opened.read(_MOST_IMAGE_BYTES + 1)


def _check_size(message: Message, account: Account, faults: Faults) -> None:
    size = message_size(message)
    if size <= account.message_limit:
        return
    sizes = [f"title {len(message.title.encode())}"]
    for number, frame in enumerate(message.frames, start=1):
        sizes += [f"frame {number} {part.type} {len(part.payload)}" for part in frame.parts]
    faults.at_key(
        ("frames",),
        "message-too-large",
        f"the message has {size} bytes, but account {account.name} allows {account.message_limit}",
        f"make a part smaller; their bytes: {', '.join(sizes)}",
    )
