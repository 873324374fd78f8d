"""`mms-runner reports`: what the report endpoint handed out, and what became of it.

Each report is handed out once, so every answer is kept as it came and can be read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from runner.cli.advice import say_next
from runner.cli.exits import Exit
from runner.cli.names import name_state
from runner.cli.person import name_person
from runner.cli.rows import choosing_a_format, write_json_object, write_rows
from runner.cli.selection import no_account
from runner.cli.session import look_at_state, open_state, read_clock, state_exists
from runner.cli.speech import warn, write_as_received, write_result
from runner.cli.tables import count, render_table
from runner.errors import WrongUsage
from runner.language import N_, _, translate
from runner.lifecycle import RecipientState
from runner.reports import apply_again
from runner.store.inbox import (
    list_answers,
    list_entries,
    list_strays,
    list_unmatched,
    list_unread,
)
from runner.store.journal import EntryState, find_entry
from runner.store.progress import read_accounts
from runner.workspace.masking import mask_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from runner.cli.session import Session
    from runner.model.account import Settings
    from runner.reports import Reading
    from runner.store.database import Database
    from runner.store.inbox import StrayReport
    from runner.store.transaction import Transaction

_Row = dict[str, object]

# The columns of the lists, as people read them: the keys of the rows, with blanks.
_HEADS = (
    *(N_("id"), N_("entry"), N_("account"), N_("received at"), N_("http status"), N_("bytes")),
    *(N_("complete"), N_("state"), N_("reports"), N_("times"), N_("last received at")),
    *(N_("task id"), N_("extno"), N_("first"), N_("last"), N_("batch"), N_("reason"), N_("text")),
)

_NOTHING = N_("no delivery report was asked for yet: `mms-runner run` and the daemon do")
_COLUMNS = (
    *("account", "mobile", "state", "task_id", "received_at", "error_code", "extno", "fetched_at"),
)
_NEWEST = 20  # of each kind are shown to people, and told of by `apply`
_LONGEST_START = 100  # characters of a piece that could not be read
_ENTRY = click.IntRange(1, 2**63 - 1)  # a row of SQLite


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help=f"All, not only the newest {_NEWEST}.")
@click.option("--json", "as_json", is_flag=True, help="All of them, for scripts.")
@click.pass_context
def command(context: click.Context, *, everything: bool, as_json: bool) -> Exit:
    """List answers with delivery reports, reports of nobody known, and what nobody could read."""
    session: Session = context.obj
    if context.invoked_subcommand is not None:
        if everything or as_json:
            inner = context.invoked_subcommand
            raise WrongUsage(
                _("the options of `{command}` stand behind it").format(command=inner),
                hint=_("see `mms-runner reports {command} --help`").format(command=inner),
            )
        return Exit.OK
    _root, settings = session.load_settings()
    with look_at_state(settings, session.find_folder()) as transaction:
        if as_json:
            write_json_object(
                {each.name: _read_json(each, transaction, settings.zone) for each in _SECTIONS}
            )
        elif transaction is None:
            write_result(_(_NOTHING))
        else:
            write_result(_describe(transaction, settings.zone, everything=everything))
    return Exit.OK


@command.command()
@click.argument("entry", type=_ENTRY)
@click.pass_obj
def show(session: Session, entry: int) -> Exit:
    """Write the answer ENTRY as it was kept, byte for byte and with the full numbers.

    On a terminal, what would steer it is shown instead.
    """
    _root, settings = session.load_settings()
    with look_at_state(settings, session.find_folder()) as transaction:
        found = find_entry(transaction, entry) if transaction is not None else None
    if found is None:
        raise _unknown(entry)
    write_as_received(found.body)
    return Exit.OK


@command.command()
@click.argument("entries", type=_ENTRY, nargs=-1, metavar="[ENTRY]...")
@click.option("--all", "everything", is_flag=True, help="Every answer, what was read whole too.")
@click.pass_obj
def apply(session: Session, entries: tuple[int, ...], *, everything: bool) -> Exit:
    """Read answers again as this version reads them (default: all that are in quarantine).

    Every report that has no place yet gets one. What has its place stays as it is, so reading
    again does no harm, however often.
    """
    if entries and everything:
        raise WrongUsage(_("name entries or say --all, not both"))
    _root, settings = session.load_settings()
    folder = session.find_folder()
    if not state_exists(settings, folder):
        if entries:
            raise _unknown(entries[0])
        session.say(_(_NOTHING))
        return Exit.OK
    with open_state(settings, folder, actor=name_person("reports apply")) as database:
        chosen = _choose(database, entries, everything=everything)
        readings = dict(_read_again(database, chosen))
    _tell(session, readings)
    unread = any(reading.unread for reading in readings.values())
    return Exit.PERSON_NEEDED if unread else Exit.OK


@command.command()
@click.option("--account", metavar="NAME", help="Only the reports of this account.")
@choosing_a_format
@click.pass_obj
def export(session: Session, account: str | None, form: str, output: str) -> Exit:
    """Write the reports of nobody known, one row each and with the full number.

    They are for the other client of the account. Nothing is removed by it.
    """
    _root, settings = session.load_settings()
    with look_at_state(settings, session.find_folder()) as transaction:
        if account is not None:
            _require_account(account, settings, transaction)
        strays = list_strays(transaction, account) if transaction is not None else iter(())
        rows = (_to_row(stray, settings.zone) for stray in strays)
        write_rows(_COLUMNS, rows, form, output)
    return Exit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """One of the three lists. read: yields its rows, up to a limit; advice: what to do about it."""

    name: str
    title: str
    read: Callable[[Transaction, int | None], Iterator[_Row]]
    advice: str


def _read_journal(transaction: Transaction, limit: int | None) -> Iterator[_Row]:
    for answer in list_answers(transaction, limit):
        yield {
            "id": answer.entry,
            "account": answer.account,
            "received_at": answer.received_at,
            "http_status": answer.status,
            "bytes": answer.size,
            "complete": answer.complete,
            "state": answer.state,
            "reports": answer.reports,
            "times": answer.times,
            "last_received_at": answer.last_received_at,
        }


def _read_unmatched(transaction: Transaction, limit: int | None) -> Iterator[_Row]:
    for task in list_unmatched(transaction, limit):
        yield {
            "account": task.account,
            "task_id": task.task_id,
            "extno": task.extno,
            "reports": task.reports,
            "first": task.first,
            "last": task.last,
            "batch": task.batch,
        }


def _read_quarantine(transaction: Transaction, limit: int | None) -> Iterator[_Row]:
    for piece in list_unread(transaction, limit):
        yield {
            "entry": piece.entry,
            "account": piece.account,
            "reason": translate(piece.reason),
            "text": _mask(piece.start),
        }


_SECTIONS = (
    _Section(
        name="journal",
        title=N_("answers with reports, as they came"),
        read=_read_journal,
        advice=N_("`mms-runner reports show ID` writes one as it was received"),
    ),
    _Section(
        name="unmatched",
        title=N_("unmatched: reports of tasks or numbers that are none of ours"),
        read=_read_unmatched,
        advice=N_(
            "`mms-runner reports export` writes them for whoever sent those; is it the task of a"
            " batch in doubt: `mms-runner resolve BATCH --accepted --task TASK_ID`"
        ),
    ),
    _Section(
        name="quarantined",
        title=N_("in quarantine: what could not be read"),
        read=_read_quarantine,
        advice=N_(
            "`mms-runner reports show ENTRY` writes all of it;"
            " after an upgrade `mms-runner reports apply` reads it again"
        ),
    ),
)


def _describe(transaction: Transaction, zone: tzinfo, *, everything: bool) -> str:
    """Describe the lists that are not empty, for people."""
    limit = None if everything else _NEWEST + 1
    found = [(section, list(section.read(transaction, limit))) for section in _SECTIONS]
    blocks = [_describe_section(*each, zone, everything=everything) for each in found if each[1]]
    if not blocks:
        return _("nothing is kept: no answer held a delivery report yet")
    return "\n\n".join(blocks)


def _describe_section(
    section: _Section, rows: Sequence[_Row], zone: tzinfo, *, everything: bool
) -> str:
    shown = rows if everything else rows[:_NEWEST]
    lines = [_(section.title), _make_table(shown, zone)]
    if len(shown) < len(rows):
        told = _("these are the newest {number}: `mms-runner reports --all` has the others")
        lines.append(told.format(number=_NEWEST))
    return "\n".join([*lines, say_next(_(section.advice))])


def _make_table(rows: Sequence[_Row], zone: tzinfo) -> str:
    head = [_(name.replace("_", " ")) for name in rows[0]]
    return render_table(head, [[_show(*cell, zone) for cell in row.items()] for row in rows])


def _show(name: str, value: object, zone: tzinfo) -> object:
    """Give a cell for people; an id as it is typed, without the commas of a number."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%F %T}"
    if isinstance(value, bool):
        return _("whole") if value else _("cut")
    if isinstance(value, EntryState):
        return name_state(value)
    return str(value) if name in ("id", "entry", "batch") and value is not None else value


def _read_json(section: _Section, transaction: Transaction | None, zone: tzinfo) -> Iterator[_Row]:
    """Yield the rows of a list in the shape that scripts rely on."""
    rows = section.read(transaction, None) if transaction is not None else iter(())
    for row in rows:
        yield {
            name: _write_time(cell, zone) if isinstance(cell, datetime) else cell
            for name, cell in row.items()
        }


def _mask(text: str) -> str:
    """Give the start of what nobody could read: one line, in which no number is to be read."""
    # Without what is invisible: a zero behind each digit, as UTF-16 has, would hide a number.
    visible = "".join(" " if each.isspace() else each for each in text if _is_shown(each))
    masked = mask_line(" ".join(visible.split()))
    return masked if len(masked) <= _LONGEST_START else f"{masked[:_LONGEST_START]}…"


def _is_shown(character: str) -> bool:
    return character.isprintable() or character.isspace()


def _choose(database: Database, entries: Sequence[int], *, everything: bool) -> list[int]:
    """List the answers that are meant; raises WrongUsage for one that there is not."""
    state = None if everything or entries else EntryState.QUARANTINED
    with database.reading() as transaction:
        known = list_entries(transaction, state)
    for entry in entries:
        if entry not in known:
            raise _unknown(entry)
    return list(dict.fromkeys(entries)) or known


def _read_again(database: Database, entries: Iterable[int]) -> Iterator[tuple[int, Reading]]:
    for entry in entries:
        with database.reading() as transaction:
            found = find_entry(transaction, entry)
        if found is not None:  # a sender forgets an answer that holds nothing
            yield entry, apply_again(database, found, read_clock())


def _tell(session: Session, readings: Mapping[int, Reading]) -> None:
    worth_telling = [(entry, each) for entry, each in readings.items() if each.new or each.unread]
    for entry, reading in islice(worth_telling, _NEWEST):
        if reading.new:
            told = _("answer {entry}: {reports} found a place")
            session.say(told.format(entry=entry, reports=count(reading.new, "report")))
        if reading.unread:
            told = _(
                "answer {entry}: {pieces} still cannot be read:"
                " `mms-runner reports show {entry}` writes all of it"
            )
            warn(told.format(entry=entry, pieces=count(reading.unread, "piece")))
    new = sum(reading.new for reading in readings.values())
    unread = sum(reading.unread for reading in readings.values())
    session.say(
        _("{answers} read again: {reports}, {pieces} in quarantine").format(
            answers=count(len(readings), "answer"),
            reports=count(new, "new report"),
            pieces=count(unread, "piece"),
        )
    )


def _to_row(stray: StrayReport, zone: tzinfo) -> _Row:
    verdict = RecipientState.DELIVERED if stray.delivered else RecipientState.FAILED
    return {
        "account": stray.account,
        "mobile": str(stray.mobile),
        "state": verdict,
        "task_id": stray.task_id,
        "received_at": _write_time(stray.received_at, zone),
        "error_code": stray.error_code,
        "extno": stray.extno,
        "fetched_at": _write_time(stray.fetched_at, zone),
    }


def _write_time(moment: datetime | None, zone: tzinfo) -> str | None:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None


def _require_account(name: str, settings: Settings, transaction: Transaction | None) -> None:
    used = read_accounts(transaction) if transaction is not None else []
    known = {*settings.accounts, *(account.name for account in used)}
    if name not in known:
        raise no_account(name, sorted(known))


def _unknown(entry: int) -> WrongUsage:
    return WrongUsage(
        _("there is no answer {entry} in the journal").format(entry=entry),
        hint=_("`mms-runner reports` lists them"),
    )
