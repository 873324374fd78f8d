"""Finds the campaigns that wait for their hours alone, and says when these open."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from runner.due import next_opening
from runner.language import _
from runner.lifecycle import CampaignState, RecipientState
from runner.timing import parse_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from runner.model.account import Settings
    from runner.store.progress import CampaignStatus


def find_openings(
    campaigns: Iterable[CampaignStatus], settings: Settings, now: datetime
) -> Mapping[str, datetime | None]:
    """Give, for each campaign that could be claimed but for its hours, when these open.

    None: those of the campaign and of its account are never open at once.
    """
    find_opening = cache(lambda *hours: next_opening(settings.zone, now, *hours))
    openings = {}
    for campaign in campaigns:
        account = settings.accounts.get(campaign.account)
        if account is None or not _may_be_claimed(campaign, now):
            continue
        hours = parse_hours(campaign.hours) if campaign.hours else None
        opening = find_opening(account.hours, hours)
        if opening is None or opening > now:
            openings[campaign.id] = opening
    return openings


def describe_closed(
    campaigns: Iterable[CampaignStatus], settings: Settings, now: datetime
) -> Mapping[str, str]:
    """Say of the campaigns that wait for their hours alone when these open."""
    return {
        name: _describe(opening, settings.zone)
        for name, opening in find_openings(campaigns, settings, now).items()
    }


def _describe(opening: datetime | None, zone: tzinfo) -> str:
    if opening is None:
        return _("its hours and those of its account are never open at once")
    told = _("waits for its hours, which open at {time}")
    return told.format(time=f"{opening.astimezone(zone):%F %R}")


def _may_be_claimed(campaign: CampaignStatus, now: datetime) -> bool:
    # One that has begun before its start waits at the gateway: its hours are about the start.
    early = campaign.start is not None and campaign.start > now
    going = campaign.shown == CampaignState.RUNNING and not early
    return going and campaign.recipients[RecipientState.PENDING] > 0
