"""Begins what is due, from the state alone: whatever has become of the files, a start is kept.

A start is judged once, at the moment when the campaign would begin, whatever kept it: this
program's own absence, a brake, or its account. By a clock that was set since, what was judged is
judged again, unless something of it was claimed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.due import is_too_late, next_opening
from runner.language import N_
from runner.lifecycle import CampaignEvent
from runner.store.moments import from_column
from runner.store.planning import move_campaign
from runner.store.twins import Twins
from runner.timing import parse_hours, stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from runner.model.account import Account
    from runner.store.transaction import Row, Transaction

_FROM_DUE = """
    FROM campaigns AS c
    WHERE state = 'scheduled' AND start IS NOT NULL AND (start <= :now OR starts_at_gateway)
        AND (:campaign IS NULL OR id = :campaign)
        AND NOT EXISTS (SELECT 1 FROM stopped_campaigns AS s WHERE s.campaign = c.id)
"""

_DUE = f"""
    SELECT id, account, start, latest_until, until, hours, fresh_until, starts_at_gateway
    {_FROM_DUE} ORDER BY start, id
"""

# Begun before its start, or missed before it was too late: by another clock than the one at hand.
# What a person began has no `latest_until`; what the gateway is to keep begins before its start.
_FROM_TOO_EARLY = """
    FROM campaigns
    WHERE state = 'running' AND frozen_at IS NULL AND latest_until IS NOT NULL AND start > :now
        AND NOT starts_at_gateway AND (:campaign IS NULL OR id = :campaign)
"""
_FROM_IN_TIME = """
    FROM campaigns
    WHERE state = 'missed' AND latest_until >= :second AND (:campaign IS NULL OR id = :campaign)
"""

_TOO_EARLY = f"SELECT id {_FROM_TOO_EARLY} ORDER BY start, id"

_IN_TIME = f"""
    SELECT id, account, latest_until, until, hours, fresh_until, starts_at_gateway
    {_FROM_IN_TIME} ORDER BY start, id
"""

_IS_DUE = f"""
    SELECT EXISTS (SELECT 1 {_FROM_DUE}) OR EXISTS (SELECT 1 {_FROM_TOO_EARLY})
        OR EXISTS (SELECT 1 {_FROM_IN_TIME})
"""

_NEXT_START = "SELECT min(start) FROM campaigns WHERE state = 'scheduled' AND start > :now"

# Begun, and kept by something ever since: nothing of it was claimed.
_KEPT = """
    SELECT id, latest_until FROM campaigns
    WHERE state = 'running' AND frozen_at IS NULL AND latest_until IS NOT NULL
        AND (:account IS NULL OR account = :account)
"""


def begin_due(
    transaction: Transaction,
    accounts: Mapping[str, Account],
    zone: tzinfo,
    now: datetime,
    *,
    campaign: str | None = None,
) -> list[str]:
    """Begin what is due and under no brake, or say why it does not begin; names what has begun.

    campaign: only this one; zone: the one in which `hours` are meant.
    """
    _take_back(transaction, accounts, zone, now, campaign)
    begun, twins = [], Twins(transaction, now)
    for row in transaction.execute(_DUE, {"now": stamp(now), "campaign": campaign}).fetchall():
        account = accounts.get(row.account)
        if account is None:
            continue  # its settings name it no more: it rests, and `status` says so
        event, reason = _judge(row, account, zone, now)
        # What has begun before it in this very breath counts: of two copies one goes out.
        if event is CampaignEvent.BEGIN and (twin := twins.find_kept(row.id)):
            event, reason = CampaignEvent.HOLD, str(twin)
        move_campaign(transaction, row.id, event, now, reason=reason)
        if event is CampaignEvent.BEGIN:
            begun.append(row.id)
    return begun


def is_due(transaction: Transaction, now: datetime) -> bool:
    """Whether something is to begin: what is asked every second, without writing."""
    due = transaction.execute(_IS_DUE, _by_time(now)).scalar()
    return bool(due)


def next_start(transaction: Transaction, now: datetime) -> datetime | None:
    """Say when the next scheduled campaign is to begin."""
    start = transaction.execute(_NEXT_START, {"now": stamp(now)}).scalar()
    return from_column(start)


def miss_late(transaction: Transaction, now: datetime, *, account: str | None = None) -> None:
    """Miss what had begun, but was kept from its first claim for longer than `latest` allows.

    To be called when whatever kept it lets go. account: only campaigns of this one.
    """
    for row in transaction.execute(_KEPT, {"account": account}).fetchall():
        if is_too_late(unstamp(row.latest_until), now):
            reason = N_("it was kept until its start had passed by more than `latest`")
            move_campaign(transaction, row.id, CampaignEvent.MISS, now, reason=reason)


def _take_back(
    transaction: Transaction,
    accounts: Mapping[str, Account],
    zone: tzinfo,
    now: datetime,
    campaign: str | None,
) -> None:
    """Schedule again what was begun or missed by a clock that was ahead of the one at hand."""
    for row in transaction.execute(_TOO_EARLY, _by_time(now, campaign)).fetchall():
        reason = N_("the clock was set back: its start is still to come")
        move_campaign(transaction, row.id, CampaignEvent.PLAN, now, reason=reason)
    for row in transaction.execute(_IN_TIME, _by_time(now, campaign)).fetchall():
        account = accounts.get(row.account)
        if account and _judge(row, account, zone, now)[0] is not CampaignEvent.MISS:
            reason = N_("the clock was set back: it is not too late for it")
            move_campaign(transaction, row.id, CampaignEvent.PLAN, now, reason=reason)


def _by_time(now: datetime, campaign: str | None = None) -> dict[str, str | None]:
    # `latest_until` counts to the second, as `is_too_late` does.
    second = now.replace(microsecond=0)
    return {"now": stamp(now), "second": stamp(second), "campaign": campaign}


def _judge(
    row: Row, account: Account, zone: tzinfo, now: datetime
) -> tuple[CampaignEvent, str | None]:
    latest = from_column(row.latest_until)
    if row.until and unstamp(row.until) <= now:
        return CampaignEvent.MISS, N_("its `until` has passed: set a later one")
    if is_too_late(latest, now):
        return CampaignEvent.MISS, N_("its start passed longer ago than `latest` allows")
    if row.fresh_until and unstamp(row.fresh_until) < now:
        return CampaignEvent.HOLD, N_(
            "a list of it is older than its `max_age`: write the list anew"
        )
    hours = parse_hours(row.hours) if row.hours else None
    if latest and not row.starts_at_gateway:
        opening = next_opening(zone, now, account.hours, hours)
        if opening is None or is_too_late(latest, opening):
            return CampaignEvent.MISS, N_(
                "its hours open longer after its start than `latest` allows"
            )
    return CampaignEvent.BEGIN, None
