"""The program on simulated days: one process, from taking up what is there to its death.

Its parts are the real ones, composed as the daemon composes them; only who wakes them is another.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from builders import make_credentials

from runner.dispatch.follow import follow_workspace
from runner.dispatch.line import Line, take_up
from runner.dispatch.pump import Asked, Cargo, Emptied, Pump, Submitted, Wait
from runner.plan import plan_campaign
from runner.reports import apply_left_over, may_poll, poll_reports
from runner.store.accounts import ensure_accounts
from runner.store.custody import take_custody
from runner.store.database import open_database
from runner.store.doubt import Scales
from runner.store.planning import list_campaigns, read_facts
from runner.store.start import begin_due, is_due, next_start
from runner.workspace.optouts import OptOuts
from torture.simulation.actors import Actor, current_actor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from torture.simulation.agenda import Agenda
    from torture.simulation.shelf import Shelf
    from torture.simulation.wire import Wire

_BEAT = 1.0  # seconds until another process's word is heard
_SOON = timedelta(milliseconds=1)


class Sender:
    """A process that sends and polls; dead from `die` on.

    owner: its name in the state.
    """

    def __init__(
        self,
        agenda: Agenda,
        state: Path,
        shelf: Shelf,
        wires: Mapping[str, Wire],
        *,
        owner: str,
    ) -> None:
        self.is_dead = False
        self._agenda = agenda
        self._shelf = shelf
        self._wires = wires
        self._actors: list[Actor] = []
        self._resting: dict[str, dict[Actor, object]] = {name: {} for name in wires}
        self._news = dict.fromkeys(wires, 0)
        self._beats: set[datetime] = set()
        self._database = open_database(state, actor="daemon")
        self._scales = Scales()
        settings = shelf.settings
        opt_outs = OptOuts([settings.lists[name] for name in settings.always_exclude])
        self._pumps = {
            name: Pump(
                line=Line(account=account, credentials=make_credentials(""), gateway=wires[name]),
                database=self._database,
                scope=None,
                zone=settings.zone,
                opt_outs=opt_outs,
                owner=owner,
                clock=agenda,
            )
            for name, account in settings.accounts.items()
        }

    def start(self) -> None:
        """Take up what is there, read the files and begin to work."""
        assert take_custody(self._database) is None
        take_up(self._database, [], self._agenda.now)
        apply_left_over(self._database, self._agenda.now)
        self._reload()
        for name, pump in self._pumps.items():
            for _ in range(pump.account.concurrency):
                self._engage(partial(self._work, pump))
            self._engage(partial(self._collect, name))

    def die(self) -> None:
        """End at once, whatever is in flight."""
        self.is_dead = True
        for actor in self._actors:
            actor.kill()
        self._database.close()

    def look_at_files(self) -> None:
        """Read the files if it is still alive: somebody has changed them."""
        if not self.is_dead:
            self._reload()

    def _reload(self) -> None:
        """Read the files and put them into force, or refuse to."""
        now, settings = self._agenda.now, self._shelf.settings
        with self._database.reading() as transaction:
            facts = read_facts(transaction, list_campaigns(transaction))
        plans = [
            plan_campaign(
                campaign,
                settings.accounts[campaign.account],
                facts.get(campaign.id),
                now,
                settings.zone,
                sending=True,
            )
            for campaign in self._shelf.read()
        ]
        with self._database.writing() as transaction:
            ensure_accounts(transaction, settings.accounts, now)
            follow_workspace(transaction, plans, now, forced=False)
        self.hear()

    def hear(self) -> None:
        """Hear within a second that another process has changed something."""
        self._beat_at(self._agenda.now + timedelta(seconds=_BEAT), wake=True)

    def _beat_at(self, moment: datetime, *, wake: bool = False) -> None:
        if wake or moment not in self._beats:
            self._beats.add(moment)
            self._agenda.at(moment, partial(self._beat, moment, wake=wake))

    def _beat(self, moment: datetime, *, wake: bool) -> None:
        self._beats.discard(moment)
        if self.is_dead:
            return
        now, settings = self._agenda.now, self._shelf.settings
        with self._database.reading() as transaction:
            due = is_due(transaction, now)
            start = next_start(transaction, now)
        if due:
            with self._database.writing() as transaction:
                wake |= bool(begin_due(transaction, settings.accounts, settings.zone, now))
        if start:
            self._beat_at(start)
        if wake:
            for name in self._pumps:
                self._wake(name)

    def _engage(self, act: Callable[[], object]) -> None:
        actor = Actor(act)
        self._actors.append(actor)
        self._agenda.at(self._agenda.now, actor.go_on)

    def _work(self, pump: Pump) -> None:
        """Be one thread of a pump."""
        name = pump.account.name
        cargo: Cargo | None = None
        while True:
            seen = self._news[name]
            step = pump.step(cargo, may_go_on=lambda: True)
            cargo = step.following if isinstance(step, Submitted) else None
            if isinstance(step, Submitted | Asked | Emptied):
                self._wake(name)
            elif self._news[name] == seen:
                self._rest(name, step.until if isinstance(step, Wait) else None)

    def _wake(self, name: str) -> None:
        self._news[name] += 1
        for actor in self._resting[name]:
            self._agenda.at(self._agenda.now, actor.go_on)
        self._resting[name] = {}

    def _rest(self, name: str, until: datetime | None) -> None:
        """Wait for news of an account, or for a moment."""
        me, ticket = current_actor(), object()
        self._resting[name][me] = ticket
        if until:
            wake_up = max(until, self._agenda.now + _SOON)
            self._agenda.at(wake_up, partial(self._end_rest, name, me, ticket))
        me.rest()

    def _end_rest(self, name: str, actor: Actor, ticket: object) -> None:
        if self._resting[name].get(actor) is ticket:
            del self._resting[name][actor]
            actor.go_on()

    def _collect(self, name: str) -> None:
        """Be the one who asks for an account's reports, every so often."""
        every = self._pumps[name].account.reports.every
        while True:
            due = self._agenda.now + every
            self._fetch(name)
            self._agenda.at(due, current_actor().go_on)
            current_actor().rest()

    def _fetch(self, name: str) -> None:
        account, wire, full = self._pumps[name].account, self._wires[name], True
        while full:
            with self._database.reading() as transaction:
                if not may_poll(transaction, account):
                    return
            now = self._agenda.now
            full = poll_reports(self._database, account, wire, now, self._scales).full
