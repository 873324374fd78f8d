"""Words of others on a terminal, in a log and in a table: nothing in them steers or calculates."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
from contextlib import closing, redirect_stdout
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from cli_workspace import Office, numbers
from daemons import daemon_at_work
from hypothesis import given
from hypothesis import strategies as st
from peers import Peer

from runner.cli.rows import write_rows
from runner.cli.speech import clean, clean_lines, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_workspace import Ran
    from peers import Call

# Clear the screen, the same by one C1 character, ring, go back, turn around, isolate, end a line.
EVIL = "\x1b[2J\x9b2J\x07\r\u202e\u2066\u2069\u200f\u2028\x00"
SAID = EVIL.replace("\x00", "").replace("\x1b", "").replace("\x07", "")  # what XML can hold
WRITTEN = EVIL.encode("unicode_escape").decode().replace("\\x0d", "\\r")  # in YAML's quotes
STEERS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A"]


def say(call: Call, body: str, status: str = "200 OK") -> None:
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nX-Word: {SAID!a}\r\nContent-Length: {len(data)}\r\n\r\n"
    call.say(head.encode() + data)


def box(number: str, task: str, status: str = "20") -> str:
    return (
        f"<statusbox><mobile>{number}</mobile><taskid>{task}</taskid><status>{status}</status>"
        f"<errorcode>={SAID}\n=x</errorcode><extno>@{SAID}</extno></statusbox>"
    )


class Liar:
    """A gateway that puts what steers a terminal into each of its words."""

    def __init__(self) -> None:
        self.queries = 0

    def answer(self, call: Call) -> None:
        while body := call.hear():
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            if form["action"] == "send":
                self._take(call, form["title"])
            elif form["action"] == "overage":
                say(call, self._refuse_balance())
            else:
                self.queries += 1
                say(call, self._report())

    def _take(self, call: Call, title: str) -> None:
        if "busy" in title:
            say(call, f"<html>{SAID}</html>", f"502 {SAID!a}")
        else:
            say(call, "100:4711")

    def _refuse_balance(self) -> str:
        return (
            "<returnsms><returnstatus>Faild</returnstatus>"
            f"<message>busy{SAID}\n::error::forged</message></returnsms>"
        )

    def _report(self) -> str:
        if self.queries > 1:
            error = f"<error>4</error><remark>no{SAID}\n::error::forged</remark>"
            return f"<returnsms><errorstatus>{error}</errorstatus></returnsms>"
        [person, *_] = numbers(1)
        boxes = box(person, "4711") + box("13900139000", f"7{SAID}") + box("nobody", f"8{SAID}")
        return f"<returnsms>{boxes}</returnsms>"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A workspace whose names are as hostile as they may be, and where some of it was sent."""
    office = Office(tmp_path_factory.mktemp("office"))
    with closing(Peer(Liar().answer)) as peer:
        office.environment["MMS_URL"] = peer.url
        office.settings("reports: {every: 1s}")
        settings = (office.root / "runner.yaml").read_text()
        lists = f'lists:\n  "o{WRITTEN[7:]}": {{file: lists/optout.csv}}\n'.replace("\\x00", "")
        office.write("runner.yaml", settings.replace("name: shop", 'name: "sh\\u202eop"') + lists)
        title = '"{}\\x9b\\u202e\\u2066\\u2028"'
        office.campaign("a\u202e\u2066b", title=title.format("moon"))
        office.campaign("busy\u2069", title=title.format("busy"))
        office.campaign("late", people=numbers(2, 13_900_000_000), more="start: 2035-09-16 09:00\n")
        yield office


def judge(ran: Ran) -> Ran:
    for text in (ran.out, ran.err):
        assert not STEERS.search(text), repr(text)
        assert "\n::error::" not in text
    return ran


COMMANDS = [
    *(("validate", "--format", form) for form in ("full", "concise", "json", "github")),
    *(("plan",), ("plan", "--json"), ("plan", "--balance")),
    *(("run", "a\u202e\u2066b", "busy\u2069"), ("run", "a\u202e\u2066b")),
    *(("status",), ("status", "--json"), ("status", "a\u202e\u2066b"), ("balance",)),
    *(("balance", "--json"), ("report", "a\u202e\u2066b"), ("reports",), ("reports", "--json")),
    *(("report", "a\u202e\u2066b", "--format", "json"), ("reports", "apply", "--all")),
    *(("reports", "export"), ("reports", "export", "--format", "json")),
    *(("resolve", "2"), ("pause", "late", "--reason", f"no{EVIL[:-1]}"), ("status",)),
    *(("resume", "late"), ("resume", "busy\u2069"), ("cancel", "late", "--yes"), ("state",)),
    *(("plan", EVIL[:-1]), ("status", EVIL[:-1]), ("balance", EVIL[:-1]), (EVIL[:-1],)),
    *(("run", "--wait", EVIL[:-1]), ("run", f"--{EVIL[:-1]}"), ("resolve", EVIL[:-1])),
    *(("report", "a\u202e\u2066b", "--only", EVIL[:-1]), ("reports", "show", EVIL[:-1])),
    *(("-C", EVIL[:-1], "status"), ("--settings", EVIL[:-1], "plan"), ("validate", EVIL[:-1])),
]


def test_no_command_lets_others_words_steer_the_terminal(office: Office) -> None:
    for words in COMMANDS:
        ran = judge(office.run(*words))
        assert ran.out + ran.err, words


def test_what_was_sent_and_said_is_there_to_be_seen(office: Office) -> None:
    """The commands above had hostile words to show; JSON has them whole."""
    office.run("run", "a\u202e\u2066b", "busy\u2069")
    assert "moon\x9b\u202e\u2066\u2028" in {each["title"] for each in office.status()["campaigns"]}
    assert "moon\ufffd\ufffd\ufffd\ufffd" in office.run("plan").out
    [stray] = office.run("reports", "export", "--format", "json").json
    assert stray["task_id"] == "7" + " ".join(SAID.split())
    assert "busy[2J\ufffd2J \ufffd\ufffd\ufffd\ufffd ::error::forged" in office.run("balance").err


def test_the_log_of_the_daemon_steers_nothing(office: Office) -> None:
    for form in ("text", "json"):
        with daemon_at_work(office, "--log-format", form) as daemon:
            daemon.hear("the report query was refused")
            assert not STEERS.search(daemon.log), repr(daemon.log)


def test_faults_of_hostile_files_steer_nothing(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.campaign("a\x1b[2J")
    office.campaign("b\u202e", title='"\\e[2J"', more=f'account: "m{WRITTEN[:-4]}"\n')
    office.write("c.yaml", f'"k{WRITTEN}": 1\ntitle: a\x1b[2J\u202e\u2066\r\nk\u202e: 1\n'.encode())
    office.write("l/x\u202ey\x9b.csv", b"")
    office.write("l/h.csv", f"{EVIL[:-1]}\n\x1b[2J\n".encode())
    for number, name in enumerate(("l/x\\u202ey\\x9b.csv", "l/h.csv", "l/\\e[2J", "../\\e[2J")):
        text = f'title: t\nframes: [{{duration: 1, image: "{name}"}}]\nrecipients:\n'
        more = f'  files: ["{name}"]\n  column: "\\e[2J\\u202e"\n'
        office.write(f"d{number}.yaml", text + more)
    for form in ("full", "concise", "json", "github"):
        assert judge(office.run("validate", "--format", form)).status == 1
    judge(office.run("plan"))
    told = office.run("validate", "--format", "json").json
    assert {fault["rule"] for fault in told} >= {"unusable-name", "control-character", "empty-list"}


def show_on_a_terminal(office: Office, *words: str) -> str:
    reading, writing = pty.openpty()
    with office.start(*words, stdout=writing):
        os.close(writing)
        shown = b"".join(iter(lambda: read(reading), b""))
    os.close(reading)
    return shown.decode()


def read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other end of a terminal is closed
        return b""


def test_an_answer_is_shown_harmless_on_a_terminal_and_byte_for_byte_in_a_file(
    office: Office,
) -> None:
    office.run("run", "a\u202e\u2066b")
    shown = show_on_a_terminal(office, "reports", "show", "1")
    assert "<mobile>13900139000</mobile>" in shown
    assert not STEERS.search(shown.replace("\r\n", "\n")), repr(shown)
    kept = office.call("reports", "show", "1").out
    assert SAID.replace("\r", "\n") in kept  # as text is read from a pipe


@given(st.text(st.characters(codec=None), max_size=40))
def test_whatever_is_said_is_shown_in_lines_of_its_own(text: str) -> None:
    assert not STEERS.search(clean_lines(text))
    assert len(clean(text)) == len(text)
    assert "\n" not in clean(text)
    assert clean_lines(text).count("\n") == text.count("\n")


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_json_escapes_what_steers_and_means_the_same(text: str) -> None:
    for indent in (None, 2):
        written = to_json([text], indent=indent)
        assert not STEERS.search(written)
        assert json.loads(written) == [text]


def test_the_wide_blank_of_chinese_texts_stays() -> None:
    assert clean("中秋\u3000快乐") == "中秋\u3000快乐"


@given(st.lists(st.sampled_from(FORMULAS) | st.text(max_size=8), min_size=1, max_size=4))
def test_no_cell_that_is_written_calculates_or_steers_and_each_can_be_read_back(
    cells: list[str],
) -> None:
    names = [f"c{number}" for number in range(len(cells))]
    out = io.StringIO()
    with redirect_stdout(out):
        write_rows(names, [dict(zip(names, cells, strict=True))], "csv")
    assert not STEERS.search(out.getvalue())
    [row] = csv.DictReader(io.StringIO(out.getvalue()))
    for cell, read_back in zip(cells, row.values(), strict=True):
        assert not read_back.startswith(tuple("=+-@\t\r\n＝＋－＠"))
        assert read_back in {clean(cell), clean(f"'{cell}")}
