"""Gives plans as JSON, for scripts: keys and words in English, sentences as they are spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.changes import Kind
from runner.cli.differences import change_json
from runner.cli.preview import describe_error, list_not_checked, list_warnings
from runner.model.recipient import mask_mobiles
from runner.plan import plan_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from runner.cli.since import Comparison
    from runner.model.account import Account, Settings
    from runner.model.campaign import Audience, Source
    from runner.model.outcome import Balance
    from runner.plan import CampaignPlan


def plans_json(
    plans: Sequence[CampaignPlan],
    settings: Settings,
    balances: Mapping[str, Balance],
    now: datetime,
    comparison: Comparison | None = None,
) -> dict[str, object]:
    """Give plans in the shape that scripts rely on.

    balances: by account, those that were asked. comparison: where only what a change changes is
    wanted; plans are then those of what it adds or changes.
    """
    campaigns = [_campaign_json(plan, settings, balances, now, comparison) for plan in plans]
    document: dict[str, object] = {"digest": plan_digest(plans), "campaigns": campaigns}
    if comparison:
        document |= {
            "since": comparison.commit,
            "problems": [describe_error(error) for error in comparison.errors],
            "settings_changed": comparison.new_settings or comparison.new_workspace,
            "removed": [
                {"id": change.id, "file": change.file}
                for change in comparison.changes.values()
                if change.kind is Kind.REMOVED
            ],
        }
    return document


def _campaign_json(
    plan: CampaignPlan,
    settings: Settings,
    balances: Mapping[str, Balance],
    now: datetime,
    comparison: Comparison | None,
) -> dict[str, object]:
    campaign = plan.campaign
    changes = comparison.changes if comparison else {}
    change = changes.get(campaign.id)
    return {
        "id": campaign.id,
        "file": campaign.file,
        "digest": plan.digest,
        "action": plan.action,
        "title": mask_mobiles(campaign.message.title),
        "account": campaign.account,
        "start": _start(plan, settings, now),
        "recipients": _audience_json(campaign.audience),
        "sources": [_source_json(source) for source in campaign.audience.sources],
        "message": _message_json(plan, settings.accounts[campaign.account]),
        "batches": [
            {
                "seq": batch.seq,
                "recipients": batch.recipients,
                "request_bytes": batch.request_bytes,
                "digest": batch.digest,
            }
            for batch in plan.batches
        ],
        "warnings": list_warnings(plan, settings, balances),
        "not_checked": list_not_checked(plan, balances, comparison),
        **({"labels": list(campaign.labels)} if campaign.labels else {}),
        **({"change": change_json(change, settings.zone)} if change else {}),
    }


def _source_json(source: Source) -> dict[str, object]:
    """Give a list as it was read; sheet: of a workbook alone."""
    sheet = {"sheet": source.sheet} if source.sheet else {}
    return {"name": source.name, **sheet, "rows": source.rows, "digest": source.digest}


def _start(plan: CampaignPlan, settings: Settings, now: datetime) -> str | None:
    start = now if plan.campaign.starts_now else plan.campaign.start
    if start is None:
        return None
    return start.astimezone(settings.zone).isoformat(timespec="seconds")


def _audience_json(audience: Audience) -> dict[str, int]:
    return {
        "given": audience.given,
        "duplicates": audience.duplicates,
        "invalid": audience.invalid,
        "excluded": audience.excluded,
        "total": len(audience.mobiles),
    }


def _message_json(plan: CampaignPlan, account: Account) -> dict[str, object]:
    return {
        "bytes": plan.message.size,
        "limit": account.message_limit,
        "digest": plan.message.digest,
        "frames": [
            {
                "duration": frame.duration,
                "parts": [{"type": part.type, "bytes": len(part.payload)} for part in frame.parts],
            }
            for frame in plan.campaign.message.frames
        ],
    }
