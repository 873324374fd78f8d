"""Who looks at the program every few hours of simulated days, and does what a person must do."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from runner.dispatch.begin import begin_campaign
from runner.errors import WrongUsage
from runner.lifecycle import BrakeSource
from runner.plan import plan_campaign
from runner.store.brakes import Brake, Subject
from runner.store.claims import read_numbers
from runner.store.database import open_database
from runner.store.doubt import settle_doubt
from runner.store.resolution import accept_by_hand, send_again_by_hand
from runner.store.steering import cancel_for_good, may_cancel, pause, resume
from torture.simulation.actors import Killed
from torture.simulation.shelf import POPULATION

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from runner.store.database import Transaction
    from torture.simulation.agenda import Agenda
    from torture.simulation.author import Author
    from torture.simulation.promises import Promises
    from torture.simulation.shelf import Shelf
    from torture.simulation.wire import Wire

_STOPPED = """
    SELECT c.id, c.state, coalesce(c.reason, '') AS reason, coalesce(c.until, '9') < :now AS over
    FROM campaigns AS c
    WHERE c.state IN ('held', 'missed', 'halted', 'running', 'scheduled') ORDER BY c.id
"""
_TROUBLED = """
    SELECT b.id, b.state, b.account, c.title
    FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.state = 'in_doubt' OR (b.state = 'rejected' AND c.state = 'halted') ORDER BY b.id
"""
_ACCOUNTS = """
    SELECT name FROM accounts WHERE state <> 'active' OR reports_stopped IS NOT NULL ORDER BY name
"""
_BRAKES = "SELECT subject, name, source, coalesce(reason, '') AS reason FROM brakes ORDER BY 1, 2"
_TASKS = "SELECT task_id FROM batches WHERE task_id IS NOT NULL"
_STATES = "SELECT id, state FROM campaigns"

_TWIN = "already sent as "
_WRONG = 0.03  # of all words on a batch
_PLENTY = 100_000  # people that a top-up buys


class Supervisor:
    """Reads what stands in the state, and speaks to it as the commands do, each its own process.

    hear: to be called when the state was changed. deaths: commands that were killed.
    """

    def __init__(
        self,
        agenda: Agenda,
        state: Path,
        shelf: Shelf,
        wires: Mapping[str, Wire],
        *,
        author: Author,
        promises: Promises,
        luck: random.Random,
        hear: Callable[[], None],
    ) -> None:
        self.deaths = 0
        self._agenda = agenda
        self._state = state
        self._shelf = shelf
        self._wires = wires
        self._author = author
        self._promises = promises
        self._luck = luck
        self._hear = hear

    def make_round(self) -> None:
        """Look at everything once, and leave some of it for the next time."""
        for name in self._names(_ACCOUNTS):
            self._wires[name].desk.top_up(_PLENTY)
            self._resume(Subject.ACCOUNT, name)
        for row in self._read(_BRAKES):
            self._see_to_brake(row)
        for row in self._read(_TROUBLED):
            if self._luck.random() < 0.7:
                self._settle(row)
        for row in self._read(_STOPPED, now=self._agenda.now.isoformat()):
            self._see_to_campaign(row)
        self._run_drafts()
        self._interfere()
        self._shelf.opt_out(self._luck.sample(POPULATION, 3))
        self._hear()

    def read_states(self) -> Mapping[str, str]:
        """Give the state of each campaign."""
        return {row["id"]: row["state"] for row in self._read(_STATES)}

    def _see_to_brake(self, row: Mapping[str, Any]) -> None:
        name = row["name"]
        if row["source"] == BrakeSource.COMMAND and self._luck.random() < 0.6:
            self._resume(Subject(row["subject"]), name)
        elif row["source"] == BrakeSource.FILE and name in self._shelf.drafts:
            self._shelf.change(name, more="")
        elif row["source"] == BrakeSource.FILE:
            self._cancel(name)  # its file was renamed

    def _see_to_campaign(self, row: Mapping[str, Any]) -> None:
        name, twin = row["id"], row["reason"].partition(_TWIN)[2].partition(" ")[0]
        if row["state"] == "held" and name in self._shelf.drafts:
            self._release(name, twin)
        elif row["state"] == "halted" or (row["state"] == "missed" and self._luck.random() < 0.5):
            self._resume(Subject.CAMPAIGN, name)
        elif row["state"] == "missed" or row["over"]:
            self._cancel(name)

    def _release(self, name: str, twin: str) -> None:
        """Mend what holds a campaign, or do without it."""
        if not twin:
            self._shelf.change(name, more="")
        elif self._luck.random() < 0.4:
            self._author.say_again(name, twin)
        else:
            self._shelf.take_away(name)

    def _settle(self, row: Mapping[str, Any]) -> None:
        """Give a person's word on a batch: the gateway's operator says what he knows."""
        people = self._read_people(row["id"])
        known = set(self._names(_TASKS))
        tasks = [
            each.task_id
            for each in self._wires[row["account"]].desk.submissions
            if each.task_id and each.title == row["title"] and set(each.mobiles) == set(people)
        ]
        was_taken = bool(tasks) is (self._luck.random() >= _WRONG)
        if was_taken and row["state"] == "in_doubt":
            unknown = [task for task in tasks if task not in known]
            says_task = unknown and self._luck.random() < 0.5
            self._call_taken(row, unknown[0] if says_task else None)
        elif not was_taken:
            self._call_unsent(row, people)

    def _call_taken(self, row: Mapping[str, Any], task: str | None) -> None:
        account, now = self._shelf.settings.accounts[row["account"]], self._agenda.now
        with self._command() as transaction:
            within = account.reports.deadline
            accept_by_hand(transaction, row["id"], task_id=task, reports_within=within, now=now)
            settle_doubt(transaction, account, now)

    def _call_unsent(self, row: Mapping[str, Any], people: list[str]) -> None:
        with self._command() as transaction:
            # Before it is durable: the word counts, even if the command dies a moment later.
            self._promises.words.update((row["title"], int(mobile)) for mobile in people)
            send_again_by_hand(transaction, row["id"], now=self._agenda.now)

    def _run_drafts(self) -> None:
        """Let go some of the files that have no start: `run NAME`, beside the daemon."""
        settings, now = self._shelf.settings, self._agenda.now
        states = self.read_states()
        for campaign in self._shelf.read():
            waits = campaign.is_draft and states.get(campaign.id, "scheduled") == "scheduled"
            if waits and self._luck.random() < 0.5:
                account = settings.accounts[campaign.account]
                plan = plan_campaign(campaign, account, None, now, settings.zone, sending=True)
                with self._command() as transaction:
                    accounts, zone = settings.accounts, settings.zone
                    begin_campaign(transaction, plan, accounts, zone, now, named=True)

    def _interfere(self) -> None:
        """Stop something, now and then."""
        names = list(self.read_states())
        kind = self._luck.random()
        if names and kind < 0.10:
            self._pause(Subject.CAMPAIGN, self._luck.choice(names))
        elif kind < 0.13:
            self._pause(Subject.ACCOUNT, self._luck.choice(list(self._wires)))
        elif kind < 0.15:
            self._pause(Subject.ALL, "")
        elif names and kind < 0.18:
            self._cancel(self._luck.choice(names))

    def _pause(self, subject: Subject, name: str) -> None:
        brake = Brake(subject=subject, name=name, source=BrakeSource.COMMAND)
        with self._command() as transaction:
            pause(transaction, brake, self._agenda.now)

    def _resume(self, subject: Subject, name: str) -> None:
        brake = Brake(subject=subject, name=name, source=BrakeSource.COMMAND)
        with self._command() as transaction:
            resume(transaction, brake, self._agenda.now)

    def _cancel(self, name: str) -> None:
        with self._command() as transaction:
            if may_cancel(transaction, name):
                cancel_for_good(transaction, name, self._agenda.now, reason="it is not wanted")

    @contextmanager
    def _command(self) -> Iterator[Transaction]:
        """Be a process of its own, which may be refused, or killed on its way."""
        try:
            with (
                suppress(WrongUsage),
                closing(open_database(self._state, actor="anna")) as state,
                state.writing() as transaction,
            ):
                yield transaction
        except Killed:
            self.deaths += 1

    def _read_people(self, batch: int) -> list[str]:
        with (
            closing(open_database(self._state, actor="anna")) as state,
            state.reading() as transaction,
        ):
            return read_numbers(transaction, batch).split(",")

    def _names(self, query: str) -> list[str]:
        return [next(iter(row)) for row in self._read(query)]

    def _read(self, query: str, **words: object) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(f"file:{self._state}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, words).fetchall()
