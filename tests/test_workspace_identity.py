"""A workspace is the same by every way that leads to it, and whatever its symlink leads to."""

import pytest

from runner.errors import StateRefused
from runner.store.database import open_database
from runner.store.identity import check_workspace, claim_workspace


@pytest.fixture
def state(tmp_path):
    database = open_database(tmp_path / "state.db", actor="test")
    yield database
    database.close()


@pytest.fixture
def current(tmp_path):
    """A symlink to the first of two checkouts."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "current").symlink_to("one")
    return tmp_path / "current"


def test_a_symlink_that_is_swapped_stays_the_same_workspace(state, current):
    with state.writing() as transaction:
        claim_workspace(transaction, name="shop", folder=str(current))
        current.unlink()
        current.symlink_to("two")
        check_workspace(transaction, name="shop", folder=str(current))


@pytest.mark.parametrize(("claimed", "asked"), [("current", "one"), ("one", "current")])
def test_two_ways_to_one_place_are_the_same_workspace(state, current, claimed, asked):
    with state.writing() as transaction:
        claim_workspace(transaction, name="shop", folder=str(current.parent / claimed))
        check_workspace(transaction, name="shop", folder=str(current.parent / asked))


@pytest.mark.parametrize("asked", ["two", "gone"])
def test_another_place_is_another_workspace(state, current, asked):
    with state.writing() as transaction:
        claim_workspace(transaction, name="shop", folder=str(current))
        with pytest.raises(StateRefused, match="belongs to workspace `shop`"):
            check_workspace(transaction, name="shop", folder=str(current.parent / asked))


def test_another_name_in_the_same_place_is_another_workspace(state, current):
    with state.writing() as transaction:
        claim_workspace(transaction, name="shop", folder=str(current))
        with pytest.raises(StateRefused, match="not to `other`"):
            check_workspace(transaction, name="other", folder=str(current))
