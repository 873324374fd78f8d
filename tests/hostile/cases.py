"""What a case is, and how a submission, a balance query and a poll may end.

The ends are those of the gateway protocol: "What can be known after a POST", the table of codes,
and "query".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from runner.lifecycle import AccountState, BatchState, CampaignState

if TYPE_CHECKING:
    from hostile.stage import Setup

BATCH, REST, BALANCE = "the batch", "the rest", "a balance query"
TASKS = ("1001", "1002")  # of the two batches, where a gateway that is well accepts them


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """Where a batch, its campaign and its account stand after a submission.

    then: what a gateway hears that is well again, in this order.
    """

    batch: BatchState
    campaign: CampaignState = CampaignState.RUNNING
    account: AccountState = AccountState.ACTIVE
    then: tuple[str, ...] = (REST,)


class End(Enum):
    """How a submission may end, in the protocol's words."""

    NOT_SENT = States(batch=BatchState.PLANNED, then=(BATCH, REST))
    ACCEPTED = States(batch=BatchState.ACCEPTED)
    IN_DOUBT = States(batch=BatchState.IN_DOUBT, then=(BALANCE, REST))
    IN_DOUBT_HALTED = States(batch=BatchState.IN_DOUBT, campaign=CampaignState.HALTED, then=())
    REJECTED = States(batch=BatchState.REJECTED, campaign=CampaignState.HALTED, then=())
    SUSPENDED = States(batch=BatchState.PLANNED, account=AccountState.SUSPENDED, then=())
    LOW_BALANCE = States(
        batch=BatchState.PLANNED, account=AccountState.LOW_BALANCE, then=(BALANCE, BATCH, REST)
    )
    RETRIED = States(batch=BatchState.PLANNED, then=(REST, BATCH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A submission. does: what the gateway does; heard: how many requests reach it.

    hangs: only the deadline ends it.
    """

    does: str
    setup: Setup
    end: End
    heard: int
    hangs: bool = False


class Next(Enum):
    """What an account does after a balance query that it needs before it may go on."""

    GOES_ON = (REST,)
    ASKS_AGAIN = (BALANCE, REST)
    STOPS = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A balance query after a batch in doubt: nothing goes out before it succeeds.

    does, heard, hangs: as of a submission.
    """

    does: str
    setup: Setup
    end: Next
    heard: int = 1
    hangs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is left of a poll for four reports.

    applied: reports that found their recipients; unread: pieces in quarantine.
    kept: whether the answer is in the journal as it came; halved: the next query asks for fewer.
    goes_on: reports are polled for further.
    """

    applied: int = 0
    unread: int = 0
    kept: bool = True
    halved: bool = True
    goes_on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """A poll for delivery reports. does, heard, hangs: as of a submission."""

    does: str
    setup: Setup
    end: Kept
    heard: int = 1
    hangs: bool = False
