"""`mms-runner run`: sends what is due, in the foreground."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import click

from runner.cli.closed import describe_closed
from runner.cli.errand import Errand, open_errand, select_due
from runner.cli.person import name_person
from runner.cli.progress import displaying
from runner.cli.selection import select_campaigns
from runner.cli.session import read_clock, read_state
from runner.cli.signals import catching_signals
from runner.cli.speech import outliving_its_reader, warn, write_result
from runner.cli.standing import (
    describe_accounts,
    describe_campaigns,
    problems_in,
    problems_of,
)
from runner.cli.tables import count
from runner.dispatch.begin import Begin
from runner.language import N_, _, join_clauses, translate
from runner.plan import Action
from runner.store.progress import list_accounts_of, list_unfinished, list_unsettled
from runner.timing import WrongTime, parse_duration
from runner.workspace.locate import campaign_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta, tzinfo

    from runner.cli.errand import Begun
    from runner.cli.exits import Exit
    from runner.cli.session import Session
    from runner.cli.signals import Interruption
    from runner.model.account import Settings
    from runner.model.campaign import Campaign
    from runner.store.progress import AccountStatus, CampaignStatus
    from runner.workspace.load import Workspace

_BEGINNINGS = {
    Begin.BEGUN: N_("{campaign} begins: {people} in {requests} by account {account}"),
    Begin.GOES_ON: N_("{campaign} goes on"),
    Begin.NOT_DUE: N_("{campaign} is not due"),
    Begin.KEPT_BACK: N_("{campaign} does not go out"),
    Begin.PAUSED: N_("{campaign} is paused"),
    Begin.AT_REST: N_("{campaign} has nothing that may be sent"),
}
_STARTS_LATER = N_("{campaign} is not due: it starts at {time}")


def read_duration(text: str) -> timedelta:
    """Read a duration as the files write it."""
    try:
        return parse_duration(text)
    except WrongTime as error:
        told = join_clauses(str(error), error.hint)
        raise click.BadParameter(translate(told)) from error


def read_percentage(text: str) -> Decimal:
    """Read a percentage as a fraction of 1."""
    number = text.removesuffix("%")
    if not number.replace(".", "", 1).isdecimal() or Decimal(number) > 100:  # percent
        raise click.BadParameter(_("write it like 90%"))
    return Decimal(number) / 100


@click.command()
@click.argument("campaigns", metavar="[CAMPAIGN]...", nargs=-1)
@click.option(
    "--wait",
    metavar="DURATION",
    type=read_duration,
    help="Poll reports until everybody is settled, at most so long (30m, 2h).",
)
@click.option(
    "--fail-under",
    metavar="PERCENT",
    type=read_percentage,
    help="Exit 3 where a smaller share was delivered (90%).",
)
@click.pass_obj
def command(
    session: Session,
    campaigns: tuple[str, ...],
    wait: timedelta | None,
    fail_under: Decimal | None,
) -> Exit:
    """Send what is due, and the drafts that are named; then fetch delivery reports once.

    Without CAMPAIGN, everything whose start has come. Ctrl-C lets what is in flight come home;
    the next run goes on where this one stopped. Beside a daemon, what is named is released to it,
    and this command looks on.
    """
    # What is wrong with the command is told before what is wrong with the files.
    select_campaigns(session.find_root(), campaigns)
    workspace, settings = session.load_sound(warn=True, remember=True)
    chosen, accounts = _choose(workspace, settings, campaigns)
    words = " ".join(["run", *campaigns])
    with (
        catching_signals() as interruption,
        open_errand(
            workspace,
            settings,
            accounts,
            interruption,
            command=words,
            beside_daemon=bool(campaigns),
        ) as errand,
    ):
        if not errand.beside_daemon:
            for batch in errand.recover():
                told = _("batch {batch} of {campaign} is in doubt: its sender died")
                warn(told.format(batch=batch.id, campaign=batch.campaign))
        for begun in errand.begin(chosen, named=bool(campaigns)):
            _tell_beginning(session, begun, len(workspace.warnings[begun.plan.campaign.id]))
        if errand.beside_daemon:
            errand.look_on(wait, session.say)
        else:
            with displaying(session, settings.zone, pending=errand.count_pending()) as display:
                errand.send(display.show_submission)
                errand.collect(wait, display)
        if interruption.asked:
            session.say(_describe_interruption(errand, interruption))
        with outliving_its_reader():
            _sum_up(session, errand, settings)
        return errand.judge(fail_under)


def _describe_interruption(errand: Errand, interruption: Interruption) -> str:
    if errand.beside_daemon:
        return _("interrupted: the daemon goes on; `mms-runner pause` stops it")
    if interruption.in_a_hurry():
        return _("interrupted: what was in flight is in doubt now; run again to go on")
    return _("interrupted: what was in flight is recorded; run again to go on")


def _choose(
    workspace: Workspace, settings: Settings, names: Sequence[str]
) -> tuple[list[Campaign], list[str]]:
    """Select the campaigns to work on, and the accounts whose gateways that needs."""
    if names:
        files = select_campaigns(workspace.root, names)
        chosen = [workspace.campaigns[campaign_id(file)] for file in files]
        return chosen, list(dict.fromkeys(campaign.account for campaign in chosen))
    # Brought up to date: this is how a person gets on with a state of an older version.
    with read_state(settings, workspace.folder, actor=name_person("run")) as transaction:
        unfinished = list_unfinished(transaction) if transaction else []
        unsettled = list_unsettled(transaction) if transaction else []
        watched = list_accounts_of(transaction, [*unfinished, *unsettled]) if transaction else []
    for name in unfinished:
        if name not in workspace.campaigns:
            told = _("{campaign} is not finished, but its file is gone: it rests")
            warn(told.format(campaign=name))
    chosen = select_due(list(workspace.campaigns.values()), unfinished, read_clock())
    accounts = dict.fromkeys([*(campaign.account for campaign in chosen), *watched])
    return chosen, [name for name in accounts if name in settings.accounts]


def _tell_beginning(session: Session, begun: Begun, warnings: int) -> None:
    plan = begun.plan
    campaign, start = plan.campaign, plan.campaign.start
    later = begun.begin is Begin.NOT_DUE and start
    text = _(_STARTS_LATER if later else _BEGINNINGS[begun.begin]).format(
        campaign=campaign.id,
        people=count(len(campaign.audience.mobiles), "recipient"),
        requests=count(len(plan.batches), "request"),
        account=campaign.account,
        time=f"{start:%F %R %Z}" if start else None,
    )
    if plan.reason:
        told = _("{sentence}: {reason}")
        text = told.format(sentence=text, reason=translate(plan.reason))
    if begun.begin is Begin.BEGUN and warnings:  # once, and it stops nothing
        told = _("{warnings}, see `mms-runner plan {campaign}`").format(
            warnings=count(warnings, "warning"), campaign=campaign.id
        )
        text = translate(join_clauses(text, told))
    if plan.action is Action.DRIFTED or begun.begin is Begin.KEPT_BACK:
        warn(text)
    else:
        session.say(text)


def _sum_up(session: Session, errand: Errand, settings: Settings) -> None:
    campaigns, accounts = errand.read()
    if not campaigns:
        session.say(_("nothing is due: `mms-runner plan` shows what there is"))
        return
    if session.quiet:
        _tell_problems(campaigns, accounts, settings.zone)
        return
    notes = describe_closed(campaigns, settings, read_clock())
    table = describe_campaigns(campaigns, settings.zone, notes=notes, tended=errand.beside_daemon)
    write_result(f"\n{table}")
    write_result("\n" + describe_accounts(accounts, settings.zone))


def _tell_problems(
    campaigns: Sequence[CampaignStatus], accounts: Sequence[AccountStatus], zone: tzinfo
) -> None:
    for campaign in campaigns:
        for problem in problems_in(campaign, zone):
            warn(f"{campaign.id}: {problem}")
    for account in accounts:
        for problem in problems_of(account, zone):
            told = _("account {name}: {problem}")
            warn(told.format(name=account.name, problem=problem))
