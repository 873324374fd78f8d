"""A sender by a clock that may be wrong, on the real path: state, files, begin, pump.

Whatever happens, each claim is held against what a campaign's file says, by the clock at hand, and
by the true time where the account compares clocks.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from builders import (
    FIRST,
    campaign_of,
    make_account,
    make_campaign,
    make_credentials,
    make_message,
    rows_of,
)

from runner.dispatch.clocks import compare_clocks
from runner.dispatch.follow import follow_workspace
from runner.dispatch.line import Line, take_up
from runner.dispatch.pump import Asked, Cargo, Emptied, Pump, Submitted
from runner.due import is_too_late, next_opening
from runner.lifecycle import BatchState
from runner.model.campaign import Audience
from runner.model.outcome import Accepted, Balance, Code, GatewayTime, Refused
from runner.plan import plan_campaign
from runner.store.start import begin_due
from runner.timing import parse_hours
from runner.workspace.optouts import OptOuts
from torture.clock.plans import MINUTE, Happening, Story, write_and_read

if TYPE_CHECKING:
    from pathlib import Path

    from runner.model.campaign import Campaign
    from runner.model.outcome import Outcome

from runner.store.database import open_database

_PEOPLE = 3
_BATCH_SIZE = 2
_MOST_STEPS = 100  # of a pump at one moment: more would be a loop
_ROUNDS, _ROUND = 10, timedelta(hours=3)  # after all that happened


@dataclass(slots=True)
class Clocks:
    """The true time, and by how much the machine's is wrong."""

    true: datetime
    wrong: timedelta = timedelta()

    def __call__(self) -> datetime:
        return self.true + self.wrong


class Gateway:
    """Takes everything but what is to be refused, by a clock that is right."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self.refusals = 0
        self.taken = 0
        self._said_at: datetime | None = None

    def send(self, _body: bytes) -> Outcome:
        self._said_at = self._clocks.true
        if self.refusals:
            self.refusals -= 1
            return Refused(code=Code.SUBMISSION_FAILED)
        self.taken += 1
        return Accepted(task_id=f"{self.taken}", balance="1000")

    def balance(self) -> Balance:
        self._said_at = self._clocks.true
        return Balance(left="1000")

    def tell_time(self) -> GatewayTime | None:
        if self._said_at is None:
            return None
        return GatewayTime(moment=self._clocks.true, age=self._clocks.true - self._said_at)


class World:
    """A story as it goes. tally: what came of it."""

    def __init__(self, story: Story, folder: Path) -> None:
        self._story = story
        self._clocks = Clocks(story.odd - timedelta(hours=1))
        self._gateway = Gateway(self._clocks)
        self._account = make_account(batch_size=_BATCH_SIZE, clock_skew=story.skew)
        self._line = Line(
            account=self._account, credentials=make_credentials(""), gateway=self._gateway
        )
        self._campaigns = {
            campaign.id: campaign
            for campaign in (self._make_campaign(number) for number in range(len(story.drafts)))
        }
        self._database = open_database(folder / "state.db", actor="a clock")
        self._claimed: set[str] = set()
        self._taken: Counter[tuple[str, int]] = Counter()
        self.tally: Counter[str] = Counter()

    def live(self) -> None:
        """Let it all happen; raises AssertionError for a promise that was broken."""
        try:
            self._restart()
            for happening, minutes in self._story.happenings:
                self._happen(happening, minutes * MINUTE)
            self._clocks.wrong = timedelta()
            for _ in range(_ROUNDS):
                self._pass(_ROUND)
            self._judge_end()
        finally:
            self._database.close()

    def _happen(self, happening: Happening, span: timedelta) -> None:
        match happening:
            case Happening.CLOCK_SET_RIGHT:
                self._clocks.wrong = timedelta()
            case Happening.TIME_PASSES:
                self._pass(span)
            case Happening.ASLEEP:
                self._clocks.true += span
            case Happening.CLOCK_MOVED:
                self._clocks.wrong += span
            case Happening.DOWN:
                self._clocks.true += span
                self._restart()
            case Happening.REFUSED:
                self._gateway.refusals += 1
        self._work()

    def _pass(self, span: timedelta) -> None:
        """Let time go by; a daemon works at each start by the clock at hand."""
        end = self._clocks.true + span
        starts = [campaign.start for campaign in self._campaigns.values() if campaign.start]
        moments = {start - self._clocks.wrong for start in starts}
        for moment in sorted(moment for moment in moments if self._clocks.true < moment < end):
            self._clocks.true = moment
            self._work()
        self._clocks.true = end
        self._work()

    def _restart(self) -> None:
        take_up(self._database, ["main"], self._clocks())
        self._pump = Pump(
            line=self._line,
            database=self._database,
            scope=None,
            zone=self._story.zone,
            opt_outs=OptOuts([]),
            owner="process 1",
            clock=self._clocks,
        )

    def _work(self) -> None:
        """Do at one moment what a daemon does; its senders may be the first to wake."""
        self._send()
        now, accounts, zone = self._clocks(), {"main": self._account}, self._story.zone
        compare_clocks(self._database, self._line, now)
        plans = [
            plan_campaign(campaign, self._account, None, now, zone, sending=True)
            for campaign in self._campaigns.values()
        ]
        with self._database.writing() as transaction:
            follow_workspace(transaction, plans, now, forced=False)
            begin_due(transaction, accounts, zone, now)
        self._send()

    def _send(self) -> None:
        cargo: Cargo | None = None
        for _ in range(_MOST_STEPS):
            step = self._pump.step(cargo, may_go_on=lambda: True)
            cargo = None
            if isinstance(step, Submitted):
                cargo = step.following
                self._judge_claim(step)
            elif not isinstance(step, Asked | Emptied):
                return
        raise AssertionError("the pump does not come to rest")

    def _judge_claim(self, step: Submitted) -> None:
        campaign, now = self._campaigns[step.claim.campaign], self._clocks()
        if campaign.id not in self._claimed:
            self._claimed.add(campaign.id)
            self._judge_first_claim(campaign, now)
        assert campaign.until is None or now < campaign.until, "claimed after its `until`"
        assert next_opening(self._story.zone, now, campaign.hours) == now, "outside of its hours"
        if self._story.skew:
            assert abs(self._clocks.wrong) <= self._story.skew, "by a clock that is wrong"
        if step.state is BatchState.ACCEPTED:
            self._taken[campaign.id, step.claim.seq] += 1
            self.tally["requests"] += 1

    def _judge_first_claim(self, campaign: Campaign, now: datetime) -> None:
        assert campaign.start
        assert now >= campaign.start, "before its start"
        latest = campaign.start + campaign.latest
        began = rows_of(
            self._database,
            "SELECT max(at) FROM events WHERE subject = 'campaign' AND new_state = 'running'"
            f" AND name = '{campaign.id}'",
        )[0][0]
        assert not is_too_late(latest, datetime.fromisoformat(began)), "it began too late"
        kept = campaign.hours is not None  # it had begun in time, and waited for them
        assert kept or not is_too_late(latest, now), "its first request came too late"

    def _judge_end(self) -> None:
        assert all(times == 1 for times in self._taken.values()), "a batch was taken twice"
        batches = -(-_PEOPLE // _BATCH_SIZE)
        for campaign in self._campaigns.values():
            status = campaign_of(self._database, campaign.id)
            taken = sum(name == campaign.id for name, _ in self._taken)
            self.tally[status.shown] += 1
            match status.state.value:
                case "finished":
                    assert taken == batches
                case "missed":
                    assert (taken, bool(status.reason)) == (0, True)
                case "scheduled":
                    assert campaign.start
                    assert (taken, campaign.start > self._clocks()) == (0, True)
                case _:
                    assert campaign.until, "it stands still"
                    assert campaign.until <= self._clocks()

    def _make_campaign(self, number: int) -> Campaign:
        draft, zone = self._story.drafts[number], self._story.zone
        start = write_and_read(self._story.odd + draft.start * MINUTE, zone)
        mobiles = array("Q", range(FIRST + 10 * number, FIRST + 10 * number + _PEOPLE))
        return make_campaign(
            name=f"c{number}",
            message=make_message(title=f"c{number}"),
            audience=Audience(mobiles=mobiles, given=_PEOPLE),
            start=start.astimezone(UTC),
            start_as_written=f"{start}",
            latest=draft.latest * MINUTE,
            until=start + draft.until * MINUTE if draft.until else None,
            hours=parse_hours(draft.hours) if draft.hours else None,
        )
