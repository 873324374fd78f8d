"""The states of campaigns, batches, accounts and recipients, and every legal change of them.

The tables are the truth: code that changes a state asks ``after`` for the new one and can make no
other change. What a state means for a person stands beside its name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

_State = TypeVar("_State", bound=StrEnum)
_Event = TypeVar("_Event", bound=StrEnum)


class IllegalTransition(Exception):  # noqa: N818 - a defect of ours, named for what it is
    """Code asked for a change that the table does not have; no user can cause it."""


class BatchState(StrEnum):
    """Where a batch stands."""

    PLANNED = "planned"  # waits for its turn
    SUBMITTING = "submitting"  # the intent to send is durable; the answer is not
    ACCEPTED = "accepted"  # the gateway took it, or a person said so
    REJECTED = "rejected"  # the gateway did not take it, and asking again would not help
    IN_DOUBT = "in_doubt"  # nobody can know; never sent again without a person's or evidence's word
    CANCELLED = "cancelled"  # will not be sent: somebody stopped it, or everybody in it opted out


class BatchEvent(StrEnum):
    """What can happen to a batch."""

    CLAIM = "claim"  # a sender takes it
    ACCEPT = "accept"  # the gateway's receipt, or a person's word
    REJECT = "reject"  # a refusal that stands
    NOT_SENT = "not sent"  # it certainly did not arrive
    DOUBT = "doubt"  # it may have arrived
    CANCEL = "cancel"  # it did not arrive, and its campaign is cancelled or nobody is left in it
    OVERRULE = "overrule"  # a person knows better than the evidence that settled it


BATCH: Mapping[BatchState, Mapping[BatchEvent, BatchState]] = {
    BatchState.PLANNED: {
        BatchEvent.CLAIM: BatchState.SUBMITTING,
        BatchEvent.CANCEL: BatchState.CANCELLED,
    },
    BatchState.SUBMITTING: {
        BatchEvent.ACCEPT: BatchState.ACCEPTED,
        BatchEvent.REJECT: BatchState.REJECTED,
        BatchEvent.NOT_SENT: BatchState.PLANNED,
        BatchEvent.DOUBT: BatchState.IN_DOUBT,
        BatchEvent.CANCEL: BatchState.CANCELLED,
    },
    # A late answer to the same claim settles doubt too: nothing knows better than it.
    BatchState.IN_DOUBT: {
        BatchEvent.ACCEPT: BatchState.ACCEPTED,
        BatchEvent.REJECT: BatchState.REJECTED,
        BatchEvent.NOT_SENT: BatchState.PLANNED,
        BatchEvent.DOUBT: BatchState.IN_DOUBT,
        BatchEvent.CANCEL: BatchState.CANCELLED,
    },
    BatchState.REJECTED: {
        BatchEvent.NOT_SENT: BatchState.PLANNED,
        BatchEvent.CANCEL: BatchState.CANCELLED,
    },
    # Only where evidence had settled it: a receipt is the gateway's own word.
    BatchState.ACCEPTED: {BatchEvent.OVERRULE: BatchState.IN_DOUBT},
    BatchState.CANCELLED: {},
}


class SettledBy(StrEnum):
    """Who settled a batch that was in doubt, where it was not a late answer of the gateway."""

    EVIDENCE = "evidence"
    PERSON = "person"


class CampaignState(StrEnum):
    """Where a campaign stands."""

    SCHEDULED = "scheduled"  # its plan is kept; it has not begun
    HELD = "held"  # a guard keeps it from beginning
    MISSED = "missed"  # its start passed too long ago; waits for a person
    RUNNING = "running"  # its batches may be claimed
    HALTED = "halted"  # an answer of the gateway stopped it
    FINISHED = "finished"  # no batch is planned or submitting; reports may still come
    CANCELLED = "cancelled"  # what was not sent stays unsent; what is in flight comes home


class CampaignEvent(StrEnum):
    """What can happen to a campaign."""

    PLAN = "plan"  # its file was read and its plan kept, before the first claim
    HOLD = "hold"  # a guard is not met
    MISS = "miss"  # it would begin later than `latest` allows
    BEGIN = "begin"  # it is due, or a person named it
    HALT = "halt"  # an answer after which the next batch would fare the same
    COMPLETE = "complete"  # its last planned batch got an outcome
    REOPEN = "reopen"  # a person sent a batch back to be sent again
    RESUME = "resume"  # a person lets it go on, or start now
    CANCEL = "cancel"  # a person, or its file, takes back what is not sent


CAMPAIGN: Mapping[CampaignState, Mapping[CampaignEvent, CampaignState]] = {
    CampaignState.SCHEDULED: {
        CampaignEvent.PLAN: CampaignState.SCHEDULED,
        CampaignEvent.HOLD: CampaignState.HELD,
        CampaignEvent.MISS: CampaignState.MISSED,
        CampaignEvent.BEGIN: CampaignState.RUNNING,
        CampaignEvent.CANCEL: CampaignState.CANCELLED,
    },
    CampaignState.HELD: {
        CampaignEvent.PLAN: CampaignState.SCHEDULED,
        CampaignEvent.HOLD: CampaignState.HELD,
        CampaignEvent.CANCEL: CampaignState.CANCELLED,
    },
    CampaignState.MISSED: {
        CampaignEvent.PLAN: CampaignState.SCHEDULED,
        # A person would start it, but it was sent under another name in the meantime.
        CampaignEvent.HOLD: CampaignState.HELD,
        CampaignEvent.RESUME: CampaignState.RUNNING,
        CampaignEvent.CANCEL: CampaignState.CANCELLED,
    },
    CampaignState.RUNNING: {
        # Before the first claim a begun campaign still follows its file, and may be kept so long
        # by its account that it comes too late.
        CampaignEvent.PLAN: CampaignState.SCHEDULED,
        CampaignEvent.MISS: CampaignState.MISSED,
        CampaignEvent.HALT: CampaignState.HALTED,
        CampaignEvent.COMPLETE: CampaignState.FINISHED,
        CampaignEvent.REOPEN: CampaignState.RUNNING,
        CampaignEvent.CANCEL: CampaignState.CANCELLED,
    },
    CampaignState.HALTED: {
        CampaignEvent.HALT: CampaignState.HALTED,
        CampaignEvent.REOPEN: CampaignState.RUNNING,
        CampaignEvent.RESUME: CampaignState.RUNNING,
        CampaignEvent.CANCEL: CampaignState.CANCELLED,
    },
    CampaignState.FINISHED: {
        CampaignEvent.HALT: CampaignState.HALTED,
        CampaignEvent.REOPEN: CampaignState.RUNNING,
    },
    CampaignState.CANCELLED: {
        # Only before the first claim, where its file had cancelled it.
        CampaignEvent.PLAN: CampaignState.SCHEDULED,
        # What was in flight comes home, whatever it brings.
        CampaignEvent.HALT: CampaignState.CANCELLED,
    },
}


class AccountState(StrEnum):
    """Whether an account may send."""

    ACTIVE = "active"
    LOW_BALANCE = "low_balance"  # the gateway said 6; asked again every five minutes
    SUSPENDED = "suspended"  # credentials, permission, or three unknown outcomes in a row


class AccountEvent(StrEnum):
    """What can happen to an account."""

    RUN_LOW = "run low"  # code 6
    TOP_UP = "top up"  # a balance query covers the next batch
    SUSPEND = "suspend"  # see AccountState.SUSPENDED
    RELEASE = "release"  # a person, changed settings or a new process: it is tried again


ACCOUNT: Mapping[AccountState, Mapping[AccountEvent, AccountState]] = {
    AccountState.ACTIVE: {
        AccountEvent.RUN_LOW: AccountState.LOW_BALANCE,
        AccountEvent.SUSPEND: AccountState.SUSPENDED,
    },
    AccountState.LOW_BALANCE: {
        AccountEvent.RUN_LOW: AccountState.LOW_BALANCE,
        AccountEvent.TOP_UP: AccountState.ACTIVE,
        AccountEvent.SUSPEND: AccountState.SUSPENDED,
        AccountEvent.RELEASE: AccountState.ACTIVE,
    },
    # Requests that were in flight when it was suspended may still bring what would stop it.
    AccountState.SUSPENDED: {
        AccountEvent.RUN_LOW: AccountState.SUSPENDED,
        AccountEvent.SUSPEND: AccountState.SUSPENDED,
        AccountEvent.RELEASE: AccountState.ACTIVE,
    },
}


class BrakeSource(StrEnum):
    """Who set a brake; each is lifted by its own source alone, and all must let go.

    A brake stops claims without changing a state: a scheduled or running campaign under one is
    shown as paused, or as held where the brake is a guard's.
    """

    COMMAND = "command"  # a person: `pause`, until `resume`
    FILE = "file"  # `state: paused`, or a file that vanished while its campaign runs
    GUARD = "guard"  # a list of `always_exclude` that cannot be used, a clock that is wrong


PAUSED = "paused"  # how a campaign, or an account, under a brake is shown


class RecipientState(StrEnum):
    """What became of one recipient: a report, else an exception of its own, else its batch's state.

    The members stand in the order in which every count of them is shown.
    """

    PENDING = "pending"  # its batch is planned or submitting
    SUBMITTED = "submitted"  # accepted by the gateway, no report yet
    DELIVERED = "delivered"  # a report says so
    FAILED = "failed"  # a report says so
    REJECTED = "rejected"  # its batch was rejected
    IN_DOUBT = "in_doubt"  # its batch is in doubt
    CANCELLED = "cancelled"  # will not be sent: a person stopped it
    UNREPORTED = "unreported"  # accepted, and no report came before the account's deadline


def after(table: Mapping[_State, Mapping[_Event, _State]], state: _State, event: _Event) -> _State:
    """Give the state that follows; raises IllegalTransition where the table has none."""
    try:
        return table[state][event]
    except KeyError:
        raise IllegalTransition(f"{state} has no way by {event!r}") from None
