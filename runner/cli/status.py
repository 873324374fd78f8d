"""`mms-runner status`: where everything stands, why, and the next command to type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.session import state_path
from runner.cli.standing import (
    describe_accounts,
    describe_batches,
    describe_campaigns,
    status_json,
)
from runner.errors import WrongUsage
from runner.lifecycle import AccountState
from runner.store.database import look_into
from runner.store.identity import check_workspace
from runner.store.progress import AccountStatus, read_accounts, read_campaigns
from runner.workspace.locate import campaign_id, find_campaign_files
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.cli.session import Session
    from runner.model.account import Settings
    from runner.store.progress import CampaignStatus


@click.command()
@click.argument("campaign", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def command(session: Session, campaign: str | None, *, as_json: bool) -> Exit:
    """Show where everything stands, or one CAMPAIGN with its batches."""
    root, settings = session.load_settings()
    campaigns, accounts = _read(root, settings)
    if campaign is not None:
        campaigns = _select(campaign, campaigns, root)
    if as_json:
        document = status_json(campaigns, accounts, settings.zone)
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return Exit.OK
    if campaigns:
        click.echo(describe_campaigns(campaigns, settings.zone) + "\n")
    elif campaign is None:
        click.echo("Nothing was sent yet: `mms-runner plan` shows what would be.\n")
    else:
        click.echo(f"{campaign} has not begun: `mms-runner plan {campaign}` shows its plan.\n")
    if campaign is not None and campaigns:
        click.echo(describe_batches(campaigns[0]) + "\n")
    click.echo(describe_accounts(accounts))
    session.say(f"state: {state_path(settings, root)}")
    return Exit.OK


def _read(root: Path, settings: Settings) -> tuple[list[CampaignStatus], list[AccountStatus]]:
    with look_into(state_path(settings, root)) as transaction:
        if transaction is None:
            return [], [
                AccountStatus(name=name, state=AccountState.ACTIVE) for name in settings.accounts
            ]
        check_workspace(transaction, name=settings.name, folder=str(root))
        accounts = read_accounts(transaction)
        known = {account.name for account in accounts}
        accounts += [
            AccountStatus(name=name, state=AccountState.ACTIVE)
            for name in settings.accounts
            if name not in known
        ]
        return read_campaigns(transaction), accounts


def _select(name: str, campaigns: Sequence[CampaignStatus], root: Path) -> list[CampaignStatus]:
    found = [campaign for campaign in campaigns if campaign.id == name]
    known = [campaign.id for campaign in campaigns]
    known += [campaign_id(file) for file in find_campaign_files(root)]
    if not found and name not in known:
        raise WrongUsage(f"there is no campaign `{name}`", hint=nearest(name, known))
    return found
