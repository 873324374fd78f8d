"""Shows plans before anything is sent: as text for people, as JSON for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.changes import Kind
from runner.cli.differences import change_json, list_differences
from runner.cli.tables import count
from runner.dispatch.policy import covers
from runner.model.recipient import mask_mobiles
from runner.plan import Action, StoredCampaign, plan_digest
from runner.workspace.masking import show_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from runner.cli.since import Comparison
    from runner.model.account import Account, Settings
    from runner.model.campaign import Audience, Source
    from runner.model.outcome import Balance
    from runner.plan import CampaignPlan

ACTION_WORDS = {
    Action.SCHEDULE: "would go out at its start",
    Action.DRAFT: "only `mms-runner run {id}` sends it",
    Action.CHANGE: "the file has changed; the new plan replaces the kept one",
    Action.UNCHANGED: "kept as it is",
    Action.FROZEN: "has begun, with this very content",
    Action.DRIFTED: "has begun with another content",
    Action.LATE: "would not go out by itself",
    Action.HELD: "would not go out",
    Action.PAUSED: "does not go out for as long as that stands",
    Action.CANCEL: "what is not sent of it stays unsent",
    Action.DONE: "nothing is left to send",
    Action.UNKNOWN: "whether it was sent cannot be told",
}


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
            "problems": [
                f"{error.file}: {error.message}; {error.hint}" for error in comparison.errors
            ],
            "settings_changed": comparison.new_settings or comparison.new_workspace,
            "removed": [
                {"id": change.id, "file": change.file}
                for change in comparison.changes.values()
                if change.kind is Kind.REMOVED
            ],
        }
    return document


def describe_plans(
    plans: Sequence[CampaignPlan],
    settings: Settings,
    balances: Mapping[str, Balance],
    comparison: Comparison | None = None,
) -> str:
    """Tell a person what would be sent; parameters as of `plans_json`."""
    if not plans and not comparison:
        return "The workspace has no campaign."
    blocks = list(_describe_comparison(comparison)) if comparison else []
    blocks += [_describe_plan(plan, settings, balances, comparison) for plan in plans]
    return "\n\n".join(blocks)


def _describe_comparison(comparison: Comparison) -> Iterator[str]:
    """Say what concerns no single plan."""
    kinds = [change.kind for change in comparison.changes.values()]
    counts = [f"{kinds.count(kind)} {kind}" for kind in Kind if kind in kinds]
    yield f"Since {comparison.commit[:8]}: {', '.join(counts) or 'no campaign has changed'}."
    if comparison.new_workspace:
        yield "The workspace was not there: every campaign is new."
    if comparison.new_settings:
        yield "runner.yaml has changed too: look at it, it is not compared here."
    for change in comparison.changes.values():
        if change.kind is Kind.REMOVED:
            yield f"{change.id}: removed"


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
        "sources": [
            {
                "name": source.name,
                "sheet": source.sheet,
                "rows": source.rows,
                "digest": source.digest,
            }
            for source in campaign.audience.sources
        ],
        "message": _message_json(plan, settings.accounts[campaign.account]),
        "batches": [
            {
                "seq": batch.seq,
                "recipients": len(batch.mobiles),
                "request_bytes": batch.request_bytes,
                "digest": batch.digest,
            }
            for batch in plan.batches
        ],
        "warnings": list_warnings(plan, settings, balances),
        "not_checked": list_not_checked(plan, balances, comparison),
        **({"change": change_json(change, settings.zone)} if change else {}),
    }


def _describe_changes(plan: CampaignPlan, settings: Settings) -> list[str]:
    """Say what would be another than what was scheduled; nothing for one that was not."""
    stored = plan.stored
    if plan.action is not Action.CHANGE or not isinstance(stored, StoredCampaign):
        return []
    campaign = plan.campaign
    pairs = {
        "title": (mask_mobiles(stored.title), mask_mobiles(campaign.message.title)),
        "account": (stored.account, campaign.account),
        "start": (_moment(stored.start, settings), _moment(campaign.start, settings)),
        "recipients": (f"{stored.recipients:,}", f"{len(campaign.audience.mobiles):,}"),
    }
    if campaign.starts_now:
        del pairs["start"]
    changes = [f"{name} {old} -> {new}" for name, (old, new) in pairs.items() if old != new]
    return [f"changed: {change}" for change in changes or ["the message, or who gets it"]]


def _moment(moment: datetime | None, settings: Settings) -> str:
    return f"{moment.astimezone(settings.zone):%F %R}" if moment else "none"


def list_not_checked(
    plan: CampaignPlan, balances: Mapping[str, Balance], comparison: Comparison | None = None
) -> list[str]:
    """Name what this machine, or this command, cannot judge."""
    missing = plan.campaign.audience.missing
    names = [] if plan.campaign.account in balances else ["balance"]
    names += [f"list {name}" for name in missing]
    if missing and plan.campaign.expect:
        names.append("expect")
    if comparison and plan.campaign.id in comparison.uncertain:
        names.append("whether it was sent before")
    return names


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


def _start(plan: CampaignPlan, settings: Settings, now: datetime) -> str | None:
    start = now if plan.campaign.starts_now else plan.campaign.start
    if start is None:
        return None
    return start.astimezone(settings.zone).isoformat(timespec="seconds")


def list_warnings(
    plan: CampaignPlan, settings: Settings, balances: Mapping[str, Balance]
) -> list[str]:
    """Say why it would not go out as it stands, and what somebody should look at."""
    warnings = [plan.reason] if plan.reason else []
    warnings += _describe_changes(plan, settings)
    warnings += plan.warnings
    balance = balances.get(plan.campaign.account)
    total = len(plan.campaign.audience.mobiles)
    if balance and not covers(balance, total):
        warnings.append(f"the balance of {balance.left} does not cover {total} recipients")
    return warnings


def _describe_plan(
    plan: CampaignPlan,
    settings: Settings,
    balances: Mapping[str, Balance],
    comparison: Comparison | None,
) -> str:
    campaign, audience = plan.campaign, plan.campaign.audience
    account = settings.accounts[campaign.account]
    start = campaign.start.astimezone(settings.zone) if campaign.start else None
    total = len(audience.mobiles)
    counted = (
        f"{total:,} = {audience.given:,} given - {audience.duplicates:,} duplicates"
        f" - {audience.invalid:,} invalid - {audience.excluded:,} excluded"
    )
    frames = count(len(campaign.message.frames), "frame")
    size = f"{plan.message.size:,} of {account.message_limit:,} bytes in {frames}"
    lines = [
        f"{campaign.id}: {plan.action}, {ACTION_WORDS[plan.action].format(id=campaign.id)}",
        *_describe_change(campaign.id, comparison, settings),
        f"  title       {mask_mobiles(campaign.message.title)}",
        f"  start       {start or ('now' if campaign.starts_now else 'none')}",
        f"  recipients  {counted}",
        *(
            f"              {count(source.rows, 'row')} in {_name_source(source)}"
            for source in audience.sources
        ),
        f"  message     {size}",
        f"  requests    {_describe_batches(plan)} by account {account.name}",
        *(f"  {name:<11} {value}" for name, value in list_times(plan, settings)),
        *(f"  warning     {warning}" for warning in list_warnings(plan, settings, balances)),
    ]
    if balance := balances.get(account.name):
        lines.append(f"  balance     {balance.left}")
    lines += [f"  not checked {what}" for what in list_not_checked(plan, balances, comparison)]
    return "\n".join(lines)


def _name_source(source: Source) -> str:
    return f"{source.name}:{show_name(source.sheet)}" if source.sheet else source.name


def _describe_change(
    campaign: str, comparison: Comparison | None, settings: Settings
) -> Iterator[str]:
    if comparison is None:
        return
    change = comparison.changes[campaign]
    yield f"  {change.kind:<11} since {comparison.commit[:8]}"
    for difference in list_differences(change, settings.zone):
        yield f"              {difference.name}: {difference}"


def list_times(plan: CampaignPlan, settings: Settings) -> Iterator[tuple[str, str]]:
    """Give what else decides when, and whether, it goes out, where it says so."""
    campaign, account = plan.campaign, settings.accounts[plan.campaign.account]
    hours = [str(stretch) for stretch in (account.hours, campaign.hours) if stretch]
    if hours:
        yield "hours", " and ".join(dict.fromkeys(hours))
    if campaign.until:
        yield "until", _moment(campaign.until, settings)
    if campaign.starts_at_gateway:
        yield "submitted", "now: the gateway itself waits for the start"
    if campaign.again:
        yield "again", f"{', '.join(campaign.again)}, and that is meant"
    if account.pace:
        yield "pace", f"{account.pace:,} people a minute"


def _describe_batches(plan: CampaignPlan) -> str:
    sizes = [f"{len(batch.mobiles):,}" for batch in plan.batches[:5]]
    more = ["…"] if len(plan.batches) > len(sizes) else []
    largest = max((batch.request_bytes for batch in plan.batches), default=0)
    people = "person" if sizes == ["1"] else "people"
    shares = " + ".join(sizes + more)
    return f"{len(plan.batches):,} ({shares} {people}), up to {largest:,} bytes each,"
