"""A life with a gateway that repeats every request: nothing that is left of it holds a secret."""

import sqlite3
from contextlib import closing

from torture.canaries.life import Life, live

SECRETS = {
    "path": "c4nary-road",
    "userid": "c4nary-90",
    "account": "c4nary acc&unt+1",
    "password": 'C4n&ry+p%ss=w/rd 漢"',
}


def test_no_secret_is_in_any_file_that_a_life_with_an_echoing_gateway_leaves(tmp_path):
    """Files, logs, every row of the state, crash dumps, what the commands wrote: 0 hits."""
    lived = live(tmp_path, SECRETS, briefly=True)
    assert lived.leaks == []
    assert lived.requests > 8
    assert lived.heard
    with closing(sqlite3.connect(tmp_path / "searched" / "state" / "state.db")) as state:
        kept = b"".join(body for (body,) in state.execute("SELECT body FROM report_journal"))
    assert kept.count(b"***") > 50  # so there was something to find


def test_the_search_finds_a_secret_in_a_file_that_somebody_left(tmp_path):
    """Else nothing that it says would be worth anything."""
    life = Life(tmp_path, SECRETS)
    (life.place / "forgotten").write_text("password=C4n%26ry%2Bp%25ss%3Dw%2Frd+%E6%BC%A2%22")
    assert any("password in forgotten" in leak for leak in life.search().leaks)
