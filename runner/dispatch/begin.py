"""Begins campaigns that a person runs: those that are named, and those that are due.

Nothing is kept of a campaign that is not due: until then it follows its file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from runner.dispatch.follow import follow_file
from runner.lifecycle import CampaignEvent, CampaignState
from runner.model.campaign import Wish
from runner.plan import Action, rejudge
from runner.store.planning import move_campaign, read_fact
from runner.store.start import begin_due
from runner.store.twins import Twins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from runner.model.account import Account
    from runner.model.campaign import Campaign
    from runner.model.findings import Findings
    from runner.plan import CampaignPlan, StoredCampaign
    from runner.store.transaction import Transaction


class Begin(StrEnum):
    """What came of the wish to begin a campaign."""

    BEGUN = "begun"  # its batches may be claimed
    GOES_ON = "goes on"  # it had begun before
    NOT_DUE = "not due"  # its start is to come, or it is a draft that nobody named
    KEPT_BACK = "kept back"  # held or missed: a person is needed
    PAUSED = "paused"  # a brake keeps it
    AT_REST = "at rest"  # finished, halted or cancelled: nothing of it may be claimed


_KEPT_BACK = {CampaignState.HELD, CampaignState.MISSED}
_MAY_GO_OUT = {CampaignState.RUNNING, CampaignState.SCHEDULED}


def begin_campaign(
    transaction: Transaction,
    plan: CampaignPlan,
    accounts: Mapping[str, Account],
    zone: tzinfo,
    now: datetime,
    *,
    named: bool,
    findings: Findings | None = None,
) -> tuple[CampaignPlan, Begin]:
    """Begin one campaign if it is due; named: a person asked for this very one.

    plan: it is judged anew by what the state knows now. Gives it so, and what came of it.
    findings: as for `Twins`.
    """
    stored = read_fact(transaction, plan.campaign.id)
    twins = Twins(transaction, now, findings=findings)
    plan = rejudge(plan, stored, twins.find(plan, stored), now)
    if stored is None and plan.campaign.wish is Wish.CANCELLED:
        return plan, Begin.AT_REST
    if stored is None and not _is_due(plan.campaign, now, named=named):
        return plan, Begin.NOT_DUE
    if stored is None and plan.action is Action.PAUSED:
        return plan, Begin.PAUSED
    _follow(transaction, plan, stored, now, named=named)
    begin_due(transaction, accounts, zone, now, campaign=plan.campaign.id)
    return plan, _tell(plan, read_fact(transaction, plan.campaign.id), stored)


def _follow(
    transaction: Transaction,
    plan: CampaignPlan,
    stored: StoredCampaign | None,
    now: datetime,
    *,
    named: bool,
) -> None:
    follow_file(transaction, plan, stored, now, named=named)
    kept = read_fact(transaction, plan.campaign.id)
    if kept is None or kept.state is not CampaignState.SCHEDULED or _is_paused(plan, kept):
        return
    if plan.campaign.is_draft and named:
        move_campaign(transaction, plan.campaign.id, CampaignEvent.BEGIN, now, start=now)


def _is_due(campaign: Campaign, now: datetime, *, named: bool) -> bool:
    if campaign.is_draft:
        return named
    return campaign.starts_at_gateway or campaign.start is None or campaign.start <= now


def _is_paused(plan: CampaignPlan, stored: StoredCampaign) -> bool:
    return stored.brake is not None or plan.campaign.wish is Wish.PAUSED


def _tell(
    plan: CampaignPlan, stored: StoredCampaign | None, before: StoredCampaign | None
) -> Begin:
    if stored is None:
        return Begin.AT_REST  # its file cancels it
    if _is_paused(plan, stored) and stored.state in _MAY_GO_OUT:
        return Begin.PAUSED
    if stored.state is CampaignState.RUNNING:
        went = before is not None and before.state is CampaignState.RUNNING
        return Begin.GOES_ON if went else Begin.BEGUN
    if stored.state in _KEPT_BACK:
        return Begin.KEPT_BACK
    return Begin.NOT_DUE if stored.state is CampaignState.SCHEDULED else Begin.AT_REST
