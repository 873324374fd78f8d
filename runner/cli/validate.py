"""`mms-runner validate`: every error of every file at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.diagnostics import Format, render_diagnostics
from runner.cli.exits import Exit
from runner.cli.selection import select_files
from runner.cli.session import read_clock
from runner.cli.tables import count, enumerate_all
from runner.due import is_too_late
from runner.language import _
from runner.model.diagnostic import Severity
from runner.workspace.schema_copies import are_stale, find_copies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from runner.cli.session import Session
    from runner.model.campaign import Campaign
    from runner.model.diagnostic import Diagnostic
    from runner.workspace.load import Workspace

_MOST_NAMED = 3


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    default=Format.FULL.value,
    show_default=True,
    help="How the faults are written to stdout.",
)
@click.option("--fix", is_flag=True, help="Mend what can be mended without a doubt.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
@click.pass_obj
def command(
    session: Session, files: tuple[Path, ...], form: str, *, fix: bool, diff: bool, strict: bool
) -> Exit:
    """Check campaign files: tell every fault of every file at its line and column.

    Without FILE, the whole workspace. Touches no network and no state. With --fix, what can be
    mended without a doubt is mended first, and no other byte of a file changes.
    """
    root = session.find_root()
    only = select_files(root, files) if files else None
    now = read_clock()
    told_by = now if files else None  # of all files, what was sent long ago would be told for ever
    if fix or diff:
        workspace = _mend(session, root, only, files, told_by, write=not diff)
    else:
        workspace = session.load_workspace(only, now=told_by)
    if not diff:
        _tell(session, root, workspace, Format(form))
    session.say(_sum_up(workspace.diagnostics, len(workspace.campaigns)))
    if workspace.diagnostics and form == Format.FULL:
        session.say(_point_on({fault.rule for fault in workspace.diagnostics}))
    if not files and (passed := _list_passed(workspace.campaigns.values(), now)):
        session.say(_tell_passed(passed))
    if (copies := find_copies(root)) and are_stale(copies):
        session.say(
            _(
                "the schemas in {folder}, which editors use, are not those of this version:"
                " `mms-runner init --schemas` renews them"
            ).format(folder=os.path.relpath(copies))
        )
    fails = workspace.errors or (strict and workspace.diagnostics)
    return Exit.FAULTY_FILES if fails else Exit.OK


def _mend(
    session: Session,
    root: Path,
    only: Collection[str] | None,
    named: Collection[Path],
    now: datetime | None,
    *,
    write: bool,
) -> Workspace:
    """Mend files, or show how that would be; gives the workspace as it is then."""
    from runner.cli.fix import mend_workspace, show_diff, write_files

    touched = [path.resolve().relative_to(root).as_posix() for path in named]
    mended = mend_workspace(
        session.find_folder(), session.settings_file, only, touched or None, now
    )
    if not write:
        show_diff(root, mended)
        return session.load_workspace(only, now=now)
    told, is_whole = write_files(root, mended)
    for line in told:
        session.say(line)
    return mended.workspace if is_whole else session.load_workspace(only, now=now)


def _tell(session: Session, root: Path, workspace: Workspace, form: Format) -> None:
    text = render_diagnostics(
        workspace.diagnostics, root, form, files=workspace.files, color=session.use_color
    )
    if text:
        click.echo(text)


def _sum_up(faults: Collection[Diagnostic], sound: int) -> str:
    errors = sum(fault.severity is Severity.ERROR for fault in faults)
    warnings = len(faults) - errors
    if not faults:
        return _("{campaigns}, no faults").format(campaigns=count(sound, "campaign"))
    if errors and warnings:
        told = _("{errors} and {warnings} in {files}")
    else:
        told = _("{errors} in {files}") if errors else _("{warnings} in {files}")
    return told.format(
        errors=count(errors, "error"),
        warnings=count(warnings, "warning"),
        files=count(len({fault.file for fault in faults}), "file"),
    )


def _point_on(rules: Collection[str]) -> str:
    if len(rules) > 1:
        return _("`mms-runner rules ID` explains each rule")
    return _("`mms-runner rules {rule}` explains this rule").format(rule=next(iter(rules)))


def _list_passed(campaigns: Iterable[Campaign], now: datetime) -> list[str]:
    """Give the campaigns that would not go out by themselves any more, the latest start first."""
    passed = [
        (each.start, each.id)
        for each in campaigns
        if each.start and is_too_late(each.start + each.latest, now)
    ]
    return [name for _, name in sorted(passed, reverse=True)]


def _tell_passed(names: Sequence[str]) -> str:
    told = (
        _("the start has passed of {names} and {more} more")
        if len(names) > _MOST_NAMED
        else _("the start has passed of {names}")
    )
    return told.format(names=enumerate_all(names[:_MOST_NAMED]), more=len(names) - _MOST_NAMED)
