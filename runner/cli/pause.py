"""`mms-runner pause`: a durable stop, until the same is resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from runner.cli.advice import name_release
from runner.cli.exits import Exit
from runner.cli.session import read_clock
from runner.cli.steering import describe_flight, find_target, naming_a_target, read_reason
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
        return f"{target.words} is paused: nothing more of it is claimed"
    since = known.describe(target.settings.zone)
    sentence = f"{target.campaign} is {since}" if target.campaign else since
    if brake.reason and brake.reason != known.reason:
        return f"{sentence}; the reason is now: {brake.reason}"
    return f"nothing has changed: {sentence}"


def _describe_rest(target: Target, campaigns: Sequence[CampaignStatus]) -> Iterator[str]:
    yield from describe_flight(campaigns)
    for campaign in campaigns:
        waits = (PAUSED, CampaignState.FINISHED.value, CampaignState.CANCELLED.value)
        if target.campaign and campaign.shown not in waits:
            yield f"it is {campaign.shown} too" + (
                f": {campaign.reason}" if campaign.reason else ""
            )
    yield f"next: {name_release(target.brake)} lets it go on"
