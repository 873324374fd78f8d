"""Keeps plans: what the pump will work from, frozen by content with the first claim.

What stays live after it (`until`, `hours`) is kept beside; what is unscheduled before it is
forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.faultpoint import faultpoint
from runner.lifecycle import (
    BATCH,
    CAMPAIGN,
    BatchEvent,
    BatchState,
    BrakeSource,
    CampaignEvent,
    CampaignState,
    after,
)
from runner.plan import StoredCampaign
from runner.store.brakes import Brake, Subject, lift_brake, read_brakes
from runner.store.events import record_event
from runner.store.lists import to_list
from runner.store.moments import from_column, to_column
from runner.timing import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from runner.plan import CampaignPlan
    from runner.store.transaction import Transaction

_FACTS = """
    SELECT id, state, digest, frozen_at IS NOT NULL AS frozen, contents, title, account, start,
        recipients, reason, again
    FROM campaigns WHERE id IN (SELECT value FROM json_each(:campaigns))
"""

# In the words of the index `campaigns_live`.
LIVE = "SELECT id FROM campaigns WHERE frozen_at IS NULL OR state IN ('running', 'halted')"

_CAMPAIGN_IDS = "SELECT id FROM campaigns ORDER BY id"

_STATE = "SELECT state FROM campaigns WHERE id = :campaign"

_MESSAGE = "SELECT message FROM campaigns WHERE id = :campaign"

_KEEP_MESSAGE = """
    INSERT INTO messages (digest, title, content, bytes) VALUES (:digest, :title, :content, :bytes)
    ON CONFLICT (digest) DO NOTHING
"""

_KEEP_CAMPAIGN = """
    INSERT INTO campaigns
        (id, file, state, title, account, start, digest, message, recipients, planned_at,
         contents, latest_until, until, hours, starts_at_gateway, fresh_until, again)
    VALUES
        (:id, :file, :state, :title, :account, :start, :digest, :message, :recipients, :now,
         :contents, :latest_until, :until, :hours, :starts_at_gateway, :fresh_until, :again)
    ON CONFLICT (id) DO UPDATE SET
        file = excluded.file, state = excluded.state, reason = NULL, title = excluded.title,
        account = excluded.account, start = excluded.start, digest = excluded.digest,
        message = excluded.message, recipients = excluded.recipients,
        planned_at = excluded.planned_at, contents = excluded.contents,
        latest_until = excluded.latest_until, until = excluded.until, hours = excluded.hours,
        starts_at_gateway = excluded.starts_at_gateway, fresh_until = excluded.fresh_until,
        again = excluded.again
"""

# What a file may still say of a campaign that has begun; the rest of it is only compared.
_KEEP_LIVE = """
    UPDATE campaigns SET until = :until, hours = :hours, drifted = :drifted WHERE id = :campaign
"""

# The lists of a campaign that is otherwise the same may have been written anew, and what it
# repeats is no part of its digest. What a person began, and has therefore no `latest_until`, is
# never late.
_KEEP_CONDITIONS = """
    UPDATE campaigns SET fresh_until = :fresh_until, again = :again,
        latest_until = CASE
            WHEN state <> 'running' OR latest_until IS NOT NULL THEN :latest_until
        END
    WHERE id = :campaign
"""

# Only ever of a campaign that is not frozen: none of its batches was claimed.
_FORGET_RECIPIENTS = """
    DELETE FROM recipients WHERE batch IN (SELECT id FROM batches WHERE campaign = :campaign)
"""
_FORGET_BATCHES = "DELETE FROM batches WHERE campaign = :campaign"
_FORGET_CAMPAIGN = "DELETE FROM campaigns WHERE id = :campaign"

# A message is kept as long as a campaign of any state refers to it.
_FORGET_MESSAGE = """
    DELETE FROM messages
    WHERE digest = :digest AND NOT EXISTS (SELECT 1 FROM campaigns WHERE message = :digest)
"""

_KEEP_BATCH = """
    INSERT INTO batches (campaign, seq, account, state, recipients, request_bytes, digest, numbers)
    VALUES (:campaign, :seq, :account, :state, :recipients, :request_bytes, :digest, :numbers)
"""

# One statement a batch: a statement for each of millions of rows takes three times as long.
_KEEP_RECIPIENTS = """
    INSERT INTO recipients (batch, mobile)
    SELECT :batch, value FROM json_each('[' || :numbers || ']')
"""

# What was begun by a person is never late.
_MOVE = """
    UPDATE campaigns SET state = :state, reason = :reason, start = coalesce(:start, start),
        latest_until = CASE WHEN :start IS NULL THEN latest_until END
    WHERE id = :campaign
"""

_FREEZE = "UPDATE campaigns SET frozen_at = :now WHERE id = :campaign AND frozen_at IS NULL"

_PLANNED = "SELECT id FROM batches WHERE campaign = :campaign AND state = 'planned'"

_CANCEL_PLANNED = """
    UPDATE batches SET state = :state, reason = :reason, not_before = NULL
    WHERE campaign = :campaign AND state = 'planned'
"""


def again_from_column(column: str | None) -> tuple[str, ...]:
    """Read the campaigns that another one knowingly repeats, one a line."""
    return tuple(column.split("\n")) if column else ()


def _again_to_column(again: tuple[str, ...]) -> str | None:
    return "\n".join(again) or None


def list_campaigns(transaction: Transaction) -> list[str]:
    """Name every campaign that there ever was."""
    return transaction.execute(_CAMPAIGN_IDS).scalars()


def list_live_campaigns(transaction: Transaction) -> list[str]:
    """Name those to which it makes a difference that their file is gone: few of many years'."""
    return sorted(transaction.execute(LIVE).scalars())


def read_fact(transaction: Transaction, campaign: str) -> StoredCampaign | None:
    """Give what is known of one campaign."""
    return read_facts(transaction, [campaign]).get(campaign)


def read_facts(transaction: Transaction, campaigns: Iterable[str]) -> Mapping[str, StoredCampaign]:
    """Give what is known of some campaigns, by id."""
    # What its file says is asked of the file: a brake of the file may be an older one's.
    brakes = [brake for brake in read_brakes(transaction) if brake.source is BrakeSource.COMMAND]
    return {
        row.id: StoredCampaign(
            state=CampaignState(row.state),
            digest=row.digest,
            frozen=bool(row.frozen),
            contents=row.contents,
            title=row.title,
            account=row.account,
            start=from_column(row.start),
            recipients=row.recipients,
            brake=_first_brake(brakes, row.id, row.account),
            reason=row.reason,
            again=again_from_column(row.again),
        )
        for row in transaction.execute(_FACTS, {"campaigns": to_list(campaigns)})
    }


def keep_plan(transaction: Transaction, plan: CampaignPlan, now: datetime) -> None:
    """Put a plan into force as `scheduled`, in the place of an older one of the same campaign.

    The campaign must not be frozen; `plan_campaign` says so.
    """
    campaign = plan.campaign
    old = transaction.execute(_STATE, {"campaign": campaign.id}).scalar()
    message = _find_message(transaction, campaign.id)
    new = CampaignState.SCHEDULED
    if old is not None:
        new = after(CAMPAIGN, CampaignState(old), CampaignEvent.PLAN)
        _forget_batches(transaction, campaign.id)
    _keep_message(transaction, plan)
    _keep_campaign(transaction, plan, new, now)
    transaction.execute(_FORGET_MESSAGE, {"digest": message})
    _keep_batches(transaction, plan)
    record_event(
        transaction,
        now=now,
        subject="campaign",
        name=campaign.id,
        old_state=old,
        new_state=new,
        reason=f"planned from {campaign.file}, {plan.digest}",
    )
    faultpoint("planner.plan-kept")


def keep_live(transaction: Transaction, plan: CampaignPlan, *, drifted: bool) -> None:
    """Keep what a file may still say of a campaign that has begun, and whether it differs."""
    campaign = plan.campaign
    row = {"campaign": campaign.id, "drifted": drifted}
    transaction.execute(_KEEP_LIVE, {**row, **_live_fields(plan)})


def keep_conditions(transaction: Transaction, plan: CampaignPlan) -> None:
    """Keep what decides when, and whether, a campaign may begin; all else of it is the same."""
    transaction.execute(_KEEP_CONDITIONS, {"campaign": plan.campaign.id, **_condition_fields(plan)})
    keep_live(transaction, plan, drifted=False)


def forget_campaign(transaction: Transaction, campaign: str, now: datetime, *, reason: str) -> None:
    """Unschedule a campaign of which nothing was ever claimed: the state knows no more of it.

    A person's brake stays: who paused it would be surprised if its file came back and went out.
    """
    old = transaction.execute(_STATE, {"campaign": campaign}).scalar()
    message = _find_message(transaction, campaign)
    _forget_batches(transaction, campaign)
    transaction.execute(_FORGET_CAMPAIGN, {"campaign": campaign})
    transaction.execute(_FORGET_MESSAGE, {"digest": message})
    brake = Brake(subject=Subject.CAMPAIGN, name=campaign, source=BrakeSource.FILE)
    lift_brake(transaction, brake, now)
    record_event(
        transaction, now=now, subject="campaign", name=campaign, old_state=old, reason=reason
    )


def cancel_campaign(
    transaction: Transaction, campaign: str, now: datetime, *, reason: str, for_good: bool
) -> int:
    """Cancel what is not sent of a campaign; gives the number of batches that stay unsent.

    What is in flight comes home. for_good: its file can never take it back.
    """
    move_campaign(transaction, campaign, CampaignEvent.CANCEL, now, reason=reason)
    if for_good:
        transaction.execute(_FREEZE, {"campaign": campaign, "now": stamp(now)})
    planned = transaction.execute(_PLANNED, {"campaign": campaign}).scalars()
    state = after(BATCH, BatchState.PLANNED, BatchEvent.CANCEL)
    transaction.execute(_CANCEL_PLANNED, {"campaign": campaign, "state": state, "reason": reason})
    for batch in planned:
        record_event(
            transaction,
            now=now,
            subject="batch",
            name=batch,
            old_state=BatchState.PLANNED,
            new_state=state,
            reason=reason,
        )
    return len(planned)


def move_campaign(
    transaction: Transaction,
    campaign: str,
    event: CampaignEvent,
    now: datetime,
    *,
    reason: str | None = None,
    start: datetime | None = None,
) -> None:
    """Change a campaign's state by the table; start: when it began, for one without a start."""
    old = CampaignState(transaction.execute(_STATE, {"campaign": campaign}).scalar())
    new = after(CAMPAIGN, old, event)
    transaction.execute(
        _MOVE,
        {
            "campaign": campaign,
            "state": new,
            "reason": reason,
            "start": to_column(start),
        },
    )
    record_event(
        transaction,
        now=now,
        subject="campaign",
        name=campaign,
        old_state=old,
        new_state=new,
        reason=reason or event.value,
    )
    faultpoint("planner.campaign-moved")


def _find_message(transaction: Transaction, campaign: str) -> str | None:
    """Give the digest of the message that a campaign is kept with, if it is."""
    digest: str | None = transaction.execute(_MESSAGE, {"campaign": campaign}).scalar()
    return digest


def _first_brake(brakes: Iterable[Brake], campaign: str, account: str) -> str | None:
    return next((str(brake) for brake in brakes if brake.covers(campaign, account)), None)


def _forget_batches(transaction: Transaction, campaign: str) -> None:
    transaction.execute(_FORGET_RECIPIENTS, {"campaign": campaign})
    transaction.execute(_FORGET_BATCHES, {"campaign": campaign})


def _live_fields(plan: CampaignPlan) -> dict[str, object]:
    campaign = plan.campaign
    return {
        "until": to_column(campaign.until),
        "hours": str(campaign.hours) if campaign.hours else None,
    }


def _condition_fields(plan: CampaignPlan) -> dict[str, object]:
    return {
        "latest_until": to_column(plan.latest_until),
        "fresh_until": to_column(plan.fresh_until),
        "again": _again_to_column(plan.campaign.again),
    }


def _keep_message(transaction: Transaction, plan: CampaignPlan) -> None:
    message = plan.message
    transaction.execute(
        _KEEP_MESSAGE,
        {
            "digest": message.digest,
            "title": message.title,
            "content": message.content,
            "bytes": message.size,
        },
    )


def _keep_campaign(
    transaction: Transaction, plan: CampaignPlan, state: CampaignState, now: datetime
) -> None:
    campaign = plan.campaign
    transaction.execute(
        _KEEP_CAMPAIGN,
        {
            "id": campaign.id,
            "file": campaign.file,
            "state": state,
            "title": campaign.message.title,
            "account": campaign.account,
            "start": stamp(now) if campaign.starts_now else to_column(campaign.start),
            "starts_at_gateway": campaign.starts_at_gateway,
            "contents": plan.contents,
            **_live_fields(plan),
            **_condition_fields(plan),
            "digest": plan.digest,
            "message": plan.message.digest,
            "recipients": len(campaign.audience.mobiles),
            "now": stamp(now),
        },
    )


def _keep_batches(transaction: Transaction, plan: CampaignPlan) -> None:
    for batch in plan.batches:
        batch_id = transaction.execute(
            _KEEP_BATCH,
            {
                "campaign": plan.campaign.id,
                "seq": batch.seq,
                "account": plan.campaign.account,
                "state": BatchState.PLANNED,
                "recipients": batch.recipients,
                "request_bytes": batch.request_bytes,
                "digest": batch.digest,
                "numbers": batch.numbers,
            },
        ).new_id
        transaction.execute(_KEEP_RECIPIENTS, {"batch": batch_id, "numbers": batch.numbers})
        faultpoint("planner.batch-kept")
