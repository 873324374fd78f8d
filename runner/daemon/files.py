"""Keeps the state in step with the files: reads them when they change, all or nothing.

Whatever is wrong with them, the last good state goes on, and both the log and `status` say so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from runner.codec.redaction import FEWEST_IN_ANSWERS, PASSWORDS, name_secrets
from runner.daemon.log import tell
from runner.dispatch.follow import follow_workspace, gather_ahead
from runner.dispatch.line import open_line
from runner.errors import FilesMoved, WrongUsage
from runner.language import N_, join_clauses
from runner.lifecycle import AccountState
from runner.model.account import SecretKind, SecretRef
from runner.plan import plan_campaign
from runner.store.accounts import ensure_accounts, read_standing, release_account
from runner.store.findings import forget_unused, keep_findings, read_findings
from runner.store.planning import read_facts
from runner.store.reloads import note_files_in_force, note_problem
from runner.workspace.kept_lists import KeptLists
from runner.workspace.load import load_workspace
from runner.workspace.revision import read_revision
from runner.workspace.watch import Sight, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from runner.daemon.mask import Mask
    from runner.daemon.senders import Senders
    from runner.dispatch.line import Line
    from runner.model.account import Account, Settings
    from runner.model.diagnostic import Diagnostic
    from runner.plan import CampaignPlan
    from runner.store.database import Database
    from runner.workspace.load import Workspace

_MOST_READS = 3  # where the files move while they are read
_MOST_FAULTS_TOLD = 20


class Trouble(Enum):
    """Why files are not in force."""

    FAULTY = "faulty"  # their author must mend them
    REFUSED = "refused"  # they would remove too much
    MOVING = "moving"  # somebody is writing them


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """What came of reading the files; problem: why they are not in force, None where they are."""

    trouble: Trouble | None = None
    problem: str | None = None
    revision: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether a person could have it with `--force`."""
        return self.trouble is Trouble.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a daemon's files are.

    folder: the workspace as it was named, links kept; settings_file: apart from it, or None.
    name: the workspace's. find_state: gives the state's file by the settings: it may lie in the
    workspace, and is none of its files. state_id: which state that is.
    """

    folder: Path
    settings_file: Path | None
    name: str
    find_state: Callable[[Settings], Path]
    state: Path
    state_id: str

    def require_same_state(self, settings: Settings) -> None:
        """Refuse settings by which other commands would use another state than this daemon."""
        if settings.name != self.name:
            raise WrongUsage(
                N_(
                    "`name` was {name} and is {other} now: another name is another state, which"
                    " knows nothing of what was sent; put it back"
                ).format(name=self.name, other=settings.name)
            )
        if self.find_state(settings) != self.state:
            raise WrongUsage(
                N_(
                    "`state` is no longer {path}, which knows what was sent: put it back, or"
                    " stop the daemon, move the file there and start it anew"
                ).format(path=self.state)
            )
        if settings.state_id not in (None, self.state_id):
            raise WrongUsage(
                N_(
                    "`state` asks for the id {other} now, but this daemon works with {id}, which"
                    ' knows what was sent: put `id: "{id}"` back'
                ).format(other=settings.state_id, id=self.state_id)
            )


class Files:
    """The files of a daemon; used by one thread at a time.

    settings: those in force, from the first reload on.
    """

    def __init__(
        self,
        place: Place,
        *,
        database: Database,
        senders: Senders,
        mask: Mask,
        clock: Callable[[], datetime],
    ) -> None:
        self._place = place
        self._database = database
        self._senders = senders
        self._mask = mask
        self._clock = clock
        self._watch = Watch(place.folder, _named([place.settings_file]), state=place.state)
        with database.reading() as transaction:
            self._kept_lists = KeptLists(findings=read_findings(transaction))
        self._plans: Mapping[str, CampaignPlan] = {}  # of the newest sound files, by id
        self._revision: str | None = None
        self._newest_revision: str | None = None
        self._problem: str | None = None
        self._is_unread = False  # the problem was with reading, not with what was read
        self.settings: Settings | None = None

    def look(self) -> Reload | None:
        """Read the files where they have changed and come to rest; None where they have not."""
        look = self._watch.look(self._clock())
        if look.sight is Sight.UNREADABLE:
            self._note_unread(look.why or N_("the workspace cannot be read"))
        rests = look.sight is Sight.UNCHANGED
        if look.sight is Sight.CHANGED or (rests and self._is_unread):
            return self.reload(forced=False)
        if rests and self._problem is None:
            self._keep_newest_revision()
        return None

    def reload(self, *, forced: bool) -> Reload:
        """Read the files now and put them into force, or say why not.

        forced: they may unschedule as much as they like.
        Raises WrongUsage only at the first time, where there are no settings to work with.
        """
        moved = None
        for _ in range(_MOST_READS):
            before = self._watch.take_glance()
            workspace, problem = self._read(Path(before.place))
            if self.settings is None and (workspace is None or workspace.settings is None):
                raise WrongUsage(problem or N_("the settings cannot be used"))
            moved = self._watch.note_read(before, self._clock())
            if moved is None:
                self._is_unread = True  # until all of it is kept: a disk may be full
                try:
                    reload = self._use(workspace, problem, forced=forced)
                except FilesMoved as error:
                    moved = str(error)
                    continue
                self._is_unread = False
                return reload
        problem = N_("the files are being written: {moved}").format(moved=moved)
        self._note_unread(problem)
        return Reload(trouble=Trouble.MOVING, problem=problem)

    def ask_revision(self) -> None:
        """Ask git for the commit anew: a commit changes no file that was read already.

        It is in force only where the next look finds the files as they were read.
        """
        self._newest_revision = read_revision(self._place.folder)

    def _keep_newest_revision(self) -> None:
        if self._newest_revision == self._revision:
            return
        with self._database.writing() as transaction:
            note_files_in_force(transaction, self._newest_revision, self._clock())
        self._revision = self._newest_revision

    def _read(self, root: Path) -> tuple[Workspace | None, str | None]:
        try:
            workspace = load_workspace(
                self._place.folder,
                settings_file=self._place.settings_file,
                root=root,
                kept=self._kept_lists,
                warn=False,  # they are for the author, before this point; here nobody could act
            )
        except WrongUsage as error:
            return None, str(error)
        return workspace, _sum_up(workspace.errors) if workspace.errors else None

    def _use(self, workspace: Workspace | None, problem: str | None, *, forced: bool) -> Reload:
        if workspace is not None and self.settings is None:
            # Whatever the campaigns' files say, what the state knows already goes on.
            self._put_settings_into_force(workspace)
        if problem:
            self._note_problem(problem, workspace.errors if workspace else ())
            return Reload(trouble=Trouble.FAULTY, problem=problem)
        assert workspace is not None  # noqa: S101 - without a problem there is one
        return self._put_into_force(workspace, forced=forced)

    def _put_settings_into_force(self, workspace: Workspace) -> None:
        settings = workspace.settings
        assert settings is not None  # noqa: S101 - `reload` has looked
        lines = self._open_lines(settings)
        with self._database.writing() as transaction:
            ensure_accounts(transaction, settings.accounts, self._clock())
        self._take_settings(settings, lines)

    def _put_into_force(self, workspace: Workspace, *, forced: bool) -> Reload:
        settings = workspace.settings
        assert settings is not None  # noqa: S101 - a workspace without errors has them
        try:
            self._place.require_same_state(settings)
            lines = self._open_lines(settings)
        except WrongUsage as error:
            problem = N_(
                "the settings cannot be used, so the last good state goes on: {error}"
            ).format(error=join_clauses(str(error), *filter(None, [error.hint])))
            self._note_problem(problem)
            return Reload(trouble=Trouble.FAULTY, problem=problem)
        is_first = not self._plans  # later ones ask only for what has changed
        self._plans = self._plan(workspace, settings)
        plans = list(self._plans.values())
        revision = read_revision(self._place.folder)
        now = self._clock()
        with self._database.writing() as transaction:
            ensure_accounts(transaction, settings.accounts, now)
            removal = follow_workspace(
                transaction, plans, now, forced=forced, findings=workspace.findings
            )
            keep_findings(transaction, workspace.findings)
            if is_first:
                forget_unused(transaction, workspace.findings)
            if removal is None:
                note_files_in_force(transaction, revision, now)
        if removal:
            self._note_problem(str(removal))
            return Reload(trouble=Trouble.REFUSED, problem=str(removal))
        self._revision = self._newest_revision = revision
        self._problem = None
        self._take_settings(settings, lines)
        self._release(lines)
        tell(logging.INFO, _describe(workspace, revision), campaigns=len(plans), revision=revision)
        return Reload(revision=revision)

    def _release(self, accounts: Iterable[str]) -> None:
        """Let accounts that were suspended try again: their settings or secrets have changed.

        Only after these are in force: else the old ones could be tried once more.
        """
        now = self._clock()
        with self._database.writing() as transaction:
            for name in accounts:
                if read_standing(transaction, name).state is AccountState.SUSPENDED:
                    reason = N_("its settings have changed")
                    release_account(transaction, name, now, reason=reason)

    def _plan(self, workspace: Workspace, settings: Settings) -> dict[str, CampaignPlan]:
        with self._database.reading() as transaction:
            facts = read_facts(transaction, workspace.campaigns)
        now = self._clock()
        plans = {
            name: plan_campaign(
                campaign,
                settings.accounts[campaign.account],
                facts.get(name),
                now,
                settings.zone,
                sending=True,
                before=self._plans.get(name),
                findings=workspace.findings,
            )
            for name, campaign in workspace.campaigns.items()
        }
        for plan in plans.values():
            gather_ahead(plan, now)
        return plans

    def _open_lines(self, settings: Settings) -> Mapping[str, Line]:
        """Open the lines of accounts that are new, or whose settings or secrets have changed."""
        lines = [open_line(account) for account in settings.accounts.values()]
        for line in lines:
            self._hide_secrets(line)
        return {line.account.name: line for line in lines if self._senders.is_new(line)}

    def _hide_secrets(self, line: Line) -> None:
        for name, secret in name_secrets(line.account, line.credentials).items():
            # A short user id is the same as many a number; it stands in no line of ours.
            if name in PASSWORDS or len(secret) >= FEWEST_IN_ANSWERS:
                self._mask.hide(secret)

    def _take_settings(self, settings: Settings, lines: Mapping[str, Line]) -> None:
        self.settings = settings
        self._senders.put_into_force(settings, lines)
        lists = [Path(entry.file) for entry in settings.lists.values()]
        secrets = chain.from_iterable(map(_secret_files, settings.accounts.values()))
        self._watch.follow([*_named([self._place.settings_file]), *lists, *secrets])

    def _note_unread(self, problem: str) -> None:
        self._is_unread = True
        self._note_problem(problem)

    def _note_problem(self, problem: str, faults: Iterable[Diagnostic] = ()) -> None:
        with self._database.writing() as transaction:
            is_news = note_problem(transaction, problem, self._clock())
        if problem == self._problem:
            return
        self._problem = problem
        if not is_news:  # an earlier process had it in the event log, and told it in its own log
            tell(logging.WARNING, f"workspace: {problem}")
        for fault in list(faults)[:_MOST_FAULTS_TOLD]:
            place = f"{fault.file}:{fault.place}"
            hint = f"; {fault.hint}" if fault.hint else ""
            tell(
                logging.ERROR,
                f"{place}: {fault.message}{hint}",
                file=fault.file,
                line=fault.span.line,
                column=fault.span.column,
                rule=fault.rule,
            )


def _secret_files(account: Account) -> Iterator[Path]:
    for value in (account.url, account.userid, account.account, account.password):
        if isinstance(value, SecretRef) and value.kind is SecretKind.FILE:
            yield Path(value.name).expanduser()


def _named(files: Iterable[Path | None]) -> list[Path]:
    return [file for file in files if file is not None]


def _sum_up(errors: tuple[Diagnostic, ...]) -> str:
    first = errors[0]
    faulty = (
        N_(
            "the files have faults, so the last good state goes on: {place}: {message} and"
            " {more} more"
        )
        if len(errors) > 1
        else N_("the files have faults, so the last good state goes on: {place}: {message}")
    )
    return faulty.format(
        place=f"{first.file}:{first.place}",
        message=first.message,
        more=len(errors) - 1,
    )


def _describe(workspace: Workspace, revision: str | None) -> str:
    commit = f", commit {revision}" if revision else ""
    number = len(workspace.campaigns)
    campaigns = "1 campaign" if number == 1 else f"{number} campaigns"
    return f"the files are in force: {campaigns}{commit}"
