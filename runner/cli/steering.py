"""What `pause`, `resume` and `cancel` share: whom a person means, and what that does to it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from runner.cli.person import name_person
from runner.cli.selection import no_account, no_campaign, select_campaigns
from runner.cli.session import open_state, read_state, state_path
from runner.cli.speech import clean
from runner.cli.tables import count
from runner.daemon.mask import Mask
from runner.errors import WrongUsage
from runner.language import _
from runner.lifecycle import BatchState, BrakeSource
from runner.store.brakes import Brake, Subject, read_brakes
from runner.store.lock import find_holder
from runner.store.planning import list_campaigns
from runner.store.progress import list_current, read_accounts, read_campaigns
from runner.workspace.locate import campaign_id, find_campaign_files, is_campaign_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runner.cli.session import Session
    from runner.model.account import Settings
    from runner.store.database import Database
    from runner.store.progress import CampaignStatus
    from runner.store.transaction import Transaction

_Words = ParamSpec("_Words")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a person's word is about.

    brake: how a command would stop it; folder: the workspace's, as it was named.
    state: the file of the state, which may not exist yet.
    """

    brake: Brake
    settings: Settings
    folder: Path
    state: Path

    @property
    def campaign(self) -> str | None:
        """The campaign that it is; None for an account, or everything."""
        return self.brake.name if self.brake.subject is Subject.CAMPAIGN else None

    @property
    def words(self) -> str:
        """What to call it in a sentence."""
        if self.campaign:
            return self.campaign
        if self.brake.name:
            return _("account {name}").format(name=self.brake.name)
        return _("everything")

    @property
    def is_tended(self) -> bool:
        """Whether a daemon is at work, so that what may go on does."""
        holder = find_holder(self.state)
        return holder is not None and holder.is_daemon

    @contextmanager
    def open_state(self, command: str) -> Iterator[Database]:
        """Open the state, a new one too; the event log names who types the command."""
        actor = name_person(command)
        with open_state(self.settings, self.folder, actor=actor) as database:
            yield database

    def read_concerned(self, transaction: Transaction) -> list[CampaignStatus]:
        """Give the campaigns of the state that it is about, but for those that are over."""
        is_one = self.brake.subject is Subject.CAMPAIGN
        scope = [self.brake.name] if is_one else list_current(transaction, newest=0)
        return [
            campaign
            for campaign in read_campaigns(transaction, scope)
            if self.brake.covers(campaign.id, campaign.account)
        ]


def naming_a_target(command: Callable[_Words, _Result]) -> Callable[_Words, _Result]:
    """Give a command its three ways to name what it is about."""
    for decorate in (
        click.option("--all", "everything", is_flag=True, help="Everything of this workspace."),
        click.option("--account", metavar="NAME", help="All campaigns of an account."),
        click.argument("campaign", required=False),
    ):
        command = decorate(command)
    return command


def read_reason(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Read `--reason` as one line that harms no terminal and holds no number; empty is none."""
    return Mask().clean(clean(" ".join((text or "").split()))) or None


def find_target(
    session: Session, campaign: str | None, account: str | None, *, everything: bool
) -> Target:
    """Find out what is meant; raises WrongUsage where that is nothing that there is."""
    if [campaign is not None, account is not None, everything].count(True) != 1:
        raise WrongUsage(
            _("say what is meant"), hint=_("one of CAMPAIGN, --account NAME and --all")
        )
    root, settings = session.load_settings()
    folder, state = session.find_folder(), state_path(settings, root)
    known = _read_known(settings, folder)
    if campaign is not None:
        subject, name = Subject.CAMPAIGN, _find_campaign(campaign, known.campaigns, root)
    elif account is not None:
        accounts = [*settings.accounts, *known.accounts]
        subject, name = Subject.ACCOUNT, _find_account(account, accounts)
    else:
        subject, name = Subject.ALL, ""
    brake = Brake(subject=subject, name=name, source=BrakeSource.COMMAND)
    return Target(brake=brake, settings=settings, folder=folder, state=state)


def describe_flight(campaigns: Iterable[CampaignStatus]) -> Iterator[str]:
    """Say what nobody can recall of some campaigns, and how many recipients wait."""
    some = list(campaigns)
    in_flight = [
        batch.recipients
        for campaign in some
        for batch in campaign.batches
        if batch.state is BatchState.SUBMITTING
    ]
    if in_flight:
        requests, people = count(len(in_flight), "request"), count(sum(in_flight), "recipient")
        told = _("in flight, and cannot be recalled: {requests} with {people}")
        yield told.format(requests=requests, people=people)
    if handed_over := sum(campaign.handed_over for campaign in some):
        people = count(handed_over, "recipient")
        told = _("at the gateway, which sends at the start and takes nothing back: {people}")
        yield told.format(people=people)
    if left := sum(campaign.waiting for campaign in some):
        yield _("waiting: {people}").format(people=count(left, "recipient"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The names that the state knows."""

    campaigns: Sequence[str] = ()
    accounts: Sequence[str] = ()


def _read_known(settings: Settings, folder: Path) -> _Known:
    # Brought up to date: `pause` must work before anything sends.
    with read_state(settings, folder, actor=name_person("look")) as transaction:
        if transaction is None:
            return _Known()
        brakes = read_brakes(transaction)
        braked = [brake.name for brake in brakes if brake.subject is Subject.CAMPAIGN]
        return _Known(
            campaigns=[*list_campaigns(transaction), *braked],
            accounts=[account.name for account in read_accounts(transaction)],
        )


def _find_campaign(name: str, known: Sequence[str], root: Path) -> str:
    """Find a campaign by id, or by its file's path; the state's own need no file."""
    if name in known:
        return name
    if is_campaign_name(Path(name).name):
        [file] = select_campaigns(root, [name])
        return campaign_id(file)
    with_file = [campaign_id(file) for file in find_campaign_files(root)]
    if name not in with_file:
        raise no_campaign(name, [*known, *with_file])
    return name


def _find_account(name: str, known: Sequence[str]) -> str:
    if name not in known:
        raise no_account(name, known)
    return name
