"""The write-ahead log: the sender alone takes it into the file, at moments when nobody writes."""

from __future__ import annotations

import sqlite3
import sys
import threading
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_workspace import until

from runner.faultpoint import EVENT
from runner.store.custody import take_custody
from runner.store.database import open_database
from runner.store.wal import Log, find_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.store.database import Database

PAGE = 4096
LONG = 1000  # pages
A_LOT = 400  # pages in one transaction


@contextmanager
def opened(state: Path, *, sends: bool = False) -> Iterator[Database]:
    database = open_database(state, actor="test", busy_seconds=5)
    try:
        if sends:
            assert take_custody(database) is None
        yield database
    finally:
        database.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def write(database: Database, times: int = 1) -> None:
    """Write much into the log; the pages are used again, so that the file stays small."""
    for _ in range(times):
        with database.writing() as transaction:
            transaction.execute("CREATE TABLE much (content BLOB)")
            transaction.execute("INSERT INTO much VALUES (zeroblob(?))", (A_LOT * PAGE,))
        with database.writing() as transaction:
            transaction.execute("DROP TABLE much")


def changes_file(state: Path, act: Callable[[], object]) -> bool:
    """Whether something changes the state's file itself; it is not opened, SQLite locks it."""
    before = state.stat()
    act()
    after = state.stat()
    return (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size)


def pages_in_log(state: Path) -> int:
    return Path(f"{state}-wal").stat().st_size // PAGE


def test_whoever_writes_beside_the_sender_leaves_the_log_alone(state: Path) -> None:
    with opened(state, sends=True), opened(state) as other:
        assert not changes_file(state, lambda: write(other, 4))
        assert Log(state).is_long()


def test_whoever_lets_go_of_the_state_beside_the_sender_leaves_the_log_alone(state: Path) -> None:
    with opened(state, sends=True):
        with opened(state) as other:
            write(other, 4)
            before = state.stat().st_mtime_ns
        assert state.stat().st_mtime_ns == before


def test_whoever_lets_go_last_takes_the_log_in(state: Path) -> None:
    with opened(state) as database:
        write(database)
        assert pages_in_log(state)
    assert not Path(f"{state}-wal").exists()


def test_the_sender_takes_in_what_others_have_written(state: Path) -> None:
    with opened(state, sends=True) as sender, opened(state) as other:
        write(other, 4)
        assert changes_file(state, sender.keep_log_short)
        write(other)
        assert not Log(state).is_long()  # it has begun anew


def test_the_sender_keeps_its_own_log_short(state: Path) -> None:
    with opened(state, sends=True) as sender:
        write(sender, 12)
        assert pages_in_log(state) < LONG + 2 * A_LOT


def test_a_log_that_somebody_still_reads_grows_and_is_taken_in_afterwards(state: Path) -> None:
    with opened(state, sends=True) as sender:
        with looking(sender):
            write(sender, 6)
            grown = pages_in_log(state)
            assert grown > LONG + 2 * A_LOT
        write(sender, 6)
        assert pages_in_log(state) < grown + 2 * A_LOT


@contextmanager
def looking(database: Database) -> Iterator[None]:
    """Look at one moment of the state until the end of the block."""
    with database.reading() as transaction:
        transaction.execute("SELECT count(*) FROM events").scalar()
        yield


def look_in_turn(database: Database, ending: threading.Event) -> None:
    """Look at moment after moment; each look begins before the last one ends."""
    looks = ExitStack()
    while not ending.wait(0.02):
        later = ExitStack()
        later.enter_context(looking(database))
        looks.close()
        looks = later
    looks.close()


def test_a_log_that_one_long_reader_let_grow_gives_its_room_back(state: Path) -> None:
    """Without a limit it would stay that large for ever, though SQLite writes over it."""
    with opened(state, sends=True) as sender:
        with looking(sender):
            write(sender, 8)
        assert pages_in_log(state) > 8 * A_LOT
        write(sender, 3)
        assert pages_in_log(state) < LONG + 2 * A_LOT


def test_a_log_that_overlapping_readers_let_grow_begins_anew_though_they_go_on(state: Path) -> None:
    """Somebody reads at every moment, so SQLite by itself would never begin the log anew."""
    ending = threading.Event()
    with opened(state, sends=True) as sender:
        reader = threading.Thread(target=look_in_turn, args=(sender, ending))
        reader.start()
        try:
            until(lambda: write(sender) or pages_in_log(state) > 5000)
            until(lambda: sender.fold_log() or write(sender) or pages_in_log(state) < 5000)
        finally:
            ending.set()
            reader.join()


def test_a_reader_who_stays_keeps_the_log_and_nobody_is_refused(state: Path) -> None:
    with opened(state, sends=True) as sender, looking(sender):
        write(sender, 13)
        sender.fold_log()
        write(sender)
        assert pages_in_log(state) > 5000


WAITING: list[Callable[[], None]] = []  # for a moment at which the log is taken in


def hear(event: str, arguments: tuple[object, ...]) -> None:
    if WAITING and event == EVENT and arguments[0] == "store.taking-log-in":
        WAITING.pop()()


sys.addaudithook(hear)


def test_while_the_log_is_taken_in_nobody_can_write(state: Path) -> None:
    """Who writes then could begin the log anew, which old versions of SQLite do not notice."""
    refused = []

    def try_to_write() -> None:
        with closing(sqlite3.connect(state, timeout=0, isolation_level=None)) as other:
            with pytest.raises(sqlite3.OperationalError) as error:
                other.execute("BEGIN IMMEDIATE")
            refused.append(error.value.sqlite_errorname)

    with opened(state, sends=True) as sender:
        WAITING.append(try_to_write)
        sender.take_log_in()
    assert refused == ["SQLITE_BUSY"]


def test_a_sender_writes_the_whole_log_into_the_file_before_it_sends(state: Path) -> None:
    """After an error of the disk the log may be in the memory of the system alone."""
    with opened(state) as left_open:
        write(left_open)
        with opened(state) as sender:
            assert changes_file(state, lambda: take_custody(sender))


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 50, 6), (3, 51, 2)])
def test_a_version_of_sqlite_with_the_fault_is_named(version: tuple[int, ...]) -> None:
    fault = find_fault(version)
    assert fault
    assert fault.startswith(f"SQLite {'.'.join(map(str, version))} has a fault")


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)])
def test_nothing_is_said_of_a_version_without_the_fault(version: tuple[int, ...]) -> None:
    assert find_fault(version) is None
