"""One run in the foreground: takes up what was left, begins what is due, sends and collects."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from runner.cli.exits import Exit
from runner.cli.onlooker import Onlooker
from runner.cli.person import name_person
from runner.cli.session import open_state, open_to_send, read_clock, state_exists, state_path
from runner.cli.speech import warn
from runner.cli.verdict import judge_run
from runner.dispatch.begin import Begin, begin_campaign
from runner.dispatch.clocks import compare_clocks
from runner.dispatch.crew import Crew
from runner.dispatch.follow import gather_ahead
from runner.dispatch.line import name_owner, open_line, take_up
from runner.dispatch.pump import Pump
from runner.errors import AnotherInstance, StateRefused
from runner.language import _, translate
from runner.lifecycle import CampaignState, RecipientState
from runner.plan import plan_campaign
from runner.reports import apply_left_over, may_poll, poll_reports
from runner.store.doubt import Scales
from runner.store.findings import keep_findings
from runner.store.lock import find_holder, hold_lock
from runner.store.outcomes import doubt_abandoned
from runner.store.planning import read_facts
from runner.store.progress import count_unsettled, list_unsettled, read_accounts, read_campaigns
from runner.timing import poll_waits
from runner.workspace.optouts import OptOuts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from runner.cli.progress import Display
    from runner.cli.signals import Interruption
    from runner.dispatch.line import Line
    from runner.dispatch.pump import Submitted
    from runner.errors import DiskFull
    from runner.model.account import Account, Settings
    from runner.model.campaign import Campaign
    from runner.plan import CampaignPlan, StoredCampaign
    from runner.store.database import Database
    from runner.store.outcomes import StoredBatch
    from runner.store.progress import AccountStatus, CampaignStatus
    from runner.workspace.load import Workspace

PATIENCE = timedelta(minutes=1)  # how far away the next step may be for a run to stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What came of the wish to begin a campaign, for the person who watches."""

    plan: CampaignPlan
    begin: Begin


class Errand:
    """A run, from the lock to the verdict. Use ``open_errand``.

    beside_daemon: a daemon holds the lock and sends; the run only looks on.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        settings: Settings,
        database: Database,
        interruption: Interruption,
        lines: Mapping[str, Line],
        beside_daemon: bool,
    ) -> None:
        self._workspace = workspace
        self._settings = settings
        self._interruption = interruption
        self._lines = lines
        self._scales = Scales()
        self._unreached: set[str] = set()  # accounts whose gateway did not answer the last query
        self._doubtful: set[str] = set()  # campaigns whose sender died
        self.beside_daemon = beside_daemon
        self.database = database
        self.scope: list[str] = []  # campaigns that are worked on
        self.watched: list[str] = []  # campaigns whose reports are waited for

    def recover(self) -> list[StoredBatch]:
        """Take up what an earlier process left; gives the batches that are in doubt now."""
        now = read_clock()
        doubtful = take_up(self.database, self._settings.accounts, now)
        apply_left_over(self.database, now)
        self._doubtful.update(batch.campaign for batch in doubtful)
        return doubtful

    def begin(self, campaigns: Sequence[Campaign], *, named: bool) -> list[Begun]:
        """Begin what is due of some campaigns, each in a transaction of its own.

        named: a person asked for these very ones. Gives what is worth telling.
        """
        told = []
        with self.database.reading() as transaction:
            facts = read_facts(transaction, [campaign.id for campaign in campaigns])
            unsettled = [] if named else list_unsettled(transaction)
        for campaign in campaigns:
            begun = self._begin(campaign, facts.get(campaign.id), named=named)
            if named or begun.begin is not Begin.NOT_DUE:
                told.append(begun)
            if begun.begin is not Begin.NOT_DUE and (named or not _is_over(begun, facts)):
                self.scope.append(campaign.id)
        with self.database.writing() as transaction:
            keep_findings(transaction, self._workspace.findings)
        self.watched = list(dict.fromkeys(self.scope + unsettled))
        return told

    def _begin(self, campaign: Campaign, stored: StoredCampaign | None, *, named: bool) -> Begun:
        now, accounts, zone = read_clock(), self._settings.accounts, self._settings.zone
        account = accounts[campaign.account]
        findings = self._workspace.findings
        plan = plan_campaign(campaign, account, stored, now, zone, sending=True, findings=findings)
        gather_ahead(plan, now, named=named)
        with self.database.writing() as transaction:
            plan, begin = begin_campaign(
                transaction, plan, accounts, zone, now, named=named, findings=findings
            )
        return Begun(plan=plan, begin=begin)

    def send(self, notice: Callable[[Submitted], None]) -> None:
        """Send until nothing is left within patience, or somebody wants the end."""
        self.database.wait_for_room(PATIENCE.total_seconds(), _tell_of_full_disk)
        opt_outs = OptOuts([self._settings.lists[name] for name in self._settings.always_exclude])
        pumps = [
            Pump(
                line=line,
                database=self.database,
                scope=self.scope,
                zone=self._settings.zone,
                opt_outs=opt_outs,
                owner=name_owner(),
                clock=read_clock,
            )
            for line in self._lines.values()
        ]
        crew = Crew(pumps, clock=read_clock, patience=PATIENCE, notice=notice)
        self._interruption.when_asked(crew.stop)
        if self._interruption.asked or not self.scope:
            return
        crew.run(self._interruption.in_a_hurry)
        if self._interruption.in_a_hurry():
            self.database.give_up()
            # Where it cannot be written, the next start says it.
            with suppress(StateRefused), self.database.writing() as transaction:
                doubt_abandoned(transaction, read_clock())

    def look_on(self, wait: timedelta | None, say: Callable[[str], None]) -> None:
        """Watch a daemon send, and for so long collect reports."""
        onlooker = Onlooker(
            self.database,
            self._interruption,
            settings=self._settings,
            patience=PATIENCE,
            read=lambda: self.read()[0],
            say=say,
        )
        onlooker.watch_sending()
        if wait is not None:
            onlooker.watch_reports(wait, self.scope)

    def collect(self, wait: timedelta | None, display: Display) -> None:
        """Poll reports once, or until everybody is settled or the wait is over."""
        self._poll(display)
        if wait is None:
            return
        deadline = read_clock() + wait
        intervals = [line.account.reports.every for line in self._lines.values()]
        for pause in poll_waits(min(intervals, default=PATIENCE)):
            left = deadline - read_clock()
            display.show_unsettled(self._count_unsettled())
            if left <= timedelta() or self._interruption.asked or not self._may_learn_more():
                return
            self._interruption.sleep(min(pause, left).total_seconds())
            self._poll(display)

    def _poll(self, display: Display) -> None:
        for name, line in self._lines.items():
            while not self._interruption.asked and self._may_poll(line.account):
                poll = poll_reports(
                    self.database, line.account, line.gateway, read_clock(), self._scales
                )
                compare_clocks(self.database, line, read_clock())
                self._unreached.discard(name)
                if poll.unanswered:
                    self._unreached.add(name)
                if poll.problem:
                    told = _("reports of account {name}: {problem}")
                    display.warn(told.format(name=name, problem=translate(poll.problem)))
                if not poll.full:
                    break

    def _may_poll(self, account: Account) -> bool:
        with self.database.reading() as transaction:
            return may_poll(transaction, account)

    def _may_learn_more(self) -> bool:
        polled = any(self._may_poll(line.account) for line in self._lines.values())
        return polled and self._count_unsettled() > 0

    def _count_unsettled(self) -> int:
        with self.database.reading() as transaction:
            return count_unsettled(transaction, self.watched)

    def read(self) -> tuple[list[CampaignStatus], list[AccountStatus]]:
        """Give where the campaigns of this run and its accounts stand."""
        with self.database.reading() as transaction:
            shown = {*self.scope, *self.watched, *self._doubtful}
            campaigns = read_campaigns(transaction, shown)
            concerned = {*self._lines, *(campaign.account for campaign in campaigns)}
            accounts = [entry for entry in read_accounts(transaction) if entry.name in concerned]
        return campaigns, accounts

    def count_pending(self) -> int:
        """Count the recipients that this run is to send to."""
        campaigns, _accounts = self.read()
        return sum(
            campaign.recipients[RecipientState.PENDING]
            for campaign in campaigns
            if campaign.id in self.scope
        )

    def judge(self, fail_under: Decimal | None) -> Exit:
        """Give the exit status: of all that hold, the first of the contract's order."""
        if self._interruption.asked:
            return Exit.INTERRUPTED
        campaigns, accounts = self.read()
        verdict = judge_run(campaigns, accounts, scope=self.scope, fail_under=fail_under)
        return Exit.PERSON_NEEDED if self._unreached and verdict is Exit.OK else verdict


@contextmanager
def open_errand(
    workspace: Workspace,
    settings: Settings,
    accounts: Sequence[str],
    interruption: Interruption,
    *,
    command: str,
    beside_daemon: bool,
) -> Iterator[Errand]:
    """Take the lock, resolve the secrets of the accounts and open the state.

    beside_daemon: where a daemon holds the lock, leave the sending and the secrets to it.
    Raises WrongUsage, AnotherInstance and StateRefused before anything is changed.
    """
    state_exists(settings, workspace.folder)  # else a lock would be made beside one that is missing
    with ExitStack() as stack:
        path = state_path(settings, workspace.root)
        try:
            stack.enter_context(hold_lock(path, command=command, now=read_clock()))
        except AnotherInstance:
            holder = find_holder(path)
            if not beside_daemon or not holder or not holder.is_daemon:
                raise
            accounts = []
        else:
            beside_daemon = False
        lines = {name: open_line(settings.accounts[name]) for name in accounts}
        for line in lines.values():
            stack.enter_context(line.gateway)
        opening = open_state if beside_daemon else open_to_send
        database = stack.enter_context(
            opening(settings, workspace.folder, actor=name_person(command))
        )
        yield Errand(
            workspace=workspace,
            settings=settings,
            database=database,
            interruption=interruption,
            lines=lines,
            beside_daemon=beside_daemon,
        )


def select_due(
    campaigns: Sequence[Campaign], unfinished: Sequence[str], now: datetime
) -> list[Campaign]:
    """Select what an unnamed run looks at: what is due by its start, and what is not finished."""
    return [
        campaign
        for campaign in campaigns
        if campaign.id in unfinished
        or campaign.starts_now
        or campaign.starts_at_gateway
        or (campaign.start is not None and campaign.start <= now)
    ]


def _tell_of_full_disk(error: DiskFull) -> None:
    told = _("{problem}: nothing is sent, and what was answered waits for room, for a minute")
    _warn_once(told.format(problem=translate(str(error))))


@cache
def _warn_once(text: str) -> None:
    warn(text)


def _is_over(begun: Begun, facts: Mapping[str, StoredCampaign]) -> bool:
    stored = facts.get(begun.plan.campaign.id)
    return stored is not None and stored.state is CampaignState.FINISHED
