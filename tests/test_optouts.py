"""Who has opted out is looked up again before every request, and without certainty nothing goes."""

import os
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from runner.model.account import NamedList
from runner.workspace.optouts import OptOuts

A, B, C, D = 13800138000, 13800138001, 13800138002, 13900139000
NOW = datetime(2035, 9, 16, 9, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
A_MOMENT_AGO = NOW - timedelta(seconds=1)


@pytest.fixture
def put(tmp_path):
    """Write a list, as it was written at some time."""

    def write(*rows, name="optout", heading="mobile", at=LONG_AGO):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join([heading, *map(str, rows)]) + "\n")
        os.utime(path, (0, at.timestamp()))
        return path

    return write


@contextmanager
def hearing_opens(path, act):
    """Do something at the moment at which somebody opens a file."""
    waiting = [act]

    def hear(event, args):
        if waiting and event == "open" and args[0] == str(path):
            waiting.pop()()

    sys.addaudithook(hear)
    yield
    assert not waiting


@pytest.fixture
def optouts(tmp_path):
    """Look after lists of these names; more: what the settings ask of each."""

    def make(*names, **more):
        return OptOuts(
            [
                NamedList(name=name, file=str(tmp_path / f"{name}.csv"), **more)
                for name in names or ["optout"]
            ]
        )

    return make


def on_it(look):
    return sorted(look.mobiles.find_among((A, B, C, D)))


def test_whoever_is_on_a_list_is_found_with_the_list(put, optouts):
    put(B, A, B)
    put("+86 139-0013-9000", name="complaints")
    look = optouts("optout", "complaints").look(NOW)
    assert (on_it(look), look.fault) == ([A, B, D], None)
    assert look.mobiles.find_among([D, C, A]) == {A: "optout", D: "complaints"}


def test_whoever_is_on_two_lists_is_found_with_the_first(put, optouts):
    put(A)
    put(B, A, name="complaints")
    look = optouts("optout", "complaints").look(NOW)
    assert look.mobiles.find_among([A, B]) == {A: "optout", B: "complaints"}


def test_of_a_batch_all_are_found_who_are_on_the_list_and_nobody_else(put, optouts):
    listed = {*range(A, A + 20_000, 7), *range(A, A + 20_000, 101)}
    put(*listed)
    found = optouts().look(NOW).mobiles.find_among(range(A - 1000, A + 21_000))
    assert set(found) == listed


def test_without_lists_everybody_may_be_reached():
    look = OptOuts([]).look(NOW)
    assert (on_it(look), look.fault) == ([], None)


def test_an_empty_list_is_a_list(put, optouts):
    put()
    look = optouts().look(NOW)
    assert (on_it(look), look.fault) == ([], None)


def test_a_list_that_changed_is_read_again(put, optouts):
    put(A)
    lists = optouts()
    lists.look(NOW)
    put(A, B, at=LONG_AGO + timedelta(seconds=1))
    assert on_it(lists.look(NOW)) == [A, B]


def test_a_list_in_whose_place_another_was_put_is_read_again(put, optouts):
    """Though it has the same size and age, as what a careful script leaves."""
    path = put(A)
    lists = optouts()
    lists.look(NOW)
    put(B, name="new").replace(path)
    assert on_it(lists.look(NOW)) == [B]


def test_a_list_that_did_not_change_is_not_read_again(put, optouts):
    """Its time and place alone are looked at: what is kept stays the very same."""
    put(A)
    lists = optouts()
    first = lists.look(NOW)
    again = lists.look(NOW + timedelta(hours=1))
    assert first.mobiles._lists["optout"] is again.mobiles._lists["optout"]


# while a file is written


def test_a_half_written_list_lets_nobody_through(put, optouts):
    put(A, B, C)
    lists = optouts()
    lists.look(NOW - timedelta(minutes=1))
    put(A, D, at=A_MOMENT_AGO)
    assert on_it(lists.look(NOW)) == [A, B, C, D]


def test_nobody_slips_through_however_often_a_list_is_written(put, optouts):
    put(A, B)
    lists = optouts()
    lists.look(NOW - timedelta(minutes=1))
    put(C, at=A_MOMENT_AGO)
    lists.look(NOW)
    put(D, at=NOW)
    assert on_it(lists.look(NOW)) == [A, B, C, D]


def test_a_list_that_has_settled_counts_alone(put, optouts):
    put(A, B, C)
    lists = optouts()
    lists.look(NOW - timedelta(minutes=1))
    put(A, D, at=A_MOMENT_AGO)
    lists.look(NOW)
    assert on_it(lists.look(NOW + timedelta(seconds=1))) == [A, D]


def test_a_list_is_read_once_more_when_it_has_settled(put, optouts):
    """What is written within the grain of a file's time changes neither size nor time."""
    put(A, at=A_MOMENT_AGO)
    lists = optouts()
    lists.look(NOW)
    lists._lists[0].numbers = optouts()._lists[0].numbers  # as if it had been read too early
    assert on_it(lists.look(NOW)) == []
    assert on_it(lists.look(NOW + timedelta(seconds=5))) == [A]


def test_a_file_whose_time_is_yet_to_come_settles_all_the_same(put, optouts):
    """The clock of a network's file system may be ahead of ours."""
    put(A)
    lists = optouts()
    lists.look(NOW)
    put(B, at=NOW + timedelta(days=365))
    assert on_it(lists.look(NOW)) == [A, B]
    assert on_it(lists.look(NOW + timedelta(seconds=2))) == [B]


# why nothing may be sent


def test_a_missing_list_forbids_to_send_until_it_is_back(put, optouts, tmp_path):
    lists = optouts()
    assert lists.look(NOW).fault == (
        f"list `optout` is missing: bring {tmp_path / 'optout.csv'} back"
    )
    put(A)
    look = lists.look(NOW)
    assert (on_it(look), look.fault) == ([A], None)


def test_a_list_that_vanishes_is_not_forgotten(put, optouts):
    path = put(A)
    lists = optouts()
    lists.look(NOW)
    path.unlink()
    look = lists.look(NOW)
    assert on_it(look) == [A]
    assert "is missing" in look.fault


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,city\n", "`optout` has no column"),
        (b"PK\x03\x04", "is a spreadsheet, not CSV; name it .xlsx"),
        (b"", "`optout` is empty"),
        (b"mobile\n\xff\xff\n", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_file_that_is_no_list_forbids_to_send(put, optouts, content, words):
    path = put(A)
    lists = optouts()
    lists.look(NOW)
    path.write_bytes(content)
    look = lists.look(NOW)
    assert look.fault.startswith("list `optout` cannot be used: ")
    assert words in look.fault
    assert A in on_it(look)
    put(B)
    assert lists.look(NOW).fault is None


def test_a_folder_in_its_place_forbids_to_send(optouts, tmp_path):
    (tmp_path / "optout.csv").mkdir()
    assert "is a folder" in optouts().look(NOW).fault


def test_a_list_that_the_system_refuses_may_be_readable_again(put, optouts, tmp_path):
    path = tmp_path / "optout.csv"
    path.symlink_to("optout.csv")
    lists = optouts()
    assert "cannot be read" in lists.look(NOW).fault
    path.unlink()
    put(A)
    assert lists.look(NOW).fault is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [(["12"], "has 1 row that is no mobile number"), (["12", "x"], "has 2 rows that are no")],
)
def test_a_row_that_is_no_number_forbids_to_send(put, optouts, rows, words):
    """Somebody meant to opt out, and nobody knows who."""
    path = put(A, *rows)
    look = optouts().look(NOW)
    assert words in look.fault
    assert look.fault.endswith(f"correct {path} from line 3 on")
    assert str(A) not in look.fault


def test_a_list_grows_too_old_though_nobody_touches_it(put, optouts):
    put(A)
    lists = optouts(max_age=timedelta(hours=2))
    assert lists.look(NOW).fault is None
    assert "older than its `max_age` of 2h" in lists.look(NOW + timedelta(hours=1.5)).fault


def test_a_list_with_too_few_rows_forbids_to_send(put, optouts):
    put(A, A)
    assert optouts(min_rows=2).look(NOW).fault is None
    assert "has 2 rows, fewer than its `min_rows` of 3" in optouts(min_rows=3).look(NOW).fault


def test_a_list_that_is_written_anew_while_it_is_read_lets_nobody_through(put, optouts):
    put(A)
    lists = optouts()
    lists.look(NOW)
    path = put(A, B, at=LONG_AGO + timedelta(seconds=1))
    with hearing_opens(path, lambda: path.write_text("mobile\n")):
        assert on_it(lists.look(NOW)) == [A]
    put(A, C, at=LONG_AGO + timedelta(seconds=2))
    assert on_it(lists.look(NOW)) == [A, C]


def test_all_faults_of_all_lists_are_told(put, optouts):
    put("12")
    fault = optouts("optout", "complaints").look(NOW).fault
    assert "list `optout` has 1 row" in fault
    assert "list `complaints` is missing" in fault


# many threads


def test_many_threads_may_look_at_once(put, optouts):
    """The clock is the real one, by which a file that is just being written is new."""
    now = datetime.now(UTC)
    put(A, at=now - timedelta(hours=1))
    lists = optouts()
    seen = []

    def look():
        seen.extend(on_it(lists.look(now)) for _ in range(20))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for minute in range(20):
        put(A, B, at=now - timedelta(minutes=minute))
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert all(A in found for found in seen)


def test_nobody_needs_to_be_looked_up_where_nobody_is_on_a_list(put, optouts):
    put(name="empty")
    put(A)
    assert not OptOuts([]).look(NOW).mobiles
    assert not optouts("empty").look(NOW).mobiles
    assert optouts("empty", "optout").look(NOW).mobiles
