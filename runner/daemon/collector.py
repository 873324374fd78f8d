"""Polls the delivery reports of accounts, and says in the log what went wrong, once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from runner.daemon.log import tell
from runner.dispatch.clocks import compare_clocks
from runner.errors import StateRefused
from runner.reports import apply_left_over, may_poll, poll_reports
from runner.store.doubt import Scales

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from runner.daemon.senders import Senders
    from runner.dispatch.line import Line
    from runner.store.database import Database


class Collector:
    """Asks for reports, for each account in a thread of its own.

    senders: know the accounts' lines; stopping: nothing is asked once it is set.
    """

    def __init__(
        self,
        *,
        database: Database,
        senders: Senders,
        stopping: threading.Event,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._senders = senders
        self._stopping = stopping
        self._clock = clock
        self._scales = Scales()
        self._problems: dict[str, str] = {}
        self._is_left_over = False

    def poll(self, name: str) -> None:
        """Fetch an account's reports, page by page for as long as pages come in full."""
        full = True
        while full and not self._stopping.is_set():
            # Looked for anew: its settings may have changed since the last page.
            line = self._senders.find_line(name)
            full = line is not None and self._poll_once(line)

    def _poll_once(self, line: Line) -> bool:
        """Fetch a page of reports; says whether more may be waiting."""
        name = line.account.name
        with self._database.reading() as transaction:
            if not may_poll(transaction, line.account):
                return False
        try:
            self._make_up()
            poll = poll_reports(
                self._database, line.account, line.gateway, self._clock(), self._scales
            )
        except StateRefused as error:
            self._is_left_over = True
            self._note_problem(name, f"reports of account {name} are not fetched: {error}")
            return False
        compare_clocks(self._database, line, self._clock())
        problem = f"reports of account {name}: {poll.problem}" if poll.problem else None
        self._note_problem(name, problem)
        if poll.reports:
            tell(
                logging.INFO,
                f"account {name}: {poll.reports} delivery reports",
                account=name,
                reports=poll.reports,
            )
        return poll.full

    def _make_up(self) -> None:
        """Apply what was journalled, where the disk was in the way of it."""
        if self._is_left_over:
            apply_left_over(self._database, self._clock())
            self._is_left_over = False

    def _note_problem(self, name: str, problem: str | None) -> None:
        """Log a problem once for as long as it lasts: an outage has a poll each minute."""
        known = self._problems.pop(name, None)
        if problem:
            self._problems[name] = problem
        if problem and problem != known:
            tell(logging.WARNING, problem, account=name)
        elif known and not problem:
            tell(logging.INFO, f"reports of account {name} are fetched again", account=name)
