"""How many reports an account's next query asks for: fewer while its line is bad.

NULL stands for the account's `reports.page`, which may change between two queries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.model.account import Account
    from runner.store.transaction import Transaction

_READ = "SELECT report_page FROM accounts WHERE name = :name"

_KEEP = """
    UPDATE accounts SET report_page = :page WHERE name = :name AND report_page IS NOT :page
"""


def read_page(transaction: Transaction, account: Account) -> int:
    """Say how many reports the next query asks for: never more than `reports.page`."""
    stored: int | None = transaction.execute(_READ, {"name": account.name}).scalar()
    most = account.reports.page
    return most if stored is None else min(stored, most)


def keep_page(transaction: Transaction, account: Account, page: int) -> None:
    """Keep how many reports the next query asks for."""
    stored = page if page < account.reports.page else None
    transaction.execute(_KEEP, {"name": account.name, "page": stored})
