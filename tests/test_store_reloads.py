"""What people ask of the daemon's files, its answers, and which files are in force."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import NOW, rows_of

from runner.store.identity import adopt_workspace
from runner.store.reloads import (
    ReloadAnswer,
    ReloadRequest,
    WorkspaceStatus,
    answer_reload,
    ask_reload,
    next_reload,
    note_files_in_force,
    note_problem,
    read_answer,
    read_workspace_status,
    withdraw_reload,
)

LATER = NOW + timedelta(hours=1)
EVENTS = "SELECT reason FROM events WHERE subject = 'workspace'"


@pytest.fixture
def owned(database):
    """A state that belongs to a workspace, as every command makes it."""
    with database.writing() as transaction:
        adopt_workspace(transaction, name="shop", folder="/srv/campaigns")
    return database


def ask(database, *, forced=False):
    with database.writing() as transaction:
        return ask_reload(transaction, NOW, forced=forced)


def answer(database, request, problem=None, *, refused=False):
    with database.writing() as transaction:
        answer_reload(transaction, request, LATER, problem=problem, refused=refused)


def find_next(database):
    with database.reading() as transaction:
        return next_reload(transaction)


def find_answer(database, request):
    with database.reading() as transaction:
        return read_answer(transaction, request)


def status_of(database):
    with database.reading() as transaction:
        return read_workspace_status(transaction)


def use_files(database, revision, now=NOW):
    with database.writing() as transaction:
        note_files_in_force(transaction, revision, now)


def have_problem(database, problem):
    with database.writing() as transaction:
        return note_problem(transaction, problem, NOW)


def test_whoever_asked_first_is_answered_first(database):
    first, second = ask(database), ask(database, forced=True)
    assert find_next(database) == ReloadRequest(id=first, forced=False)
    answer(database, first)
    assert find_next(database) == ReloadRequest(id=second, forced=True)
    answer(database, second)
    assert find_next(database) is None


def test_there_is_no_answer_before_the_daemon_gives_one(database):
    assert find_answer(database, ask(database)) is None


@pytest.mark.parametrize(
    ("problem", "refused"), [(None, False), ("1 fault", False), ("too much would go", True)]
)
def test_the_answer_says_what_came_of_it(database, problem, refused):
    request = ask(database)
    answer(database, request, problem, refused=refused)
    assert find_answer(database, request) == ReloadAnswer(problem=problem, refused=refused)


def test_who_asked_stands_beside_the_request(database):
    ask(database)
    assert rows_of(database, "SELECT actor FROM reloads") == [("test",)]


def test_a_request_that_was_withdrawn_is_never_obeyed(database):
    withdrawn = ask(database, forced=True)
    with database.writing() as transaction:
        withdraw_reload(transaction, withdrawn)
    assert find_next(database) is None


def test_an_answered_request_cannot_be_withdrawn(database):
    request = ask(database)
    answer(database, request)
    with database.writing() as transaction:
        withdraw_reload(transaction, request)
    assert find_answer(database, request)


def test_nothing_is_known_of_the_files_before_a_daemon_reads_them(owned):
    assert status_of(owned) == WorkspaceStatus()


def test_a_state_that_belongs_to_nobody_knows_nothing_of_files(database):
    assert status_of(database) == WorkspaceStatus()


def test_the_files_in_force_are_told_with_their_commit_and_time(owned):
    use_files(owned, "a1b2c3d4")
    assert status_of(owned) == WorkspaceStatus(read_at=NOW, revision="a1b2c3d4")


def test_a_problem_leaves_the_files_in_force_as_they_were(owned):
    use_files(owned, "a1b2c3d4")
    have_problem(owned, "1 fault")
    assert status_of(owned) == WorkspaceStatus(read_at=NOW, revision="a1b2c3d4", problem="1 fault")


def test_the_next_good_files_clear_the_problem(owned):
    have_problem(owned, "1 fault")
    use_files(owned, None, LATER)
    assert status_of(owned) == WorkspaceStatus(read_at=LATER)


def test_a_problem_is_news_once_for_as_long_as_it_lasts(owned):
    assert have_problem(owned, "1 fault")
    assert not have_problem(owned, "1 fault")
    assert have_problem(owned, "2 faults")
    use_files(owned, None)
    assert have_problem(owned, "2 faults")
    assert rows_of(owned, EVENTS) == [("1 fault",), ("2 faults",), ("2 faults",)]
