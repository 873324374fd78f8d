"""What would be sent, as a value: campaign + account + what the store knows + the time -> plan.

A plan carries its own verdict (``action``) and the reason for it, and everything that the store
keeps when it is put into force. Nothing here reads a file or a clock.
"""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.codec.content import PackedMessage, pack_message
from runner.codec.digest import digest_of
from runner.codec.requests import measure_send
from runner.lifecycle import CampaignState
from runner.timing import format_duration, is_late

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from runner.model.account import Account
    from runner.model.campaign import Audience, Campaign


class Action(StrEnum):
    """What a plan would do with a campaign."""

    SCHEDULE = "schedule"  # new: it would be sent at its start
    DRAFT = "draft"  # it has no start: only `run NAME` sends it
    CHANGE = "change"  # scheduled before, not started, and the file has changed
    UNCHANGED = "unchanged"  # scheduled before, and the file is the same
    FROZEN = "frozen"  # it has begun, and the file is what was sent
    DRIFTED = "drifted"  # it has begun, and the file differs from what was sent
    LATE = "late"  # past `latest`: it would not go out by itself
    HELD = "held"  # a guard is not met
    DONE = "done"  # nothing of it is left to send
    UNKNOWN = "unknown"  # the state is there but cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCampaign:
    """What the store knows of a campaign; frozen: something of it was claimed."""

    state: CampaignState
    digest: str
    frozen: bool


class UnreadableState:
    """Stands for what the store knows where it cannot be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBatch:
    """What one request would carry.

    seq: 1-based within the campaign; mobiles: ascending.
    request_bytes and digest: of the form body with empty credentials and without extno.
    """

    seq: int
    mobiles: array[int]
    request_bytes: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """One campaign's part of a plan; reason: why it is held, late or drifted, else None."""

    campaign: Campaign
    digest: str
    action: Action
    reason: str | None
    message: PackedMessage
    batches: tuple[PlannedBatch, ...]
    warnings: tuple[str, ...]


def plan_campaign(
    campaign: Campaign,
    account: Account,
    stored: StoredCampaign | UnreadableState | None,
    now: datetime,
) -> CampaignPlan:
    """Plan one campaign."""
    message = pack_message(campaign.message)
    digest = campaign_digest(campaign, message)
    action, reason = _judge(campaign, account, digest, stored, now)
    return CampaignPlan(
        campaign=campaign,
        digest=digest,
        action=action,
        reason=reason,
        message=message,
        batches=tuple(_cut(campaign.audience.mobiles, account.batch_size, message)),
        warnings=_name_skipped(campaign.audience),
    )


def campaign_digest(campaign: Campaign, message: PackedMessage) -> str:
    """Digest what the files say: message, recipients, start and account as written.

    The same on every machine; no clock, state or secret enters.
    """
    facts = {
        "account": campaign.account_as_written,
        "message": message.digest,
        "recipients": hashlib.sha256(_little_endian(campaign.audience.mobiles)).hexdigest(),
        "start": campaign.start_as_written,
    }
    return digest_of(json.dumps(facts, sort_keys=True).encode())


def plan_digest(plans: Iterable[CampaignPlan]) -> str:
    """Digest a whole plan by its campaigns."""
    return digest_of(json.dumps([[plan.campaign.id, plan.digest] for plan in plans]).encode())


def find_guard(campaign: Campaign, account: Account) -> str | None:
    """Say which guard keeps a campaign from going out, and what would let it go."""
    total = len(campaign.audience.mobiles)
    expect = campaign.expect
    if expect and not expect.least <= total <= expect.most:
        wanted = (
            str(expect.least) if expect.least == expect.most else f"{expect.least}-{expect.most}"
        )
        return (
            f"`expect` says {wanted} recipients, but it has {total}:"
            " correct the lists, or `expect.recipients`"
        )
    if account.recipient_limit is not None and total > account.recipient_limit:
        return (
            f"account {account.name} allows a campaign {account.recipient_limit} recipients,"
            f" but it has {total}: split it, or raise `limits.recipients`"
        )
    return None


def _judge(
    campaign: Campaign,
    account: Account,
    digest: str,
    stored: StoredCampaign | UnreadableState | None,
    now: datetime,
) -> tuple[Action, str | None]:
    if isinstance(stored, UnreadableState):
        return Action.UNKNOWN, "the state cannot be read, so what was sent already is not known"
    if stored and stored.frozen:
        return _judge_begun(stored, digest)
    if guard := find_guard(campaign, account):
        return Action.HELD, guard
    begun = stored is not None and stored.state is CampaignState.RUNNING
    if campaign.start and not begun and is_late(campaign.start, campaign.latest, now):
        latest = format_duration(campaign.latest)
        return Action.LATE, f"its start passed more than {latest} ago: give it a new `start`"
    if stored:
        return (Action.UNCHANGED if stored.digest == digest else Action.CHANGE), None
    return (Action.DRAFT if campaign.is_draft else Action.SCHEDULE), None


def _judge_begun(stored: StoredCampaign, digest: str) -> tuple[Action, str | None]:
    if stored.digest != digest:
        return Action.DRIFTED, (
            "the file differs from what was sent, and changes nothing of it:"
            " to send something new, copy it to a new file name"
        )
    finished = stored.state is CampaignState.FINISHED
    return (Action.DONE if finished else Action.FROZEN), None


def _cut(mobiles: Sequence[int], batch_size: int, message: PackedMessage) -> Iterator[PlannedBatch]:
    for seq, first in enumerate(range(0, len(mobiles), batch_size), start=1):
        # Ascending, as the store gives them back: what is sent is what was planned, to the byte.
        batch = array("Q", sorted(mobiles[first : first + batch_size]))
        request_bytes, digest = measure_send(message, batch)
        yield PlannedBatch(seq=seq, mobiles=batch, request_bytes=request_bytes, digest=digest)


def _name_skipped(audience: Audience) -> tuple[str, ...]:
    if not audience.invalid:
        return ()
    shown = ", ".join(audience.invalid_places)
    more = audience.invalid - len(audience.invalid_places)
    rest = f" and {more} more" if more else ""
    return (f"{audience.invalid} skipped as invalid: {shown}{rest}",)


def _little_endian(mobiles: Sequence[int]) -> bytes:
    numbers = array("Q", mobiles)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
