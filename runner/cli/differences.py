"""Says what is another in a campaign, in words and as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from runner.changes import Kind
from runner.cli.names import name_change, name_state
from runner.cli.tables import add_remark, enumerate_all
from runner.language import N_, _
from runner.model.campaign import Expectation, Wish
from runner.model.recipient import mask_mobiles
from runner.timing import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from runner.changes import Change


# Of what may be another in a campaign.
_NAMES = (
    *(N_("title"), N_("account"), N_("start"), N_("latest"), N_("until"), N_("hours")),
    *(N_("starts_at_gateway"), N_("state"), N_("expect"), N_("again"), N_("lists")),
    *(N_("excluded lists"), N_("file"), N_("recipients")),
)
_VALUES = (N_("now"), N_("none"), N_("true"), N_("false"))


class Difference(NamedTuple):
    """A field and what it was and is; None for what a value does not say."""

    name: str
    before: str | None
    after: str | None
    remark: str | None = None

    def __str__(self) -> str:
        values = f"{self.before} -> {self.after}" if self.before is not None else None
        if values and self.remark:
            return add_remark(values, self.remark)
        return values or self.remark or ""


def list_differences(change: Change, zone: tzinfo) -> Iterator[Difference]:
    """Give what is another in a changed campaign, in words for people."""
    if change.kind is Kind.CHANGED and change.before is None:
        remark = _("what stood here before had faults, so it cannot be compared")
        yield Difference(_("file"), None, None, remark)
    for name, (before, after) in change.fields.items():
        yield Difference(_(name), _say(name, before, zone), _say(name, after, zone))
    if people := change.people:
        remark = _("{come} come and {go} go").format(come=f"{people.come:,}", go=f"{people.go:,}")
        yield Difference(_("recipients"), f"{people.before:,}", f"{people.after:,}", remark)
    for number, what in change.frames.items():
        frame = _("frame {count}").format(count=number)
        yield Difference(frame, None, None, enumerate_all(map(name_change, what)))


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


def _say(name: str, value: object, zone: tzinfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%F %R}"
    if isinstance(value, bool):
        return _(str(value).lower())
    if isinstance(value, Wish):
        return name_state(value)
    if isinstance(value, tuple):
        return enumerate_all(value) or _("none")
    if (name, value) == ("start", "now"):
        return _("now")
    return str(_to_json(value, zone) or _("none"))


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
