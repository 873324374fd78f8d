"""Each report is handed out once: whatever an answer looks like, nothing of it that came is lost.

Every answer goes the whole way here: asked for, journalled, read and applied.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders import (
    FIRST,
    NOW,
    account_of,
    begin,
    cancel,
    claim,
    counts_of,
    make_account,
    make_credentials,
    make_pump,
    open_new_state,
    rows_of,
    settle,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import answer, saying, serving

from runner.dispatch.pump import Idle
from runner.gateway import Gateway
from runner.lifecycle import BatchEvent
from runner.model.outcome import RawAnswer
from runner.reports import apply_again, apply_left_over, poll_reports
from runner.store.claims import cancel_recipients
from runner.store.inbox import list_entries
from runner.store.journal import find_entry, keep_answer, match_waiting

DELIVERED, FAILED = "10", "20"
HTML = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"


class Handing:
    """A gateway that hands out these answers, one a query, and nothing more."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def reports(self, page):
        return self.answers.pop(0) if self.answers else RawAnswer(status=200, body=b"")


def box(person=0, status=DELIVERED, **changes):
    """The box of somebody of task 77; more fields than the document has may be given."""
    fields = {
        "mobile": FIRST + person,
        "taskid": "77",
        "status": status,
        "receivetime": "2035-09-16 09:00:00",
        "errorcode": "DELIVRD" if status == DELIVERED else "EXPIRED",
        **changes,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<statusbox>{inner}</statusbox>"


def page(*boxes):
    return f"<returnsms>{''.join(boxes)}</returnsms>".encode()


def written(encoding, *boxes):
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    return f"{declaration}{page(*boxes).decode()}".encode(encoding)


def raw(body, **facts):
    return RawAnswer(**({"status": 200, "body": body} | facts))


def poll(database, *answers):
    """Ask until every answer was handed out."""
    for each in answers:
        poll_reports(database, make_account(), Handing(each), NOW)


@pytest.fixture
def sent(database):
    """Task 77 went to three people; a fourth opted out before the request."""
    begin(database, 4, batch_size=4)
    claimed = claim(database)
    with database.writing() as transaction:
        cancel_recipients(transaction, claimed.batch, [FIRST + 3], "on the list optout", NOW)
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    return database


@pytest.fixture
def serve():
    yield from serving()


def matters_of(database):
    return [matter for (matter,) in rows_of(database, "SELECT matter FROM reports ORDER BY id")]


def pieces_of(database):
    return [text for (text,) in rows_of(database, "SELECT text FROM quarantine ORDER BY id")]


def everything_in(database):
    """Every row of every table."""
    names = rows_of(database, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name: rows_of(database, f"SELECT * FROM {name}") for (name,) in names}


def apply_all_again(database):
    """Read every answer of the journal again; gives the number of new reports."""
    with database.reading() as transaction:
        entries = [find_entry(transaction, each) for each in list_entries(transaction, None)]
    return sum(apply_again(database, entry, NOW).new for entry in entries)


# name: answers, people with a report, matters of the reports kept apart, pieces in quarantine
ANSWERS = {
    "a page as the document has it": (
        [page(box(0), box(1, FAILED))],
        {"delivered": 1, "failed": 1},
        [],
        0,
    ),
    "in gb2312": ([written("gb2312", box(0, errorcode="空号"))], {"delivered": 1}, [], 0),
    "in gb18030": ([written("gb18030", box(0, errorcode="㐀"))], {"delivered": 1}, [], 0),
    "in utf-8 with a BOM": ([b"\xef\xbb\xbf\r\n" + page(box(0))], {"delivered": 1}, [], 0),
    "in utf-16": ([written("utf-16", box(0), box(1))], {}, [], 1),
    "with fields that nobody knows": ([page(box(0, spcode="1069"))], {"delivered": 1}, [], 0),
    "with a box that says nothing": ([page(box(0), box(1, "30"))], {"delivered": 1}, [], 1),
    "with a box that is no XML": (
        [page(box(0), box(1, errorcode="<"), box(2))],
        {"delivered": 2},
        [],
        1,
    ),
    "cut inside a box": ([page(box(0), box(1))[:-40]], {"delivered": 1}, [], 1),
    "cut between two boxes": ([page(box(0))[: -len("</returnsms>")]], {"delivered": 1}, [], 0),
    "cut before the first box": ([b"<returnsms>"], {}, [], 0),
    "with the same box twice": ([page(box(0), box(0))], {"delivered": 1}, ["repeated"], 0),
    "the same answer twice": ([page(box(0))] * 2, {"delivered": 1}, ["repeated"], 0),
    "a failure after a success": (
        [page(box(0)), page(box(0, FAILED))],
        {"delivered": 1},
        ["overruled"],
        0,
    ),
    "a success after a failure": (
        [page(box(0, FAILED)), page(box(0))],
        {"delivered": 1},
        ["overruled"],
        0,
    ),
    "of a number that is not in the task": ([page(box(99))], {}, ["unmatched"], 0),
    "of somebody who had opted out": ([page(box(3))], {}, ["unmatched"], 0),
    "of another program's task": ([page(box(0, taskid="88"))], {}, ["unmatched"], 0),
    "a proxy's page": ([HTML], {}, [], 1),
    "a proxy's page, then the reports": ([HTML, page(box(0))], {"delivered": 1}, [], 1),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_whatever_an_answer_looks_like_its_reports_count_and_the_rest_is_kept(sent, case):
    bodies, reported, matters, pieces = ANSWERS[case]
    poll(sent, *map(raw, bodies))
    waiting = 3 - sum(reported.values())
    expected = {"submitted": waiting, "cancelled": 1, **reported}
    assert counts_of(sent) == {state: people for state, people in expected.items() if people}
    assert matters_of(sent) == matters
    assert len(pieces_of(sent)) == pieces
    assert [body for (body,) in rows_of(sent, "SELECT body FROM report_journal")] == bodies


@pytest.mark.parametrize("case", ANSWERS)
def test_applying_the_whole_journal_again_changes_nothing(sent, case):
    poll(sent, *map(raw, ANSWERS[case][0]))
    before = everything_in(sent)
    assert apply_all_again(sent) == 0
    assert everything_in(sent) == before


def test_a_page_of_any_status_counts(sent):
    poll(sent, raw(page(box(0)), status=500, why="HTTP 500"))
    assert counts_of(sent) == {"delivered": 1, "submitted": 2, "cancelled": 1}


def test_a_refusal_that_is_read_again_stops_nothing_again(sent):
    refusal = page("<errorstatus><error>2</error><remark>用户名或密码错误</remark></errorstatus>")
    poll(sent, raw(refusal))
    with sent.writing() as transaction:
        transaction.execute("UPDATE accounts SET state = 'active', wrong_credentials = 0")
    before = everything_in(sent)
    apply_all_again(sent)
    assert everything_in(sent) == before


def test_an_answer_that_a_crash_kept_from_being_applied_is_applied_by_hand_too(sent):
    with sent.writing() as transaction:
        keep_answer(transaction, "main", raw(page(box(0))), NOW)
    assert apply_all_again(sent) == 1
    assert counts_of(sent) == {"delivered": 1, "submitted": 2, "cancelled": 1}
    assert apply_left_over(sent, NOW) == 0


# A report may come before its batch's receipt, and whatever has become of the campaign.


@pytest.mark.parametrize("early", [True, False])
def test_the_reports_of_a_batch_that_was_in_flight_when_its_campaign_was_cancelled_count(
    database, early
):
    begin(database, 4)
    claimed = claim(database)
    cancel(database)
    if early:
        poll(database, raw(page(box(0), box(1, FAILED))))
        assert matters_of(database) == ["unmatched", "unmatched"]
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    with database.writing() as transaction:
        match_waiting(transaction, "main", "77")
    if not early:
        poll(database, raw(page(box(0), box(1, FAILED))))
    assert counts_of(database) == {"delivered": 1, "failed": 1, "cancelled": 2}
    assert matters_of(database) == []


# Cut anywhere: in memory at every kind of place, and over the wire.


@contextmanager
def opened(people):
    """A state that has sent task 77 to so many people."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_new_state(Path(folder) / "state.db")
        try:
            begin(database, people, batch_size=people)
            settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
            yield database
        finally:
            database.close()


@settings(max_examples=40, deadline=None)
@given(
    verdicts=st.lists(st.sampled_from([DELIVERED, FAILED]), min_size=1, max_size=6),
    encoding=st.sampled_from(["utf-8", "gbk"]),
    data=st.data(),
)
def test_of_a_page_that_is_cut_anywhere_every_whole_box_counts_and_all_else_is_kept(
    verdicts, encoding, data
):
    boxes = [box(n, verdict, errorcode="空号") for n, verdict in enumerate(verdicts)]
    whole = page(*boxes).decode().encode(encoding)
    start = len(b"<returnsms>")
    ends = [start + len("".join(boxes[:n]).encode(encoding)) for n in range(len(boxes) + 1)]
    cut = data.draw(st.sampled_from(ends) | st.integers(start, len(whole)))
    complete = sum(end <= cut for end in ends) - 1
    rest = whole[ends[complete] : cut].decode(encoding, errors="replace")
    with opened(len(boxes)) as database:
        poll(database, raw(whole[:cut], complete=False, why="cut"))
        counts = counts_of(database)
        assert counts.get("delivered", 0) == verdicts[:complete].count(DELIVERED)
        assert counts.get("failed", 0) == verdicts[:complete].count(FAILED)
        assert counts.get("submitted", 0) == len(boxes) - complete
        # Blanks at its end are the journal's alone.
        assert pieces_of(database) == ([] if rest in ("", "</returnsms>") else [rest.rstrip()])
        assert matters_of(database) == []


@pytest.mark.parametrize("people", [1, 2, 5])
def test_of_an_answer_that_is_cut_on_the_wire_every_whole_box_counts(
    database, sandbox, gateway_at, clock, people
):
    begin(database, people, batch_size=people)
    gateway = gateway_at(sandbox.url)
    pump = make_pump(database, gateway, make_account(), clock)
    while pump.step() != Idle():
        pass
    sandbox.make_reports_ready()
    sandbox.add_fault("report:1=cut")
    account = make_account()
    polls = [poll_reports(database, account, gateway, NOW) for _ in range(2)]
    assert [each.reports for each in polls] == [people // 2, 0]
    assert counts_of(database).get("delivered", 0) == people // 2
    [piece] = pieces_of(database)
    assert piece.startswith("<statusbox>")


def test_of_an_answer_that_is_larger_than_the_cap_all_that_came_counts(database, serve):
    people, cap = 1500, 100_000
    begin(database, people, batch_size=people)
    settle(database, claim(database), BatchEvent.ACCEPT, task_id="77")
    body = page(*(box(n) for n in range(people)))
    credentials = make_credentials(serve(saying(answer(body))).url)
    with Gateway(make_account(), credentials, reports_cap=cap) as gateway:
        poll = poll_reports(database, make_account(), gateway, NOW)
    [(kept, complete)] = rows_of(database, "SELECT body, complete FROM report_journal")
    assert (body.startswith(kept), complete) == (True, 0)
    assert cap < len(kept) < len(body)
    assert counts_of(database)["delivered"] == kept.count(b"</statusbox>") == poll.reports
    assert pieces_of(database) == [kept[kept.rindex(b"</statusbox>") + 12 :].decode()]
    assert "larger than" in poll.problem


# Whatever is received, in whatever order: applied once, and again.

BOXES = st.builds(
    box,
    st.integers(0, 4),
    st.sampled_from([DELIVERED, FAILED, "30"]),
    taskid=st.sampled_from(["77", "88"]),
    receivetime=st.sampled_from(["2035-09-16 09:00:00", "2035-09-16 10:00:00", ""]),
)
BODIES = (
    st.lists(BOXES, max_size=6).map(lambda boxes: page(*boxes))
    | st.tuples(st.lists(BOXES, min_size=1, max_size=4), st.integers(1, 300)).map(
        lambda cut: page(*cut[0])[: -cut[1]]
    )
    | st.sampled_from([HTML, b"", b"\xff\xfe\x00<"])
)


@settings(max_examples=40, deadline=None)
@given(bodies=st.lists(BODIES, max_size=5))
def test_what_was_applied_once_is_left_alone_when_the_journal_is_applied_again(bodies):
    with opened(4) as database:
        poll(database, *map(raw, bodies))
        received = account_of(database).received
        before = everything_in(database)
        assert apply_all_again(database) == 0
        assert everything_in(database) == before
        placed = rows_of(database, "SELECT count(*) FROM recipients WHERE delivered IS NOT NULL")
        assert placed[0][0] + len(matters_of(database)) == received
