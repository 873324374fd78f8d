"""Before an older state is brought up to date it is kept beside it, whole; or nothing happens."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from builders import NOW, rows_of
from cli_workspace import opening_office, opening_sandbox, opening_sandboxes
from test_migrations import make_old_state

from runner.errors import StateRefused
from runner.store import migrations
from runner.store.custody import take_custody
from runner.store.database import look_into, open_database
from runner.store.lock import hold_lock
from runner.store.migrations import LATEST

if TYPE_CHECKING:
    from pathlib import Path

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

HERE = os.path.dirname(__file__)  # noqa: PTH120 - a plain string for Popen

HOLDER = """
import sys, time
from pathlib import Path
from builders import NOW
from runner.store.lock import hold_lock
with hold_lock(Path(sys.argv[1]), command="daemon", now=NOW):
    print("held", flush=True)
    time.sleep(60)
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from runner.faultpoint import EVENT
from runner.store.database import open_database

def listen(event, words):
    if event == EVENT and words[0] == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(listen)
open_database(Path(sys.argv[1]), actor="run")
"""


def make_state_of(path: Path, version: int) -> None:
    """Make the file as an older version made it, with its own scripts."""
    make_old_state(path)
    for name in migrations._SCRIPTS[1:version]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in migrations._statements((migrations._FOLDER / name).read_text("utf-8")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {int(name[:4])}")


def dump(path: Path) -> list[str]:
    """Everything that is in a database, and of which version it is."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        version = connection.execute("PRAGMA user_version").fetchone()
        return [*connection.iterdump(), str(version)]


def names_beside(state: Path) -> set[str]:
    return {path.name for path in state.parent.iterdir()}


def kill_at(state: Path, step: str) -> None:
    command = [sys.executable, "-c", KILLED, str(state), step]
    assert subprocess.run(command, cwd=HERE, check=False).returncode == -9


@pytest.fixture
def old(state: Path) -> Path:
    make_old_state(state)
    return state


@pytest.mark.parametrize("version", range(1, LATEST))
def test_an_older_state_is_kept_as_it_was_for_its_owner_alone(state: Path, version: int) -> None:
    make_state_of(state, version)
    before = dump(state)
    open_database(state, actor="test").close()
    backup = state.with_name(f"state.db.backup-v{version}")
    assert dump(backup) == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert names_beside(state) == {"state.db", backup.name}


def test_what_stands_in_the_log_alone_is_kept_too(old: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE accounts SET balance = '4711'")
        open_database(old, actor="test").close()
    assert any("4711" in line for line in dump(old.with_name("state.db.backup-v1")))


def test_a_new_state_and_one_that_is_up_to_date_get_no_backup(state: Path) -> None:
    for _ in range(2):
        open_database(state, actor="test").close()
    assert names_beside(state) == {"state.db"}


def test_a_backup_of_an_earlier_try_is_replaced(old: Path) -> None:
    backup = old.with_name("state.db.backup-v1")
    backup.write_text("half of it")
    old.with_name("state.db.backup-v1.part").write_text("half of it" * 10_000)
    before = dump(old)
    open_database(old, actor="test").close()
    assert dump(backup) == before
    assert names_beside(old) == {"state.db", backup.name}


@pytest.mark.parametrize("step", ["migration.backed-up", "migration.applied"])
def test_a_crash_in_between_leaves_the_old_state_and_its_backup(old: Path, step: str) -> None:
    before = dump(old)
    kill_at(old, step)
    assert dump(old) == before
    assert dump(old.with_name("state.db.backup-v1")) == before
    database = open_database(old, actor="test")
    assert rows_of(database, "PRAGMA user_version") == [(LATEST,)]
    database.close()


def test_a_step_that_fails_leaves_a_backup_and_the_state_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE reloads (in_the_way INTEGER)")
        connection.commit()
    before = dump(old)
    with pytest.raises(StateRefused, match="layout"):
        open_database(old, actor="test")
    assert dump(old) == dump(old.with_name("state.db.backup-v1")) == before


def little_room() -> None:
    """Let no file of the child grow past so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_without_room_for_a_backup_the_state_is_refused_and_unharmed(
    office: Office, sandbox: Sandbox
) -> None:
    office.state.parent.mkdir(parents=True)
    make_old_state(office.state)
    with closing(sqlite3.connect(office.state)) as connection:
        connection.execute("UPDATE messages SET content = zeroblob(50000)")
        connection.commit()
    before = office.state.read_bytes()

    ran = office.call("run", before=little_room)

    assert ran.status == 2
    assert "state.db.backup-v1 cannot be written" in ran.err
    assert "make room" in ran.err
    assert office.state.read_bytes() == before
    assert not [name for name in names_beside(office.state) if "backup" in name]


# Somebody at work with it


def test_a_state_that_a_daemon_of_the_older_version_holds_is_refused_and_unharmed(
    old: Path,
) -> None:
    before = old.read_bytes()
    command = [sys.executable, "-c", HOLDER, str(old)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StateRefused, match=f"`daemon`, process {holder.pid}") as refused:
            open_database(old, actor="test")
        holder.kill()
    assert "stop that first" in (refused.value.hint or "")
    assert old.read_bytes() == before
    assert names_beside(old) == {"state.db", "state.db.lock"}
    open_database(old, actor="test").close()


def test_who_holds_the_lock_itself_brings_the_state_up_to_date(old: Path) -> None:
    with hold_lock(old, command="run", now=NOW):
        open_database(old, actor="test").close()
    with look_into(old) as transaction:
        assert transaction is not None


@pytest.mark.parametrize("words", [("run",), ("run", "news"), ("pause", "--all")])
def test_each_command_that_writes_brings_the_state_up_to_date(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    office.campaign()
    office.state.parent.mkdir(parents=True)
    make_old_state(office.state)

    refused = office.run("status")
    office.call(*words)

    assert refused.status == 2
    assert "`mms-runner run` brings it up to date" in refused.err
    assert office.run("status").status == 0
    assert (office.state.parent / "state.db.backup-v1").exists()


# The backup, put back


def test_a_backup_that_is_put_back_after_something_was_sent_is_known(old: Path) -> None:
    """A state of before there were ids: brought up to date anew it would get another one."""
    first = open_database(old, actor="test")
    take_custody(first)
    with first.writing() as transaction:
        transaction.execute("UPDATE identity SET generation = 3")
        transaction.generation = 3
    first.close()
    old.with_name("state.db.backup-v1").replace(old)

    again = open_database(old, actor="test")

    suspicion = take_custody(again)
    assert suspicion
    assert suspicion.missing == 3
    again.close()
