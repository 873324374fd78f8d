"""A daemon reads its files again and again; a list that did not change is not read again."""

import os
import time

import pytest

from runner.workspace.kept_lists import KeptLists
from runner.workspace.lists import ListFault

A, B = 13800138000, 13900139000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "list.csv"


@pytest.fixture
def put(path):
    """Write a list."""

    def write(*rows):
        path.write_text("\n".join(["mobile", *map(str, rows)]) + "\n")

    return write


@pytest.fixture
def kept():
    """An hour after the files were written: nobody can set a file's ctime."""
    return KeptLists(lambda: time.time_ns() + 3600 * 10**9)


@pytest.fixture
def read(kept, path):
    def read_anew(**more):
        kept.begin()
        return kept.read_list(path, name="list.csv", **more)

    return read_anew


def test_a_list_that_rests_is_not_read_again(put, read):
    put(A)
    assert read() is read()


def test_a_list_that_was_just_written_is_read_again(put, path):
    """Within the grain of its time it may be written once more, and look the same."""
    put(A)
    written = path.stat().st_ctime_ns
    kept = KeptLists(lambda: written + 10**9)
    first = kept.read_list(path, name="list.csv")
    kept.begin()
    assert kept.read_list(path, name="list.csv") is not first


def test_a_list_that_was_rewritten_is_read_again(put, read, path):
    """Though it has the size of before, and its time was set back."""
    put(A)
    os.utime(path, ns=(10**18, 10**18))
    read()
    put(B)
    os.utime(path, ns=(10**18, 10**18))
    assert list(read().mobiles) == [B]


def test_a_list_in_whose_place_another_was_put_is_read_again(put, read, path):
    put(A)
    read()
    other = path.with_name("new.csv")
    other.write_text(f"mobile\n{B}\n")
    other.replace(path)
    assert list(read().mobiles) == [B]


def test_another_column_is_another_list(path, read):
    path.write_text(f"mobile,tel\n{A},{B}\n")
    assert list(read().mobiles) == [A]
    assert list(read(column="tel").mobiles) == [B]


def test_a_list_that_is_gone_is_missing(put, read, path):
    put(A)
    read()
    path.unlink()
    assert isinstance(read(), ListFault)


def test_what_cannot_be_read_is_tried_again(path, put, read):
    path.write_text("")
    assert isinstance(read(), ListFault)
    put(A)
    assert list(read().mobiles) == [A]


def test_a_list_that_nobody_asks_for_is_forgotten(put, kept, read):
    put(A)
    first = read()
    kept.begin()
    assert read() is not first
