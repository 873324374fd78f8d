"""What a balance is taken for, as the base of later falls."""

from __future__ import annotations

import pytest
from builders import NOW, begin, claim, make_account, rows_of, settle

from runner.lifecycle import BatchEvent
from runner.model.outcome import Balance
from runner.store.fall import find_rest, note_balance, note_late_receipt

ACCOUNT = make_account(exclusive=True)


@pytest.fixture
def ask(database):
    """Ask for the balance, and give what it is to be told with."""

    def find():
        with database.reading() as transaction:
            return find_rest(transaction, ACCOUNT)

    return find


def note(database, asked_at, left="100"):
    """Let the answer come; gives what is the base then."""
    with database.writing() as transaction:
        answer = Balance(left=left, bought="100")
        note_balance(transaction, ACCOUNT, answer, asked_at=asked_at, now=NOW)
    return rows_of(database, "SELECT base_balance, base_claim FROM accounts")[0]


def test_a_balance_that_was_asked_for_at_rest_is_a_base(database, ask):
    assert note(database, ask()) == ("100", 0)
    begin(database, 2)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    assert note(database, ask(), "98") == ("98", 1)


def test_a_balance_that_was_asked_for_before_others_went_out_is_no_base(database, ask):
    """Nobody knows whether they are in it, though all of it was in one millisecond."""
    begin(database, 2)
    asked_at = ask()
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    assert note(database, asked_at) == (None, None)


def test_a_balance_that_was_asked_for_while_others_were_under_way_is_no_base(database, ask):
    begin(database, 2)
    claimed = claim(database)
    asked_at = ask()
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    assert note(database, asked_at) == (None, None)


def test_a_receipt_that_comes_late_makes_the_base_and_a_balance_under_way_worthless(database, ask):
    begin(database, 2)
    claimed = claim(database)
    settle(database, claimed, BatchEvent.DOUBT)
    assert note(database, ask()) == ("100", 1)
    asked_at = ask()
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    with database.writing() as transaction:
        note_late_receipt(transaction, ACCOUNT, claimed.batch)
    assert note(database, asked_at, "98") == (None, None)
    assert note(database, ask(), "98") == ("98", 2)
