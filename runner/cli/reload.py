"""`mms-runner reload`: lets the daemon read the files at once, and says what came of it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.person import name_person
from runner.cli.session import open_state, read_clock, state_path
from runner.cli.speech import warn
from runner.errors import WrongUsage
from runner.language import _, translate
from runner.store.lock import find_holder
from runner.store.reloads import (
    ask_reload,
    read_answer,
    read_workspace_status,
    withdraw_reload,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.cli.session import Session
    from runner.store.database import Database
    from runner.store.reloads import ReloadAnswer

PATIENCE = timedelta(seconds=30)

_LOOK = 0.1  # seconds between two looks for the answer


@click.command()
@click.option("--force", is_flag=True, help="Though it would unschedule most campaigns.")
@click.pass_obj
def command(session: Session, *, force: bool) -> Exit:
    """Let the daemon read the files at once, instead of when they have come to rest."""
    root, settings = session.load_settings()
    state = state_path(settings, root)

    def is_attended() -> bool:
        holder = find_holder(state)
        return holder is not None and holder.is_daemon

    if not is_attended():
        raise WrongUsage(
            _("no daemon is running: `mms-runner daemon` reads the files when it starts")
        )
    actor = name_person("reload")
    with open_state(settings, session.find_folder(), actor=actor) as database:
        answer = fetch_answer(database, is_attended, forced=force, patience=PATIENCE)
        with database.reading() as transaction:
            workspace = read_workspace_status(transaction)
    if answer.problem is not None:
        warn(translate(answer.problem))
        return Exit.PERSON_NEEDED if answer.refused else Exit.FAULTY_FILES
    if workspace.revision:
        told = _("the files are in force: commit {commit}")
        session.say(told.format(commit=workspace.revision))
    else:
        session.say(_("the files are in force"))
    return Exit.OK


def fetch_answer(
    database: Database,
    is_attended: Callable[[], bool],
    *,
    forced: bool,
    patience: timedelta,
) -> ReloadAnswer:
    """Ask the daemon to read the files, and wait for its answer.

    is_attended: whether there is still a daemon. Raises WrongUsage where no answer comes.
    """
    with database.writing() as transaction:
        request = ask_reload(transaction, read_clock(), forced=forced)
    deadline = read_clock() + patience
    try:
        while read_clock() < deadline:
            with database.reading() as transaction:
                answer = read_answer(transaction, request)
            if answer:
                return answer
            if not is_attended():
                raise WrongUsage(_("the daemon has ended before it answered"))
            time.sleep(_LOOK)
    finally:
        with database.writing() as transaction:
            withdraw_reload(transaction, request)
    raise WrongUsage(
        _("the daemon does not answer: it may still be reading many files"),
        hint=_("`mms-runner status` says which are in force"),
    )
