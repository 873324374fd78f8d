"""What a change of the files changes: two readings of a workspace -> a `Change` for each campaign.

Only what a campaign is counts, not how its file is written. Whether a file was sent already is
certain where the state knows it; elsewhere the start that the old file had is all there is to go
by, and `Reuse` says which of the two it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.lifecycle import CampaignState
from runner.model.campaign import PartType
from runner.plan import StoredCampaign

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from runner.model.campaign import Audience, Campaign, Frame
    from runner.plan import CampaignPlan


class Kind(StrEnum):
    """What a change does to a campaign."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Reuse(StrEnum):
    """Whether a file that is changed was sent already, which makes the change void."""

    CERTAIN = "certain"  # the state has begun it, or it was cancelled
    LIKELY = "likely"  # its start has passed, and no state here knows it
    UNKNOWN = "unknown"  # nobody here can say


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """How many people a campaign goes to, before and after; come, go: who is new, who is not."""

    before: int
    after: int
    come: int
    go: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is another in one campaign; before: None where it was not there, or had faults.

    fields: by the names that they have in the file, those with another value alone.
    frames: what is another in each frame, by its number from 1, such as `text` or `added`.
    people: None where they are the same.
    """

    id: str
    file: str
    kind: Kind
    before: Campaign | None
    fields: Mapping[str, tuple[object, object]]
    frames: Mapping[int, Sequence[str]]
    people: People | None

    @property
    def brings_new(self) -> bool:
        """Whether something else would be sent, or to others: not only at another time."""
        return bool(self.frames or self.people or self.fields.keys() & {"title", "account"})


def find_changes(
    before: Mapping[str, Campaign],
    after: Mapping[str, Campaign],
    files_before: Mapping[str, str],
) -> list[Change]:
    """Compare two readings of a workspace, campaigns by their ids, in the order of their ids.

    files_before: the campaigns' files that were there, with faults or without, by their ids.
    """
    changes = []
    for name in sorted(files_before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if new is None:
            changes.append(_change(name, files_before[name], Kind.REMOVED, old))
        elif name not in files_before:
            changes.append(_change(name, new.file, Kind.ADDED, None))
        elif old is None:
            changes.append(_change(name, new.file, Kind.CHANGED, None))
        else:
            changes += _compare(old, new)
    return changes


def find_reuse(change: Change, plan: CampaignPlan, now: datetime) -> Reuse | None:
    """Judge whether a changed file was sent already, so that the change sends nothing.

    plan: of the campaign as it is now, judged by the state. None where the file was not sent, or
    where it is what was sent.
    """
    stored = plan.stored
    if change.kind is not Kind.CHANGED:
        return None
    if isinstance(stored, StoredCampaign):
        return Reuse.CERTAIN if stored.frozen and stored.digest != plan.digest else None
    old = change.before
    if old is None or not (change.brings_new or "start" in change.fields):
        return None
    begun = old.starts_now or (old.start is not None and old.start <= now)
    if begun and old.wish is None and change.brings_new:
        return Reuse.LIKELY
    # A draft may have been sent by hand; a start that alone is moved may be a missed one.
    return Reuse.UNKNOWN if begun or old.is_draft else None


def is_cancelled(plan: CampaignPlan) -> bool:
    """Whether the state says that a campaign was cancelled, before or after it began."""
    stored = plan.stored
    return isinstance(stored, StoredCampaign) and stored.state is CampaignState.CANCELLED


def _change(
    name: str,
    file: str,
    kind: Kind,
    before: Campaign | None,
    *,
    fields: Mapping[str, tuple[object, object]] | None = None,
    frames: Mapping[int, Sequence[str]] | None = None,
    people: People | None = None,
) -> Change:
    return Change(
        id=name,
        file=file,
        kind=kind,
        before=before,
        fields=fields or {},
        frames=frames or {},
        people=people,
    )


def _compare(old: Campaign, new: Campaign) -> Iterator[Change]:
    pairs = zip(_fields(old).items(), _fields(new).values(), strict=True)
    fields = {name: (value, other) for (name, value), other in pairs if value != other}
    frames = dict(_compare_frames(old.message.frames, new.message.frames))
    people = _compare_people(old.audience, new.audience)
    if fields or frames or people:
        yield _change(
            new.id, new.file, Kind.CHANGED, old, fields=fields, frames=frames, people=people
        )


def _fields(campaign: Campaign) -> dict[str, object]:
    return {
        "title": campaign.message.title,
        "account": campaign.account,
        "start": "now" if campaign.starts_now else campaign.start,
        "latest": campaign.latest,
        "until": campaign.until,
        "hours": campaign.hours,
        "starts_at_gateway": campaign.starts_at_gateway,
        "state": campaign.wish,
        "expect": campaign.expect,
        "again": campaign.again,
        "lists": campaign.audience.lists,
        "excluded lists": campaign.audience.excluded_lists,
    }


def _compare_frames(
    old: Sequence[Frame], new: Sequence[Frame]
) -> Iterator[tuple[int, Sequence[str]]]:
    for number in range(1, max(len(old), len(new)) + 1):
        if number > len(old):
            yield number, ("added",)
        elif number > len(new):
            yield number, ("removed",)
        elif what := tuple(_compare_frame(old[number - 1], new[number - 1])):
            yield number, what


def _compare_frame(old: Frame, new: Frame) -> Iterator[str]:
    if old.duration != new.duration:
        yield "duration"
    if _parts(old, text=True) != _parts(new, text=True):
        yield "text"
    if _parts(old, text=False) != _parts(new, text=False):
        yield "image"
    elif [part.type for part in old.parts] != [part.type for part in new.parts]:
        yield "order"


def _parts(frame: Frame, *, text: bool) -> list[bytes]:
    return [part.payload for part in frame.parts if (part.type is PartType.TXT) is text]


def _compare_people(old: Audience, new: Audience) -> People | None:
    if old.mobiles == new.mobiles:
        return None
    before, after = set(old.mobiles), set(new.mobiles)
    come, go = len(after - before), len(before - after)
    if not come and not go:
        return None  # in another order
    return People(before=len(before), after=len(after), come=come, go=go)
