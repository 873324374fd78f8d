"""What may go out twice: a copy of the state, or a backup put back, in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from runner.cli.tables import count, enumerate_all
from runner.errors import StateRefused
from runner.language import _, translate
from runner.lifecycle import CampaignState
from runner.store.progress import list_current, read_campaigns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from runner.store.custody import Suspicion
    from runner.store.database import Database
    from runner.store.progress import CampaignStatus
    from runner.store.transaction import Transaction

_OVER = {CampaignState.FINISHED, CampaignState.CANCELLED}
_MOST_NAMED = 5


def refuse_to_send(database: Database, suspicion: Suspicion, zone: tzinfo) -> NoReturn:
    """Raise StateRefused: what speaks against the state, what is at risk, and what to do."""
    with database.reading() as transaction:
        at_risk = describe_risk(transaction, zone)
    told = _("the state {path} {suspicion}; so nothing is sent, and no report is fetched")
    hint = _(
        "it would send, though that may have gone out already: {campaigns}\n"
        "  where the other one is still at work, or can be again: use that one, and leave this\n"
        "  otherwise: `mms-runner state adopt` makes this the one to send from, all of it paused"
        " until a person has looked"
    )
    raise StateRefused(
        told.format(path=database.path, suspicion=translate(suspicion.what)),
        hint=hint.format(campaigns=at_risk),
    )


def describe_suspicion(suspicion: Suspicion) -> str:
    """Say why nothing is sent from a state, and what ends that."""
    told = _("it {suspicion}; nothing is sent from it until `mms-runner state adopt`")
    return told.format(suspicion=translate(suspicion.what))


def describe_risk(transaction: Transaction, zone: tzinfo) -> str:
    """Name what the state would send: campaigns, each with its people and its start."""
    waiting = [
        campaign
        for campaign in read_campaigns(transaction, list_current(transaction, newest=0))
        if campaign.state not in _OVER and campaign.waiting
    ]
    named = [_describe(campaign, zone) for campaign in waiting[:_MOST_NAMED]]
    if more := len(waiting) - len(named):
        named.append(_("and {number} more").format(number=more))
    return enumerate_all(named) or _(
        "nothing that it knows of (`mms-runner plan` shows what files add)"
    )


def advise_after_takeover() -> Iterator[str]:
    """Say how a person lets go on what may."""
    yield _(
        "everything is paused: `mms-runner status` and `mms-runner plan` show what would go out"
    )
    yield _("`mms-runner cancel` or `pause` what must not, then `mms-runner resume --all`")


def _describe(campaign: CampaignStatus, zone: tzinfo) -> str:
    people = count(campaign.waiting, "recipient")
    if campaign.start is None:
        return _("{id} ({people}, start by hand)").format(id=campaign.id, people=people)
    start = f"{campaign.start.astimezone(zone):%F %R %Z}"
    return _("{id} ({people}, start {time})").format(id=campaign.id, people=people, time=start)
