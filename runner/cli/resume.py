"""`mms-runner resume`: lets go on what a person had paused, or what waits for a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.advice import advise, say_next
from runner.cli.exits import Exit
from runner.cli.session import read_clock
from runner.cli.speech import warn
from runner.cli.standing import problems_in, problems_of
from runner.cli.steering import find_target, naming_a_target
from runner.cli.tables import enumerate_all
from runner.language import _, translate
from runner.lifecycle import PAUSED, CampaignState
from runner.store.brakes import Subject, read_brakes
from runner.store.progress import read_accounts
from runner.store.steering import Resumed, resume

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.cli.session import Session
    from runner.cli.steering import Target
    from runner.store.progress import CampaignStatus
    from runner.store.transaction import Transaction

_MAY_GO_ON = (CampaignState.SCHEDULED.value, CampaignState.RUNNING.value)


@click.command()
@naming_a_target
@click.pass_obj
def command(
    session: Session, campaign: str | None, account: str | None, *, everything: bool
) -> Exit:
    """Lift the pause of CAMPAIGN, of an account or of everything; each lifts only its own.

    A campaign that is halted goes on, one that was missed starts now; an account that is suspended
    or low on balance is tried again.
    """
    target = find_target(session, campaign, account, everything=everything)
    if not target.state.exists():
        told = _("{target} is not paused: there is nothing to resume")
        session.say(told.format(target=target.words))
        return Exit.OK
    with target.open_state("resume") as database, database.writing() as transaction:
        resumed = resume(transaction, target.brake, read_clock())
        campaigns = target.read_concerned(transaction)
        still = list(_describe_stops(target, resumed, campaigns, transaction))
    for line in _describe(target, resumed):
        session.say(line)
    if resumed.held:
        told = _("{target} is held: {why}")
        warn(told.format(target=target.words, why=translate(resumed.held)))
    for line in (*still, *_describe_next(target, resumed, campaigns)):
        session.say(f"  {line}")
    for name in resumed.missed:
        told = _(
            "{campaign} is missed: it was kept until its start had passed by more than `latest`\n"
            "  `mms-runner resume {campaign}` starts it now"
        )
        warn(told.format(campaign=name))
    return Exit.PERSON_NEEDED if resumed.missed or resumed.held else Exit.OK


def _describe(target: Target, resumed: Resumed) -> Iterator[str]:
    yield from (told.format(target=target.words) for told in _choose_words(resumed))


def _choose_words(resumed: Resumed) -> Iterator[str]:
    if resumed.lifted:
        yield _("the pause of {target} is lifted")
    if resumed.restarted is CampaignState.MISSED:
        yield _("{target} starts now")
    elif resumed.restarted:
        yield _("{target} goes on where it was halted")
    if resumed.released:
        yield _("{target} is tried again, one request at a time until one is accepted")
    if resumed.polled:
        yield _("reports of {target} are polled again")
    if not resumed.is_news:
        yield _("{target} was not paused by a command: there is nothing to resume")


def _describe_stops(
    target: Target,
    resumed: Resumed,
    campaigns: Sequence[CampaignStatus],
    transaction: Transaction,
) -> Iterator[str]:
    """Say what else stops it: every brake is lifted by its own source alone."""
    zone = target.settings.zone
    still = _("still {problem}")
    if target.campaign:
        said = (*resumed.missed, *([target.campaign] if resumed.held else []))
        left = [campaign for campaign in campaigns if campaign.id not in said]
        problems = [problem for campaign in left for problem in problems_in(campaign, zone)]
        if not campaigns:  # it has only a file yet
            whole = (brake for brake in read_brakes(transaction) if brake.subject is Subject.ALL)
            problems += [translate(brake.describe(zone)) for brake in whole]
        yield from (still.format(problem=problem) for problem in problems)
        return
    for account in read_accounts(transaction):
        if target.brake.covers_account(account.name):
            yield from (f"{account.name}: {problem}" for problem in problems_of(account, zone))
    if paused := [campaign.id for campaign in campaigns if campaign.shown == PAUSED]:
        told = _("still paused: {campaigns} (`mms-runner status` says why)")
        yield told.format(campaigns=_name(paused))


def _describe_next(
    target: Target, resumed: Resumed, campaigns: Sequence[CampaignStatus]
) -> Iterator[str]:
    tended = target.is_tended
    if target.campaign is None:
        if not tended and any(campaign.shown in _MAY_GO_ON for campaign in campaigns):
            yield say_next("`mms-runner run`")
        return
    for campaign in campaigns:
        if campaign.id not in resumed.missed:
            yield from map(say_next, advise(campaign, tended=tended))
        if campaign.state is CampaignState.FINISHED:
            yield _("nothing of it is left to send")
    if not campaigns and not tended:
        yield say_next(f"`mms-runner run {target.campaign}`")


def _name(campaigns: Sequence[str], most: int = 5) -> str:
    return enumerate_all([*campaigns[:most], *(["…"] if len(campaigns) > most else [])])
