"""The lock: one sender at a time, and nothing to tidy up after one that died."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading

import pytest
from builders import NOW

from runner.errors import AnotherInstance, StateRefused
from runner.store.lock import find_holder, hold_lock

HOLDER = """
import sys, time
from pathlib import Path
from builders import NOW
from runner.store.lock import hold_lock
with hold_lock(Path(sys.argv[1]), command="run moon", now=NOW):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(state):
    command = [sys.executable, "-c", HOLDER, str(state)]
    folder = os.path.dirname(__file__)  # noqa: PTH120 - a plain string for Popen
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_holder_is_told_who_the_first_one_is(state, holder):
    with pytest.raises(AnotherInstance) as refused, hold_lock(state, command="run", now=NOW):
        pass
    assert f"`run moon`, process {holder.pid} on" in refused.value.holder
    assert "2035-09-16 01:00:00 UTC" in refused.value.holder


def test_whoever_only_looks_is_told_who_holds_it_and_what_that_does(state, holder):
    found = find_holder(state)
    assert found.command == "run"
    assert str(found).startswith(f"`run moon`, process {holder.pid} on ")
    assert not found.is_daemon


def test_a_daemon_is_known_as_one(state):
    with hold_lock(state, command="daemon", now=NOW):
        assert find_holder(state).is_daemon


def test_nobody_holds_a_lock_that_was_never_made_or_whose_holder_was_killed(state, holder):
    assert find_holder(state.with_name("other.db")) is None
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert find_holder(state) is None


def test_a_look_makes_no_lock_and_takes_none(state):
    assert find_holder(state) is None
    assert list(state.parent.iterdir()) == []
    with hold_lock(state, command="run", now=NOW):
        pass
    find_holder(state)
    with hold_lock(state, command="run", now=NOW):
        pass


def test_two_who_look_at_once_do_not_see_each_other(state):
    with hold_lock(state, command="run", now=NOW):
        pass
    looking = os.open(f"{state}.lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    assert find_holder(state) is None
    os.close(looking)


def test_a_look_at_the_very_moment_keeps_nobody_from_taking_it(state):
    """Who starts a daemon while somebody asks for the status must not be told to go away."""
    with hold_lock(state, command="run", now=NOW):
        pass
    looking = os.open(f"{state}.lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    release = threading.Timer(0.01, os.close, [looking])
    release.start()
    with hold_lock(state, command="daemon", now=NOW):
        pass
    release.join()


def test_a_lock_that_cannot_be_looked_at_is_told_in_words(state):
    state.with_name("state.db.lock").symlink_to("state.db.lock")
    with pytest.raises(StateRefused, match="cannot be read"):
        find_holder(state)


def test_the_lock_is_free_when_its_holder_was_killed(state, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with hold_lock(state, command="run", now=NOW):
        pass


def test_a_holder_in_the_same_process_is_another_instance_too(state):
    with (
        hold_lock(state, command="run", now=NOW),
        pytest.raises(AnotherInstance),
        hold_lock(state, command="run", now=NOW),
    ):
        pass


def test_the_lock_is_free_after_its_block_raised(state):
    with pytest.raises(KeyError), hold_lock(state, command="run", now=NOW):
        raise KeyError
    with hold_lock(state, command="run", now=NOW):
        pass


def test_a_stale_lock_file_harms_nobody(state):
    stale = state.with_name("state.db.lock")
    stale.write_text("`run`, process 4711 on a machine that is gone, since 2019-01-01 and so on")
    with hold_lock(state, command="run again", now=NOW):
        assert stale.read_text().startswith("`run again`, process ")
        assert "4711" not in stale.read_text()


def test_a_lock_that_cannot_be_made_is_told_in_words(tmp_path):
    (tmp_path / "var").write_text("a file")
    with (
        pytest.raises(StateRefused, match="cannot be made"),
        hold_lock(tmp_path / "var" / "state.db", command="run", now=NOW),
    ):
        pass


def test_the_lock_keeps_nobody_from_reading(database, state):
    with hold_lock(state, command="run", now=NOW), database.reading() as transaction:
        assert transaction.execute("SELECT count(*) FROM accounts").scalar() == 1
