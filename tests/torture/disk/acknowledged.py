"""What a process has relied on so far, by its requests and its steps: none of it may be missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from torture.disk.recording import Heard, Passed, Sent
from torture.processes.judge import read_reports

if TYPE_CHECKING:
    from torture.disk.recording import Event
    from torture.processes.judge import Report

_TASK = re.compile(r"-?\d+:(\d{1,20})\s*")
_CODE = re.compile(r"\d{1,2}\s*")
_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_UNCLEAR_CODE = "8"


@dataclass(slots=True)
class Batch:
    """A batch whose requests were begun. not_sent: the answer to the last one says so, for sure.

    recorded: how many outcomes the program has called safe; task: the one that it was told.
    """

    campaign: str
    mobiles: list[str]
    begun: int = 0
    not_sent: bool = False
    recorded: int = 0
    task: str | None = None


@dataclass(slots=True)
class _Talk:
    """The newest exchange of a thread with the gateway."""

    sent: bytes = b""
    heard: bytes = b""
    batch: Batch | None = None


@dataclass(slots=True)
class Ledger:
    """What was relied on. batches: by campaign and first number; reports: of safe answers."""

    batches: dict[tuple[str, str], Batch] = field(default_factory=dict)
    reports: set[Report] = field(default_factory=set)
    _talks: dict[str, _Talk] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Note what a process said, heard or passed."""
        match event:
            case Sent():
                self._note_sent(event)
            case Heard():
                self._talk(event.thread).heard += event.data
                self._note_answer(self._talk(event.thread))
            case Passed(step="pump.outcome-safe"):
                self._note_outcome(self._talk(event.thread))
            case Passed(step="collector.answer-safe"):
                self.reports.update(read_reports(_body(self._talk(event.thread).heard)))

    def _talk(self, thread: str) -> _Talk:
        return self._talks.setdefault(thread, _Talk())

    def _note_sent(self, event: Sent) -> None:
        if event.data.startswith(b"POST "):
            self._talks[event.thread] = _Talk()
        talk = self._talk(event.thread)
        talk.sent += event.data
        form = parse_qs(_body(talk.sent).decode(errors="replace"))
        if talk.batch is None and form.get("action") == ["send"] and "mobile" in form:
            mobiles = form["mobile"][0].split(",")
            key = (form["title"][0], mobiles[0])
            talk.batch = self.batches.setdefault(key, Batch(key[0], mobiles))
            talk.batch.begun += 1
            talk.batch.not_sent = False

    def _note_answer(self, talk: _Talk) -> None:
        answer = _read_answer(talk.heard)
        if talk.batch and _CODE.fullmatch(answer) and answer != _UNCLEAR_CODE:
            talk.batch.not_sent = True

    def _note_outcome(self, talk: _Talk) -> None:
        if talk.batch is None:
            return  # given up before its request
        talk.batch.recorded = talk.batch.begun
        if found := _TASK.fullmatch(_read_answer(talk.heard)):
            talk.batch.task = found[1]


def _read_answer(heard: bytes) -> str:
    """Give the text of a whole answer; empty for one that was cut, which says nothing."""
    body, length = _body(heard), _LENGTH.search(heard)
    is_cut = length is not None and len(body) < int(length[1])
    return "" if is_cut else body.decode(errors="replace").lstrip("\ufeff").strip()


def _body(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2]
