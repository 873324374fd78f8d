"""`mms-runner daemon`: runs until told to stop; starts each campaign at its time."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.session import open_to_send, read_clock, state_exists, state_path
from runner.cli.signals import catching_signals
from runner.daemon.daemon import Daemon
from runner.daemon.files import Place
from runner.daemon.log import LogFormat, tell, writing_log
from runner.daemon.mask import Mask
from runner.daemon.systemd import Notifier
from runner.errors import RunnerError
from runner.language import speak
from runner.store.custody import read_identity
from runner.store.lock import hold_lock

if TYPE_CHECKING:
    from pathlib import Path

    from runner.cli.session import Session
    from runner.cli.signals import Interruption
    from runner.model.account import Settings
    from runner.store.database import Database

_LOOK_UP = 1.0  # seconds between two looks at whether the daemon is well


@click.command()
@click.option(
    "--log-format",
    type=click.Choice([form.value for form in LogFormat]),
    default=LogFormat.TEXT.value,
    show_default=True,
    help="How the log on stderr is written.",
)
@click.pass_obj
def command(session: Session, log_format: str) -> Exit:
    """Run until told to stop: follow the files, start each campaign at its time, poll reports.

    SIGTERM (or Ctrl-C) lets what is in flight come home; a second one is quicker, and leaves it in
    doubt. SIGHUP reads the files at once, as `mms-runner reload` does.
    """
    _root, settings = session.load_settings()
    folder = session.find_folder()
    mask = Mask()
    notifier = Notifier.from_environment(mask, os.environ, pid=os.getpid())
    state_exists(settings, folder)  # else a lock would be made beside one that is missing
    with ExitStack() as stack:
        interruption = stack.enter_context(catching_signals(hang_up=True))
        state = state_path(settings, folder)
        stack.enter_context(hold_lock(state, command="daemon", now=read_clock()))
        database = stack.enter_context(open_to_send(settings, folder, actor="daemon"))
        place = _find_place(session, settings, folder, database)
        speak("en")  # what a person typed is answered; from here on it logs
        level = logging.WARNING if session.quiet else logging.INFO
        stack.enter_context(writing_log(LogFormat(log_format), sys.stderr, mask, level=level))
        tell(logging.INFO, f"workspace {settings.name} in {folder}, state {place.state}")
        daemon = Daemon(place, database=database, mask=mask, notifier=notifier, clock=read_clock)
        daemon.start()
        _attend(daemon, interruption)
        daemon.stop(interruption.in_a_hurry)
        tell(logging.INFO, _describe_end(daemon, interruption))
        _raise_failure(daemon)
    if interruption.in_a_hurry():
        _leave_at_once(_status(interruption))
    return _status(interruption)


def _find_place(session: Session, settings: Settings, folder: Path, database: Database) -> Place:
    with database.reading() as transaction:
        identity = read_identity(transaction)
    return Place(
        folder=folder,
        settings_file=session.settings_file,
        name=settings.name,
        find_state=lambda changed: state_path(changed, folder),
        state=database.path,
        state_id=identity.id,
    )


def _attend(daemon: Daemon, interruption: Interruption) -> None:
    """Wait for the end, and pass on what is asked until then."""
    while not interruption.asked and daemon.failure is None:
        interruption.sleep(_LOOK_UP)
        daemon.mind_the_clock()
        if interruption.take_hang_up():
            daemon.reload()


def _describe_end(daemon: Daemon, interruption: Interruption) -> str:
    if daemon.failure:
        return "stopped by an error; what could not be recorded is in doubt from the next start on"
    in_flight = "in doubt now" if interruption.in_a_hurry() else "recorded"
    return f"stopped; what was in flight is {in_flight}"


def _raise_failure(daemon: Daemon) -> None:
    """End as the error says that ended a part of the daemon."""
    failure = daemon.failure
    if isinstance(failure, RunnerError):
        tell(logging.ERROR, str(failure))
        raise failure
    if failure:
        tell(logging.CRITICAL, "a defect of the program ended it")
        logging.getLogger("runner").critical("it was", exc_info=failure)
        raise SystemExit(Exit.DEFECT)


def _status(interruption: Interruption) -> Exit:
    """SIGTERM is how a service ends; only a person's Ctrl-C interrupts it."""
    return Exit.INTERRUPTED if interruption.last == signal.SIGINT else Exit.OK


def _leave_at_once(status: Exit) -> None:
    # The interpreter would wait for threads that wait for a gateway; everything is recorded.
    sys.stdout.flush()
    os._exit(status)
