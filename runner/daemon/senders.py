"""The pumps of a daemon: a crew for each account, replaced where its settings change.

A crew that is replaced claims nothing more and brings home what it has in flight, beside the new.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.dispatch.crew import Crew
from runner.dispatch.line import name_owner
from runner.dispatch.pump import Pump
from runner.workspace.optouts import OptOuts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from runner.dispatch.line import Line
    from runner.dispatch.pump import Submitted
    from runner.errors import DiskFull
    from runner.model.account import NamedList, Settings
    from runner.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    line: Line
    crew: Crew


class Senders:
    """Sends for all accounts until told to stop; safe for many threads.

    notice: called from the threads that send, after every submission; stand_still: for each step
    that a full disk kept from its claim.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Callable[[], datetime],
        notice: Callable[[Submitted], None],
        stand_still: Callable[[DiskFull], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._notice = notice
        self._stand_still = stand_still
        self._settings: Settings | None = None
        self._opt_outs = OptOuts([])
        self._senders: dict[str, _Sender] = {}
        self._leaving: list[_Sender] = []
        self._is_stopped = False
        self._turn = threading.RLock()

    def is_new(self, line: Line) -> bool:
        """Whether an account's settings or secrets are not those by which it sends."""
        old = self.find_line(line.account.name)
        return old is None or (old.account, old.credentials) != (line.account, line.credentials)

    def put_into_force(self, settings: Settings, lines: Mapping[str, Line]) -> None:
        """Send by these settings from now on; lines: those that are new."""
        with self._turn:
            if self._is_stopped:
                return
            shared = self._settings is None or _shared(self._settings) != _shared(settings)
            if shared:
                self._opt_outs = OptOuts(_opt_out_lists(settings))
            self._settings = settings
            for name in list(self._senders):
                if name not in settings.accounts or name in lines or shared:
                    self._dismiss(name)
            for name in settings.accounts:
                if name not in self._senders:
                    self._engage(name, lines, settings)

    def find_line(self, name: str) -> Line | None:
        """Give an account's line to its gateway; None where the settings name it no more."""
        with self._turn:
            sender = self._senders.get(name)
            return sender.line if sender else None

    def wake(self) -> None:
        """Let all look again for something to do."""
        with self._turn:
            for sender in self._senders.values():
                sender.crew.wake()

    def stop(self) -> None:
        """Claim nothing more, whatever settings are still being read."""
        with self._turn:
            self._is_stopped = True
            for name in list(self._senders):
                self._dismiss(name)

    def wait(self, hurry: Callable[[], bool]) -> None:
        """Wait until everything in flight has come home, or `hurry()`."""
        with self._turn:
            leaving = list(self._leaving)
        for sender in leaving:
            sender.crew.wait(hurry)

    def find_failure(self) -> Exception | None:
        """Give what ended a thread that should work, and let go of crews that have come home."""
        with self._turn:
            crews = [entry.crew for entry in (*self._senders.values(), *self._leaving)]
            for sender in [entry for entry in self._leaving if not entry.crew.is_at_work]:
                self._leaving.remove(sender)
                others = (*self._senders.values(), *self._leaving)
                if not any(sender.line is other.line for other in others):
                    sender.line.gateway.close()
        return next((crew.failure for crew in crews if crew.failure), None)

    def _engage(self, name: str, lines: Mapping[str, Line], settings: Settings) -> None:
        line = lines.get(name) or self._line_of_old(name)
        pump = Pump(
            line=line,
            database=self._database,
            scope=None,
            zone=settings.zone,
            opt_outs=self._opt_outs,
            owner=name_owner(),
            clock=self._clock,
        )
        crew = Crew(
            [pump],
            clock=self._clock,
            patience=None,
            notice=self._notice,
            stand_still=self._stand_still,
        )
        self._senders[name] = _Sender(line=line, crew=crew)
        crew.start()

    def _line_of_old(self, name: str) -> Line:
        """Give the line of an account whose own settings stay the same."""
        return next(
            entry.line for entry in reversed(self._leaving) if entry.line.account.name == name
        )

    def _dismiss(self, name: str) -> None:
        sender = self._senders.pop(name)
        sender.crew.stop()
        sender.crew.wake()
        self._leaving.append(sender)


def _shared(settings: Settings) -> object:
    """Give what all pumps depend on."""
    return settings.zone, _opt_out_lists(settings)


def _opt_out_lists(settings: Settings) -> list[NamedList]:
    return [settings.lists[name] for name in settings.always_exclude]
