"""What would be sent, as a value: campaign + account + what the store knows + the time -> plan.

A plan carries its own verdict (``action``) and the reason for it, and everything that the store
keeps when it is put into force. Nothing here reads a file or a clock.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from runner.codec.content import PackedMessage, pack_message
from runner.codec.digest import digest_of
from runner.codec.requests import join_numbers, measure_send
from runner.due import find_unfit, is_too_late, next_opening
from runner.language import N_
from runner.lifecycle import CampaignState
from runner.model.campaign import Wish
from runner.model.findings import WORTH_A_NOTE, Findings, digest_people
from runner.timing import format_duration, gateway_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, tzinfo

    from runner.model.account import Account
    from runner.model.campaign import Audience, Campaign


# An id that YAML reads as the text that it is.
_PLAIN = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z][\w./-]*|\w+/[\w./-]+",
    re.ASCII | re.IGNORECASE,
)


_DRIFTED = N_(
    "the file differs from what was sent, and changes nothing of it:"
    " to send something new, copy it to a new file name: `mms-runner copy {campaign} NEW`"
)


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
    PAUSED = "paused"  # its file or a person keeps it from going out
    CANCEL = "cancel"  # what is not sent of it stays unsent
    DONE = "done"  # nothing of it is left to send
    UNKNOWN = "unknown"  # the state is there but cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCampaign:
    """What the store knows of a campaign.

    frozen: something of it was claimed, or a person cancelled it: its file changes nothing more.
    contents: the digest of all its requests; brake: what a person keeps it with, None for nothing.
    reason: why it is in its state; again: what it knowingly repeats, as its file said.
    """

    state: CampaignState
    digest: str
    frozen: bool
    contents: str | None = None
    title: str = ""
    account: str = ""
    start: datetime | None = None
    recipients: int = 0
    brake: str | None = None
    reason: str | None = None
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """Another campaign that sends the same message to many of the same people.

    shared: how many of the `people` of the one that is judged it reaches, reached or may have.
    again: what the file of that one would name where it is meant, in full.
    """

    campaign: str
    shared: int
    people: int
    again: tuple[str, ...]

    def __str__(self) -> str:
        """Say it to a person, and what to do."""
        names = [
            name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
            for name in self.again
        ]
        again = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
        return N_(
            "already sent as {campaign} to {shared} of its {people} recipients:"
            " write `again: {again}` into its file if that is meant, else change its recipients,"
            " delete it, or give a renamed file its old name back"
        ).format(
            campaign=self.campaign,
            shared=f"{self.shared:,}",
            people=f"{self.people:,}",
            again=again,
        )


def is_repeated(shared: int, people: int, others: int) -> bool:
    """Whether more than 5 % of the smaller of two campaigns with one message get it twice.

    Of the smaller: a copy with a longer list is still a copy.
    """
    return 20 * shared > min(people, others)


class UnreadableState:
    """Stands for what the store knows where it cannot be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBatch:
    """What one request would carry.

    seq: 1-based within the campaign.
    request_bytes and digest: of the form body with empty credentials and without extno.
    join: gives its numbers, which may have to be gathered first.
    """

    seq: int
    recipients: int
    request_bytes: int
    digest: str
    join: Callable[[], str] = field(repr=False, compare=False)

    @property
    def numbers(self) -> str:
        """Its numbers, ascending and joined by commas."""
        return self.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """One campaign's part of a plan.

    batch_size: the most people of one request.
    contents: the digest of all its requests; guard: what would hold it, whatever the store knows.
    stored: what the store knew of it.
    reason: why it is held, late, paused, cancelled or drifted, else None.
    """

    campaign: Campaign
    digest: str
    action: Action
    reason: str | None
    message: PackedMessage
    batch_size: int
    batches: tuple[PlannedBatch, ...]
    contents: str
    guard: str | None
    stored: StoredCampaign | UnreadableState | None
    warnings: tuple[str, ...]

    def is_changed(self, stored: StoredCampaign) -> bool:
        """Whether its files, or what they would send, differ from what is stored."""
        return _differs(stored, self.campaign, self.digest, self.contents)

    @property
    def latest_until(self) -> datetime | None:
        """Up to when it may begin by itself; None for always."""
        start = self.campaign.start
        return start + self.campaign.latest if start else None

    @property
    def fresh_until(self) -> datetime | None:
        """When the first of its lists becomes too old; None for never."""
        ends = [
            source.modified + source.named.max_age
            for source in self.campaign.audience.sources
            if source.modified and source.named and source.named.max_age
        ]
        return min(ends, default=None)


def plan_campaign(
    campaign: Campaign,
    account: Account,
    stored: StoredCampaign | UnreadableState | None,
    now: datetime,
    zone: tzinfo,
    *,
    sending: bool = False,
    before: CampaignPlan | None = None,
    findings: Findings | None = None,
) -> CampaignPlan:
    """Plan one campaign; whether it was sent under another name is asked by `rejudge`.

    zone: the one in which `hours` are meant.
    sending: it is to go out from this machine, so a list that is not here holds it.
    before: an earlier plan; what the same campaign would send is taken from it.
    findings: what is known of long ones, so that they need not be cut anew to be compared.
    """
    if before and before.campaign == campaign and before.batch_size == account.batch_size:
        message, digest, batches = before.message, before.digest, before.batches
    else:
        message = pack_message(campaign.message)
        digest = campaign_digest(campaign, message)
        batches = _cut(campaign, account.batch_size, message, findings)
    contents = digest_of("".join(batch.digest for batch in batches).encode())
    missing = _name_missing(campaign.audience)
    guard = find_guard(campaign, account, zone, now) or (missing if sending else None)
    judge = _Judge(campaign=campaign, digest=digest, contents=contents, guard=guard, now=now)
    action, reason = judge.judge(stored)
    return CampaignPlan(
        campaign=campaign,
        digest=digest,
        action=action,
        reason=reason,
        message=message,
        batch_size=account.batch_size,
        batches=batches,
        contents=contents,
        guard=guard,
        stored=stored,
        warnings=tuple(
            warning
            for warning in (
                _name_skipped(campaign.audience),
                _warn_of_missing(missing) if missing and missing != reason else None,
            )
            if warning
        ),
    )


def rejudge(
    plan: CampaignPlan,
    stored: StoredCampaign | UnreadableState | None,
    twin: Twin | None,
    now: datetime,
) -> CampaignPlan:
    """Judge a plan anew by what the store knows by now; what it would send stays the same.

    twin: as which other campaign it was sent already.
    """
    judge = _Judge(
        campaign=plan.campaign,
        digest=plan.digest,
        contents=plan.contents,
        guard=plan.guard or (str(twin) if twin else None),
        now=now,
    )
    action, reason = judge.judge(stored)
    return replace(plan, action=action, reason=reason, stored=stored)


def campaign_digest(campaign: Campaign, message: PackedMessage) -> str:
    """Digest what the files say: message, recipients, start and account as written.

    The same on every machine; no clock, state or secret enters. A list of the settings, which a
    machine may lack, enters by its name.
    """
    audience = campaign.audience
    own = audience.mobiles if audience.own is None else audience.own
    facts: dict[str, object] = {
        "account": campaign.account_as_written,
        "message": message.digest,
        "recipients": digest_people(own),
        "start": campaign.start_as_written,
    }
    if audience.lists or audience.excluded_lists:
        facts["lists"] = [audience.lists, audience.excluded_lists]
    return digest_of(json.dumps(facts, sort_keys=True).encode())


def plan_digest(plans: Iterable[CampaignPlan]) -> str:
    """Digest a whole plan by its campaigns."""
    return digest_of(json.dumps([[plan.campaign.id, plan.digest] for plan in plans]).encode())


def find_guard(campaign: Campaign, account: Account, zone: tzinfo, now: datetime) -> str | None:
    """Say which guard keeps a campaign from going out, and what would let it go."""
    for source in campaign.audience.sources:
        if source.named and source.modified:
            unfit = find_unfit(source.named, source.rows, source.modified, now)
            if unfit:
                return unfit
    return _find_wrong_start(campaign, account, zone) or _find_wrong_count(campaign, account)


def _find_wrong_count(campaign: Campaign, account: Account) -> str | None:
    total = len(campaign.audience.mobiles)
    if not total and not campaign.audience.missing:
        return N_("nobody is left to send it to: everybody is on a list that is excluded")
    # Who is on a list that is not here cannot be counted.
    expect = None if campaign.audience.missing else campaign.expect
    if expect and not expect.least <= total <= expect.most:
        wanted = (
            str(expect.least) if expect.least == expect.most else f"{expect.least}-{expect.most}"
        )
        return N_(
            "`expect` says {wanted} recipients, but it has {total}: correct the lists, or"
            " `expect.recipients`"
        ).format(wanted=wanted, total=total)
    if account.recipient_limit is not None and total > account.recipient_limit:
        return N_(
            "account {account} allows a campaign {limit} recipients, but it has {total}: split"
            " it, or raise `limits.recipients`"
        ).format(account=account.name, limit=account.recipient_limit, total=total)
    return None


def _find_wrong_start(campaign: Campaign, account: Account, zone: tzinfo) -> str | None:
    """Where the gateway waits for the start, the hours are about that moment."""
    start = campaign.start if campaign.starts_at_gateway else None
    if start is None or next_opening(zone, start, account.hours, campaign.hours) == start:
        return None
    return N_("the gateway would start it outside of the `hours`: change `start`, or the hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Says what a plan would do; guard: what holds it."""

    campaign: Campaign
    digest: str
    contents: str
    guard: str | None
    now: datetime

    def judge(self, stored: StoredCampaign | UnreadableState | None) -> tuple[Action, str | None]:
        if isinstance(stored, UnreadableState):
            return Action.UNKNOWN, N_(
                "the state cannot be read, so what was sent already is not known"
            )
        if stored and stored.frozen:
            return self._judge_begun(stored)
        if self.campaign.wish is Wish.CANCELLED:
            return Action.CANCEL, name_cancel(self.campaign)
        if self.guard:
            return Action.HELD, self.guard
        if paused := self._find_pause(stored):
            return Action.PAUSED, paused
        begun = stored is not None and stored.state is CampaignState.RUNNING
        return self._judge_new(None if begun else self._find_lateness(stored), stored)

    def _judge_new(
        self, late: str | None, stored: StoredCampaign | None
    ) -> tuple[Action, str | None]:
        if late:
            return Action.LATE, late
        if stored is None:
            return (Action.DRAFT if self.campaign.is_draft else Action.SCHEDULE), None
        changed = _differs(stored, self.campaign, self.digest, self.contents)
        return (Action.CHANGE if changed else Action.UNCHANGED), None

    def _judge_begun(self, stored: StoredCampaign) -> tuple[Action, str | None]:
        if stored.state is CampaignState.CANCELLED:
            return Action.CANCEL, stored.reason or N_("it is cancelled")
        if stored.digest != self.digest:
            return Action.DRIFTED, _DRIFTED.format(campaign=self.campaign.id)
        if stored.state is CampaignState.FINISHED:
            return Action.DONE, None
        if self.campaign.wish is Wish.CANCELLED:
            return Action.CANCEL, name_cancel(self.campaign)
        paused = self._find_pause(stored)
        return (Action.PAUSED, paused) if paused else (Action.FROZEN, None)

    def _find_pause(self, stored: StoredCampaign | None) -> str | None:
        if self.campaign.wish is Wish.PAUSED:
            return name_pause(self.campaign)
        return stored.brake if stored else None

    def _find_lateness(self, stored: StoredCampaign | None) -> str | None:
        if self.campaign.until and self.campaign.until <= self.now:
            return N_("its `until` has passed: set a later one")
        start, latest = self.campaign.start, self.campaign.latest
        if start is None or not is_too_late(start + latest, self.now):
            return None
        late = N_("its start passed more than {ago} ago: give it a new `start`")
        if stored is not None and stored.state is CampaignState.MISSED:
            late = N_(
                "its start passed more than {ago} ago: give it a new `start`, or"
                " `mms-runner resume {campaign}`"
            )
        return late.format(ago=format_duration(latest), campaign=self.campaign.id)


def name_cancel(campaign: Campaign) -> str:
    """Say that a campaign's file cancels it."""
    return N_("`state: cancelled` in {file}").format(file=campaign.file)


def name_pause(campaign: Campaign) -> str:
    """Say that a campaign's file keeps it, and what would let it go."""
    return N_("`state: paused` in {file}: take it out to let it go on").format(file=campaign.file)


def _cut(
    campaign: Campaign, batch_size: int, message: PackedMessage, findings: Findings | None
) -> tuple[PlannedBatch, ...]:
    """Cut the recipients into batches; what is known of those of long lists is not cut again."""
    mobiles = campaign.audience.mobiles
    start = campaign.start if campaign.starts_at_gateway else None
    starttime = gateway_time(start) if start else ""
    if findings is None or campaign.audience.looked_through < WORTH_A_NOTE:
        findings = Findings()
    firsts = range(0, len(mobiles), batch_size)
    joins = [partial(_join, mobiles, slice(first, first + batch_size)) for first in firsts]
    subject = json.dumps(["requests", campaign.id])
    contents = [digest_people(mobiles), message.digest, batch_size, starttime]
    measured = findings.find(subject, contents)
    if measured is None:
        joins = [partial(str, join()) for join in joins]  # whoever keeps them sorts nothing again
        measured = [measure_send(message, join(), starttime=starttime) for join in joins]
        findings.note(subject, contents, measured)
    return tuple(
        PlannedBatch(
            seq=seq,
            recipients=min(batch_size, len(mobiles) - first),
            request_bytes=request_bytes,
            digest=digest,
            join=join,
        )
        for seq, (first, join, (request_bytes, digest)) in enumerate(
            zip(firsts, joins, measured, strict=True), start=1
        )
    )


def _join(mobiles: Sequence[int], which: slice) -> str:
    # Ascending, as the store gives them back: what is sent is what was planned, to the byte.
    return join_numbers(sorted(mobiles[which]))


def _differs(stored: StoredCampaign, campaign: Campaign, digest: str, contents: str) -> bool:
    if stored.digest != digest:
        return True
    # What a list that is not here holds cannot be compared.
    return not campaign.audience.missing and stored.contents not in (None, contents)


def _name_missing(audience: Audience) -> str | None:
    if not audience.missing:
        return None
    names = ", ".join(f"`{name}`" for name in audience.missing)
    lost = N_("list {names} of the settings cannot be found on this machine: bring the file back")
    if len(audience.missing) > 1:
        lost = N_(
            "lists {names} of the settings cannot be found on this machine: bring the file back"
        )
    return lost.format(names=names)


def _warn_of_missing(missing: str) -> str:
    return N_("here it would not go out: {missing}").format(missing=missing)


def _name_skipped(audience: Audience) -> str | None:
    if not audience.invalid:
        return None
    more = audience.invalid - len(audience.invalid_places)
    skipped = (
        N_("{count} skipped as invalid: {places} and {more} more")
        if more
        else N_("{count} skipped as invalid: {places}")
    )
    return skipped.format(
        count=audience.invalid, places=", ".join(audience.invalid_places), more=more
    )
