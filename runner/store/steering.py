"""A person's hand on what goes out: pause, resume and cancel, as the commands of these names do.

Each is one short transaction beside whoever sends, and holds from the next claim on. What is in
flight is never recalled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.due import is_too_late
from runner.errors import WrongUsage
from runner.language import N_
from runner.lifecycle import CAMPAIGN, BrakeSource, CampaignEvent, CampaignState
from runner.store.accounts import ensure_accounts, release_account
from runner.store.brakes import Subject, lift_brake, read_brakes, set_brake
from runner.store.events import record_event
from runner.store.outcomes import complete_if_done
from runner.store.planning import (
    cancel_campaign,
    list_live_campaigns,
    move_campaign,
    read_fact,
    read_facts,
)
from runner.store.twins import Twins
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from datetime import datetime

    from runner.plan import StoredCampaign
    from runner.store.brakes import Brake
    from runner.store.transaction import Transaction

# What would begin by itself, or has begun, and was never claimed.
_UNCLAIMED = """
    SELECT id, account, latest_until FROM campaigns
    WHERE state IN ('scheduled', 'running') AND frozen_at IS NULL AND latest_until IS NOT NULL
"""

_MISSED = "SELECT id FROM campaigns WHERE state = 'missed'"

_FREEZE = "UPDATE campaigns SET frozen_at = :now, reason = :reason WHERE id = :campaign"

_POLL_AGAIN = """
    UPDATE accounts SET reports_stopped = NULL WHERE name = :name AND reports_stopped IS NOT NULL
"""

_OVER = {
    CampaignState.FINISHED: N_("{campaign} is finished: nothing of it is left to pause"),
    CampaignState.CANCELLED: N_("{campaign} is cancelled: nothing of it is left to pause"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What a person let go on; all empty where nothing had stopped it.

    lifted: the brake; restarted: the state in which the campaign had stopped.
    held: why the campaign, which was missed, does not start: it was sent under another name.
    released: the account was suspended or low; polled: its reports had stopped.
    missed: campaigns that the brake had kept until it was too late for them.
    """

    lifted: Brake | None = None
    restarted: CampaignState | None = None
    held: str | None = None
    released: bool = False
    polled: bool = False
    missed: tuple[str, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether it changed anything."""
        return bool(self.lifted or self.restarted or self.held or self.released or self.polled)


def pause(transaction: Transaction, brake: Brake, now: datetime) -> Brake | None:
    """Set a brake; gives the one that a person had set there before, None where there was none.

    A reason takes the place of the one before; none leaves it.
    Raises WrongUsage for a campaign that has come to its end.
    """
    stored = _read_campaign(transaction, brake)
    if stored and stored.state in _OVER:
        raise WrongUsage(_OVER[stored.state].format(campaign=brake.name))
    known = _find_same(transaction, brake)
    if known is None or brake.reason:
        set_brake(transaction, brake, now)
    return known


def resume(transaction: Transaction, brake: Brake, now: datetime) -> Resumed:
    """Lift a brake and whatever else a person alone can lift of its subject.

    A halted campaign goes on, a missed one starts now; an account that is suspended or low is tried
    again. What became too late under the brake is missed, and waits for a second word; what was
    missed, and was sent under another name, is held.
    """
    before = _list_missed(transaction)
    stored = _read_campaign(transaction, brake)
    lifted = _find_same(transaction, brake)
    if lifted:
        lift_brake(transaction, brake, now)
        _miss_late(transaction, brake, now)
    # By the state in which it stood before: what was missed just now waits for a second word.
    held = _hold_twin(transaction, brake.name, stored.state, now) if stored else None
    restarted = stored and not held and _restart(transaction, brake.name, stored.state, now)
    is_account = brake.subject is Subject.ACCOUNT
    return Resumed(
        lifted=lifted,
        restarted=stored.state if stored and restarted else None,
        held=held,
        released=is_account and _release(transaction, brake.name, now),
        polled=is_account and _poll_again(transaction, brake.name, now),
        missed=tuple(sorted(_list_missed(transaction) - before)),
    )


def may_cancel(transaction: Transaction, campaign: str) -> bool:
    """Whether a campaign is not cancelled for good yet.

    Raises WrongUsage where nothing is left to cancel.
    """
    stored = read_fact(transaction, campaign)
    if stored and stored.state is CampaignState.FINISHED:
        raise WrongUsage(
            N_("{campaign} is finished: nothing is left to cancel").format(campaign=campaign)
        )
    return not (stored and stored.frozen and stored.state is CampaignState.CANCELLED)


def cancel_for_good(transaction: Transaction, campaign: str, now: datetime, *, reason: str) -> None:
    """Cancel what is not sent of a campaign, if it `may_cancel`; its file never takes it back."""
    stored = read_facts(transaction, [campaign])[campaign]
    if stored.state is not CampaignState.CANCELLED:
        cancel_campaign(transaction, campaign, now, reason=reason, for_good=True)
        return
    transaction.execute(_FREEZE, {"campaign": campaign, "now": stamp(now), "reason": reason})
    record_event(
        transaction,
        now=now,
        subject="campaign",
        name=campaign,
        old_state=CampaignState.CANCELLED,
        new_state=CampaignState.CANCELLED,
        reason=f"for good: {reason}",
    )


def list_cancellable(transaction: Transaction, brake: Brake) -> list[str]:
    """Name the campaigns, of those that a brake would stop, of which something can be cancelled."""
    return [
        name
        for name, stored in read_facts(transaction, list_live_campaigns(transaction)).items()
        if brake.covers(name, stored.account) and CampaignEvent.CANCEL in CAMPAIGN[stored.state]
    ]


def _read_campaign(transaction: Transaction, brake: Brake) -> StoredCampaign | None:
    return read_fact(transaction, brake.name) if brake.subject is Subject.CAMPAIGN else None


def _find_same(transaction: Transaction, brake: Brake) -> Brake | None:
    key = (brake.subject, brake.name, brake.source)
    return next(
        (
            known
            for known in read_brakes(transaction)
            if (known.subject, known.name, known.source) == key
        ),
        None,
    )


def _hold_twin(
    transaction: Transaction, campaign: str, state: CampaignState, now: datetime
) -> str | None:
    """Hold a missed campaign that was sent under another name; says why, None for any other."""
    if state is not CampaignState.MISSED:
        return None
    twin = Twins(transaction, now).find_kept(campaign)
    if twin is None:
        return None
    move_campaign(transaction, campaign, CampaignEvent.HOLD, now, reason=str(twin))
    return str(twin)


def _restart(transaction: Transaction, campaign: str, state: CampaignState, now: datetime) -> bool:
    """Let a campaign go on that waits for a person; says whether it did."""
    if state is CampaignState.MISSED:
        move_campaign(transaction, campaign, CampaignEvent.RESUME, now, start=now)
    elif state is CampaignState.HALTED:
        move_campaign(transaction, campaign, CampaignEvent.RESUME, now)
        complete_if_done(transaction, campaign, now)
    else:
        return False
    return True


def _release(transaction: Transaction, account: str, now: datetime) -> bool:
    ensure_accounts(transaction, [account], now)
    return release_account(transaction, account, now, reason=N_("a person wants it tried again"))


def _poll_again(transaction: Transaction, account: str, now: datetime) -> bool:
    if not transaction.execute(_POLL_AGAIN, {"name": account}).rowcount:
        return False
    reason = "a person wants them polled again"
    record_event(transaction, now=now, subject="report", name=account, reason=reason)
    return True


def _miss_late(transaction: Transaction, lifted: Brake, now: datetime) -> None:
    """Miss what this brake kept until it was too late, and no other keeps."""
    others = [brake for brake in read_brakes(transaction) if brake.source is not BrakeSource.GUARD]
    for row in transaction.execute(_UNCLAIMED).fetchall():
        kept = any(brake.covers(row.id, row.account) for brake in others)
        late = is_too_late(unstamp(row.latest_until), now)
        if lifted.covers(row.id, row.account) and late and not kept:
            reason = N_("it was paused until its start had passed by more than `latest`")
            move_campaign(transaction, row.id, CampaignEvent.MISS, now, reason=reason)


def _list_missed(transaction: Transaction) -> set[str]:
    return set(transaction.execute(_MISSED).scalars())
