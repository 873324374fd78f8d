"""`mms-runner add`: a campaign begins, as a draft."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.init import write_new
from runner.cli.speech import write_result
from runner.cli.tables import enumerate_all
from runner.errors import WrongUsage
from runner.language import _, spoken
from runner.workspace.locate import campaign_id
from runner.workspace.masking import show_name
from runner.workspace.new_name import choose_new_file
from runner.workspace.schema_copies import find_copies
from runner.workspace.starter import start_campaign
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from runner.cli.session import Session


@click.command()
@click.argument("name")
@click.option("--title", metavar="TEXT", help="The line above the message on the phone.")
@click.option("--account", metavar="NAME", help="Who sends it, where there are several accounts.")
@click.pass_obj
def command(session: Session, name: str, title: str | None, account: str | None) -> Exit:
    """Start a campaign: write a draft whose words are there to be replaced.

    NAME is its id: the path of its file in the workspace without .yaml, such as
    2036/spring/openday.
    """
    root, settings = session.load_settings()
    file = choose_new_file(root, name)
    chosen = _choose_account(account, settings.accounts)
    write_new(root / file, start_campaign(root, file, spoken(), title=title, account=chosen))
    write_result(os.path.relpath(root / file))
    workspace = session.load_workspace({file})
    session.show_faults(root, workspace.diagnostics)
    session.say("\n".join(_advise(session, root, file)))
    return Exit.FAULTY_FILES if workspace.errors else Exit.OK


def _choose_account(name: str | None, known: Collection[str]) -> str | None:
    """Give the account to write down: none where there is only one, and nobody names it."""
    accounts = _("the accounts are: {names}").format(names=enumerate_all(known))
    if name is None and len(known) > 1:
        several = _("there are several accounts: name one with --account")
        raise WrongUsage(several, hint=accounts)
    if name is not None and name not in known:
        nobody = _("there is no account `{name}`").format(name=show_name(name))
        raise WrongUsage(nobody, hint=nearest(name, known) or accounts)
    return name


def _advise(session: Session, root: Path, file: str) -> Iterator[str]:
    """Say what to type next."""
    program = (
        "mms-runner" if session.named is None else f"mms-runner -C {shlex.quote(session.named)}"
    )
    path, identity = shlex.quote(os.path.relpath(root / file)), shlex.quote(campaign_id(file))
    yield _("it is a draft: nothing goes out until somebody runs it; replace its words, then")
    yield f"  {program} validate {path}"
    yield f"  {program} plan {identity}"
    if find_copies(root) is None:
        yield _("an editor shows what each field means where the workspace has the schemas")
        yield f"  {program} init --schemas"
