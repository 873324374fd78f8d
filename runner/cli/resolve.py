"""`mms-runner resolve`: a person's word on a batch that nobody else can settle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.names import name_state, say_state
from runner.cli.person import ask, name_person, tell_reason
from runner.cli.session import open_state, read_clock, state_exists, state_path
from runner.errors import WrongUsage
from runner.language import _, translate
from runner.lifecycle import BatchState, CampaignState
from runner.model.account import ReportPolling
from runner.store.doubt import read_evidence, settle_doubt
from runner.store.lock import find_holder
from runner.store.planning import read_fact
from runner.store.resolution import accept_by_hand, require_batch, send_again_by_hand

if TYPE_CHECKING:
    from runner.cli.session import Session
    from runner.model.account import Settings
    from runner.store.database import Database
    from runner.store.lock import Holder

_LARGEST_ID = 2**63 - 1  # of a row in SQLite
_TASK_ID = re.compile(r"\d{1,20}", re.ASCII)


@click.command()
@click.argument("batch", type=click.IntRange(1, _LARGEST_ID))
@click.option("--accepted", is_flag=True, help="The gateway took it: it counts as sent.")
@click.option("--task", metavar="TASKID", help="With --accepted: the gateway's task.")
@click.option("--not-sent", is_flag=True, help="It never arrived: it will be sent again.")
@click.option("--yes", is_flag=True, help="Do not ask (for --not-sent).")
@click.pass_obj
def command(
    session: Session, batch: int, task: str | None, *, accepted: bool, not_sent: bool, yes: bool
) -> Exit:
    """Settle BATCH, which is in doubt (or rejected), by hand; overrule what evidence settled.

    The ids of batches stand in `mms-runner status`. Ask the gateway's operator before you say
    --not-sent: whoever did get the message gets it twice. Without either, what speaks for the
    batch is shown.
    """
    if accepted and not_sent:
        raise WrongUsage(_("it is one or the other"), hint=_("either --accepted or --not-sent"))
    if task is not None and not (accepted and _TASK_ID.fullmatch(task)):
        raise WrongUsage(_("--task goes with --accepted, and is a number of up to 20 digits"))
    root, settings = session.load_settings()
    state = state_path(settings, root)
    if not state_exists(settings, session.find_folder()):
        raise WrongUsage(_("there is no batch {batch}: nothing was sent yet").format(batch=batch))
    actor = name_person("resolve")
    with open_state(settings, session.find_folder(), actor=actor) as database:
        _tell_evidence(session, database, batch)
        if not (accepted or not_sent):
            raise WrongUsage(
                _("say what is known of it"), hint=_("either --accepted or --not-sent")
            )
        if accepted:
            _accept(database, settings, batch, task)
            session.say(_("batch {batch} counts as sent").format(batch=batch))
        elif not _is_sure(database, batch, yes=yes):
            session.say(_("nothing was changed"))
            return Exit.PERSON_NEEDED
        else:
            with database.writing() as transaction:
                became = send_again_by_hand(transaction, batch, now=read_clock())
            session.say(_describe_end(batch, became, find_holder(state)))
    return Exit.OK


def _tell_evidence(session: Session, database: Database, batch: int) -> None:
    """Show what a person should know before the word is given."""
    with database.reading() as transaction:
        stored = require_batch(transaction, batch)
        evidence = read_evidence(transaction).get(batch, ())
    if stored.reason:
        told = _("batch {batch} of {campaign} is {state}: {reason}")
    else:
        told = _("batch {batch} of {campaign} is {state}")
    session.say(
        told.format(
            batch=batch,
            campaign=stored.campaign,
            state=say_state(stored.state),
            reason=tell_reason(stored.reason),
        )
    )
    for text in evidence:
        told = _("evidence: {text}").format(text=translate(text))
        session.say(f"  {told}")


def _describe_end(batch: int, became: BatchState, holder: Holder | None) -> str:
    if became is BatchState.CANCELLED:
        told = _("batch {batch} is cancelled, as its campaign is: it stays unsent")
    elif holder is not None and holder.is_daemon:
        told = _("batch {batch} is planned again: the daemon sends it")
    else:
        told = _("batch {batch} is planned again: `mms-runner run` sends it")
    return told.format(batch=batch)


def _accept(database: Database, settings: Settings, batch: int, task: str | None) -> None:
    now = read_clock()
    with database.writing() as transaction:
        account = settings.accounts.get(require_batch(transaction, batch).account)
        within = (account.reports if account else ReportPolling()).deadline
        accept_by_hand(transaction, batch, task_id=task, reports_within=within, now=now)
        if account:
            settle_doubt(transaction, account, now)  # it is a rival of no other batch any more


def _is_sure(database: Database, batch: int, *, yes: bool) -> bool:
    with database.reading() as transaction:
        stored = require_batch(transaction, batch)
        campaign = read_fact(transaction, stored.campaign)
    cancelled = campaign is not None and campaign.state is CampaignState.CANCELLED
    if cancelled:
        refusal = _("--not-sent is for good, so it wants a person's yes")
        question = _("Was batch {batch} of {campaign} not sent? It stays unsent then.")
    else:
        refusal = _("--not-sent sends the batch again, so it wants a person's yes")
        question = _("Send batch {batch} of {campaign} again? It is {state} now.")
    asked = question.format(batch=batch, campaign=stored.campaign, state=name_state(stored.state))
    return yes or ask(asked, refusal)
