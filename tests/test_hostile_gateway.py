"""A gateway that does everything wrong: each case ends in the state that the protocol names.

The cases stand in `hostile`, the page that shows them to people in `docs`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from builders import FIRST
from hostile.page import PAGE, write_page
from hostile.plays import DEADLINE, PASSWORD, Theatre
from hostile.queries import ASKINGS, POLLINGS
from hostile.submissions import SENDINGS
from torture.simulation.folders import quick_folder

SENDS = list(chain.from_iterable(SENDINGS.values()))
AT_ONCE = 8  # most of the time a case waits


@pytest.fixture(scope="module")
def seen():
    """What was seen of every case, all played at the first look."""
    with quick_folder() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        theatre = Theatre(folder)
        plays = ((theatre.send, SENDS), (theatre.ask, ASKINGS), (theatre.poll, POLLINGS))
        playing = {case: pool.submit(play, case) for play, cases in plays for case in cases}
        yield lambda case: playing[case].result()


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.does)


def judge_words(case, why):
    """Whoever reads why sees no secret, and a deadline where nothing else ended the exchange."""
    assert PASSWORD not in why
    assert str(FIRST) not in why
    assert "\n" not in why
    if case.hangs:
        assert f"within {DEADLINE:g} s" in why


@each(SENDS)
def test_a_submission_ends_in_the_state_that_the_protocol_names(seen, case):
    sent = seen(case)
    assert (sent.states, sent.heard) == (case.end.value, case.heard)
    judge_words(case, sent.why)


@each(ASKINGS)
def test_after_a_doubt_nothing_goes_out_before_a_balance_query_succeeds(seen, case):
    asked = seen(case)
    assert (asked.end, asked.heard) == (case.end, case.heard)
    judge_words(case, asked.why)


@each(POLLINGS)
def test_of_a_poll_nothing_that_was_received_is_lost(seen, case):
    polled = seen(case)
    assert (polled.kept, polled.heard) == (case.end, case.heard)
    judge_words(case, polled.why)


def test_no_two_cases_do_the_same():
    for cases in (SENDS, ASKINGS, POLLINGS):
        assert len({case.does for case in cases}) == len(cases)


def test_the_page_shows_the_table():
    """`make docs` writes it anew."""
    assert PAGE.read_text("utf-8") == write_page()
