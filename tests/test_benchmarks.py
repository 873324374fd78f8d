"""What `make bench` makes of its figures, and that its programs in C do what they are compared for.

Nothing is timed here: the figures are made up.
"""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests

import benchmarks
from benchmarks.charts import draw_chart
from benchmarks.compare import Result
from benchmarks.keep import Figures, read_figures, write_figures
from benchmarks.measured import Above, Cost, Figure, Measurement, Missing, Ratio, Who
from benchmarks.page import FOLDER, KEPT, PAGE, put_figures
from benchmarks.reports.pages import Spread, write_pages
from benchmarks.send.gateway import CGateway
from benchmarks.sprint import measure_sprint
from benchmarks.table import render_markdown, render_text
from benchmarks.tools import compile_c

SOURCES = Path(benchmarks.__file__).parent
SVG = "{http://www.w3.org/2000/svg}"


def measured(rate, cost=0.001, peak=50_000_000):
    return Measurement(units=rate, seconds=1.0, cpu=rate * cost, peak=peak)


def make_result(*rounds, targets=(), skipped=()):
    """rounds: of each, what was measured of whom."""
    whats = {Who.OURS: "run", Who.NAIVE: "a loop", Who.LIMIT: "wrk"}
    return Result(
        name="send-16",
        title="send, 16 in flight",
        unit="request",
        whats={who: what for who, what in whats.items() if who in rounds[0]},
        targets=targets,
        skipped=skipped,
        rounds=rounds,
    )


ROUND = {
    Who.OURS: measured(285, 0.00094),
    Who.NAIVE: measured(140, 0.0071),
    Who.LIMIT: measured(300, 0.00005, peak=6_200_000),
}
AT_LEAST = Ratio(figure=Figure.RATE, against=Who.LIMIT, least=0.90)
AT_MOST = Cost(most=0.001)
NOT_FAR_ABOVE = Above(against=Who.LIMIT, most=0.001)


def make_figures(result, *, machine="a machine"):
    return Figures(machine=machine, date="2035-09-16", rounds=len(result.rounds), results=(result,))


def test_the_table_shows_each_contender_beside_what_ours_is_held_to():
    result = make_result(ROUND, targets=(AT_LEAST, AT_MOST))
    assert render_text([result]) == (
        "                 a second  CPU each  memory  ours to it  by CPU  target\n"
        "send, 16 in flight, in requests\n"
        "  ours: run           285    940 µs   50 MB                      at most 1 ms CPU\n"
        "  naive: a loop       140    7.1 ms   50 MB         2 ×   7.6 ×\n"
        "  limit: wrk          300     50 µs    6 MB        95 %     5 %  at least 90 %\n"
    )


def test_a_target_that_was_not_reached_is_said_to_be_missed():
    thrift = Ratio(figure=Figure.THRIFT, against=Who.NAIVE, least=8)
    slow = {**ROUND, Who.OURS: measured(260, 0.00123)}
    table = render_text([make_result(slow, targets=(AT_LEAST, AT_MOST, thrift))])
    for words in ("at most 1 ms CPU", "at least 90 %", "at least 8 × by CPU"):
        assert f"MISSED {words}" in table


def test_a_time_above_that_of_another_is_a_target_too():
    assert "300     50 µs    6 MB        95 %     5 %  at most 1 ms CPU above it\n" in render_text(
        [make_result(ROUND, targets=(NOT_FAR_ABOVE,))]
    )
    slow = {**ROUND, Who.OURS: measured(285, 0.00106)}
    table = render_text([make_result(slow, targets=(NOT_FAR_ABOVE,))])
    assert "MISSED at most 1 ms CPU above it" in table


def test_who_is_missing_here_is_told_and_misses_no_target():
    alone = {who: ROUND[who] for who in (Who.OURS, Who.NAIVE)}
    result = make_result(alone, targets=(AT_LEAST,), skipped=("there is no wrk here",))
    table = render_text([result])
    assert "  skipped: there is no wrk here\n" in table
    assert "MISSED" not in table


def test_a_slow_round_in_which_all_are_slow_changes_no_ratio():
    rounds = [
        {Who.OURS: measured(280), Who.LIMIT: measured(300)},
        {Who.OURS: measured(28), Who.LIMIT: measured(30)},
        {Who.OURS: measured(140), Who.LIMIT: measured(150)},
    ]
    rounds.append({Who.OURS: measured(150), Who.LIMIT: measured(900)})  # only ours was slow
    result = make_result(*rounds)
    assert result.ratio(Figure.RATE, Who.LIMIT) == pytest.approx(280 / 300)
    assert result.middle(Who.LIMIT, lambda measured: measured.rate) == 225


def test_the_bars_of_a_chart_are_as_long_as_their_figures():
    chart = ElementTree.fromstring(draw_chart(make_result(ROUND)))
    bars = [
        (bar.get("class"), float(bar.get("width")))
        for bar in chart.iter(f"{SVG}rect")
        if bar.get("x") == "310"
    ]
    assert [who for who, _ in bars] == ["ours", "naive", "limit"]
    longest = bars[2][1]
    assert [width / longest for _, width in bars] == pytest.approx(
        [285 / 300, 140 / 300, 1], abs=0.001
    )
    texts = [text.text for text in chart.iter(f"{SVG}text")]
    assert {"send, 16 in flight", "ours: run", "285", "940 µs"} <= set(texts)


def test_what_was_kept_is_read_as_it_was(tmp_path):
    result = make_result(
        ROUND, ROUND, targets=(AT_LEAST, AT_MOST, NOT_FAR_ABOVE), skipped=("no wrk",)
    )
    figures = make_figures(result, machine="a machine")
    write_figures(figures, tmp_path / "figures.json")
    again = read_figures(tmp_path / "figures.json")
    assert render_text(again.results) == render_text([result])
    assert again == figures


def test_new_figures_take_the_place_of_those_that_a_page_has():
    old = make_figures(make_result(ROUND), machine="old")
    new = make_figures(make_result(ROUND, ROUND), machine="new")
    page = PAGE.read_text("utf-8")
    replaced = put_figures(put_figures(page, old), new)
    assert replaced == put_figures(page, new)
    assert "2035-09-16: new. Medians of 2 rounds." in replaced
    assert render_markdown(new.results) in replaced


def test_the_page_and_its_charts_show_the_kept_values():
    """`make bench DOCS=1` writes them anew."""
    figures = read_figures(KEPT)
    page = PAGE.read_text("utf-8")
    assert page == put_figures(page, figures)
    charts = {f"{result.name}.svg": draw_chart(result) for result in figures.results}
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.svg")} == charts


@pytest.fixture
def compiled(tmp_path):
    """Compile one of the programs in C, or skip where that cannot be done."""

    def compile_source(source, *libraries):
        try:
            return compile_c(SOURCES / source, tmp_path / "program", *libraries)
        except Missing as missing:
            pytest.skip(str(missing))

    return compile_source


class Living:
    """A client that has not ended."""

    has_ended = False


def test_the_gateway_gives_each_submission_a_task_of_its_own(compiled):
    with ExitStack() as stack:
        gateway = stack.enter_context(CGateway(compiled("send/gateway.c"), delay=1, requests=4))
        url = f"http://127.0.0.1:{gateway.port}"
        clients = [stack.enter_context(requests.Session()) for _ in range(2)]
        page = clients[0].post(f"{url}/mmsStatusApi.aspx", data={"action": "query"})
        texts = [
            client.post(f"{url}/sendmms.aspx", data=b"x" * size).text
            for size in (1, 200_000)
            for client in clients
        ]
        gateway.wait_for_first(Living())
        seen = gateway.wait_for_last(Living())
    assert texts == [f"1000000:2734987200000{number}" for number in range(1, 5)]
    assert len(ElementTree.fromstring(page.content)) == 0
    assert seen.bytes == 2 * (1 + 200_000)  # of submissions alone


def test_a_client_that_leaves_before_its_answer_is_not_counted(compiled):
    with CGateway(compiled("send/gateway.c"), delay=300, requests=2) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port)) as client:
            client.sendall(b"POST /sendmms.aspx HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
        gateway.wait_for_first(Living())
        with requests.Session() as client:
            for body in (b"xx", b"xxxx"):
                client.post(f"http://127.0.0.1:{gateway.port}/sendmms.aspx", data=body)
        assert gateway.wait_for_last(Living()).bytes == 6


def test_the_bare_updates_give_every_report_its_row(compiled, tmp_path):
    program = compiled("reports/updates.c", "sqlite3")
    state, pages = tmp_path / "state.db", tmp_path / "pages"
    with closing(sqlite3.connect(state)) as connection:
        connection.executescript("""
            PRAGMA journal_mode = WAL;
            CREATE TABLE batches (id, task_id);
            CREATE TABLE recipients (batch, mobile, delivered, received_at, error_code);
            INSERT INTO batches VALUES (1, '4711'), (2, '4712');
            INSERT INTO recipients (batch, mobile) VALUES (1, 13800138001), (2, 13800138020);
        """)
    write_pages(state, pages, Spread.SCATTERED, pages=1)
    assert measure_sprint([str(program), str(state), str(pages)], folder=tmp_path).units == 2
    with closing(sqlite3.connect(state)) as connection:
        rows = connection.execute("SELECT mobile, delivered, error_code FROM recipients").fetchall()
    assert rows == [(13800138001, 1, "DELIVRD"), (13800138020, 0, "MK:0005")]


def test_libyaml_alone_reads_a_file_so_many_times(compiled, tmp_path):
    program = compiled("yaml/events.c", "yaml")
    (tmp_path / "news.yaml").write_text("title: 秋季新品\nframes: []\n", "utf-8")
    command = [str(program), str(tmp_path / "news.yaml"), "3"]
    assert measure_sprint(command, folder=tmp_path).units == 3


def test_a_contender_that_fails_is_told_with_its_last_words(compiled, tmp_path):
    program = compiled("reports/updates.c", "sqlite3")
    with pytest.raises(RuntimeError, match="nowhere"):
        measure_sprint([str(program), "state.db", "nowhere"], folder=tmp_path)


def test_a_program_that_does_not_compile_is_skipped_with_a_word(tmp_path):
    source = tmp_path / "wrong.c"
    source.write_text("#include <no-such-header.h>\n")
    with pytest.raises(Missing, match=r"make bench-tools"):
        compile_c(source, tmp_path / "wrong")
    assert subprocess.run(["test", "-e", tmp_path / "wrong"], check=False).returncode


def test_a_bench_runs_the_real_program_and_keeps_what_it_measured(compiled, tmp_path):
    """So that no benchmark is left behind by what it measures."""
    compiled("reports/updates.c", "sqlite3")
    kept = tmp_path / "figures.json"
    words = ["reports-scattered", "--quick", "--folder", str(tmp_path), "--json", str(kept)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=SOURCES.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = read_figures(kept)
    assert done.stdout.endswith(render_text(figures.results))
    [result] = figures.results
    [measured] = result.rounds
    assert {who: entry.units for who, entry in measured.items()} == {
        Who.OURS: 10_000,
        Who.NAIVE: 1000,
        Who.LIMIT: 10_000,
    }
