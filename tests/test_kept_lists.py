"""A daemon reads its files again and again.

A list that did not change is not read again, and an audience whose lists did not is not gathered
again.
"""

import os
import time
import weakref

import pytest
from workspaces import SETTINGS, shop

from runner.workspace.kept_lists import KeptLists
from runner.workspace.lists import ListFault
from runner.workspace.load import load_workspace

__all__ = ["shop"]

A, B = 13800138000, 13900139000

OPTOUT = "lists:\n  optout: {file: optout.csv}\nalways_exclude: [optout]\n"


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
        numbers = kept.read_list(path, name="list.csv", **more)
        kept.end()
        return numbers

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
    kept.end()
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


def test_a_list_that_was_rewritten_is_held_no_more_while_it_is_read(put, read, path, kept):
    """The old numbers and the new ones of millions would take twice the memory."""
    put(A)
    old = weakref.ref(read().mobiles)
    put(B)
    kept.read_list(path, name="list.csv")
    assert old() is None


def test_a_list_that_is_asked_for_twice_in_one_reading_is_read_once(put, path, kept):
    put(A)
    first = kept.read_list(path, name="list.csv")
    kept.end()
    assert kept.read_list(path, name="list.csv") is first
    assert kept.read_list(path, name="list.csv") is first


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
    kept.end()
    assert read() is not first


RECIPIENTS = f'recipients:\n  numbers: ["{B}"]\n  files: [lists/members.csv]\n'


@pytest.fixture
def audience(shop, kept):
    """Read the workspace once more, with other recipients where some are given."""

    def read_anew(recipients=RECIPIENTS):
        shop.campaign(recipients=recipients)
        workspace = load_workspace(shop.root, kept=kept)
        assert workspace.diagnostics == ()
        return workspace.campaigns["news"].audience

    return read_anew


def test_an_audience_of_the_same_lists_is_not_gathered_again(audience):
    assert audience().mobiles is audience().mobiles


def test_an_audience_of_lists_of_the_settings_is_not_gathered_again(shop, audience):
    """Neither with them, nor, for the digest, without them."""
    shop.write("optout.csv", f"{B}\n")
    shop.write("runner.yaml", SETTINGS + OPTOUT)
    first, second = audience(), audience()
    assert B in first.own
    assert B not in first.mobiles
    assert first.mobiles is second.mobiles
    assert first.own is second.own


@pytest.mark.parametrize(
    "other",
    [
        RECIPIENTS + "  invalid: skip\n",
        RECIPIENTS + "  exclude: [lists/staff.csv]\n",
        RECIPIENTS + "  column: mobile\n",
        RECIPIENTS.replace(str(B), str(A)),
    ],
)
def test_an_audience_that_is_asked_for_in_another_way_is_gathered_again(shop, audience, other):
    shop.write("lists/staff.csv", f"{A}\n")
    assert audience().mobiles is not audience(other).mobiles


def test_an_audience_follows_whom_the_settings_always_exclude(shop, audience):
    shop.write("optout.csv", f"{A}\n")
    shop.write("runner.yaml", SETTINGS + OPTOUT)
    assert B in audience().mobiles
    shop.write("optout.csv", f"{B}\n")
    assert B not in audience().mobiles


def test_an_audience_of_a_list_that_was_rewritten_is_gathered_again(shop, audience):
    audience()
    shop.write("lists/members.csv", f"mobile\n{A}\n")
    assert list(audience().mobiles) == [B, A]


def test_an_audience_that_no_campaign_has_any_more_is_forgotten(audience):
    first = audience()
    audience(f'recipients:\n  numbers: ["{A}"]\n')
    assert audience().mobiles is not first.mobiles
