"""Threads that write at the same moment share one transaction, and none of them notices."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from runner.errors import StateRefused
from runner.store.database import open_database
from runner.store.witness import Recollection, open_witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from runner.store.database import Database
    from runner.store.transaction import Transaction

NOTE = "INSERT INTO reloads (asked_at, actor, forced) VALUES (?, 'test', 0)"


@pytest.fixture
def hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as hands:
        yield hands


@contextmanager
def somebody_writing(database: Database) -> Iterator[None]:
    """Keep the turn, so that whoever else wants to write has to wait."""
    with database.writing():
        yield


def note(transaction: Transaction, word: str) -> tuple[str, int]:
    """Write a row; give the word, and how many rows there were before it in this transaction."""
    before = transaction.execute("SELECT count(*) FROM reloads").scalar()
    transaction.execute(NOTE, (word,))
    return word, before


def words_of(database: Database) -> list[str]:
    with database.reading() as transaction:
        return transaction.execute("SELECT asked_at FROM reloads ORDER BY id").scalars()


def write_together(
    database: Database, hands: ThreadPoolExecutor, acts: list[object]
) -> list[Future[object]]:
    """Let all of them wait for one turn, so that they are led together."""
    waiting = threading.Barrier(len(acts) + 1)

    def write(act: object) -> object:
        waiting.wait()
        return database.write(act)  # type: ignore[arg-type]

    with somebody_writing(database):
        futures = [hands.submit(write, act) for act in acts]
        waiting.wait()
        while len(database._sharing._waiting) < len(acts):
            threading.Event().wait(0.001)
    return futures


def test_who_waits_for_the_same_turn_shares_a_transaction(
    database: Database, hands: ThreadPoolExecutor
) -> None:
    transactions = []

    def act(transaction: Transaction) -> None:
        transactions.append(transaction)
        note(transaction, "x")

    for future in write_together(database, hands, [act] * 8):
        future.result()
    assert len(transactions) == 8
    assert len({id(transaction) for transaction in transactions}) == 1


def test_each_gets_what_its_own_act_gives(database: Database, hands: ThreadPoolExecutor) -> None:
    acts = [lambda transaction, word=f"{n}": note(transaction, word) for n in range(8)]
    given = [future.result() for future in write_together(database, hands, acts)]
    assert [word for word, _ in given] == [f"{n}" for n in range(8)]
    assert sorted(before for _, before in given) == list(range(8))


def test_what_was_given_is_durable(database: Database, state: Path) -> None:
    beside = open_database(state, actor="beside")
    try:
        for n in range(5):
            database.write(lambda transaction, n=n: note(transaction, f"{n}"))
            assert words_of(beside)[-1] == f"{n}"
    finally:
        beside.close()


def test_who_fails_fails_alone(database: Database, hands: ThreadPoolExecutor) -> None:
    def fail(transaction: Transaction) -> None:
        note(transaction, "undone")
        raise ZeroDivisionError

    acts = [lambda transaction, n=n: note(transaction, f"{n}") for n in range(4)]
    futures = write_together(database, hands, [*acts[:2], fail, *acts[2:]])
    with pytest.raises(ZeroDivisionError):
        futures.pop(2).result()
    for future in futures:
        future.result()
    assert sorted(words_of(database)) == ["0", "1", "2", "3"]


def test_what_is_durable_is_never_written_again(
    database: Database, state: Path, hands: ThreadPoolExecutor
) -> None:
    """The witness complains after the commit: whoever was in it hears so, once."""
    database.report_to(open_witness(state, Recollection(id="test", generation=9)))

    def claim(transaction: Transaction) -> None:
        transaction.generation = 5  # an older state was put back
        note(transaction, "claimed")

    for future in write_together(database, hands, [claim, claim, claim]):
        with pytest.raises(StateRefused, match="an older state was put back"):
            future.result()
    assert words_of(database) == ["claimed"] * 3


def test_of_many_writes_of_many_threads_each_is_there_once(
    database: Database, hands: ThreadPoolExecutor
) -> None:
    words = [f"{n}" for n in range(400)]
    futures = [
        hands.submit(database.write, lambda transaction, word=word: note(transaction, word))
        for word in words
    ]
    assert [future.result()[0] for future in futures] == words
    assert sorted(words_of(database)) == sorted(words)


def test_a_closed_state_says_so(database: Database) -> None:
    database.close()
    with pytest.raises(StateRefused, match="this process has closed it"):
        database.write(lambda transaction: note(transaction, "late"))
