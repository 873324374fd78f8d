"""Campaigns, plans and accounts as values, without files; and a clock that a test moves by hand."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from runner.dispatch.pump import Pump
from runner.lifecycle import CampaignEvent
from runner.model.account import Account, Credentials, SecretKind, SecretRef, Timeouts
from runner.model.campaign import Audience, Campaign, Frame, Message, Part, PartType
from runner.plan import CampaignPlan, plan_campaign
from runner.store.claims import claim_batch
from runner.store.outcomes import BatchChange, change_batch, find_claimed
from runner.store.planning import keep_plan, move_campaign
from runner.store.progress import read_accounts, read_campaigns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.dispatch.pump import SendEndpoint
    from runner.lifecycle import BatchEvent
    from runner.store.claims import Claim
    from runner.store.database import Database
    from runner.store.progress import AccountStatus, CampaignStatus

# Past the real time, which the views of the state ask for to tell who is overdue.
NOW = datetime(2035, 9, 16, 1, 0, tzinfo=UTC)
FIRST = 13800138000
SECOND = timedelta(seconds=1)


class Clock:
    """Tells a time that only a test moves; stride: how far each look moves it by itself."""

    def __init__(self, now: datetime = NOW, stride: timedelta = timedelta()) -> None:
        self.now = now
        self.stride = stride

    def __call__(self) -> datetime:
        self.now += self.stride
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def make_account(name: str = "main", **changes: Any) -> Account:
    secret = SecretRef(kind=SecretKind.ENV, name="MMS_PASSWORD")
    facts = {
        "url": "http://127.0.0.1:9",
        "userid": "12",
        "account": "sandbox",
        "password": secret,
        "timeout": Timeouts(connect=SECOND, total=SECOND),
    }
    return Account(name=name, **(facts | changes))


def make_credentials(url: str, **changes: str) -> Credentials:
    facts = {"url": url, "userid": "12", "account": "sandbox", "password": "sandbox"}
    return Credentials(**(facts | changes))


def make_message(text: str = "【某商场】会员专享", title: str = "中秋快乐") -> Message:
    part = Part(type=PartType.TXT, payload=text.encode("gb2312"))
    return Message(title=title, frames=(Frame(duration=3, parts=(part,)),))


def make_campaign(people: int = 4, *, name: str = "moon", **changes: Any) -> Campaign:
    mobiles = array("Q", range(FIRST, FIRST + people))
    facts = {
        "message": make_message(),
        "audience": Audience(mobiles=mobiles, given=people),
        "account": "main",
        "latest": timedelta(hours=1),
    }
    return Campaign(id=name, file=f"{name}.yaml", **(facts | changes))


def make_plan(people: int = 4, *, batch_size: int = 2, **changes: Any) -> CampaignPlan:
    campaign = make_campaign(people, **changes)
    account = make_account(campaign.account, batch_size=batch_size)
    return plan_campaign(campaign, account, None, NOW)


def begin(database: Database, people: int = 4, *, batch_size: int = 2, **changes: Any) -> None:
    """Keep a plan and begin its campaign: its batches may be claimed."""
    plan = make_plan(people, batch_size=batch_size, **changes)
    with database.writing() as transaction:
        keep_plan(transaction, plan, NOW)
        move_campaign(transaction, plan.campaign.id, CampaignEvent.BEGIN, NOW)


def claim(
    database: Database, *, scope: Sequence[str] = ("moon",), now: datetime = NOW
) -> Claim | None:
    with database.writing() as transaction:
        return claim_batch(transaction, "main", scope, owner="process 1", now=now)


def settle(database: Database, claimed: Claim, event: BatchEvent, **change: Any) -> None:
    """Record what came of a claim."""
    if "report_deadline" not in change:
        change["report_deadline"] = NOW + timedelta(hours=72)
    with database.writing() as transaction:
        batch = find_claimed(transaction, claimed)
        assert batch
        change_batch(transaction, batch, BatchChange(event=event, **change), NOW)


def make_pump(
    database: Database,
    gateway: SendEndpoint,
    account: Account,
    clock: Clock,
    *,
    scope: Sequence[str] = ("moon",),
    password: str = "sandbox",
) -> Pump:
    return Pump(
        account=account,
        credentials=make_credentials("", password=password),
        gateway=gateway,
        database=database,
        scope=scope,
        owner="process 1",
        clock=clock,
    )


def campaign_of(database: Database, name: str = "moon") -> CampaignStatus:
    with database.reading() as transaction:
        return next(entry for entry in read_campaigns(transaction) if entry.id == name)


def account_of(database: Database) -> AccountStatus:
    with database.reading() as transaction:
        return next(entry for entry in read_accounts(transaction) if entry.name == "main")


def counts_of(database: Database, name: str = "moon") -> dict[str, int]:
    """The counts of a campaign's recipients that are not zero."""
    counts = campaign_of(database, name).recipients
    return {state.value: count for state, count in counts.items() if count}


def batch_states(database: Database, name: str = "moon") -> list[str]:
    return [batch.state.value for batch in campaign_of(database, name).batches]


def rows_of(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.reading() as transaction:
        return [tuple(row) for row in transaction.exec_driver_sql(query)]
