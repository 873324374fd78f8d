"""The state file: private, durable, and refused in words where it is not what it should be."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from builders import NOW, begin, claim, counts_of, make_plan, rows_of, settle

from runner.errors import StateRefused
from runner.lifecycle import BatchEvent
from runner.store.accounts import ensure_accounts
from runner.store.database import APPLICATION_ID, look_into, open_database
from runner.store.identity import adopt_workspace, check_workspace, claim_workspace
from runner.store.migrations import LATEST
from runner.store.planning import keep_plan


def open_briefly(path):
    open_database(path, actor="test", busy_seconds=0.05).close()


def make_foreign(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE photos (name TEXT)")
        connection.execute("INSERT INTO photos VALUES ('moon.jpg')")
    connection.close()


def test_the_file_and_what_lies_beside_it_are_for_its_owner_alone(state):
    with closing(open_database(state, actor="test")):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.parent.iterdir()}
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


def test_a_file_that_others_could_read_is_closed_to_them(state):
    open_briefly(state)
    state.chmod(0o644)
    open_briefly(state)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_a_missing_folder_is_made(tmp_path):
    open_briefly(tmp_path / "var" / "mms" / "state.db")
    assert (tmp_path / "var" / "mms" / "state.db").is_file()


def test_every_commit_reaches_the_disk_before_anybody_is_told(database):
    with database.writing() as transaction:
        mode = transaction.execute("PRAGMA journal_mode").scalar()
        level = transaction.execute("PRAGMA synchronous").scalar()
    assert (mode, level) == ("wal", 2)  # 2 is FULL


def test_a_new_file_carries_the_newest_layout_and_our_mark(database):
    assert rows_of(database, "PRAGMA user_version") == [(LATEST,)]
    assert rows_of(database, "PRAGMA application_id") == [(APPLICATION_ID,)]


def test_a_migration_that_fails_leaves_nothing_of_it(state):
    with sqlite3.connect(state) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("CREATE TABLE quarantine (in_the_way INTEGER)")
    connection.close()
    with pytest.raises(StateRefused, match="layout"):
        open_briefly(state)
    connection = sqlite3.connect(state)
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    version = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert (tables, version) == ([("quarantine",)], (0,))


def test_opening_again_keeps_what_is_there(database, state):
    begin(database)
    database.close()
    again = open_database(state, actor="test")
    assert counts_of(again) == {"pending": 4}
    again.close()


def test_the_database_of_another_program_is_refused_and_unharmed(state):
    make_foreign(state)
    state.chmod(0o644)
    before = state.read_bytes()
    with pytest.raises(StateRefused, match="another program"):
        open_briefly(state)
    with pytest.raises(StateRefused, match="another program"), look_into(state):
        pass
    assert (state.read_bytes(), stat.S_IMODE(state.stat().st_mode)) == (before, 0o644)


def test_an_empty_database_that_another_program_marked_is_refused(state):
    connection = sqlite3.connect(state)
    connection.execute("PRAGMA application_id = 4711")
    connection.close()
    with pytest.raises(StateRefused, match="another program"):
        open_briefly(state)


def test_the_state_of_a_newer_version_is_refused_and_unharmed(state):
    open_briefly(state)
    connection = sqlite3.connect(state)
    connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    connection.close()
    before = state.read_bytes()
    with pytest.raises(StateRefused, match="newer version") as refused:
        open_briefly(state)
    assert "install that version" in refused.value.hint
    assert state.read_bytes() == before


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0 a picture", b"id,mobile\n" * 400])
def test_a_file_that_is_no_database_is_refused_and_unharmed(state, content):
    state.write_bytes(content)
    with pytest.raises(StateRefused, match="not an SQLite database"):
        open_briefly(state)
    assert state.read_bytes() == content


def test_a_damaged_state_is_refused_in_words(state):
    open_briefly(state)
    whole = state.read_bytes()
    state.write_bytes(whole[:100] + bytes(len(whole) - 100))
    with pytest.raises(StateRefused, match="damaged"):
        open_briefly(state)


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(StateRefused, match="is no file"):
        open_briefly(tmp_path)
    with pytest.raises(StateRefused, match="is no file"), look_into(tmp_path):
        pass


def test_a_file_where_its_folder_should_be_is_refused(tmp_path):
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StateRefused, match="cannot be made"):
        open_briefly(tmp_path / "var" / "state.db")


def test_a_state_that_another_program_keeps_locked_is_refused(state):
    open_briefly(state)
    other = sqlite3.connect(state, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateRefused, match="another program keeps it locked"):
        open_briefly(state)
    other.close()


def test_a_write_protected_state_stays_write_protected(state):
    open_briefly(state)
    state.chmod(0o400)
    try:
        open_briefly(state)
    except StateRefused as refused:  # root may write it all the same
        assert "may not be written" in str(refused)
    assert stat.S_IMODE(state.stat().st_mode) == 0o400


def test_a_full_disk_is_told_and_undoes_the_whole_transaction(database):
    with database.writing() as transaction:
        pages = transaction.execute("PRAGMA page_count").scalar()
        transaction.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StateRefused, match="the disk is full"), database.writing() as transaction:
        keep_plan(transaction, make_plan(20_000, batch_size=2000), NOW)
    assert rows_of(database, "SELECT count(*) FROM campaigns") == [(0,)]


def test_after_a_full_disk_the_state_goes_on_as_soon_as_there_is_room(database):
    with database.writing() as transaction:
        pages = transaction.execute("PRAGMA page_count").scalar()
        transaction.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StateRefused), database.writing() as transaction:
        keep_plan(transaction, make_plan(20_000, batch_size=2000), NOW)
    with database.writing() as transaction:
        transaction.execute("PRAGMA max_page_count = 100000")
    begin(database)
    assert counts_of(database) == {"pending": 4}


def test_room_is_looked_for_on_the_disk_of_the_state(database, state):
    free = shutil.disk_usage(state.parent).free
    database.require_room(1)
    with pytest.raises(StateRefused, match="the disk is full"):
        database.require_room(free * 2)


def test_a_block_that_raises_changes_nothing(database):
    with pytest.raises(KeyError), database.writing() as transaction:
        ensure_accounts(transaction, ["other"], NOW)
        raise KeyError
    assert rows_of(database, "SELECT name FROM accounts") == [("main",)]


def test_a_reader_sees_one_moment_while_a_writer_goes_on(database):
    with database.reading() as reader:
        before = reader.execute("SELECT count(*) FROM accounts").scalar()
        with database.writing() as transaction:
            ensure_accounts(transaction, ["other"], NOW)
        after = reader.execute("SELECT count(*) FROM accounts").scalar()
    assert (before, after) == (1, 1)


def test_many_threads_write_one_after_another(database):
    with database.writing() as transaction:
        transaction.execute("UPDATE accounts SET unreachable = 0")

    def count_up():
        for _ in range(20):
            with database.writing() as transaction:
                seen = transaction.execute("SELECT unreachable FROM accounts").scalar()
                transaction.execute("UPDATE accounts SET unreachable = ?", (seen + 1,))

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows_of(database, "SELECT unreachable FROM accounts") == [(160,)]


def test_whoever_writes_after_the_end_is_told_so(state):
    database = open_database(state, actor="test")
    database.close()
    with pytest.raises(StateRefused, match="closed"), database.writing():
        pass


def test_looking_at_a_state_that_does_not_exist_makes_none(state):
    with look_into(state) as transaction:
        assert transaction is None
    assert not state.exists()


def test_a_file_that_a_crash_left_empty_counts_as_none(state):
    state.touch()
    with look_into(state) as transaction:
        assert transaction is None


def test_who_only_looks_cannot_write(database, state):
    with (
        pytest.raises(StateRefused, match="may not be written"),
        look_into(state) as transaction,
    ):
        transaction.execute("UPDATE accounts SET name = 'other'")


def test_what_a_killed_process_committed_is_there_for_whoever_looks(state):
    writer = """
import os, signal, sys
from pathlib import Path
from builders import NOW
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
database = open_database(Path(sys.argv[1]), actor="test")
with database.writing() as transaction:
    ensure_accounts(transaction, ["kept"], NOW)
with database.writing() as transaction:
    ensure_accounts(transaction, ["lost"], NOW)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", writer, str(state)]
    ended = subprocess.run(command, cwd=__file__.rpartition("/")[0], check=False)
    assert ended.returncode == -9
    with look_into(state) as transaction:
        names = transaction.execute("SELECT name FROM accounts").scalars()
    assert names == ["kept"]


def test_a_new_state_becomes_its_first_workspace_s_own(database):
    with database.writing() as transaction:
        claim_workspace(transaction, name="shop", folder="/srv/shop")
        check_workspace(transaction, name="shop", folder="/srv/shop")


@pytest.mark.parametrize(("name", "folder"), [("shop", "/srv/moved"), ("other", "/srv/shop")])
def test_another_workspace_is_refused_and_told_how_to_adopt(database, name, folder):
    with database.writing() as transaction:
        claim_workspace(transaction, name="shop", folder="/srv/shop")
    with (
        pytest.raises(StateRefused, match="belongs to workspace `shop`") as refused,
        database.writing() as transaction,
    ):
        claim_workspace(transaction, name=name, folder=folder)
    assert "adopt" in refused.value.hint


def test_an_adopted_state_belongs_to_the_new_workspace_alone(database):
    with database.writing() as transaction:
        claim_workspace(transaction, name="shop", folder="/srv/shop")
        adopt_workspace(transaction, name="shop", folder="/srv/moved")
        check_workspace(transaction, name="shop", folder="/srv/moved")
        with pytest.raises(StateRefused):
            check_workspace(transaction, name="shop", folder="/srv/shop")


@pytest.mark.parametrize("change", ["UPDATE events SET reason = 'x'", "DELETE FROM events"])
def test_the_event_log_is_append_only(database, change):
    begin(database)
    with pytest.raises(Exception, match="append-only"), database.writing() as transaction:
        transaction.execute(change)


def test_the_event_log_says_who_changed_which_state_and_why(database):
    begin(database)
    claimed = claim(database)
    settle(database, claimed, BatchEvent.REJECT, reason="wrong parameters", halts=True)
    log = rows_of(database, "SELECT actor, subject, name, old_state, new_state, reason FROM events")
    assert log[-3:] == [
        ("test", "batch", "1", "planned", "submitting", "claimed by process 1"),
        ("test", "batch", "1", "submitting", "rejected", "wrong parameters"),
        ("test", "campaign", "moon", "running", "halted", "wrong parameters"),
    ]


def test_where_the_making_of_a_state_was_cut_off_there_is_none_yet(tmp_path, state):
    """What the crash left beside it can be rolled back by a writer alone."""
    making = tmp_path / "making.db"
    connection = sqlite3.connect(making, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # so that the half of it is on the disk
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE half (bytes BLOB)")
    connection.executemany("INSERT INTO half VALUES (?)", [(bytes(4000),)] * 50)
    for end in ("", "-journal"):
        shutil.copy(f"{making}{end}", f"{state}{end}")
    connection.close()
    with look_into(state) as transaction:
        assert transaction is None
    open_briefly(state)


def test_a_person_can_read_the_progress_with_sqlite_alone(database, state):
    begin(database)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    connection = sqlite3.connect(f"file:{state}?mode=ro", uri=True)
    progress = connection.execute(
        "SELECT total, pending, submitted FROM campaign_progress"
    ).fetchall()
    people = connection.execute(
        "SELECT mobile, state, task_id FROM recipient_status ORDER BY mobile"
    ).fetchall()
    connection.close()
    assert progress == [(4, 2, 2)]
    assert people[0] == (13800138000, "submitted", "77")
    assert people[-1] == (13800138003, "pending", None)


def test_a_recipient_without_a_report_past_the_deadline_is_unreported(database):
    begin(database)
    past = NOW - timedelta(days=365 * 20)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77", report_deadline=past)
    assert counts_of(database) == {"pending": 2, "unreported": 2}


def test_a_batch_without_a_deadline_still_adds_up(database):
    begin(database)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77", report_deadline=None)
    assert counts_of(database) == {"pending": 2, "submitted": 2}
