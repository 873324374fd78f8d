"""What every command needs from the command line: the workspace, the state, and how to speak."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.speech import write_for_people
from runner.errors import FaultyFiles, StateRefused, WrongUsage
from runner.language import _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from runner.model.account import Settings
    from runner.model.diagnostic import Diagnostic
    from runner.model.findings import Findings
    from runner.store.database import Database
    from runner.store.transaction import Transaction
    from runner.workspace.load import Workspace


def read_clock() -> datetime:
    """Give the time: the one clock of the program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The options that stand before the command. settings_file: that of `--settings`."""

    named: str | None
    settings_file: Path | None
    quiet: bool
    no_color: bool

    @property
    def use_color(self) -> bool:
        """Whether output for people may be coloured."""
        return not self.no_color and "NO_COLOR" not in os.environ and sys.stdout.isatty()

    def say(self, text: str) -> None:
        """Tell a person something that is no result and no error."""
        if not self.quiet:
            write_for_people(text)

    def find_root(self) -> Path:
        """Find the workspace's folder, symlinks resolved, to read in; raises WrongUsage."""
        from runner.workspace.locate import find_workspace

        return find_workspace(self.named, Path.cwd())

    def find_folder(self) -> Path:
        """Find the same folder as it was named: whose the state is; raises WrongUsage."""
        from runner.workspace.locate import find_folder

        return find_folder(self.named, Path.cwd(), os.environ.get("PWD"))

    def load_settings(self) -> tuple[Path, Settings]:
        """Read the settings; raises WrongUsage after telling their faults.

        Gives the resolved folder of the workspace beside them.
        """
        from runner.workspace.load import load_settings

        root = self.find_root()
        try:
            return root, load_settings(self.find_folder(), self.settings_file)
        except FaultyFiles as error:
            self.show_faults(root, error.diagnostics)
            raise WrongUsage(_("the settings have faults")) from error

    def load_workspace(
        self,
        only: Collection[str] | None = None,
        *,
        warn: bool = True,
        now: datetime | None = None,
        remember: bool = False,
    ) -> Workspace:
        """Read the workspace, whatever is wrong in it.

        only: the campaigns' files, None for all; warn, now: as for the function of this name.
        remember: take what the state knows of long lists that have not changed.
        """
        from runner.workspace.load import load_workspace

        return load_workspace(
            self.find_folder(),
            only,
            self.settings_file,
            remember=self._remember if remember else None,
            warn=warn,
            now=now,
        )

    def _remember(self, settings: Settings) -> Findings:
        from runner.model.findings import Findings
        from runner.store.findings import read_findings

        # Whatever speaks against the state is told by whoever needs more of it.
        with suppress(WrongUsage), look_at_state(settings, self.find_folder()) as state:
            if state is not None:
                return read_findings(state)
        return Findings()

    def load_sound(
        self,
        only: Collection[str] | None = None,
        *,
        warn: bool = False,
        remember: bool = False,
    ) -> tuple[Workspace, Settings]:
        """Read the workspace; tells its errors and raises where there is one.

        only: the campaigns' files, None for all. warn: find warnings too, which whoever asks tells.
        remember: as for `load_workspace`.
        """
        workspace = self.load_workspace(only, warn=warn, remember=remember)
        self.show_faults(workspace.root, workspace.errors)
        if workspace.settings is None:
            raise WrongUsage(_("the settings have faults"))
        if workspace.errors:
            raise FaultyFiles(workspace.errors)
        return workspace, workspace.settings

    def show_faults(self, root: Path, faults: Collection[Diagnostic]) -> None:
        """Show diagnostics to a person, on stderr."""
        if faults:
            from runner.cli.diagnostics import Format, render_diagnostics

            text = render_diagnostics(faults, root, Format.FULL, color=self.use_color)
            write_for_people(f"{text}\n", styled=True)


def state_path(settings: Settings, root: Path) -> Path:
    """Say where the state lies: as the settings say, else where the system keeps such things.

    Raises WrongUsage where that is in a home folder that nobody knows.
    """
    if settings.state:
        return root / _expand(settings.state)
    if folder := os.environ.get("STATE_DIRECTORY"):
        return Path(folder) / "state.db"
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return _expand(home) / "mms-runner" / settings.name / "state.db"


def _expand(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise WrongUsage(
            _("there is no home folder for the state {path}").format(path=path),
            hint=_("set HOME, or name `state`"),
        ) from error


def check_state(transaction: Transaction | None, settings: Settings, folder: Path) -> None:
    """Refuse a state that is not the one which the settings ask for, or another workspace's.

    transaction: None where there is no state, which is refused where a certain one is asked for.
    folder: the workspace as it was named.
    """
    from runner.store.custody import check_id
    from runner.store.identity import check_workspace

    if transaction is None:
        _refuse_a_missing_one(settings, state_path(settings, folder))
        return
    check_id(transaction, settings.state_id)
    check_workspace(transaction, name=settings.name, folder=str(folder))


@contextmanager
def look_at_state(settings: Settings, folder: Path) -> Iterator[Transaction | None]:
    """Give a reading transaction of this workspace's own state, and change nothing.

    None where there is none yet. folder: the workspace as it was named. Raises StateRefused.
    """
    from runner.store.database import look_into

    with look_into(state_path(settings, folder)) as transaction:
        check_state(transaction, settings, folder)
        yield transaction


@contextmanager
def read_state(settings: Settings, folder: Path, *, actor: str) -> Iterator[Transaction | None]:
    """Give a reading transaction of this workspace's own state, brought up to date before.

    None where there is none yet. Other parameters and errors as of `open_state`.
    """
    if not state_exists(settings, folder):
        yield None
        return
    with open_state(settings, folder, actor=actor) as database, database.reading() as transaction:
        yield transaction


def state_exists(settings: Settings, folder: Path) -> bool:
    """Whether there is a state; raises StateRefused where a certain one is missing."""
    from runner.store.database import holds_state

    path = state_path(settings, folder)
    if holds_state(path):
        return True
    _refuse_a_missing_one(settings, path)
    return False


@contextmanager
def open_state(
    settings: Settings, folder: Path, *, actor: str, adopting: bool = False
) -> Iterator[Database]:
    """Open the state for writing, checked to be this workspace's own; a new one becomes it.

    folder: the workspace as it was named, so that a symlink that is swapped stays the same.
    actor: who the event log names. adopting: another workspace's is wanted, to be adopted.
    Raises StateRefused.
    """
    from runner.store.custody import check_id
    from runner.store.database import open_database
    from runner.store.identity import claim_workspace

    path = state_path(settings, folder)
    named = settings.state or "STATE_DIRECTORY" in os.environ
    is_new = not state_exists(settings, folder)
    if is_new and not (path.exists() or named or adopting):
        _refuse_namesakes(path, folder)
    database = open_database(path, actor=actor)
    try:
        with database.writing() as transaction:
            check_id(transaction, settings.state_id)
            if not adopting:
                claim_workspace(transaction, name=settings.name, folder=str(folder))
        yield database
    finally:
        database.close()


@contextmanager
def open_to_send(settings: Settings, folder: Path, *, actor: str) -> Iterator[Database]:
    """Open the state for whoever sends and polls; only for the holder of its lock.

    Parameters as of `open_state`. Raises StateRefused, with what is at risk, for a copy and for a
    backup that was put back.
    """
    from runner.store.custody import take_custody

    with open_state(settings, folder, actor=actor) as database:
        if suspicion := take_custody(database):
            from runner.cli.risk import refuse_to_send

            refuse_to_send(database, suspicion, settings.zone)
        yield database


def _refuse_a_missing_one(settings: Settings, path: Path) -> None:
    if settings.state_id is not None:
        told = _(
            "there is no state at {path}, but the settings ask for the one with the id `{id}`,"
            " which knows what was sent"
        )
        raise StateRefused(
            told.format(path=path, id=settings.state_id),
            hint=_(
                "put it back there; where it is lost, or this is a new workspace:"
                " `mms-runner state new` makes an empty one, which knows nothing of what was sent"
            ),
        )


def _refuse_namesakes(path: Path, folder: Path) -> None:
    """Refuse to make a state where the folder has one under another name, with what was sent.

    path: where the new one would lie: beside those of other names.
    """
    from runner.store.database import look_into
    from runner.store.identity import read_owner

    for other in sorted(path.parent.parent.glob(f"*/{path.name}")):
        with suppress(StateRefused), look_into(other) as transaction:
            owner = read_owner(transaction) if transaction else None
            if owner and owner.lies_in(str(folder)):
                told = _(
                    "this folder was `{name}` until now, and {state} knows what was sent"
                    " under that name"
                )
                hint = _(
                    "put `name: {name}` back; or, where the new name is meant:"
                    " mv {state}* {folder}/ && mms-runner state adopt"
                )
                raise WrongUsage(
                    told.format(name=owner.name, state=other),
                    hint=hint.format(name=owner.name, state=other, folder=path.parent),
                )
