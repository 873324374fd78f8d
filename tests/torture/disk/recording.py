"""Reads what strace wrote down of a process: its writes, its syncs, its requests and its steps.

A sync counts from its return, a request from the call that begins it: between the two of a call the
other threads go on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CALLS = (
    *("openat", "creat", "mkdir", "mkdirat"),
    *("write", "pwrite64", "ftruncate", "truncate", "fallocate"),
    *("fsync", "fdatasync"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat"),
    *("sendto", "sendmsg", "recvfrom"),
)
_MOST_BYTES = 4_000_000  # of one call

_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_UNFINISHED = " <unfinished ...>"
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)")
_PATH = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PLACE = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?")
_TRACE = ".trace"  # the file to which the launcher writes each step


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes of a file."""

    path: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file's new size."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """A file, or a folder's entries, are on the disk from now on."""

    path: str


@dataclass(frozen=True, slots=True)
class Made:
    """A file, where there was none, or a folder."""

    path: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """A name is gone."""

    path: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name is another, whatever bore that before."""

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes that are handed to a socket."""

    thread: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """Bytes that came from a socket."""

    thread: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Passed:
    """A step that the program names."""

    thread: str
    step: str


Event = Wrote | Cut | Synced | Made | Removed | Renamed | Sent | Heard | Passed


def record_to(trace: Path) -> list[str]:
    """Give the words before a command whose doings are to be written down."""
    words = ["strace", "-f", "-qqq", "-y", "-xx", "-s", str(_MOST_BYTES), "-o", str(trace)]
    return [*words, "-e", f"trace={','.join(_CALLS)}", "-e", "signal=none"]


def read_recording(trace: Path, folder: Path) -> list[Event]:
    """Give what happened, in order; of files only those in a folder.

    A request stands whole where its first byte was sent. Raises ValueError for a call that this
    reader does not know.
    """
    events: list[Event] = []
    begun: dict[str, int] = {}  # where a thread's request is in the list
    for thread, call, words in _read_calls(trace.read_text("ascii")):
        event = _read_event(thread, call, words)
        match event:
            case None:
                continue
            case Sent() if thread in begun and not event.data.startswith(b"POST "):
                place = begun[thread]
                events[place] = Sent(thread, _data_of(events[place]) + event.data)
                continue
            case Sent():
                begun[thread] = len(events)
            case Heard():
                begun.pop(thread, None)
            case Passed():
                pass
            case _ if not Path(event.path).is_relative_to(folder):
                continue
        events.append(event)
    return events


def _data_of(event: Event) -> bytes:
    assert isinstance(event, Sent)
    return event.data


def _read_calls(text: str) -> Iterator[tuple[str, str, str]]:
    begun: dict[str, str] = {}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if not found:
            continue
        thread, rest = found.groups()
        if rest.endswith(_UNFINISHED):
            begun[thread] = rest.removesuffix(_UNFINISHED)
            if begun[thread].startswith("send"):  # some of it may be on its way
                yield thread, "sendto", begun.pop(thread)
            continue
        if resumed := _RESUMED.fullmatch(rest):
            if thread not in begun:
                continue
            rest = begun.pop(thread) + resumed[1]
        if (call := _CALL.match(rest)) and not call[3].startswith(("-", "?")):
            yield thread, call[1], call[2]


def _read_event(thread: str, call: str, words: str) -> Event | None:  # noqa: C901 - a table
    match call:
        case "openat" | "creat":
            return _read_open(words)
        case "mkdir" | "mkdirat":
            return Made(_strings(words)[0], is_folder=True)
        case "pwrite64":
            return Wrote(_place(words), int(words.rpartition(", ")[2]), _bytes(words))
        case "write":
            return _read_write(thread, words)
        case "ftruncate":
            return Cut(_place(words), int(words.rpartition(", ")[2]))
        case "fsync" | "fdatasync":
            return Synced(_place(words))
        case "rename" | "renameat" | "renameat2":
            path, to = _strings(words)[-2:]
            return Renamed(path, to)
        case "unlink" | "unlinkat":
            return Removed(_strings(words)[-1])
        case "sendto" | "sendmsg":
            return Sent(thread, _bytes(words))
        case "recvfrom":
            return Heard(thread, _bytes(words))
    path = _place(words) or _strings(words)[-1]
    raise ValueError(f"nobody knows what {call} does to {path}")


def _read_open(words: str) -> Event | None:
    path = _strings(words)[0]
    if "O_TRUNC" in words:
        return Cut(path, 0)  # of a file that is made by it as well
    return Made(path, is_folder=False) if "O_CREAT" in words else None


def _read_write(thread: str, words: str) -> Event | None:
    path, data = _place(words), _bytes(words)
    if path.endswith(_TRACE):
        return Passed(thread, data.decode().strip())
    return None if not path or Path(path).suffix == ".log" else Wrote(path, -1, data)


def _strings(words: str) -> list[str]:
    return [_decode(text).decode() for text in _PATH.findall(words)]


def _bytes(words: str) -> bytes:
    found: Sequence[str] = _PATH.findall(words)
    return b"".join(map(_decode, found))


def _place(words: str) -> str:
    """Give the path of a descriptor; empty for what has none, such as a file that was removed."""
    found = _PLACE.match(words)
    path = _decode(found[1]).decode(errors="replace") if found and not found[2] else ""
    return path if path.startswith("/") else ""


def _decode(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
