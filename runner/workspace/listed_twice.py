"""Warns of numbers that a campaign names itself, and in vain: twice, or also among the excluded."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from runner.language import N_
from runner.model.recipient import parse_mobile

if TYPE_CHECKING:
    from runner.workspace.second_look import Subject
    from runner.workspace.yaml_tree import Path

_MOST_TOLD = 20  # of each kind


def judge_numbers(subject: Subject) -> None:
    """Note numbers that reach nobody once more, or nobody at all."""
    first: dict[int, Path] = {}
    again: list[tuple[Path, Path]] = []
    for index, written in enumerate(subject.data["recipients"].get("numbers") or ()):
        mobile = parse_mobile(written)
        path: Path = ("recipients", "numbers", index)
        if mobile is not None and first.setdefault(mobile, path) is not path:
            again.append((path, first[mobile]))
    for path, earlier in again[:_MOST_TOLD]:
        message = N_("this number stands in the list already, and everybody gets the message once")
        label = subject.faults.label(earlier, N_("the first one"))
        hint = N_("delete it, or write the number that is meant")
        subject.faults.at_value(path, "number-twice", message, hint, labels=(label,))
    if first and subject.campaign.audience.excluded:  # else no list need be looked through
        _judge_excluded(subject, first)


def _judge_excluded(subject: Subject, first: dict[int, Path]) -> None:
    for place, numbers in subject.excluded:
        excluded = dict.fromkeys(filter(first.__contains__, numbers.mobiles))
        for mobile in islice(excluded, _MOST_TOLD):
            message = N_("this number is excluded as well, so it does not get the message")
            label = subject.faults.label(place, N_("this list excludes it"))
            hint = N_("delete it in one of the two places")
            subject.faults.at_value(
                first[mobile], "number-excluded", message, hint, labels=(label,)
            )
