"""What the sandbox remembers of a send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from runner.sandbox.content import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One send as it came, and what became of it.

    sequence: of all sends, from 1, in the order of their arrival; a `keep` folder goes on counting.
    task_id: None where the message was not taken.
    mobiles, title, starttime, extno: as written in the form.
    frames: decoded; empty where the send broke a rule.
    body: the form as received, without the password.
    answer: the body of the answer as text, None where there was no answer.
    """

    sequence: int
    arrived_at: datetime
    task_id: str | None
    mobiles: tuple[str, ...] = field(repr=False)
    title: str
    starttime: str
    extno: str
    frames: tuple[Frame, ...] = field(repr=False)
    body: bytes = field(repr=False)
    answer: str | None

    @property
    def taken(self) -> bool:
        """Whether the message goes out to its recipients."""
        return self.task_id is not None

    @property
    def folder(self) -> str:
        """The folder of a taken message, in `keep` and on the pages."""
        return f"{self.sequence:04d}-{self.task_id}"
