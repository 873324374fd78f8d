"""`mms-runner report`: what became of every recipient, one row each."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.session import state_path
from runner.errors import WrongUsage
from runner.lifecycle import RecipientState
from runner.store.database import look_into
from runner.store.identity import check_workspace
from runner.store.progress import has_campaign, read_campaigns, read_recipients
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from runner.cli.session import Session
    from runner.store.progress import RecipientStatus

_COLUMNS = ("mobile", "state", "batch", "task_id", "received_at", "error_code")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate


@click.command()
@click.argument("campaign")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="How the rows are written to stdout.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([state.value for state in RecipientState]),
    help="Only recipients in this state; may be given several times.",
)
@click.pass_obj
def command(session: Session, campaign: str, form: str, only: tuple[str, ...]) -> Exit:
    """Write one row for each recipient of CAMPAIGN, with the full number."""
    root, settings = session.load_settings()
    with look_into(state_path(settings, root)) as transaction:
        if transaction is None:
            raise WrongUsage("nothing was sent yet", hint=f"`mms-runner plan {campaign}` first")
        check_workspace(transaction, name=settings.name, folder=str(root))
        if not has_campaign(transaction, campaign):
            known = [status.id for status in read_campaigns(transaction)]
            raise WrongUsage(
                f"nothing of a campaign `{campaign}` was sent",
                hint=nearest(campaign, known) or "`mms-runner status` lists what was",
            )
        rows = (
            _to_row(recipient, settings.zone)
            for recipient in read_recipients(transaction, campaign)
            if not only or recipient.state in only
        )
        _write_csv(rows) if form == "csv" else _write_json(rows)
    return Exit.OK


def _to_row(recipient: RecipientStatus, zone: ZoneInfo) -> dict[str, object]:
    received = recipient.received_at
    return {
        "mobile": str(recipient.mobile),
        "state": recipient.state,
        "batch": recipient.batch,
        "task_id": recipient.task_id,
        "received_at": received.astimezone(zone).isoformat() if received else None,
        "error_code": recipient.error_code,
    }


def _write_csv(rows: Iterable[dict[str, object]]) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_defuse, rows))


def _defuse(row: dict[str, object]) -> dict[str, object]:
    code = row["error_code"]
    if isinstance(code, str) and code.startswith(_FORMULA):
        return {**row, "error_code": f"'{code}"}
    return row


def _write_json(rows: Iterator[dict[str, object]]) -> None:
    """Write a list, a row at a time: millions of them never stand in memory."""
    separator = "[\n"
    for row in rows:
        click.echo(separator + json.dumps(row, ensure_ascii=False), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")
