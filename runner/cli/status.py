"""`mms-runner status`: where everything stands, why, and the next command to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from runner.cli.advice import name_release
from runner.cli.closed import describe_closed
from runner.cli.exits import Exit
from runner.cli.risk import describe_suspicion
from runner.cli.session import look_at_state, read_clock, state_path
from runner.cli.speech import write_json, write_result
from runner.cli.standing import (
    Ground,
    describe_accounts,
    describe_batches,
    describe_campaigns,
    describe_workspace,
    find_ground,
    status_json,
)
from runner.errors import WrongUsage
from runner.lifecycle import AccountState, BrakeSource
from runner.store.brakes import Subject, read_brakes
from runner.store.custody import suspect
from runner.store.lock import find_holder
from runner.store.progress import AccountStatus, read_accounts, read_campaigns
from runner.store.reloads import WorkspaceStatus, read_workspace_status
from runner.workspace.locate import campaign_id, find_campaign_files
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from runner.cli.session import Session
    from runner.model.account import Settings
    from runner.store.brakes import Brake
    from runner.store.custody import Suspicion
    from runner.store.lock import Holder
    from runner.store.progress import CampaignStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Where everything stands.

    ground: what the state stands on; suspicion: why it must not send.
    """

    campaigns: Sequence[CampaignStatus]
    accounts: Sequence[AccountStatus]
    workspace: WorkspaceStatus
    brakes: Sequence[Brake]
    ground: Ground
    suspicion: Suspicion | None = None

    @property
    def on_everything(self) -> list[Brake]:
        """The brakes under which everything is."""
        return [brake for brake in self.brakes if brake.subject is Subject.ALL]

    def on_files(self, campaign: str | None) -> list[Brake]:
        """Give the brakes of campaigns that have only a file yet; campaign: only of this one."""
        known = {entry.id for entry in self.campaigns}
        return [
            brake
            for brake in self.brakes
            if brake.subject is Subject.CAMPAIGN
            and brake.name not in known
            and campaign in (None, brake.name)
        ]


@click.command()
@click.argument("campaign", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def command(session: Session, campaign: str | None, *, as_json: bool) -> Exit:
    """Show where everything stands, or one CAMPAIGN with its batches."""
    root, settings = session.load_settings()
    state = state_path(settings, root)
    found = _read(settings, session.find_folder())
    chosen = found.campaigns if campaign is None else _select(campaign, found.campaigns, root)
    if as_json:
        document = status_json(
            chosen,
            found.accounts,
            found.workspace,
            found.on_everything,
            settings.zone,
            found.ground,
        )
        write_json(document)
        return Exit.OK
    for lines in _describe(found, campaign, chosen, settings, find_holder(state)):
        write_result(lines)
    session.say(f"state: {state}")
    return Exit.OK


def _describe(
    found: Standings,
    named: str | None,
    chosen: Sequence[CampaignStatus],
    settings: Settings,
    holder: Holder | None,
) -> Iterator[str]:
    yield _describe_campaigns(named, chosen, settings, holder)
    for brake in found.on_files(named):
        yield f"{brake.name}: {brake.describe(settings.zone)}; next: {name_release(brake)}"
    if named is not None and chosen:
        yield f"\n{describe_batches(chosen[0])}"
    yield f"\n{describe_accounts(found.accounts, settings.zone)}"
    if whole := describe_workspace(found.workspace, found.on_everything, settings.zone):
        yield f"\n{whole}"
    for text in (found.ground.problem, found.ground.warning):
        if text:
            yield f"the state: {text}"
    if found.suspicion:
        yield f"the state: {describe_suspicion(found.suspicion)}"
    if holder:
        yield f"at work: {holder}"


def _describe_campaigns(
    named: str | None,
    chosen: Sequence[CampaignStatus],
    settings: Settings,
    holder: Holder | None,
) -> str:
    if not chosen and named is None:
        return "Nothing was sent yet: `mms-runner plan` shows what would be."
    if not chosen:
        return f"{named} has not begun: `mms-runner plan {named}` shows its plan."
    notes = describe_closed(chosen, settings, read_clock())
    tended = holder is not None and holder.is_daemon
    return describe_campaigns(chosen, settings.zone, notes=notes, tended=tended)


def _read(settings: Settings, folder: Path) -> Standings:
    with look_at_state(settings, folder) as transaction:
        if transaction is None:
            accounts = [_unused(name, []) for name in settings.accounts]
            return Standings(
                campaigns=[],
                accounts=accounts,
                workspace=WorkspaceStatus(),
                brakes=[],
                ground=Ground(),
            )
        brakes = read_brakes(transaction)
        accounts = read_accounts(transaction)
        known = {account.name for account in accounts}
        return Standings(
            campaigns=read_campaigns(transaction),
            accounts=accounts
            + [_unused(name, brakes) for name in settings.accounts if name not in known],
            workspace=read_workspace_status(transaction),
            brakes=brakes,
            ground=find_ground(state_path(settings, folder)),
            suspicion=suspect(transaction, state_path(settings, folder)),
        )


def _unused(name: str, brakes: Sequence[Brake]) -> AccountStatus:
    """Give the standing of an account that was never used; it may be paused even so."""
    by_hand = [brake for brake in brakes if brake.source is BrakeSource.COMMAND]
    covering = tuple(brake for brake in by_hand if brake.covers_account(name))
    return AccountStatus(name=name, state=AccountState.ACTIVE, brakes=covering)


def _select(name: str, campaigns: Sequence[CampaignStatus], root: Path) -> list[CampaignStatus]:
    found = [campaign for campaign in campaigns if campaign.id == name]
    known = [campaign.id for campaign in campaigns]
    known += [campaign_id(file) for file in find_campaign_files(root)]
    if not found and name not in known:
        raise WrongUsage(f"there is no campaign `{name}`", hint=nearest(name, known))
    return found
