"""The messages that arrived, as files: shown over HTTP, and written to a folder where one is given.

    index.html
    0001-27349872349823456/message.html  message.json  recipients.txt  frame-01-part-02.jpg

A folder that an earlier sandbox left is continued: its messages stay in the index.
"""

from __future__ import annotations

import json
import logging
import re
from threading import Lock
from typing import TYPE_CHECKING, Any

from runner.errors import WrongUsage
from runner.language import N_
from runner.private import make_folder, write_file
from runner.sandbox.china_time import write_time
from runner.sandbox.pages import Entry, index_page, message_page, picture_name

if TYPE_CHECKING:
    from pathlib import Path

    from runner.sandbox.content import Part
    from runner.sandbox.submission import Submission

_FOLDER = re.compile(r"[0-9]{4,}-[0-9]+")
_FILE = re.compile(r"[a-z0-9-]+\.(html|json|txt|jpg|gif)")

_log = logging.getLogger(__name__)


class Album:
    """Everything that was taken, for a person to look at; safe for many threads.

    Raises WrongUsage where the folder cannot be made or read.
    """

    def __init__(self, keep: Path | None) -> None:
        self._keep = keep
        self._entries = [] if keep is None else _kept_entries(keep)
        self._messages: dict[str, Submission] = {}
        self._lock = Lock()

    @property
    def last_sequence(self) -> int:
        """The highest number that the folder held already at the start, or 0."""
        return max((int(entry.folder.partition("-")[0]) for entry in self._entries), default=0)

    def add(self, submission: Submission) -> None:
        """Show a message from now on.

        A disk that is full or gone is told to the log: the message was taken all the same.
        """
        with self._lock:
            self._entries.append(_entry(submission))
            self._messages[submission.folder] = submission
            try:
                self._write(submission)
            except OSError as error:
                _log.warning("a message cannot be kept: %s", error.strerror)

    def read(self, path: str) -> bytes | None:
        """Give the file at a path such as `0001-2734/message.html`; None where there is none."""
        with self._lock:
            if path in ("", "index.html"):
                return index_page(self._entries).encode()
            folder, _, name = path.partition("/")
            if folder in self._messages:
                return message_files(self._messages[folder]).get(name)
            known = any(entry.folder == folder for entry in self._entries)
        return self._read_kept(folder, name) if known else None

    def _write(self, submission: Submission) -> None:
        if self._keep is None:
            return
        folder = self._keep / submission.folder
        make_folder(folder)
        for name, content in message_files(submission).items():
            write_file(folder / name, content)
        write_file(self._keep / "index.html", index_page(self._entries).encode())

    def _read_kept(self, folder: str, name: str) -> bytes | None:
        """Read a file of an earlier run; only names of our own making are looked at."""
        if self._keep is None or not _FILE.fullmatch(name):
            return None
        try:
            return (self._keep / folder / name).read_bytes()
        except OSError:
            return None


def message_files(submission: Submission) -> dict[str, bytes]:
    """Build every file of a taken message's folder, by name."""
    pictures = {
        picture_name(number, place, part.type): part.payload
        for number, frame in enumerate(submission.frames, start=1)
        for place, part in enumerate(frame.parts, start=1)
        if part.text is None
    }
    facts = json.dumps(_facts(submission), ensure_ascii=False, indent=2)
    return pictures | {
        "message.html": message_page(submission).encode(),
        "message.json": f"{facts}\n".encode(),
        "recipients.txt": "".join(f"{mobile}\n" for mobile in submission.mobiles).encode(),
    }


def _facts(submission: Submission) -> dict[str, Any]:
    return {
        "sequence": submission.sequence,
        "task_id": submission.task_id,
        "arrived": write_time(submission.arrived_at),
        "title": submission.title,
        "starttime": submission.starttime,
        "extno": submission.extno,
        "recipients": len(submission.mobiles),
        "frames": [
            {
                "duration": frame.duration,
                "parts": [_part(number, place, part) for place, part in enumerate(frame.parts, 1)],
            }
            for number, frame in enumerate(submission.frames, start=1)
        ],
    }


def _part(frame: int, place: int, part: Part) -> dict[str, Any]:
    facts: dict[str, Any] = {"type": part.type, "bytes": len(part.payload)}
    if part.text is not None:
        return facts | {"text": part.text}
    return facts | {"file": picture_name(frame, place, part.type)}


def _entry(submission: Submission) -> Entry:
    return Entry(
        folder=submission.folder,
        title=submission.title,
        people=len(submission.mobiles),
        arrived=write_time(submission.arrived_at),
    )


def _kept_entries(keep: Path) -> list[Entry]:
    try:
        make_folder(keep)
        folders = sorted(path for path in keep.iterdir() if _FOLDER.fullmatch(path.name))
    except OSError as error:
        raise WrongUsage(
            N_("{folder} cannot keep messages: {problem}").format(
                folder=keep, problem=error.strerror
            )
        ) from error
    entries = (_kept_entry(folder) for folder in folders)
    return [entry for entry in entries if entry is not None]


def _kept_entry(folder: Path) -> Entry | None:
    """Read an earlier message's facts; None for a folder that is none of ours."""
    try:
        facts = json.loads((folder / "message.json").read_bytes())
        return Entry(
            folder=folder.name,
            title=str(facts["title"]),
            people=int(facts["recipients"]),
            arrived=str(facts["arrived"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None
