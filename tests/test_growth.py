"""What `make bench ONLY=growth` measures against: a state with history, and its charts.

Nothing is timed here.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from benchmarks.growth.chart import draw_curve
from benchmarks.growth.curves import Curve
from benchmarks.growth.history import History, make_history
from benchmarks.growth.page import (
    FOLDER,
    KEPT,
    PAGE,
    draw_charts,
    put_growth,
    read_curves,
    render_curves,
    write_curves,
)
from benchmarks.measured import Measurement
from runner.lifecycle import RecipientState
from runner.store.database import open_database
from runner.store.progress import list_current, read_accounts, read_campaigns, read_recipients

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """The state of 400 campaigns, each of two batches."""
    state = tmp_path_factory.mktemp("history") / "state.db"
    make_history(state, History(campaigns=400, people=2005, message=10, answer=10, reports=1000))
    return state


@pytest.fixture(scope="module")
def database(history):
    database = open_database(history, actor="run")
    yield database
    database.close()


def test_a_history_is_whole(history):
    with closing(sqlite3.connect(history)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        empty = [
            name
            for (name,) in connection.execute(tables).fetchall()
            if not connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        ]
        # Whose it is, whoever opens it first says; its lists are too short for findings.
        assert empty == ["workspace", "brakes", "findings"]


def test_the_counts_of_a_history_are_those_of_its_recipients(database):
    with database.reading() as transaction:
        campaigns = read_campaigns(transaction)
        assert len(campaigns) == 400
        for campaign in campaigns:
            assert sum(campaign.recipients.values()) == campaign.total == 2005
        for campaign in campaigns[:30]:
            states = [entry.state for entry in read_recipients(transaction, campaign.id)]
            counted = {state: states.count(state) for state in RecipientState}
            assert counted == campaign.recipients


def test_a_history_is_over_but_for_what_nobody_has_settled(database):
    with database.reading() as transaction:
        campaigns = read_campaigns(transaction)
        doubtful = {each.id for each in campaigns if each.recipients[RecipientState.IN_DOUBT]}
        assert len(doubtful) == 2
        assert list_current(transaction, newest=0) == doubtful
        assert {each.state for each in campaigns} == {"finished", "cancelled"}
        [account] = read_accounts(transaction)
    assert (account.received, account.unmatched) == (802_000, 802)


def make_curve():
    """Two lines: what grows with the size, and what does not."""
    curve = Curve(name="daemon", title="a daemon", size="campaigns")
    for size in (10, 100, 1000):
        spent = Measurement(units=1, seconds=1.0, cpu=size / 1e4, peak=size * 1_000_000)
        curve.note("grows", size, spent)
        curve.note("stays", size, Measurement(units=1, seconds=1.0, cpu=0.05, peak=50_000_000))
    return curve


def test_in_a_chart_what_grows_as_the_size_does_is_a_straight_line_and_what_does_not_is_level():
    chart = ElementTree.fromstring(draw_curve(make_curve()))
    lines = [
        [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        for line in chart.iter(f"{SVG}polyline")
    ]
    grows, stays = lines[:2]  # the panel of time; memory is the other
    steps = [(after[0] - before[0], before[1] - after[1]) for before, after in pairwise(grows)]
    assert steps[0] == pytest.approx(steps[1])
    assert min(steps[0]) > 0
    assert len({y for _, y in stays}) == 1
    assert {"grows", "stays", "10^1", "10 ms"} <= {each.text for each in chart.iter(f"{SVG}text")}


def test_the_table_of_a_curve_has_a_column_for_each_size():
    assert render_curves([make_curve()]) == (
        "| a daemon, by campaigns | 10 | 100 | 1,000 |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| grows | 1 ms, 10 MB | 10 ms, 100 MB | 100 ms, 1000 MB |\n"
        "| stays | 50 ms, 50 MB | 50 ms, 50 MB | 50 ms, 50 MB |\n"
    )


def test_curves_that_were_kept_are_read_as_they_were(tmp_path):
    write_curves([make_curve()], "a machine", tmp_path / "curves.json")
    assert read_curves(tmp_path / "curves.json") == ([make_curve()], "a machine")


def test_the_page_and_its_charts_show_the_kept_curves():
    """`make bench ONLY=growth DOCS=1` writes them anew."""
    curves, machine = read_curves(KEPT)
    page = PAGE.read_text("utf-8")
    assert page == put_growth(page, curves, machine)
    charts = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.svg")}
    assert charts == dict(draw_charts(curves))
