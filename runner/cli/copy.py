"""`mms-runner copy`: starts a new campaign from an old one."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.selection import select_campaigns
from runner.cli.speech import write_result
from runner.cli.tables import enumerate_all
from runner.errors import FaultyFiles, WrongUsage
from runner.language import _
from runner.workspace.copying import copy_campaign
from runner.workspace.locate import YAML_SUFFIXES, campaign_id
from runner.workspace.new_name import choose_new_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.cli.session import Session


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.pass_obj
def command(session: Session, old: str, new: str) -> Exit:
    """Start a new campaign from an old one, as a draft.

    OLD and NEW are ids, or paths of files. `start` and what else must not be repeated is commented
    out in the new file; every other byte is the old one's. The old file is left alone.
    """
    root = session.find_root()
    [source] = select_campaigns(root, [old])
    target = choose_new_file(root, _name_inside(root, new))
    try:
        copied = copy_campaign(root, source, target)
    except FaultyFiles as error:
        session.show_faults(root, error.diagnostics)
        raise
    path = root / target
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:  # never over one that came meanwhile
        file.write(copied.data)
    made = _("{path} is a draft made of {source}")
    write_result(made.format(path=os.path.relpath(path), source=os.path.relpath(root / source)))
    session.say(
        _advise(campaign_id(source), campaign_id(target), os.path.relpath(path), copied.left_out)
    )
    return Exit.OK


def _name_inside(root: Path, name: str) -> str:
    """Give a path from here as one from the workspace's folder; an id is that already."""
    if not name.endswith(YAML_SUFFIXES):
        return name
    path = Path(name)
    folder = path.parent.resolve()
    if not folder.is_relative_to(root):
        raise WrongUsage(
            _("{path} is not in the workspace {workspace}").format(path=name, workspace=root),
            hint=_("a name with a suffix is a path from here; an id has none"),
        )
    return (folder.relative_to(root) / path.name).as_posix()


def _advise(old: str, new: str, path: str, left_out: Sequence[str]) -> str:
    fields = enumerate_all(f"`{name}`" for name in left_out)
    again = _("the same message to the same people is held, unless it says that: `again: {old}`")
    return "\n".join(
        [
            *([_("left out of it: {fields}").format(fields=fields)] if fields else []),
            _("write what is new into it, and a `start`; then"),
            f"  mms-runner validate {quote(path)}",
            f"  mms-runner plan {quote(new)}",
            again.format(old=old),
        ]
    )
