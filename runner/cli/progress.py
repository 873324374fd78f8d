"""What a person sees while a run is at work: bars on a terminal, else a line for each request."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from runner.cli.speech import clean_lines, warn
from runner.cli.tables import count
from runner.lifecycle import BatchState
from runner.model.outcome import Accepted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from rich.progress import Progress

    from runner.cli.session import Session
    from runner.dispatch.pump import Submitted


class Display(Protocol):
    """Shows how a run goes; `show_submission` is called from the threads that send."""

    def show_submission(self, step: Submitted) -> None:
        """Show what came of a request."""

    def show_unsettled(self, recipients: int) -> None:
        """Show how many recipients' reports are waited for."""

    def warn(self, text: str) -> None:
        """Show what a person must know."""


@contextmanager
def displaying(session: Session, zone: tzinfo, *, pending: int) -> Iterator[Display]:
    """Give the display that fits; pending: how many recipients are to be sent to."""
    if session.quiet or not sys.stderr.isatty():
        yield _Lines(session, zone)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True, no_color=not session.use_color)) as progress:
        yield _Bars(progress, zone, pending)


class _Lines:
    """A line for each request, for logs."""

    def __init__(self, session: Session, zone: tzinfo) -> None:
        self._session = session
        self._zone = zone

    def show_submission(self, step: Submitted) -> None:
        tell = self._session.say if isinstance(step.outcome, Accepted) else warn
        tell(_describe(step, self._zone))

    def show_unsettled(self, recipients: int) -> None:
        """Say nothing: a log has the table at the end."""

    def warn(self, text: str) -> None:
        warn(text)


class _Bars:
    """A bar for what is sent and one for what is settled; only what went wrong has a line."""

    def __init__(self, progress: Progress, zone: tzinfo, pending: int) -> None:
        self._progress = progress
        self._zone = zone
        self._waited_for = 0
        self._sent = progress.add_task("sent", total=pending, visible=pending > 0)
        self._settled = progress.add_task("settled", total=None, visible=False)

    def show_submission(self, step: Submitted) -> None:
        if step.state is not BatchState.PLANNED:
            self._progress.advance(self._sent, step.claim.recipients)
        if not isinstance(step.outcome, Accepted):
            self.warn(_describe(step, self._zone))

    def show_unsettled(self, recipients: int) -> None:
        self._waited_for = max(self._waited_for, recipients)
        self._progress.update(
            self._settled,
            total=self._waited_for,
            completed=self._waited_for - recipients,
            visible=self._waited_for > 0,
        )

    def warn(self, text: str) -> None:
        self._progress.console.print(clean_lines(text), markup=False, highlight=False)


def _describe(step: Submitted, zone: tzinfo) -> str:
    claim = step.claim
    name = f"{claim.campaign}: batch {claim.batch} ({count(claim.recipients, 'recipient')})"
    match step.state:
        case None:
            return f"{name} was settled before its answer came"
        case BatchState.ACCEPTED:
            return f"{name} is accepted"
        case BatchState.PLANNED:
            why = (step.reason or "").removeprefix("not sent: ")
            return f"{name} was not sent: {why}; {_describe_next_try(step.again_at, zone)}"
        case state:
            return f"{name} is {state.value.replace('_', ' ')}: {step.reason}"


def _describe_next_try(again_at: datetime | None, zone: tzinfo) -> str:
    if again_at is None:
        return "it stays planned"
    return f"it is tried again, not before {again_at.astimezone(zone):%F %T}"
