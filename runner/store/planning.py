"""Keeps plans: what the pump will work from, frozen by content with the first claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from runner.lifecycle import CAMPAIGN, BatchState, CampaignEvent, CampaignState, after
from runner.plan import StoredCampaign
from runner.store.events import record_event
from runner.timing import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runner.plan import CampaignPlan
    from runner.store.database import Transaction

_FACTS = text("SELECT id, state, digest, frozen_at IS NOT NULL AS frozen FROM campaigns")

_STATE = text("SELECT state FROM campaigns WHERE id = :campaign")

_KEEP_MESSAGE = text("""
    INSERT INTO messages (digest, title, content, bytes) VALUES (:digest, :title, :content, :bytes)
    ON CONFLICT (digest) DO NOTHING
""")

_KEEP_CAMPAIGN = text("""
    INSERT INTO campaigns
        (id, file, state, title, account, start, digest, message, recipients, planned_at)
    VALUES
        (:id, :file, :state, :title, :account, :start, :digest, :message, :recipients, :now)
    ON CONFLICT (id) DO UPDATE SET
        file = excluded.file, state = excluded.state, reason = NULL, title = excluded.title,
        account = excluded.account, start = excluded.start, digest = excluded.digest,
        message = excluded.message, recipients = excluded.recipients,
        planned_at = excluded.planned_at
""")

# Only ever of a campaign that is not frozen: none of its batches was claimed.
_FORGET_RECIPIENTS = text("""
    DELETE FROM recipients WHERE batch IN (SELECT id FROM batches WHERE campaign = :campaign)
""")
_FORGET_BATCHES = text("DELETE FROM batches WHERE campaign = :campaign")

# A message is kept as long as a campaign of any state refers to it.
_FORGET_MESSAGES = text("DELETE FROM messages WHERE digest NOT IN (SELECT message FROM campaigns)")

_KEEP_BATCH = text("""
    INSERT INTO batches (campaign, seq, account, state, recipients, request_bytes, digest)
    VALUES (:campaign, :seq, :account, :state, :recipients, :request_bytes, :digest)
""")

# Past SQLAlchemy's own parameters, which are four times as slow over millions of rows.
_KEEP_RECIPIENTS = "INSERT INTO recipients (batch, mobile) VALUES (?, ?)"

_MOVE = text("""
    UPDATE campaigns SET state = :state, reason = :reason, start = coalesce(:start, start)
    WHERE id = :campaign
""")


def read_facts(transaction: Transaction) -> Mapping[str, StoredCampaign]:
    """Give what is known of every campaign, by id."""
    return {
        row.id: StoredCampaign(
            state=CampaignState(row.state), digest=row.digest, frozen=bool(row.frozen)
        )
        for row in transaction.execute(_FACTS)
    }


def keep_plan(transaction: Transaction, plan: CampaignPlan, now: datetime) -> None:
    """Put a plan into force as `scheduled`, in the place of an older one of the same campaign.

    The campaign must not be frozen; `plan_campaign` says so.
    """
    campaign = plan.campaign
    old = transaction.execute(_STATE, {"campaign": campaign.id}).scalar_one_or_none()
    new = CampaignState.SCHEDULED
    if old is not None:
        new = after(CAMPAIGN, CampaignState(old), CampaignEvent.PLAN)
        transaction.execute(_FORGET_RECIPIENTS, {"campaign": campaign.id})
        transaction.execute(_FORGET_BATCHES, {"campaign": campaign.id})
    _keep_message(transaction, plan)
    _keep_campaign(transaction, plan, new, now)
    transaction.execute(_FORGET_MESSAGES)
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
    old = CampaignState(transaction.execute(_STATE, {"campaign": campaign}).scalar_one())
    new = after(CAMPAIGN, old, event)
    transaction.execute(
        _MOVE,
        {
            "campaign": campaign,
            "state": new,
            "reason": reason,
            "start": stamp(start) if start else None,
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
            "start": stamp(campaign.start) if campaign.start else None,
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
                "recipients": len(batch.mobiles),
                "request_bytes": batch.request_bytes,
                "digest": batch.digest,
            },
        ).lastrowid
        rows = [(batch_id, mobile) for mobile in batch.mobiles]
        transaction.exec_driver_sql(_KEEP_RECIPIENTS, rows)
