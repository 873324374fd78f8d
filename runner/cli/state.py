"""`mms-runner state`: which state this is and whose, and how another takes its place."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.person import name_person
from runner.cli.risk import advise_after_takeover, describe_risk, describe_suspicion
from runner.cli.session import check_state, open_state, read_clock, state_path
from runner.cli.speech import to_json, write_result
from runner.cli.tables import render_facts
from runner.errors import StateRefused
from runner.language import _, translate
from runner.store.custody import name_state, read_identity, suspect, take_over
from runner.store.database import holds_state, look_into, move_aside, open_database
from runner.store.identity import adopt_workspace, claim_workspace, read_owner
from runner.store.lock import hold_lock
from runner.store.migrations import read_version

if TYPE_CHECKING:
    from pathlib import Path

    from runner.cli.session import Session
    from runner.model.account import Settings
    from runner.store.custody import Identity
    from runner.store.identity import Owner
    from runner.store.transaction import Transaction

_PLAIN = re.compile(r"[/~A-Za-z_][/~A-Za-z0-9_.-]*", re.ASCII)  # what YAML reads as it stands


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> Exit | None:
    """Look after the state, which knows what was sent; alone, as `show`."""
    if context.invoked_subcommand is None:
        return _show(context.obj)
    return None


@command.command()
@click.pass_obj
def show(session: Session) -> Exit:
    """Show which state this is: its id, its place, its claims so far, and whose it is."""
    return _show(session)


@command.command()
@click.pass_obj
def new(session: Session) -> Exit:
    """Make a new state, which knows nothing of what was sent.

    It gets the id that the settings ask for. A state with another id is moved aside.
    """
    _root, settings = session.load_settings()
    folder = session.find_folder()
    path = state_path(settings, folder)
    with hold_lock(path, command="state new", now=read_clock()):
        aside = _clear(path, settings)
        identity = _make(path, settings, folder)
    if aside:
        session.say(_("the state that lay there is {path} now").format(path=aside))
    session.say(_("{path} is a new state with the id {id}").format(path=path, id=identity.id))
    if settings.state_id is None:
        where = session.settings_file or "runner.yaml"
        told = _("to work with this one alone, write into {file}:")
        session.say(told.format(file=where))
        write_result(_write_setting(settings, identity.id))
    session.say(
        _(
            "it knows nothing of what was sent:"
            " `mms-runner plan` shows what it would send, again too"
        )
    )
    return Exit.OK


@command.command()
@click.pass_obj
def adopt(session: Session) -> Exit:
    """Make the state belong to this workspace, after its folder or name was changed.

    A copy, or a backup that was put back, is made the one to send from too: all of it paused, since
    nobody knows here what was sent meanwhile.
    """
    _root, settings = session.load_settings()
    folder, actor = session.find_folder(), name_person("state adopt")
    with ExitStack() as stack:
        database = stack.enter_context(open_state(settings, folder, actor=actor, adopting=True))
        with database.reading() as transaction:
            suspicion = suspect(transaction, database.path)
        if suspicion:
            stack.enter_context(hold_lock(database.path, command="state adopt", now=read_clock()))
        with database.writing() as transaction:
            adopt_workspace(transaction, name=settings.name, folder=str(folder))
            if suspicion:
                take_over(transaction, database.path, suspicion, read_clock())
            at_risk = describe_risk(transaction, settings.zone)
    told = _("{path} belongs to `{name}` in {folder} now")
    session.say(told.format(path=database.path, name=settings.name, folder=folder))
    if suspicion:
        session.say(_("it {suspicion}").format(suspicion=translate(suspicion.what)))
        told = _("it would send, though that may have gone out already: {campaigns}")
        session.say(told.format(campaigns=at_risk))
        for line in advise_after_takeover():
            session.say(line)
    return Exit.OK


def _show(session: Session) -> Exit:
    _root, settings = session.load_settings()
    folder = session.find_folder()
    path = state_path(settings, folder)
    with look_into(path) as transaction:
        if transaction:
            write_result(_describe(transaction, path))
        check_state(transaction, settings, folder)
        if transaction is None:
            told = _("there is no state at {path} yet: the first `mms-runner run` makes it")
            session.say(told.format(path=path))
    return Exit.OK


def _describe(transaction: Transaction, path: Path) -> str:
    identity, owner = read_identity(transaction), read_owner(transaction)
    generation = _("{number} (claims so far)").format(number=identity.generation)
    facts = [
        (_("id"), identity.id),
        (_("path"), str(path)),
        (_("generation"), generation),
        (_("workspace"), _describe_owner(owner)),
        (_("version"), str(read_version(transaction))),
    ]
    if suspicion := suspect(transaction, path):
        facts.append((_("but"), describe_suspicion(suspicion)))
    return "\n".join(render_facts(facts))


def _describe_owner(owner: Owner | None) -> str:
    if owner is None:
        return _("nobody's yet")
    return _("{name} in {folder}").format(name=owner.name, folder=owner.folder)


def _clear(path: Path, settings: Settings) -> Path | None:
    """Make room for a new state; gives where the one that lay there is now.

    Raises StateRefused where that one is the right one.
    """
    if not holds_state(path):
        return None
    with look_into(path) as transaction:
        assert transaction is not None  # noqa: S101 - there is a state, and it was read
        found = read_identity(transaction).id
    if settings.state_id in (None, found):
        told = _("there is a state at {path} already, with the id {id}; it knows what was sent")
        raise StateRefused(
            told.format(path=path, id=found),
            hint=_("to begin anew even so, ask for another id: `state: {id: …}` in the settings"),
        )
    return move_aside(path, found)


def _make(path: Path, settings: Settings, folder: Path) -> Identity:
    database = open_database(path, actor=name_person("state new"))
    try:
        with database.writing() as transaction:
            if settings.state_id is not None:
                name_state(transaction, settings.state_id)
            claim_workspace(transaction, name=settings.name, folder=str(folder))
            return read_identity(transaction)
    finally:
        database.close()


def _write_setting(settings: Settings, state_id: str) -> str:
    """Write the line of the settings that asks for a state."""
    place = f"path: {_quote(settings.state)}, " if settings.state else ""
    return f"state: {{{place}id: {to_json(state_id)}}}"


def _quote(path: str) -> str:
    return path if _PLAIN.fullmatch(path) else to_json(path)
