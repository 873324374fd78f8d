"""A copy of a state, and a backup that was put back, are known before they send."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from builders import (
    NOW,
    begin,
    claim,
    follow,
    make_account,
    make_campaign,
    make_pump,
    rows_of,
)

from runner.dispatch.pump import Submitted
from runner.errors import StateRefused
from runner.model.outcome import Accepted
from runner.store.brakes import Subject, read_brakes
from runner.store.custody import (
    Identity,
    Suspicion,
    Whereabouts,
    check_id,
    judge_custody,
    name_state,
    read_identity,
    suspect,
    take_custody,
    take_over,
)
from runner.store.database import holds_state, move_aside, open_database
from runner.store.witness import Recollection, read_recollection, witness_of

ONE, OTHER = "1" * 32, "2" * 32


def identity_of(database):
    with database.reading() as transaction:
        return read_identity(transaction)


def find_suspicion(database):
    with database.reading() as transaction:
        return suspect(transaction, database.path)


def copy(state, name):
    """Copy a state that nobody has open, as `cp` does."""
    target = state.with_name(name)
    shutil.copy(state, target)
    return target


def judge(
    *,
    inode=7,
    born=None,
    machine=ONE,
    here_inode=7,
    here_born=None,
    here_machine=ONE,
    generation=5,
    known=None,
):
    identity = Identity(id="state", generation=generation, inode=inode, born=born, machine=machine)
    here = Whereabouts(inode=here_inode, born=here_born, machine=here_machine)
    recollection = None if known is None else Recollection(id=known[0], generation=known[1])
    return judge_custody(identity, here, recollection)


# What speaks against a state


@pytest.mark.parametrize(
    ("born", "here", "is_copy"),
    [(1, 1, False), (1, 2, True), (None, 2, False), (1, None, False)],
)
def test_an_inode_that_was_freed_and_used_again_is_another_file(born, here, is_copy):
    """As a folder that was removed and put back from a backup mostly has it."""
    assert bool(judge(born=born, here_born=here)) is is_copy


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"known": ("state", 5)},
        {"known": ("state", 4)},
        {"known": ("another", 99)},
        {"inode": None, "machine": None},
        {"machine": ""},
        {"here_machine": ""},
        {"machine": None},
    ],
    ids=[
        "it lies where it lay",
        "its witness knows as much",
        "its witness is behind, as after a loss of power",
        "the witness is of another state",
        "it was never sent from",
        "the machine was not known then",
        "the machine is not known now",
        "the machine was never asked for",
    ],
)
def test_nothing_speaks_against_a_state(facts):
    assert judge(**facts) is None


@pytest.mark.parametrize(
    ("facts", "words", "missing"),
    [
        ({"known": ("state", 6)}, "older than what was sent: 1 claim is missing in it", 1),
        ({"known": ("state", 1205)}, "1,200 claims are missing", 1200),
        ({"here_inode": 8}, "is a copy: another file was sent from last", 0),
        ({"here_machine": OTHER}, "is a copy: another machine sent from it last", 0),
        ({"here_inode": 8, "known": ("state", 7)}, "2 claims are missing", 2),
        ({"here_inode": 8, "here_machine": ""}, "another file", 0),
    ],
)
def test_what_speaks_against_a_state_is_said(facts, words, missing):
    suspicion = judge(**facts)
    assert words in suspicion.what
    assert suspicion.missing == missing


# Taking a state into custody


def test_who_sends_first_from_a_state_leaves_its_marks(database, state):
    assert identity_of(database).inode is None
    assert take_custody(database) is None
    identity = identity_of(database)
    assert identity.inode == state.stat().st_ino
    assert identity.machine is not None
    assert read_recollection(state) == Recollection(id=identity.id, generation=0)
    assert stat.S_IMODE(witness_of(state).stat().st_mode) == 0o600


def test_each_claim_counts_in_the_state_and_in_its_witness(database, state):
    take_custody(database)
    begin(database)
    claim(database)
    claim(database)
    assert identity_of(database).generation == 2
    assert read_recollection(state).generation == 2


def test_a_claim_that_is_undone_counts_nowhere(database, state):
    take_custody(database)
    begin(database)
    claim(database)
    with pytest.raises(KeyError), database.writing() as transaction:
        transaction.generation = 99
        raise KeyError
    with database.writing():
        pass
    assert identity_of(database).generation == read_recollection(state).generation == 1


def test_who_does_not_send_has_no_witness(database, state):
    begin(database)
    claim(database)
    assert not witness_of(state).exists()


def test_the_witness_knows_of_a_claim_before_its_request_is_sent(database, state, clock):
    take_custody(database)
    begin(database)
    heard = []

    class Gateway:
        def send(self, _body):
            heard.append(read_recollection(state).generation)
            return Accepted(task_id=f"{len(heard)}", balance="10")

    pump = make_pump(database, Gateway(), make_account(), clock)
    assert isinstance(pump.step(), Submitted)
    assert isinstance(pump.step(), Submitted)
    assert heard == [1, 2]


def test_many_threads_leave_the_newest_number_in_the_witness(database, state):
    take_custody(database)
    begin(database, 40, batch_size=1)
    threads = [
        threading.Thread(target=lambda: [claim(database) for _ in range(5)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert identity_of(database).generation == read_recollection(state).generation == 40


def test_a_state_that_is_put_back_while_it_is_sent_from_makes_no_further_claim(database, state):
    """As `sqlite3 state.db ".restore backup.db"` does it."""
    take_custody(database)
    begin(database, 6)
    with closing(sqlite3.connect(":memory:")) as backup, closing(sqlite3.connect(state)) as there:
        there.backup(backup)
        claim(database)
        claim(database)
        backup.backup(there)
    with pytest.raises(StateRefused, match="its claim 1 was made before"):
        claim(database)
    assert read_recollection(state).generation == 2
    assert "was put back from a backup" in find_suspicion(database).what


def test_a_state_that_was_moved_is_the_same(database, state, tmp_path):
    take_custody(database)
    database.close()
    moved = state.rename(tmp_path / "elsewhere.db")
    again = open_database(moved, actor="test")
    assert take_custody(again) is None
    assert read_recollection(moved).id == identity_of(again).id
    again.close()


def test_a_copy_is_suspect_and_stays_so_until_somebody_takes_it_over(database, state):
    take_custody(database)
    database.close()
    other = open_database(copy(state, "copy.db"), actor="test")
    assert "is a copy" in take_custody(other).what
    assert "is a copy" in take_custody(other).what
    assert not witness_of(other.path).exists()
    other.close()


def test_a_copy_of_what_was_never_sent_from_is_as_good_as_the_first(database, state):
    database.close()
    other = open_database(copy(state, "copy.db"), actor="test")
    assert take_custody(other) is None
    other.close()


def test_a_witness_of_another_state_is_replaced(database, state):
    witness_of(state).write_text("another-state-with-a-long-name 123456\n")
    assert take_custody(database) is None
    assert read_recollection(state) == Recollection(id=identity_of(database).id, generation=0)


@pytest.mark.parametrize("said", ["", "x", "state\n", "state 5", "state five\n", "\xff" * 300])
def test_a_witness_that_says_nothing_counts_as_none(database, state, said):
    witness_of(state).write_bytes(said.encode("latin-1"))
    assert read_recollection(state) is None
    assert take_custody(database) is None


def test_a_witness_that_cannot_be_read_or_written_is_refused(database, state):
    witness_of(state).mkdir()
    with pytest.raises(StateRefused, match=r"the witness .*state\.db\.witness cannot be read"):
        take_custody(database)


def test_a_state_is_told_from_another_by_its_id(database):
    with database.writing() as transaction:
        name_state(transaction, "spring-2036")
        check_id(transaction, None)
        check_id(transaction, "spring-2036")
        with pytest.raises(StateRefused, match="ask for the state `autumn`") as refused:
            check_id(transaction, "autumn")
    assert "mms-runner state new" in refused.value.hint


# Crashes: the witness may be behind the state, never ahead

KILLED = """
import os, signal, sys
from pathlib import Path
from builders import begin, claim
from runner.faultpoint import EVENT
from runner.store.custody import take_custody
from runner.store.database import open_database

database = open_database(Path(sys.argv[1]), actor="run")
take_custody(database)
begin(database, 6)
claim(database)
armed = False

def listen(event, words):
    if armed and event == EVENT and words[0] == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(listen)
armed = True
claim(database)
"""


@pytest.mark.parametrize(
    ("step", "claims", "known"),
    [("store.written", 1, 1), ("store.unwitnessed", 2, 1), ("store.committed", 2, 2)],
)
def test_a_crash_leaves_the_witness_behind_or_level(state, step, claims, known):
    command = [sys.executable, "-c", KILLED, str(state), step]
    ended = subprocess.run(command, cwd=os.path.dirname(__file__), check=False)  # noqa: PTH120 - a plain string for Popen
    assert ended.returncode == -9
    database = open_database(state, actor="test")
    assert identity_of(database).generation == claims
    assert read_recollection(state).generation == known
    assert take_custody(database) is None
    assert read_recollection(state).generation == claims
    database.close()


WATCHED = """
import sqlite3, sys, threading
from pathlib import Path
from builders import begin, claim
from runner.faultpoint import EVENT
from runner.store.custody import take_custody
from runner.store.database import open_database
from runner.store.witness import read_recollection

state = Path(sys.argv[1])
database = open_database(state, actor="run")
take_custody(database)
begin(database, 40, batch_size=1)
leads, looks = [], []

def listen(event, words):
    if event != EVENT:
        return
    # First the witness, then the state: whatever is claimed meanwhile makes the state no smaller.
    known = read_recollection(state).generation
    connection = sqlite3.connect(f"file:{state}?mode=ro", uri=True)
    [[durable]] = connection.execute("SELECT generation FROM identity").fetchall()
    connection.close()
    looks.append(known)
    if known > durable:
        leads.append((words[0], known, durable))

sys.addaudithook(listen)
threads = [threading.Thread(target=lambda: [claim(database) for _ in range(10)]) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(looks) > 40, max(looks), leads)
"""


def test_at_no_step_is_the_witness_ahead_of_what_is_durable(state):
    command = [sys.executable, "-c", WATCHED, str(state)]
    ended = subprocess.run(
        command,
        cwd=os.path.dirname(__file__),  # noqa: PTH120 - a plain string for Popen
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stdout.split(maxsplit=2) == ["True", "40", "[]\n"]


# Taking over


@pytest.fixture
def taken(database, state):
    """A copy of a state with one campaign, taken over by a person: it lacks some claims."""

    def build(missing=0):
        take_custody(database)
        begin(database)
        claim(database)
        database.close()
        other = open_database(copy(state, "copy.db"), actor="anna (state adopt)")
        opened.append(other)
        with other.writing() as transaction:
            take_over(transaction, other.path, Suspicion(what="", missing=missing), NOW)
        return other

    opened = []
    yield build
    for other in opened:
        other.close()


def test_what_was_taken_over_is_suspect_no_more(taken):
    other = taken(missing=3)
    assert find_suspicion(other) is None
    assert identity_of(other).generation == 4


def test_all_that_was_taken_over_is_paused_by_whoever_did_it(taken):
    other = taken(missing=3)
    with other.reading() as transaction:
        [brake] = read_brakes(transaction)
    assert (brake.subject, brake.actor) == (Subject.ALL, "anna (state adopt)")
    assert "taken over from a backup" in brake.reason
    assert claim(other) is None


def test_the_numbers_of_batches_that_the_lost_history_may_have_used_are_skipped(taken):
    """The gateway may echo them: a new batch must not get the reports of a lost one."""
    other = taken(missing=5)
    [(before,)] = rows_of(other, "SELECT max(id) FROM batches")
    follow(other, make_campaign(name="next", start=NOW))
    [(first,)] = rows_of(other, "SELECT min(id) FROM batches WHERE campaign = 'next'")
    assert first == before + 1000 + 5 + 1


def test_they_are_skipped_where_no_batch_was_planned_yet(database):
    with database.writing() as transaction:
        take_over(transaction, database.path, Suspicion(what="", missing=5), NOW)
    follow(database, make_campaign(name="next", start=NOW))
    assert rows_of(database, "SELECT min(id) FROM batches") == [(1006,)]


# Moving one aside


def leave_a_log(state, change):
    """Change a state as a process does that is killed then: the change is in the log alone."""
    kept = state.with_name("kept")
    kept.mkdir()
    with closing(sqlite3.connect(state)) as connection:
        connection.execute(change)
        connection.commit()
        for suffix in ("", "-wal"):
            shutil.copy(f"{state}{suffix}", kept)
    for file in kept.iterdir():
        shutil.copyfile(file, state.with_name(file.name))  # into the same file
    shutil.rmtree(kept)


def test_a_state_is_moved_aside_whole_and_with_its_witness(database, state):
    take_custody(database)
    begin(database)
    known = identity_of(database)
    database.close()
    leave_a_log(state, "UPDATE accounts SET unreachable = 9")
    aside = move_aside(state, "spring")
    assert aside == state.with_name("state.db.old-spring")
    assert sorted(path.name for path in state.parent.iterdir()) == [
        "state.db.old-spring",
        "state.db.old-spring.witness",
    ]
    back = open_database(aside, actor="test")
    assert identity_of(back) == known
    assert rows_of(back, "SELECT unreachable FROM accounts") == [(9,)]
    assert take_custody(back) is None
    back.close()


def test_nothing_that_was_moved_aside_before_is_lost(state):
    names = []
    for _ in range(3):
        open_database(state, actor="test").close()
        names.append(move_aside(state, "spring").name)
    assert names == [f"state.db.old-spring{number}" for number in ("", "-2", "-3")]


def test_a_state_that_somebody_has_open_is_not_moved(database, state):
    with pytest.raises(StateRefused, match="another program keeps it locked"):
        move_aside(state, "spring")
    begin(database)
    assert list(state.parent.glob("*.old-*")) == []


# Whether there is one


def leave_half_written(state, make):
    """Leave a file as a crash does in the middle of a commit: what was there is in the journal."""
    with closing(sqlite3.connect(state, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA cache_size = 1")  # so that it writes before the commit
        connection.execute("BEGIN")
        make(connection)
        files = [Path(f"{state}{suffix}") for suffix in ("", "-journal")]
        crashed = {file: file.read_bytes() for file in files}
    for file, content in crashed.items():
        file.write_bytes(content)


def test_a_state_that_a_crash_left_half_written_is_mended(state):
    database = open_database(state, actor="test")
    begin(database, 20_000, batch_size=2000)
    database.close()
    leave_half_written(state, lambda connection: connection.execute("DELETE FROM recipients"))
    assert holds_state(state)
    again = open_database(state, actor="test")
    assert rows_of(again, "SELECT count(*) FROM recipients") == [(20_000,)]
    again.close()


def test_a_state_whose_making_a_crash_cut_short_is_none(state):
    def make(connection):
        connection.execute("CREATE TABLE workspace (content BLOB)")
        connection.execute("INSERT INTO workspace VALUES (zeroblob(100000))")

    leave_half_written(state, make)
    assert state.stat().st_size > 0
    assert not holds_state(state)
    open_database(state, actor="test").close()
    assert holds_state(state)
