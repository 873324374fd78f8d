"""What a campaign is looked at for once it has no error: what its author would regret.

Each is a warning, and forbids nothing. A campaign with an error is not looked at: its author has
something else to mend first, and half of what would be said might follow from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.model.campaign import PartType
from runner.workspace.listed_twice import judge_numbers
from runner.workspace.message import list_parts
from runner.workspace.on_screen import judge_frames
from runner.workspace.start_times import judge_times
from runner.workspace.wording import judge_wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from runner.model.campaign import Campaign, Part
    from runner.workspace.faults import Faults
    from runner.workspace.lists import NumberList
    from runner.workspace.surroundings import AccountRules
    from runner.workspace.yaml_tree import Path


class ShownPart(NamedTuple):
    """A part as the file has it. path: its place; written: the text, or the image's name."""

    path: Path
    written: str
    part: Part

    @property
    def is_text(self) -> bool:
        """Whether it is a text."""
        return self.part.type is PartType.TXT


class ShownFrame(NamedTuple):
    """A frame as the file has it. path: its place."""

    path: Path
    duration: int
    parts: tuple[ShownPart, ...]

    @property
    def texts(self) -> list[ShownPart]:
        """Its texts."""
        return [part for part in self.parts if part.is_text]

    @property
    def pictures(self) -> list[ShownPart]:
        """Its pictures."""
        return [part for part in self.parts if not part.is_text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A campaign without an error, and what it is judged by.

    data: what its file says; faults: where warnings are noted. account: what sends it asks for.
    excluded: the lists of the workspace that it excludes, each with the place that names it.
    zone: the one of its hours. now: None where nobody asks what has passed by now.
    """

    campaign: Campaign
    data: Mapping[str, Any]
    faults: Faults
    account: AccountRules
    excluded: Iterable[tuple[Path, NumberList]]
    zone: tzinfo
    now: datetime | None

    def frames(self) -> list[ShownFrame]:
        """Give its frames in playing order."""
        return [
            ShownFrame(
                path=("frames", index),
                duration=frame.duration,
                parts=tuple(
                    ShownPart(path=path, written=str(written), part=part)
                    for (path, _, written), part in zip(
                        list_parts(("frames", index), self.data["frames"][index]),
                        frame.parts,
                        strict=True,
                    )
                ),
            )
            for index, frame in enumerate(self.campaign.message.frames)
        ]


def look_again(subject: Subject) -> None:
    """Note what somebody should look at before a campaign goes out."""
    frames = subject.frames()
    judge_wording(subject, frames)
    judge_frames(subject, frames)
    judge_times(subject, frames)
    judge_numbers(subject)
