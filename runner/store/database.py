"""Opens the state file, brings it up to date, and hands out transactions.

Writing transactions begin IMMEDIATE on one connection, since a read that turns into a write fails
at once with BUSY. An error of SQLite that an operator can mend leaves here as ``StateRefused``.

Nobody's commit takes the write-ahead log into the file, as SQLite would have it: the sender does
that alone, while it keeps everybody from writing, since old versions of SQLite may lose pages
otherwise (see ``wal``). Where nobody sends, whoever lets go of the state last does it.

After an error of the disk neither what SQLite holds nor what the system shows of a file is sure to
be on the disk, and a second sync would say nothing of it. So nothing is begun any more; what is in
hand is still recorded, where the disk takes it; and the next sender writes the whole log into the
file, and syncs it, before it trusts it.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import stat
import threading
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import chain, count
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from runner.errors import DiskFailed, DiskFull, StateRefused
from runner.faultpoint import faultpoint
from runner.language import N_
from runner.private import make_folder, narrow, sync
from runner.store.backup import back_up
from runner.store.complaints import refuse_closed, refuse_full, refuse_moved, translating
from runner.store.custody import FIRST_VERSION, inherit_id
from runner.store.lock import find_holder, lock_of
from runner.store.migrations import LATEST, apply_migrations, read_version
from runner.store.room import has_room
from runner.store.sharing import Sharing
from runner.store.transaction import transacting
from runner.store.wal import Log
from runner.store.witness import witness_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runner.store.sharing import Wish
    from runner.store.transaction import Transaction
    from runner.store.witness import Witness

APPLICATION_ID = 0x4D4D5352  # "MMSR": tells our files from other people's databases

BUSY_SECONDS = 30.0  # how long to wait for another program's transaction

_AGAIN = 1.0  # seconds between two tries of what must be recorded
_PATIENCE = 60.0  # seconds for a disk that is full
_PATIENCE_WITH_FAILURE = 3.0  # seconds for one that reports errors

_Written = TypeVar("_Written")

_LOG_KEPT = 4 << 20  # bytes of the log that stay on the disk to be written over
_BETWEEN_LOOKS = 0.02  # seconds
_FOR_READERS = 0.5  # seconds for which writers wait where readers keep the log from an end

_OF_SQLITE = ("-wal", "-shm", "-journal")  # the ends of its own files' names


class Database:
    """The state file, opened. Use ``open_database``; safe for many threads.

    actor: who the event log names for what this process changes.
    """

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection], actor: str) -> None:
        self.path = path
        self.actor = actor
        self._connect = connect
        self._turn = threading.Lock()
        self._writer = connect()
        self._readers: list[sqlite3.Connection] = []  # those that rest
        self._is_closed = False
        self._file = _identify(path)
        self._log = Log(path)
        self._sharing = Sharing(self._carry_out)
        self._witness: Witness | None = None
        self._failure: DiskFailed | None = None
        self._patience = _PATIENCE
        self._tell: Callable[[DiskFull], None] | None = None
        self._given_up = threading.Event()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Give a transaction that may write; durable when the block ends, undone if it raises."""
        with self._taking_turn():
            with transacting(self._writer, writes=True, actor=self.actor) as transaction:
                yield transaction
                faultpoint("store.written")
            self._tell_witness(transaction.generation)
            with suppress(StateRefused):  # what was written is durable all the same
                self._keep_log_short()
        faultpoint("store.committed")

    def write(self, act: Callable[[Transaction], _Written]) -> _Written:
        """Write in a transaction that other threads may share; gives what `act` gives.

        It is durable by then. Where another's act raises, both are undone and called again, each
        by itself: an act changes nothing but the state.
        """
        return self._sharing.write(act)

    def _carry_out(self, take: Callable[[], Sequence[Wish]]) -> Sequence[Wish]:
        """Fulfil all wishes that there are when it begins, in one transaction."""
        wishes: Sequence[Wish] = ()
        transaction: Transaction | None = None
        try:
            with self.writing() as transaction:
                wishes = take()
                for wish in wishes:
                    wish.written = wish.act(transaction)
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread whose it is
            wishes = wishes or take()
            if len(wishes) == 1 or (transaction and transaction.durable):
                for wish in wishes:
                    wish.error = error
            else:
                self._carry_out_apart(wishes)
        return wishes

    def _carry_out_apart(self, wishes: Sequence[Wish]) -> None:
        for wish in wishes:
            try:
                with self.writing() as transaction:
                    wish.written = wish.act(transaction)
            except BaseException as error:  # noqa: BLE001 - as above
                wish.error = error

    def record(
        self, write: Callable[[Transaction], _Written], *, explain: Callable[[str], str]
    ) -> _Written:
        """Write what nobody could have again; gives what `write` gives.

        It is tried again for as long as `wait_for_room` says where the disk is full, and a few
        times where it fails; where it is given up, it raises StateRefused.
        explain: tells a person what is lost by that, by the words of what was in the way.
        """
        began = monotonic()
        while True:
            try:
                return self.write(write)
            except (DiskFull, DiskFailed) as error:
                if not self._is_tried_again(error, began):
                    raise StateRefused(explain(str(error))) from error

    def _is_tried_again(self, error: DiskFull | DiskFailed, began: float) -> bool:
        """Wait until the next try, where there is to be one."""
        patience = self._patience
        if isinstance(error, DiskFailed):
            patience = min(patience, _PATIENCE_WITH_FAILURE)
        elif self._tell:
            self._tell(error)
        return monotonic() - began < patience and not self._given_up.wait(_AGAIN)

    def wait_for_room(self, seconds: float, tell: Callable[[DiskFull], None] | None = None) -> None:
        """Say how long `record` waits from now on, such as math.inf; tell: hears of each try."""
        self._patience = seconds
        self._tell = tell or self._tell

    def give_up(self) -> None:
        """Wait for no room any more: whatever is tried fails at once."""
        self._given_up.set()

    def _tell_witness(self, generation: int | None) -> None:
        """Let the witness know of a claim: not before it is durable, not after its turn."""
        if self._witness and generation is not None:
            faultpoint("store.unwitnessed")
            self._witness.note(generation)

    def report_to(self, witness: Witness) -> None:
        """Tell a witness of every claim from now on; it is closed with the state.

        It makes this process the sender, who takes care of the log.
        """
        self._witness = witness

    def keep_log_short(self) -> None:
        """Take the log into the file where other processes have made it long.

        Only for the sender, whose own writing does it by itself.
        """
        with self._taking_turn():
            self._keep_log_short()

    def fold_log(self) -> None:
        """Take in a log that readers let grow, and let whoever reads from it end meanwhile.

        It begins anew only where nobody reads from it, which may never be where one reader begins
        before another ends. Here writers wait for a moment: who begins to read then has no need of
        the log. Only for the sender.
        """
        if self._log.is_large():
            with self._taking_turn():
                self._take_log_in(_FOR_READERS)

    def take_log_in(self) -> None:
        """Write all of the log that nobody still reads into the file, and sync it.

        Only for the holder of the state's lock. Raises StateRefused.
        """
        with self._taking_turn():
            self._take_log_in()

    def _keep_log_short(self) -> None:
        if self._witness and self._log.is_long():
            with self._noticing():
                self._take_log_in()

    def _take_log_in(self, seconds: float = 0.0) -> None:
        # Nobody writes, and so begins the log anew, while this transaction lasts. It cannot do it
        # itself: a connection's own transaction is in the way of its checkpoint.
        with transacting(self._writer, writes=True), closing(self._connect()) as other:
            faultpoint("store.taking-log-in")
            until = monotonic() + seconds
            other.execute("PRAGMA wal_checkpoint(PASSIVE)")
            while monotonic() < until:
                sleep(_BETWEEN_LOOKS)
                other.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Give a transaction that sees one moment of the state."""
        with self._noticing(), self._reader() as reader, transacting(reader) as transaction:
            yield transaction

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """Give a connection of one's own; it rests for whoever reads next, with what it knows."""
        if self._is_closed:
            raise refuse_closed(self.path)
        try:
            reader = self._readers.pop()
        except IndexError:
            reader = self._connect()
        try:
            yield reader
        except BaseException:
            reader.close()
            raise
        self._readers.append(reader)
        if self._is_closed:  # meanwhile
            self._close_readers()

    def require_room(self, size: int) -> None:
        """Raise DiskFull where the disk cannot take so many bytes more, and as below."""
        self.require_sound_file()
        if not has_room(self.path, size):
            raise refuse_full(self.path)

    def require_sound_file(self) -> None:
        """Raise StateRefused where nothing may be begun any more.

        The disk has failed once (DiskFailed), or the file is no longer where it was.
        """
        if self._failure:
            raise DiskFailed(str(self._failure), hint=self._failure.hint) from self._failure
        if _identify(self.path) != self._file:
            raise refuse_moved(self.path)

    def count_foreign_commits(self) -> int:
        """Give a number that changes where another process has changed the state; costs nothing."""
        with self._taking_turn():
            version: int = self._writer.execute("PRAGMA data_version").fetchone()[0]
            return version

    @contextmanager
    def _taking_turn(self) -> Iterator[None]:
        with self._turn, self._noticing():
            if self._is_closed:
                raise refuse_closed(self.path)
            yield

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            with translating(self.path):
                yield
        except DiskFailed as error:
            self._failure = self._failure or error
            raise

    def close(self) -> None:
        """Let go of the file; whoever still writes finishes first, and nobody writes after."""
        with self._turn:
            self._is_closed = True
            self._writer.close()
            self._close_readers()
            self._log.close()
            if self._witness:
                self._witness.close()
                self._witness = None

    def _close_readers(self) -> None:
        with suppress(IndexError):
            while True:
                self._readers.pop().close()


def open_database(path: Path, *, actor: str, busy_seconds: float = BUSY_SECONDS) -> Database:
    """Open the state for writing, made and migrated where needed; nobody else may read the file.

    Before an older one is migrated, it is kept beside it as `STATE.backup-vN`.
    Raises StateRefused for a file that is foreign, newer, damaged, locked or not to be written.
    """
    with translating(path):
        _make_file(path)
        connect = partial(_connect, path, mode="rw", busy_seconds=busy_seconds)
        with closing(connect()) as driver:
            with transacting(driver, writes=True, actor=actor) as transaction:
                _check_kind(transaction, path)
                _keep_private(path)
                _migrate(transaction, path)
            driver.execute("PRAGMA journal_mode = WAL")  # which no transaction can change
        return Database(path, connect, actor)


@contextmanager
def look_into(path: Path) -> Iterator[Transaction | None]:
    """Give a reading transaction of a state that may not exist (None), and change nothing.

    Raises StateRefused where the file is there but cannot be read.
    """
    if not _exists(path):
        yield None
        return
    if Path(f"{path}-journal").exists():
        holds_state(path)  # a crash while it was made: a mere reader may not roll that back
    with _looking(path, "ro") as transaction:
        version = read_version(transaction)
        if 0 < version < LATEST:
            raise StateRefused(
                N_("the state {path} is older: `mms-runner run` brings it up to date").format(
                    path=path
                )
            )
        yield transaction if version else None  # made, but nothing was kept in it yet


def holds_state(path: Path) -> bool:
    """Whether a state was ever made at a path, an older one too; raises StateRefused as others."""
    if not _exists(path):
        return False
    # Not `ro`: what a crash left half-written is mended first, which a mere reader may not do.
    with _looking(path, "rw") as transaction:
        return read_version(transaction) > 0


def move_aside(path: Path, state_id: str) -> Path:
    """Move a state and its witness out of the way, and give where it is then; nothing is lost.

    Only for the holder of its lock. Raises StateRefused where somebody else has it open.
    """
    place = path.resolve()
    aside = _find_free_name(place.with_name(f"{place.name}.old-{state_id}"))
    with translating(path), closing(sqlite3.connect(place)) as connection:
        # Takes the log in, so that the file is the whole state; BUSY where somebody has it open.
        connection.execute("PRAGMA journal_mode = DELETE")
    place.rename(aside)
    with suppress(FileNotFoundError):
        witness_of(path).rename(witness_of(aside))
    sync(place.parent)
    return aside


def _find_free_name(path: Path) -> Path:
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(name for name in chain([path], numbered) if not name.exists())


@contextmanager
def _looking(path: Path, mode: str) -> Iterator[Transaction]:
    with (
        translating(path),
        closing(_connect(path, mode=mode, busy_seconds=BUSY_SECONDS)) as driver,
        transacting(driver) as transaction,
    ):
        _check_kind(transaction, path)
        yield transaction


def _migrate(transaction: Transaction, path: Path) -> None:
    """Bring a state up to date within the caller's transaction; an older one is kept beside it."""
    version = read_version(transaction)
    if version == LATEST:
        return
    if version > 0:
        _refuse_beside_another(path)
        back_up(path, Path(f"{path}.backup-v{version}"))
        faultpoint("migration.backed-up")
    transaction.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    apply_migrations(transaction)
    if 0 < version < FIRST_VERSION:
        inherit_id(transaction, path)
    faultpoint("migration.applied")


def _refuse_beside_another(path: Path) -> None:
    # A program of the older version would go on with a layout that it does not know.
    holder = find_holder(path)
    ourselves = f"process {os.getpid()} on {socket.gethostname()},"
    if holder and ourselves not in str(holder):
        raise StateRefused(
            N_(
                "the state {path} is older, and cannot be brought up to date while somebody is at"
                " work with it: {holder}"
            ).format(path=path, holder=str(holder)),
            hint=N_("stop that first, or start it anew with this version"),
        )


def _connect(path: Path, *, mode: str, busy_seconds: float) -> sqlite3.Connection:
    driver = sqlite3.connect(
        f"file:{_quote(path)}?mode={mode}",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,  # the driver begins nothing by itself
        check_same_thread=False,
    )
    driver.execute("PRAGMA foreign_keys = ON")
    driver.execute("PRAGMA synchronous = FULL")
    driver.execute("PRAGMA wal_autocheckpoint = 0")
    # Some systems' SQLite overwrites each page that becomes free, and so writes it once more.
    driver.execute("PRAGMA secure_delete = FAST")
    # Else the log stays for ever as large as one long reader let it grow.
    driver.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT}")
    return driver


def _make_file(path: Path) -> None:
    try:
        make_folder(path.parent)
        if not _exists(path):
            path.touch(mode=0o600)
    except OSError as error:
        raise StateRefused(
            N_("the state {path} cannot be made: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error


def _keep_private(path: Path) -> None:
    # Not before the file is known to be ours, and what is write-protected stays so.
    real = path.resolve()  # SQLite keeps its log beside that
    beside = [real.with_name(f"{real.name}{end}") for end in _OF_SQLITE]
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o600)
        for each in (*beside, witness_of(path), lock_of(path)):
            narrow(each)
    except OSError as error:
        raise StateRefused(
            N_("the state {path} is not yours: {problem}").format(path=path, problem=error.strerror)
        ) from error


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _exists(path: Path) -> bool:
    """Whether there is a file; raises StateRefused where there is something else."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StateRefused(
            N_("the state {path} cannot be reached: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error
    if not stat.S_ISREG(mode):
        raise StateRefused(
            N_("the state {path} is no file").format(path=path),
            hint=N_("name a file in `state`"),
        )
    return True


def _check_kind(transaction: Transaction, path: Path) -> None:
    application = transaction.execute("PRAGMA application_id").scalar()
    tables = transaction.execute("SELECT count(*) FROM sqlite_master").scalar()
    if application != APPLICATION_ID and (tables or application):
        raise StateRefused(
            N_("{path} is a database of another program").format(path=path),
            hint=N_("name another file in `state`"),
        )
    if read_version(transaction) > LATEST:
        raise StateRefused(
            N_("the state {path} was written by a newer version of mms-runner").format(path=path),
            hint=N_("install that version; the state is unharmed"),
        )


def _quote(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
