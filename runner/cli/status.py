"""`mms-runner status`: where everything stands, why, and the next command to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from runner.cli.advice import name_release
from runner.cli.closed import describe_closed
from runner.cli.exits import Exit
from runner.cli.risk import describe_suspicion
from runner.cli.rows import write_json_object
from runner.cli.session import look_at_state, read_clock, state_path
from runner.cli.speech import write_result
from runner.cli.standing import (
    Ground,
    describe_accounts,
    describe_batches,
    describe_campaigns,
    describe_workspace,
    find_ground,
    status_json,
)
from runner.cli.tables import count
from runner.errors import WrongUsage
from runner.language import _, translate
from runner.lifecycle import AccountState, BrakeSource
from runner.store.brakes import Subject, read_brakes
from runner.store.custody import suspect
from runner.store.lock import find_holder
from runner.store.planning import list_campaigns
from runner.store.progress import (
    AccountStatus,
    count_campaigns,
    has_campaign,
    list_current,
    read_accounts,
    read_campaigns,
)
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
    from runner.store.transaction import Transaction

_NEWEST = 20  # campaigns that are shown though they are over


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Where everything stands, or one campaign.

    over: how many campaigns are not shown, since they ended before those that are.
    on_files: the brakes of campaigns that have only a file yet.
    ground: what the state stands on; suspicion: why it must not send.
    """

    campaigns: Sequence[CampaignStatus]
    over: int = 0
    accounts: Sequence[AccountStatus]
    workspace: WorkspaceStatus
    brakes: Sequence[Brake]
    on_files: Sequence[Brake] = ()
    ground: Ground
    suspicion: Suspicion | None = None

    @property
    def on_everything(self) -> list[Brake]:
        """The brakes under which everything is."""
        return [brake for brake in self.brakes if brake.subject is Subject.ALL]


@click.command()
@click.argument("campaign", required=False)
@click.option("--all", "everything", is_flag=True, help="What ended long ago too, for people.")
@click.option("--json", "as_json", is_flag=True, help="All of them, for scripts.")
@click.pass_obj
def command(session: Session, campaign: str | None, *, everything: bool, as_json: bool) -> Exit:
    """Show where everything stands, or one CAMPAIGN with its batches."""
    root, settings = session.load_settings()
    state = state_path(settings, root)
    newest = None if everything or as_json else _NEWEST
    found = _read(settings, session.find_folder(), campaign, newest=newest)
    if campaign is not None and not found.campaigns:
        _require_file(campaign, settings, session.find_folder(), root)
    if as_json:
        document = status_json(
            found.campaigns,
            found.accounts,
            found.workspace,
            found.on_everything,
            settings.zone,
            found.ground,
        )
        write_json_object(document)
        return Exit.OK
    for lines in _describe(found, campaign, settings, find_holder(state)):
        write_result(lines)
    session.say(_("state: {path}").format(path=state))
    return Exit.OK


def _describe(
    found: Standings,
    named: str | None,
    settings: Settings,
    holder: Holder | None,
) -> Iterator[str]:
    yield _describe_campaigns(named, found.campaigns, settings, holder)
    if found.over:
        told = _(
            "over before these, and not shown: {campaigns}; `mms-runner status --all` has them"
        )
        yield told.format(campaigns=count(found.over, "campaign"))
    for brake in found.on_files:
        yield _("{campaign}: {paused}; next: {advice}").format(
            campaign=brake.name,
            paused=translate(brake.describe(settings.zone)),
            advice=name_release(brake),
        )
    if named is not None and found.campaigns:
        yield f"\n{describe_batches(found.campaigns[0])}"
    yield f"\n{describe_accounts(found.accounts, settings.zone)}"
    if whole := describe_workspace(found.workspace, found.on_everything, settings.zone):
        yield f"\n{whole}"
    suspicion = describe_suspicion(found.suspicion) if found.suspicion else None
    for text in (found.ground.problem, found.ground.warning, suspicion):
        if text:
            yield _("the state: {problem}").format(problem=translate(text))
    if holder:
        yield _("at work: {process}").format(process=translate(str(holder)))


def _describe_campaigns(
    named: str | None,
    chosen: Sequence[CampaignStatus],
    settings: Settings,
    holder: Holder | None,
) -> str:
    if not chosen and named is None:
        return _("Nothing was sent yet: `mms-runner plan` shows what would be.")
    if not chosen:
        told = _("{campaign} has not begun: `mms-runner plan {campaign}` shows its plan.")
        return told.format(campaign=named)
    notes = describe_closed(chosen, settings, read_clock())
    tended = holder is not None and holder.is_daemon
    return describe_campaigns(chosen, settings.zone, notes=notes, tended=tended)


def _read(settings: Settings, folder: Path, named: str | None, *, newest: int | None) -> Standings:
    """Read the one that is named, else what is current and the newest; newest: None for all."""
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
        campaigns = _read_campaigns(transaction, named, newest)
        every = len(campaigns) if named is not None else count_campaigns(transaction)
        return Standings(
            campaigns=campaigns,
            over=every - len(campaigns),
            accounts=accounts
            + [_unused(name, brakes) for name in settings.accounts if name not in known],
            workspace=read_workspace_status(transaction),
            brakes=brakes,
            on_files=[brake for brake in brakes if _is_on_a_file(transaction, brake, named)],
            ground=find_ground(state_path(settings, folder)),
            suspicion=suspect(transaction, state_path(settings, folder)),
        )


def _read_campaigns(
    transaction: Transaction, named: str | None, newest: int | None
) -> list[CampaignStatus]:
    if named is not None:
        return read_campaigns(transaction, [named])
    if newest is None:
        return read_campaigns(transaction)
    return read_campaigns(transaction, list_current(transaction, newest=newest))


def _is_on_a_file(transaction: Transaction, brake: Brake, named: str | None) -> bool:
    """Whether a brake is that of a campaign that has only a file yet; named: only of this one."""
    wanted = brake.subject is Subject.CAMPAIGN and named in (None, brake.name)
    return wanted and not has_campaign(transaction, brake.name)


def _unused(name: str, brakes: Sequence[Brake]) -> AccountStatus:
    """Give the standing of an account that was never used; it may be paused even so."""
    by_hand = [brake for brake in brakes if brake.source is BrakeSource.COMMAND]
    covering = tuple(brake for brake in by_hand if brake.covers_account(name))
    return AccountStatus(name=name, state=AccountState.ACTIVE, brakes=covering)


def _require_file(name: str, settings: Settings, folder: Path, root: Path) -> None:
    """Raise WrongUsage where a campaign that the state does not know has no file either."""
    files = [campaign_id(file) for file in find_campaign_files(root)]
    if name in files:
        return
    with look_at_state(settings, folder) as transaction:
        known = list_campaigns(transaction) if transaction else []
    raise WrongUsage(
        _("there is no campaign `{name}`").format(name=name), hint=nearest(name, [*known, *files])
    )
