"""A campaign as its author means it: message, audience, account and start as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from runner.model.account import NamedList
    from runner.model.hours import Hours


class PartType(StrEnum):
    """What a part holds, named as on the wire (gateway interface, 彩信下发接口, 说明 1)."""

    TXT = "txt"
    GIF = "gif"
    JPG = "jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One text or picture of a frame.

    payload: the bytes that base64 carries: a text in GB2312, or an image file's own bytes.
    size: width and height of a picture in pixels, as the payload says.
    """

    type: PartType
    payload: bytes
    size: tuple[int, int] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is shown together, for `duration` whole seconds (1 to 255)."""

    duration: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A title and its frames in playing order."""

    title: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A list as it was read: `name` as the campaign names it, data rows, digest of its bytes.

    modified: when the file was written last; named: what the settings ask of it, None for a file
    of the workspace. sheet and column: which were asked for. Two lists of one source are the same.
    """

    name: str
    rows: int
    digest: str
    modified: datetime | None = None
    named: NamedList | None = None
    sheet: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everybody a campaign goes to, in order of first mention.

    mobiles: 11-digit mobile numbers as integers, each once (a compact ``array('Q')``).
    given = duplicates + invalid + excluded + len(mobiles).
    invalid_places: the first few places (file:line, or a cell) that `invalid: skip` left out.
    own: what the workspace's own files give, where lists of the settings changed it; else None.
    lists and excluded_lists: the lists of the settings that the campaign names, in its order.
    missing: the lists of the settings, always excluded ones too, that this machine does not have.
    """

    mobiles: Sequence[int]
    given: int
    duplicates: int = 0
    invalid: int = 0
    excluded: int = 0
    sources: tuple[Source, ...] = ()
    invalid_places: tuple[str, ...] = ()
    own: Sequence[int] | None = None
    lists: tuple[str, ...] = ()
    excluded_lists: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def looked_through(self) -> int:
        """How many numbers had to be looked through for it, at most: those to exclude as well."""
        return self.given + sum(source.rows for source in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """How many recipients the author expects, both ends included: `expect` of the file."""

    least: int
    most: int


class Wish(StrEnum):
    """What a campaign's file says of its state."""

    PAUSED = "paused"  # it stops for as long as this stands there
    CANCELLED = "cancelled"  # nothing more of it is sent; can be taken back until the first claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign file, read and checked.

    id: its path in the workspace without the suffix; file: the same with it.
    account: the account that sends it; account_as_written: None where the file leaves it out.
    start: when it begins; None for a draft, and for `now` with starts_now.
    start_as_written: the text in the file, for the digest; None for a draft.
    latest: how long after `start` it may still begin.
    until: nothing is claimed after it; hours: nothing is claimed outside of them.
    starts_at_gateway: it is submitted now, and the gateway waits for `start`.
    wish: the `state` of the file, None where it says nothing.
    again: the ids of campaigns whose message it knowingly sends to the same people.
    labels: words of its author's, which change nothing.
    """

    id: str
    file: str
    message: Message
    audience: Audience
    account: str
    account_as_written: str | None = None
    start: datetime | None = None
    starts_now: bool = False
    start_as_written: str | None = None
    latest: timedelta
    expect: Expectation | None = None
    until: datetime | None = None
    hours: Hours | None = None
    starts_at_gateway: bool = False
    wish: Wish | None = None
    again: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def is_draft(self) -> bool:
        """Whether only `run NAME` sends it."""
        return self.start is None and not self.starts_now
