"""What a balance is taken for, as the base of later falls."""

from __future__ import annotations

from builders import NOW, SECOND, begin, claim, make_account, rows_of, settle

from runner.lifecycle import BatchEvent
from runner.model.outcome import Balance
from runner.store.accounts import ensure_accounts
from runner.store.fall import note_balance


def test_a_balance_that_was_asked_for_while_others_went_out_is_no_base(database):
    """Nobody knows whether they are in it."""
    account = make_account(exclusive=True)
    begin(database, 2)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    kept = []
    for asked_at in (NOW - SECOND, NOW):
        with database.writing() as transaction:
            ensure_accounts(transaction, ["main"], NOW)
            answer = Balance(left="100", bought="100")
            note_balance(transaction, account, answer, asked_at=asked_at, now=NOW)
        kept += rows_of(database, "SELECT base_balance FROM accounts")
    assert kept == [(None,), ("100",)]
