"""Puts plans into force at the moment when their campaigns would begin, and not before.

Until then a campaign follows its file, so nothing is kept of it; from the first claim on it is
frozen, so nothing is changed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from runner.lifecycle import CampaignEvent, CampaignState
from runner.plan import Action
from runner.store.planning import keep_plan, move_campaign

if TYPE_CHECKING:
    from datetime import datetime

    from runner.plan import CampaignPlan, StoredCampaign
    from runner.store.database import Transaction


class Begin(StrEnum):
    """What came of the wish to begin a campaign."""

    BEGUN = "begun"  # its batches may be claimed
    GOES_ON = "goes on"  # it had begun before
    NOT_DUE = "not due"  # its start is to come, or it is a draft that nobody named
    KEPT_BACK = "kept back"  # held or missed: a person is needed
    AT_REST = "at rest"  # finished or halted: nothing of it may be claimed


_NEW = {Action.SCHEDULE, Action.DRAFT, Action.CHANGE, Action.UNCHANGED}
_BEGUN = {Action.FROZEN, Action.DRIFTED, Action.DONE}


def begin_campaign(
    transaction: Transaction,
    plan: CampaignPlan,
    stored: StoredCampaign | None,
    now: datetime,
    *,
    named: bool,
) -> Begin:
    """Begin one campaign if it is due; named: a person asked for this very one."""
    running = stored is not None and stored.state is CampaignState.RUNNING
    if plan.action in _BEGUN:
        return Begin.GOES_ON if running else Begin.AT_REST
    if running and plan.action is Action.UNCHANGED:
        return Begin.GOES_ON  # its process ended before the first claim
    if not _is_due(plan, now, asked_for=named or running):
        if plan.action is Action.CHANGE:
            keep_plan(transaction, plan, now)
        return Begin.NOT_DUE
    keep_plan(transaction, plan, now)
    campaign = plan.campaign.id
    if plan.action in _NEW:
        begun_at = None if plan.campaign.start else now
        move_campaign(transaction, campaign, CampaignEvent.BEGIN, now, start=begun_at)
        return Begin.BEGUN
    event = CampaignEvent.MISS if plan.action is Action.LATE else CampaignEvent.HOLD
    move_campaign(transaction, campaign, event, now, reason=plan.reason)
    return Begin.KEPT_BACK


def _is_due(plan: CampaignPlan, now: datetime, *, asked_for: bool) -> bool:
    campaign = plan.campaign
    if campaign.is_draft:
        return asked_for
    return campaign.start is None or campaign.start <= now
