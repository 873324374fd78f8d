"""`mms-runner state`: whose state this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.person import name_person
from runner.cli.session import open_state
from runner.store.identity import adopt_workspace

if TYPE_CHECKING:
    from runner.cli.session import Session


@click.group()
def command() -> None:
    """Look after the state, which knows what was sent."""


@command.command()
@click.pass_obj
def adopt(session: Session) -> Exit:
    """Make the state belong to this workspace, after its folder or name was changed."""
    _, settings = session.load_settings()
    folder, actor = session.find_folder(), name_person("state adopt")
    with open_state(settings, folder, actor=actor, adopting=True) as database:
        with database.writing() as transaction:
            adopt_workspace(transaction, name=settings.name, folder=str(folder))
        session.say(f"{database.path} belongs to `{settings.name}` in {folder} now")
    return Exit.OK
