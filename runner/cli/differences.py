"""Says what is another in a campaign, in words and as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from runner.changes import Kind
from runner.model.campaign import Expectation
from runner.model.recipient import mask_mobiles
from runner.timing import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from runner.changes import Change


class Difference(NamedTuple):
    """A field and what it was and is; None for what a value does not say."""

    name: str
    before: str | None
    after: str | None
    remark: str | None = None

    def __str__(self) -> str:
        values = f"{self.before} -> {self.after}" if self.before is not None else None
        return ", ".join(filter(None, (values, self.remark)))


def list_differences(change: Change, zone: tzinfo) -> Iterator[Difference]:
    """Give what is another in a changed campaign, in the words of its file."""
    if change.kind is Kind.CHANGED and change.before is None:
        remark = "what stood here before had faults, so it cannot be compared"
        yield Difference("file", None, None, remark)
    for name, (before, after) in change.fields.items():
        yield Difference(name, _say(before, zone), _say(after, zone))
    if people := change.people:
        remark = f"{people.come:,} come and {people.go:,} go"
        yield Difference("recipients", f"{people.before:,}", f"{people.after:,}", remark)
    for number, what in change.frames.items():
        yield Difference(f"frame {number}", None, None, ", ".join(what))


def change_json(change: Change, zone: tzinfo) -> dict[str, object]:
    """Give a change in the shape that scripts rely on."""
    people = change.people
    return {
        "kind": change.kind,
        "comparable": change.kind is not Kind.CHANGED or change.before is not None,
        "fields": {
            name: {"before": _to_json(before, zone), "after": _to_json(after, zone)}
            for name, (before, after) in change.fields.items()
        },
        "frames": [{"frame": number, "what": list(what)} for number, what in change.frames.items()],
        "recipients": {
            "before": people.before,
            "after": people.after,
            "come": people.come,
            "go": people.go,
        }
        if people
        else None,
    }


def _say(value: object, zone: tzinfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%F %R}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(_to_json(value, zone) or "none")


def _to_json(value: object, zone: tzinfo) -> object:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Expectation):
        return str(value.least) if value.least == value.most else f"{value.least}-{value.most}"
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, bool) else mask_mobiles(str(value))
