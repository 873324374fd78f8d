"""`mms-runner pause`: a durable stop, until the same is resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from runner.cli.advice import name_release
from runner.cli.exits import Exit
from runner.cli.names import name_state
from runner.cli.person import tell_reason
from runner.cli.session import read_clock
from runner.cli.steering import describe_flight, find_target, naming_a_target, read_reason
from runner.language import _, translate
from runner.lifecycle import PAUSED, CampaignState
from runner.store.steering import pause

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.cli.session import Session
    from runner.cli.steering import Target
    from runner.store.brakes import Brake
    from runner.store.progress import CampaignStatus


@click.command()
@naming_a_target
@click.option("--reason", metavar="TEXT", callback=read_reason, help="Why, for all who look.")
@click.pass_obj
def command(
    session: Session,
    campaign: str | None,
    account: str | None,
    *,
    everything: bool,
    reason: str | None,
) -> Exit:
    """Claim nothing more of CAMPAIGN, of an account or of everything, until it is resumed.

    It holds at once, whoever sends, and outlives every process. What is in flight comes home.
    """
    target = find_target(session, campaign, account, everything=everything)
    brake = replace(target.brake, reason=reason)
    with target.open_state("pause") as database, database.writing() as transaction:
        known = pause(transaction, brake, read_clock())
        campaigns = target.read_concerned(transaction)
    session.say(_describe(target, brake, known))
    for line in _describe_rest(target, campaigns):
        session.say(f"  {line}")
    return Exit.OK


def _describe(target: Target, brake: Brake, known: Brake | None) -> str:
    if known is None:
        return _("{target} is paused: nothing more of it is claimed").format(target=target.words)
    since = translate(known.describe(target.settings.zone))
    sentence = (
        _("{campaign} is {paused}").format(campaign=target.campaign, paused=since)
        if target.campaign
        else since
    )
    if brake.reason and brake.reason != known.reason:
        told = _("{sentence}; the reason is now: {reason}")
        return told.format(sentence=sentence, reason=brake.reason)
    return _("nothing has changed: {sentence}").format(sentence=sentence)


def _describe_rest(target: Target, campaigns: Sequence[CampaignStatus]) -> Iterator[str]:
    yield from describe_flight(campaigns)
    for campaign in campaigns:
        waits = (PAUSED, CampaignState.FINISHED.value, CampaignState.CANCELLED.value)
        if target.campaign and campaign.shown not in waits:
            state = name_state(campaign.shown)
            if campaign.reason:
                told = _("it is {state} too: {reason}")
                yield told.format(state=state, reason=tell_reason(campaign.reason))
            else:
                yield _("it is {state} too").format(state=state)
    yield _("next: {command} lets it go on").format(command=name_release(target.brake))
