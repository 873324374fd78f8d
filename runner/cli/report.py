"""`mms-runner report`: what became of every recipient, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.rows import choosing_a_format, write_rows
from runner.cli.session import look_at_state
from runner.errors import WrongUsage
from runner.language import _
from runner.lifecycle import RecipientState
from runner.store.planning import list_campaigns
from runner.store.progress import has_campaign, read_recipients
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from runner.cli.session import Session
    from runner.store.progress import RecipientStatus

_COLUMNS = ("mobile", "state", "batch", "task_id", "received_at", "error_code")


@click.command()
@click.argument("campaign")
@choosing_a_format
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([state.value for state in RecipientState]),
    help="Only recipients in this state; may be given several times.",
)
@click.pass_obj
def command(session: Session, campaign: str, form: str, output: str, only: tuple[str, ...]) -> Exit:
    """Write one row for each recipient of CAMPAIGN, with the full number."""
    _root, settings = session.load_settings()
    with look_at_state(settings, session.find_folder()) as transaction:
        if transaction is None:
            hint = _("`mms-runner plan {campaign}` first").format(campaign=campaign)
            raise WrongUsage(_("nothing was sent yet"), hint=hint)
        if not has_campaign(transaction, campaign):
            known = list_campaigns(transaction)
            raise WrongUsage(
                _("nothing of a campaign `{campaign}` was sent").format(campaign=campaign),
                hint=nearest(campaign, known) or _("`mms-runner status` lists what was"),
            )
        rows = (
            _to_row(recipient, settings.zone)
            for recipient in read_recipients(transaction, campaign)
            if not only or recipient.state in only
        )
        write_rows(_COLUMNS, rows, form, output)
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
