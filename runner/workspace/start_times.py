"""Warns of a start at which people do not want a message, or at which none would go out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.due import is_too_late, next_opening
from runner.language import N_
from runner.model.hours import Hours
from runner.timing import format_duration
from runner.workspace.public_holidays import find_holiday

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.model.diagnostic import Label
    from runner.workspace.public_holidays import Holiday
    from runner.workspace.second_look import ShownFrame, Subject

# Ours, where neither account nor campaign says another: what those who sell SMS and MMS in China
# ask of advertising.
_USUAL = Hours(opens=8 * 60, closes=21 * 60)
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)

# By what a message shows that its holiday is meant.
_FESTIVE = ("假期", "放假", "长假", "假日", "节日", "佳节", "双节", "过节", "黄金周")
_OTHER_NAMES = {
    "元旦": ("元旦", "新年", "跨年"),
    "春节": ("春节", "新春", "新年", "过年", "年货", "拜年", "贺岁", "除夕"),
    "清明节": ("清明", "踏青"),
    "劳动节": ("劳动节", "五一"),
    "端午节": ("端午", "粽"),
    "中秋节": ("中秋", "月饼", "团圆"),
    "国庆节": ("国庆", "十一"),
}


def judge_times(subject: Subject, frames: Sequence[ShownFrame]) -> None:
    """Note what is odd about the times of a campaign."""
    is_told = _judge_what_has_passed(subject) or _judge_hours(subject)
    if subject.campaign.start and not is_told:
        _judge_night(subject, subject.campaign.start)
        _judge_holiday(subject, subject.campaign.start, frames)


def _judge_what_has_passed(subject: Subject) -> bool:
    """Note times that have passed; tells whether the start is one."""
    campaign, now, faults = subject.campaign, subject.now, subject.faults
    if now is None:
        return False
    has_passed = campaign.start and is_too_late(campaign.start + campaign.latest, now)
    if has_passed:
        latest = format_duration(campaign.latest)
        message = N_(
            "the start passed more than `latest` ({latest}) ago, so it would not go out"
        ).format(latest=latest)
        labels = (faults.label(("latest",), N_("so late it may still go out")),)
        faults.at_value(
            ("start",),
            "start-in-the-past",
            message,
            N_("write a later time; is it the right year?"),
            labels=labels if "latest" in subject.data else (),
        )
    if campaign.until and campaign.until <= now:
        message = N_("`until` has passed, so nothing would be sent")
        faults.at_value(("until",), "until-in-the-past", message, N_("write a later time"))
    return bool(has_passed)


def _judge_hours(subject: Subject) -> bool:
    """Note a start, or hours, at which nothing goes out; tells whether there was one."""
    campaign, account, zone = subject.campaign, subject.account, subject.zone
    start = campaign.start or _ANY_DAY
    opening = next_opening(zone, start, account.hours, campaign.hours)
    if opening is None:
        message = N_("the hours of the campaign and of its account are never open at the same time")
        hint = N_("change one of the two: nothing would ever be sent")
        places = tuple(filter(None, [account.place]))
        subject.faults.at_value(("hours",), "hours-never-open", message, hint, labels=places)
        return True
    # A start for which the gateway waits is held outside of the hours: the plan says so.
    if campaign.start is None or opening == start or campaign.starts_at_gateway:
        return False
    local = f"{opening.astimezone(zone):%F %R}"
    message = N_("it waits for its hours, which open at {local}").format(local=local)
    hint = N_("start it within them")
    if is_too_late(start + campaign.latest, opening):
        latest = format_duration(campaign.latest)
        message = N_(
            "its hours open at {local}, more than `latest` ({latest}) after its start"
        ).format(local=local, latest=latest)
        hint = N_("start it within them: as it is, it would be missed")
    labels = tuple(_place_hours(subject))
    subject.faults.at_value(("start",), "start-outside-hours", message, hint, labels=labels)
    return True


def _place_hours(subject: Subject) -> Iterator[Label]:
    if subject.campaign.hours:
        yield subject.faults.label(("hours",), N_("the hours of the campaign"))
    if subject.account.place:
        yield subject.account.place


def _judge_night(subject: Subject, start: datetime) -> None:
    # `hours: null` says that all hours are meant.
    if "hours" in subject.data or subject.account.hours:
        return
    if next_opening(subject.zone, start, _USUAL) != start:
        local = f"{start.astimezone(subject.zone):%R}"
        message = N_("it starts at {local}, outside of the usual hours from 08:00 to 21:00").format(
            local=local
        )
        hint = N_("start it within them, or name the hours that you mean in `hours`")
        subject.faults.at_value(("start",), "start-at-night", message, hint)


def _judge_holiday(subject: Subject, start: datetime, frames: Sequence[ShownFrame]) -> None:
    holiday = find_holiday(start.astimezone(subject.zone).date())
    texts = [text.written for frame in frames for text in frame.texts]
    if holiday and not _is_meant(holiday, [subject.campaign.message.title, *texts]):
        days = N_("{first} to {last}").format(
            first=f"{holiday.first:%F}", last=f"{holiday.last:%F}"
        )
        if holiday.first == holiday.last:
            days = f"{holiday.first:%F}"
        message = N_(
            "it starts on a public holiday that it does not speak of: {holiday}, {days}"
        ).format(holiday="、".join(holiday.names), days=days)
        hint = N_("start it on a working day, or name the holiday in the message if it is meant")
        subject.faults.at_value(("start",), "start-on-a-holiday", message, hint)


def _is_meant(holiday: Holiday, texts: Sequence[str]) -> bool:
    words = [*_FESTIVE, *(word for name in holiday.names for word in _OTHER_NAMES.get(name, ()))]
    return any(word in text for text in texts for word in words)
