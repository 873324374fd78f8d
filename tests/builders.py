"""Campaigns, plans and accounts as values, without files; and a clock that a test moves by hand."""

from __future__ import annotations

import sys
import tempfile
from array import array
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from runner.dispatch.begin import begin_campaign
from runner.dispatch.follow import follow_workspace
from runner.dispatch.line import Line
from runner.dispatch.pump import Pump
from runner.due import Turn, choose_turn
from runner.lifecycle import BrakeSource, CampaignEvent
from runner.model.account import Account, Credentials, SecretKind, SecretRef, Timeouts
from runner.model.campaign import Audience, Campaign, Frame, Message, Part, PartType
from runner.plan import CampaignPlan, plan_campaign
from runner.store.accounts import ensure_accounts
from runner.store.brakes import Brake, Subject, lift_brake, set_brake
from runner.store.claims import claim_batch, read_candidates
from runner.store.database import open_database
from runner.store.outcomes import BatchChange, change_batch, find_claimed
from runner.store.planning import cancel_campaign, keep_plan, move_campaign
from runner.store.progress import read_accounts, read_campaigns
from runner.store.start import begin_due
from runner.workspace.optouts import OptOuts

if TYPE_CHECKING:
    from collections.abc import Callable, KeysView, Sequence
    from types import FrameType

    from runner.dispatch.begin import Begin
    from runner.dispatch.follow import MassRemoval
    from runner.dispatch.pump import SendEndpoint
    from runner.lifecycle import BatchEvent
    from runner.model.account import NamedList
    from runner.store.claims import Claim
    from runner.store.database import Database
    from runner.store.progress import AccountStatus, CampaignStatus

# Past the real time, which the views of the state ask for to tell who is overdue.
NOW = datetime(2035, 9, 16, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")  # where NOW is nine in the morning
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
        # Others say something else: with the same message for the same people they were copies.
        "message": make_message() if name == "moon" else make_message(title=name),
        "audience": Audience(mobiles=mobiles, given=people),
        "account": "main",
        "latest": timedelta(hours=1),
    }
    return Campaign(id=name, file=f"{name}.yaml", **(facts | changes))


def make_plan(people: int = 4, *, batch_size: int = 2, **changes: Any) -> CampaignPlan:
    campaign = make_campaign(people, **changes)
    account = make_account(campaign.account, batch_size=batch_size)
    return plan_campaign(campaign, account, None, NOW, ZONE)


def begin(database: Database, people: int = 4, *, batch_size: int = 2, **changes: Any) -> None:
    """Keep a plan and begin its campaign: its batches may be claimed."""
    plan = make_plan(people, batch_size=batch_size, **changes)
    with database.writing() as transaction:
        keep_plan(transaction, plan, NOW)
        move_campaign(transaction, plan.campaign.id, CampaignEvent.BEGIN, NOW)


def claim(
    database: Database, *, scope: Sequence[str] | None = ("moon",), now: datetime = NOW
) -> Claim | None:
    """Claim the next batch of the campaign whose turn it is, as a pump does."""
    with database.writing() as transaction:
        turn = choose_turn(read_candidates(transaction, "main", scope), None, ZONE, now)
        if not isinstance(turn, Turn):
            return None
        return claim_batch(transaction, turn.campaign, owner="process 1", now=now)


def settle(database: Database, claimed: Claim, event: BatchEvent, **change: Any) -> None:
    """Record what came of a claim."""
    if "report_deadline" not in change:
        change["report_deadline"] = NOW + timedelta(hours=72)
    with database.writing() as transaction:
        batch = find_claimed(transaction, claimed)
        assert batch
        change_batch(transaction, batch, BatchChange(event=event, **change), NOW)


def follow(
    database: Database,
    *campaigns: Campaign,
    now: datetime = NOW,
    forced: bool = False,
    account: Account | None = None,
) -> MassRemoval | None:
    """Read these files, which are all that the workspace has, as a sender does."""
    account = account or make_account(batch_size=2)
    plans = [plan_campaign(each, account, None, now, ZONE, sending=True) for each in campaigns]
    with database.writing() as transaction:
        return follow_workspace(transaction, plans, now, forced=forced)


def run(
    database: Database, campaign: Campaign, *, named: bool = False, now: datetime = NOW
) -> tuple[CampaignPlan, Begin]:
    """Plan and begin a campaign as a run does; named: a person asked for this very one."""
    account = make_account(batch_size=2)
    plan = plan_campaign(campaign, account, None, now, ZONE, sending=True)
    with database.writing() as transaction:
        return begin_campaign(transaction, plan, {"main": account}, ZONE, now, named=named)


def begin_scheduled(
    database: Database, now: datetime = NOW, account: Account | None = None
) -> list[str]:
    """Begin what is due by its start."""
    with database.writing() as transaction:
        return begin_due(transaction, {"main": account or make_account()}, ZONE, now)


def make_brake(
    subject: Subject = Subject.CAMPAIGN,
    name: str = "moon",
    source: BrakeSource = BrakeSource.COMMAND,
    reason: str | None = None,
) -> Brake:
    return Brake(subject=subject, name=name, source=source, reason=reason)


EVERYTHING = make_brake(Subject.ALL, "")
ACCOUNT = make_brake(Subject.ACCOUNT, "main")
CAMPAIGN = make_brake()
FILE = make_brake(source=BrakeSource.FILE, reason="its file says so")
GUARD = make_brake(Subject.ALL, "", BrakeSource.GUARD, "a list is missing")


def stop(database: Database, brake: Brake = CAMPAIGN, now: datetime = NOW) -> bool:
    with database.writing() as transaction:
        return set_brake(transaction, brake, now)


def let_go(database: Database, brake: Brake = CAMPAIGN, now: datetime = NOW) -> bool:
    with database.writing() as transaction:
        return lift_brake(transaction, brake, now)


def cancel(database: Database, name: str = "moon", *, for_good: bool = True) -> int:
    with database.writing() as transaction:
        return cancel_campaign(transaction, name, NOW, reason="a test", for_good=for_good)


def open_new_state(state: Path) -> Database:
    """Open a state that knows the account `main` and nothing else: a copy of one made once."""
    state.write_bytes(_read_new_state())
    state.chmod(0o600)
    return open_database(state, actor="test")


@cache
def _read_new_state() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.db"
        with (
            closing(open_database(state, actor="test")) as database,
            database.writing() as transaction,
        ):
            ensure_accounts(transaction, ["main"], NOW)
        return state.read_bytes()


def make_pump(
    database: Database,
    gateway: SendEndpoint,
    account: Account,
    clock: Clock,
    *,
    scope: Sequence[str] | None = ("moon",),
    password: str = "sandbox",
    opt_outs: Sequence[NamedList] = (),
) -> Pump:
    credentials = make_credentials("", password=password)
    return Pump(
        line=Line(account=account, credentials=credentials, gateway=gateway),
        database=database,
        scope=scope,
        zone=ZONE,
        opt_outs=OptOuts(opt_outs),
        owner="process 1",
        clock=clock,
    )


def states_of(database: Database) -> dict[str, str]:
    """The states of all campaigns, as the state keeps them."""
    with database.reading() as transaction:
        return {entry.id: entry.state.value for entry in read_campaigns(transaction)}


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
        return [tuple(row) for row in transaction.execute(query)]


def calls_of(act: Callable[[], object]) -> KeysView[str]:
    """Name the functions that are called, in the order of their first calls."""
    names: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            names[frame.f_code.co_name] = None

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return names.keys()
