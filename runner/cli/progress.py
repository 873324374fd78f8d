"""What a person sees while a run is at work: bars on a terminal, else a line for each request."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from runner.cli.names import say_state
from runner.cli.speech import clean_lines, warn
from runner.cli.tables import count
from runner.language import N_, _, translate
from runner.lifecycle import BatchState
from runner.model.outcome import Accepted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from rich.progress import Progress

    from runner.cli.session import Session
    from runner.dispatch.pump import Submitted


# What came of a request.
_ACCEPTED = N_("{campaign}: batch {batch} ({people}) is accepted")
_SETTLED_BEFORE = N_("{campaign}: batch {batch} ({people}) was settled before its answer came")
_TRIED_AGAIN = N_(
    "{campaign}: batch {batch} ({people}) was not sent: {reason};"
    " it is tried again, not before {time}"
)
_NOT_SENT = N_("{campaign}: batch {batch} ({people}) was not sent: {reason}; it stays planned")
_REFUSED = N_("{campaign}: batch {batch} ({people}) is {state}: {reason}")


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
        if not isinstance(step.outcome, Accepted):
            warn(_describe(step, self._zone))
        elif not self._session.quiet:
            self._session.say(_describe(step, self._zone))

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
        self._sent = progress.add_task(_("sent"), total=pending, visible=pending > 0)
        self._settled = progress.add_task(_("settled"), total=None, visible=False)

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
    claim, reason = step.claim, step.reason or ""
    if step.state is BatchState.PLANNED:
        reason = reason.removeprefix("not sent: ")
    return _(_choose_words(step)).format(
        campaign=claim.campaign,
        batch=claim.batch,
        people=count(claim.recipients, "recipient"),
        state=say_state(step.state) if step.state else None,
        reason=translate(reason),
        time=f"{step.again_at.astimezone(zone):%F %T}" if step.again_at else None,
    )


def _choose_words(step: Submitted) -> str:
    match step.state:
        case None:
            return _SETTLED_BEFORE
        case BatchState.ACCEPTED:
            return _ACCEPTED
        case BatchState.PLANNED:
            return _TRIED_AGAIN if step.again_at else _NOT_SENT
    return _REFUSED
