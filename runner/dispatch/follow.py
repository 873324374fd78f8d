"""Lets the state follow the files: what a new, changed or removed campaign file does.

Before its first claim a campaign follows its file; from then on it is frozen, and only `state`,
`until` and `hours` stay live. What a plan says was decided in ``plan``; here it is put into force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.due import is_too_late
from runner.language import N_
from runner.lifecycle import CAMPAIGN, BrakeSource, CampaignEvent, CampaignState
from runner.model.campaign import Wish
from runner.model.findings import LaterPeople
from runner.plan import Action, StoredCampaign, name_cancel, name_pause, rejudge
from runner.store.brakes import Brake, Subject, lift_brake, set_brake
from runner.store.planning import (
    cancel_campaign,
    forget_campaign,
    keep_conditions,
    keep_live,
    keep_plan,
    list_live_campaigns,
    move_campaign,
    read_facts,
)
from runner.store.twins import Twins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from runner.model.findings import Findings
    from runner.plan import CampaignPlan
    from runner.store.transaction import Transaction

_MOST_REMOVED = 2  # campaigns that one reload may unschedule, whatever their share


@dataclass(frozen=True, slots=True, kw_only=True)
class MassRemoval:
    """A reload that would unschedule so much that a person must want it."""

    removed: tuple[str, ...]
    scheduled: int

    def __str__(self) -> str:
        """Say it to a person."""
        names = ", ".join(self.removed[:5]) + (", …" if len(self.removed) > 5 else "")
        return N_(
            "the files would unschedule {removed} of {scheduled} campaigns ({names}):"
            " `mms-runner reload --force` if that is meant"
        ).format(removed=len(self.removed), scheduled=self.scheduled, names=names)


def follow_workspace(
    transaction: Transaction,
    plans: Sequence[CampaignPlan],
    now: datetime,
    *,
    forced: bool,
    findings: Findings | None = None,
) -> MassRemoval | None:
    """Bring the state to what all files say, or change nothing where too much would go.

    plans: of every campaign of the workspace; they are judged anew by what the state knows now.
    findings: as for `Twins`.
    """
    planned = {plan.campaign.id: plan for plan in plans}
    facts = read_facts(transaction, {*list_live_campaigns(transaction), *planned})
    gone = [name for name in facts if _is_gone(planned.get(name), facts[name])]
    removal = _find_mass_removal(gone, facts)
    if removal and not forced:
        return removal
    for name in gone:
        _follow_removal(transaction, name, facts[name], now)
    begun = {name for name, stored in facts.items() if _has_only_begun(stored)}
    twins = Twins(transaction, now, begun=begun, findings=findings)
    # First what has begun: by its new file it may no longer be what another one repeats.
    for name, plan in sorted(planned.items(), key=lambda item: item[0] not in begun):
        if name not in gone:
            stored = facts.get(name)
            judged = rejudge(plan, stored, twins.find(plan, stored), now)
            follow_file(transaction, judged, stored, now)
    return None


def gather_ahead(plan: CampaignPlan, now: datetime, *, named: bool = False) -> None:
    """Gather a plan's people, where `follow_file` would keep it: while nobody waits to write.

    Raises FilesMoved, as would whoever needs them later.
    """
    mobiles = plan.campaign.audience.mobiles
    if isinstance(mobiles, LaterPeople) and _would_keep(plan, now, named=named):
        mobiles.gather()


def _would_keep(plan: CampaignPlan, now: datetime, *, named: bool) -> bool:
    stored = plan.stored
    if not isinstance(stored, StoredCampaign):
        return named or not plan.campaign.is_draft
    return not stored.frozen and _must_keep(plan, stored, now)


def follow_file(
    transaction: Transaction,
    plan: CampaignPlan,
    stored: StoredCampaign | None,
    now: datetime,
    *,
    named: bool = False,
) -> None:
    """Bring one campaign to what its file says.

    named: a person asked for it; a draft is kept only then.
    """
    campaign = plan.campaign
    if stored is None and campaign.is_draft and not named:
        return
    cancelled = campaign.wish is Wish.CANCELLED
    if stored and stored.frozen:
        keep_live(transaction, plan, drifted=stored.digest != plan.digest)
    elif stored is None or not cancelled:
        _follow_unfrozen(transaction, plan, stored, now)
    if cancelled and (stored is None or _may_cancel(stored)):
        reason = name_cancel(campaign)
        cancel_campaign(transaction, campaign.id, now, reason=reason, for_good=False)
    paused = name_pause(campaign) if campaign.wish is Wish.PAUSED else None
    _brake(transaction, campaign.id, paused, now)


def _follow_unfrozen(
    transaction: Transaction, plan: CampaignPlan, stored: StoredCampaign | None, now: datetime
) -> None:
    if stored is None or _must_keep(plan, stored, now):
        keep_plan(transaction, plan, now)
        _judge(transaction, plan, stored, now)
        return
    keep_conditions(transaction, plan)


def _must_keep(plan: CampaignPlan, stored: StoredCampaign, now: datetime) -> bool:
    """Whether a plan takes the place of the stored one, which may be the same but for its state."""
    held = plan.action is Action.HELD
    match stored.state:
        case CampaignState.HELD:
            news = not held or plan.reason != stored.reason
        case CampaignState.MISSED:  # what is held cannot be resumed, what is missed can
            news = held or not _comes_too_late(plan, now)
        case CampaignState.CANCELLED:
            news = True
        case _:
            news = held
    return news or plan.is_changed(stored)


def _judge(
    transaction: Transaction, plan: CampaignPlan, stored: StoredCampaign | None, now: datetime
) -> None:
    """Say of a plan that was just kept whether it may begin; a draft goes on where it stood."""
    campaign = plan.campaign
    if plan.action is Action.HELD:
        move_campaign(transaction, campaign.id, CampaignEvent.HOLD, now, reason=plan.reason)
    elif plan.action is Action.LATE:
        move_campaign(transaction, campaign.id, CampaignEvent.MISS, now, reason=plan.reason)
    elif campaign.is_draft and stored and stored.state is CampaignState.RUNNING:
        move_campaign(transaction, campaign.id, CampaignEvent.BEGIN, now, start=stored.start)


def _is_gone(plan: CampaignPlan | None, stored: StoredCampaign) -> bool:
    """Whether a campaign of the state has no file, or one that gives it no start any more."""
    if plan is None:
        return True
    had_start = stored.start is not None and stored.state is not CampaignState.RUNNING
    return plan.campaign.is_draft and had_start and not stored.frozen


def _find_mass_removal(
    gone: Sequence[str], facts: Mapping[str, StoredCampaign]
) -> MassRemoval | None:
    """Find out whether more than half of what is scheduled would go, and more than a few."""
    scheduled = [name for name, stored in facts.items() if _is_scheduled(stored)]
    removed = [name for name in gone if _is_scheduled(facts[name])]
    if len(removed) <= _MOST_REMOVED or 2 * len(removed) <= len(scheduled):
        return None
    return MassRemoval(removed=tuple(removed), scheduled=len(scheduled))


def _has_only_begun(stored: StoredCampaign) -> bool:
    """Whether nothing of a running campaign was claimed yet, so that it follows its file."""
    return stored.state is CampaignState.RUNNING and not stored.frozen


def _is_scheduled(stored: StoredCampaign) -> bool:
    return not stored.frozen and stored.state is not CampaignState.CANCELLED


def _comes_too_late(plan: CampaignPlan, now: datetime) -> bool:
    until = plan.campaign.until
    return is_too_late(plan.latest_until, now) or (until is not None and until <= now)


def _follow_removal(
    transaction: Transaction, name: str, stored: StoredCampaign, now: datetime
) -> None:
    if not stored.frozen:
        forget_campaign(transaction, name, now, reason="its file is gone, or has no start any more")
    elif stored.state in (CampaignState.RUNNING, CampaignState.HALTED):
        reason = N_(
            "its file is gone: put it back to let it go on, or `mms-runner cancel {campaign}`"
        ).format(campaign=name)
        _brake(transaction, name, reason, now)


def _may_cancel(stored: StoredCampaign) -> bool:
    return CampaignEvent.CANCEL in CAMPAIGN[stored.state]


def _brake(transaction: Transaction, campaign: str, reason: str | None, now: datetime) -> None:
    brake = Brake(subject=Subject.CAMPAIGN, name=campaign, source=BrakeSource.FILE, reason=reason)
    if reason:
        set_brake(transaction, brake, now)
    else:
        lift_brake(transaction, brake, now)
