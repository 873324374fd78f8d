"""`mms-runner cancel`: what is not sent stays unsent, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.person import ask, name_person, sign
from runner.cli.selection import select_campaigns
from runner.cli.session import read_clock
from runner.cli.steering import (
    describe_flight,
    find_target,
    naming_a_target,
    read_reason,
)
from runner.cli.tables import count
from runner.language import _
from runner.lifecycle import RecipientState
from runner.plan import plan_campaign
from runner.store.planning import keep_plan, read_fact
from runner.store.steering import cancel_for_good, list_cancellable, may_cancel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.cli.session import Session
    from runner.cli.steering import Target
    from runner.plan import CampaignPlan
    from runner.store.database import Database
    from runner.store.progress import CampaignStatus
    from runner.store.transaction import Transaction


@click.command()
@naming_a_target
@click.option("--reason", metavar="TEXT", callback=read_reason, help="Why, for all who look.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(
    session: Session,
    campaign: str | None,
    account: str | None,
    *,
    everything: bool,
    reason: str | None,
    yes: bool,
) -> Exit:
    """Leave unsent, for good, what is not sent of CAMPAIGN, of an account or of everything.

    What is in flight comes home, and reports are still collected. With --account and --all, a
    campaign that was never scheduled is left alone.
    """
    target = find_target(session, campaign, account, everything=everything)
    with target.open_state("cancel") as database:
        names, waiting = _look(database, target)
        plan = _plan_unknown(session, database, target) if names else None
        if not names:
            session.say(_describe_nothing(target))
            return Exit.OK
        people = waiting + (len(plan.campaign.audience.mobiles) if plan else 0)
        if not (yes or _is_sure(names, people)):
            session.say(_("nothing was changed"))
            return Exit.PERSON_NEEDED
        with database.writing() as transaction:
            done = _cancel(transaction, target, plan, reason)
    _tell(session, done)
    return Exit.OK


def _describe_nothing(target: Target) -> str:
    if target.campaign:
        return _("{id} is cancelled for good already").format(id=target.campaign)
    return _("{target}: nothing is left to cancel").format(target=target.words)


def _look(database: Database, target: Target) -> tuple[list[str], int]:
    """Name what would be cancelled, and count who would get nothing; raises WrongUsage."""
    with database.reading() as transaction:
        names = _list_names(transaction, target)
        campaigns = target.read_concerned(transaction)
    return names, sum(campaign.waiting for campaign in campaigns if campaign.id in names)


def _list_names(transaction: Transaction, target: Target) -> list[str]:
    if target.campaign is None:
        return list_cancellable(transaction, target.brake)
    return [target.campaign] if may_cancel(transaction, target.campaign) else []


def _plan_unknown(session: Session, database: Database, target: Target) -> CampaignPlan | None:
    """Plan a campaign that has only a file, so that its end can be kept; else None.

    Raises FaultyFiles where its file has faults.
    """
    if target.campaign is None:
        return None
    with database.reading() as transaction:
        if read_fact(transaction, target.campaign):
            return None
    files = select_campaigns(session.find_root(), [target.campaign])
    workspace, settings = session.load_sound(files)
    campaign = workspace.campaigns[target.campaign]
    account = settings.accounts[campaign.account]
    return plan_campaign(campaign, account, None, read_clock(), settings.zone, sending=True)


def _is_sure(names: Sequence[str], people: int) -> bool:
    what = names[0] if len(names) == 1 else count(len(names), "campaign")
    question = _("Cancel {what} for good? {people} would get nothing.")
    return ask(
        question.format(what=what, people=count(people, "recipient")),
        _("`cancel` cannot be taken back, so it wants a person's yes"),
    )


def _cancel(
    transaction: Transaction, target: Target, plan: CampaignPlan | None, reason: str | None
) -> list[CampaignStatus]:
    """Cancel everything that is meant and not cancelled in the meantime."""
    now, actor = read_clock(), name_person("cancel")
    if plan and not read_fact(transaction, plan.campaign.id):
        keep_plan(transaction, plan, now)
    names = _list_names(transaction, target)
    why = sign(actor, reason)
    for name in names:
        cancel_for_good(transaction, name, now, reason=why)
    return [entry for entry in target.read_concerned(transaction) if entry.id in names]


def _tell(session: Session, done: Sequence[CampaignStatus]) -> None:
    told = _("{id} is cancelled for good: nothing goes to {people}")
    for campaign in done:
        unsent = count(campaign.recipients[RecipientState.CANCELLED], "recipient")
        session.say(told.format(id=campaign.id, people=unsent))
    for line in describe_flight(done):
        session.say(f"  {line}")
