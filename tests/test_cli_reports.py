"""`reports`: what the report endpoint handed out, where it is kept, and what can be done."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from builders import FIRST, NOW, rows_of
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes

from runner.cli.person import name_person
from runner.codec.answers import ReportPage, Unread
from runner.model.outcome import RawAnswer
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from runner.store.identity import claim_workspace
from runner.store.journal import apply_page, keep_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli_workspace import Office

    from runner.sandbox import Sandbox
    from runner.store.database import Database

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

STRAY = {"task_id": "4711", "mobile": "13900139000", "extno": "0042"}
EMPTY = {"journal": [], "unmatched": [], "quarantined": []}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def listed(office: Office) -> Any:
    ran = office.run("reports", "--json")
    assert ran.status == 0, ran.err
    return ran.json


def send(office: Office, people: int = 3) -> None:
    office.campaign(people=people)
    office.run("run", "news")


@contextmanager
def opened(office: Office) -> Iterator[Database]:
    """The state of the workspace, which may not have one yet."""
    database = open_database(office.state, actor="test")
    with database.writing() as transaction:
        claim_workspace(transaction, name="shop", folder=str(office.root))
        ensure_accounts(transaction, ["main"], NOW)
    yield database
    database.close()


def box(person: int = 0, task: str = "4711", **changes: str) -> str:
    fields = {"mobile": str(FIRST + person), "taskid": task, "status": "10", **changes}
    return f"<statusbox>{''.join(f'<{k}>{v}</{k}>' for k, v in fields.items())}</statusbox>"


def keep(office: Office, body: bytes, *, unread: str | None = None) -> int:
    """Keep an answer of which an older version could read nothing; gives its entry."""
    with opened(office) as database:
        with database.writing() as transaction:
            answer = RawAnswer(status=200, body=body)
            entry = keep_answer(transaction, "main", answer, NOW)
        text = body.decode(errors="replace") if unread is None else unread
        page = ReportPage(unread=(Unread(text=text, reason="not understood"),))
        with database.writing() as transaction:
            apply_page(transaction, entry, page)
        return entry.id


# the lists


def test_before_anything_was_asked_for_there_is_nothing_and_no_state_is_made(
    office: Office,
) -> None:
    for words in ([], ["--all"], ["apply"], ["apply", "--all"]):
        ran = office.run("reports", *words)
        assert ran.status == 0
        assert "no delivery report was asked for yet" in ran.out + ran.err
    assert listed(office) == EMPTY
    assert not office.state.exists()


def test_where_every_answer_was_empty_nothing_is_kept(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(report_delay=3600.0)
    send(office)
    assert "no answer held a delivery report yet" in office.run("reports").out
    assert listed(office) == EMPTY


def test_the_json_tells_every_answer_every_stray_task_and_every_unread_piece(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.add_report(**STRAY)
    sandbox.add_fault("report:1=cut")
    send(office, people=4)

    found = listed(office)

    assert list(found) == ["journal", "unmatched", "quarantined"]
    [answer], [task], [piece] = found["journal"], found["unmatched"], found["quarantined"]
    received = answer.pop("received_at")
    assert received.endswith("+08:00")
    assert answer.pop("bytes") > 300
    assert answer == {
        "id": 1,
        "account": "main",
        "http_status": 200,
        "complete": False,
        "state": "quarantined",
        "reports": 2,
        "times": 1,
        "last_received_at": None,
    }
    assert task == {
        "account": "main",
        "task_id": "4711",
        "extno": "0042",
        "reports": 1,
        "first": received,
        "last": received,
        "batch": None,
    }
    assert (piece["entry"], piece["account"]) == (1, "main")
    assert piece["reason"]
    assert "<mobile>138****8001</mobile>" in piece["text"]


def test_people_are_told_the_same_with_the_next_command(office: Office, sandbox: Sandbox) -> None:
    sandbox.add_report(**STRAY)
    sandbox.add_fault("report:1=cut")
    send(office, people=4)

    told = office.run("reports").out

    for word in ("cut", "quarantined", "4711", "0042", "138****8001"):
        assert word in told
    for verb in ("show", "export", "apply"):
        assert f"mms-runner reports {verb}" in told
    assert not [number for number in numbers(4) if number in told]


def test_status_names_the_command_that_shows_what_could_not_be_read(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.add_fault("report:1=html")
    send(office)
    assert "`mms-runner reports`" in office.run("status").out
    assert "`mms-runner reports`" in office.account()["problems"][0]


def test_an_answer_that_came_whole_and_was_read_whole_needs_no_command_but_show(
    office: Office, sandbox: Sandbox
) -> None:
    send(office)
    told = office.run("reports").out
    assert "whole" in told
    assert "applied" in told
    assert "reports show" in told
    assert "reports apply" not in told


def test_the_reports_of_our_own_task_for_other_numbers_name_its_batch(
    office: Office, sandbox: Sandbox
) -> None:
    send(office)
    [batch] = office.campaign_status()["batches"]
    sandbox.add_report(task_id=batch["task_id"], mobile="13900139000")
    office.run("run", "news")
    [task] = listed(office)["unmatched"]
    assert (task["task_id"], task["batch"]) == (batch["task_id"], batch["id"])


def test_the_reports_of_a_task_are_counted_and_not_listed(office: Office, sandbox: Sandbox) -> None:
    for extno in ("0042", "0043"):
        for mobile in numbers(3):
            sandbox.add_report(task_id="4711", mobile=mobile, extno=extno)
    send(office)
    [task] = listed(office)["unmatched"]
    assert (task["reports"], task["extno"]) == (6, "0042 to 0043")


def test_the_newest_of_each_come_first_and_people_see_no_more_than_twenty(office: Office) -> None:
    for number in range(25):
        keep(office, f"<html>{number:03}</html>".encode())
    found = listed(office)
    assert [answer["id"] for answer in found["journal"]] == list(range(25, 0, -1))
    assert [piece["entry"] for piece in found["quarantined"]] == list(range(25, 0, -1))
    short, whole = office.run("reports").out, office.run("reports", "--all").out
    assert [short.count(f"<html>{number:03}") for number in (24, 5, 4, 0)] == [1, 1, 0, 0]
    assert short.count("`mms-runner reports --all`") == 2
    assert [whole.count(f"<html>{number:03}") for number in (24, 5, 4, 0)] == [1, 1, 1, 1]
    assert "--all" not in whole


def test_the_page_of_an_outage_is_shown_once_with_how_often_it_came(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.add_fault("report:*=htmlx3")
    office.campaign()
    for _ in range(3):
        office.run("run", "news")
    [answer] = listed(office)["journal"]
    assert (answer["times"], answer["reports"]) == (3, 0)
    assert answer["last_received_at"] >= answer["received_at"]
    assert len(listed(office)["quarantined"]) == 1
    assert answer["last_received_at"][11:19] in office.run("reports").out


@pytest.mark.parametrize(
    "text",
    [
        box().encode(),
        b"<mobile>138-0013-8000</mobile>",
        b"<mobile>+86 13800138000</mobile>",
        b"<mobile>1380013800",  # cut: all but one digit of it
        "13800138000".encode("utf-16"),
        b" " * 3000 + b"13800138000",
    ],
)
def test_no_number_can_be_read_in_what_is_listed(office: Office, text: bytes) -> None:
    keep(office, text)
    for told in (office.run("reports").out, office.run("reports", "--json").out):
        assert "0013" not in told.replace("\0", "").replace("-", "")


def test_nothing_that_is_listed_can_steer_a_terminal(office: Office) -> None:
    keep(office, "\x1b[2J<html>\r\u009bx\n\ny".encode())
    told = office.run("reports").out
    assert "\x1b" not in told
    assert "\r" not in told
    assert "[2J<html> x y" in told


def test_an_option_of_the_list_before_another_command_is_refused(office: Office) -> None:
    ran = office.run("reports", "--json", "apply")
    assert ran.status == 2
    assert "mms-runner reports apply --help" in ran.err


# show


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf<returnsms/>\r\n", bytes(range(256)), b"\xff\xfe<"])
def test_an_answer_is_written_byte_for_byte(office: Office, body: bytes) -> None:
    entry = keep(office, body)
    with office.start("reports", "show", f"{entry}", encoding=None) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, body, b"")


@pytest.mark.parametrize("words", [("show", "7"), ("apply", "7"), ("apply", "1", "7")])
def test_an_answer_that_there_is_not_exits_2_and_says_where_they_are_listed(
    office: Office, words: tuple[str, ...]
) -> None:
    keep(office, box().encode())
    ran = office.run("reports", *words)
    assert ran.status == 2
    assert "there is no answer 7 in the journal\n  `mms-runner reports` lists them" in ran.err
    assert listed(office)["journal"][0]["state"] == "quarantined"


@pytest.mark.parametrize("words", [("show", "1"), ("apply", "1")])
def test_before_anything_was_asked_for_there_is_no_answer(
    office: Office, words: tuple[str, ...]
) -> None:
    ran = office.run("reports", *words)
    assert ran.status == 2
    assert "there is no answer 1" in ran.err
    assert not office.state.exists()


@pytest.mark.parametrize("entry", ["0", "x", "-1", "9223372036854775808"])
def test_what_is_no_number_of_an_answer_exits_2(office: Office, entry: str) -> None:
    assert office.run("reports", "show", entry).status == 2
    assert office.run("reports", "apply", "--", entry).status == 2


# apply


def test_what_this_version_can_read_gets_its_place(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(report_delay=3600.0)
    send(office)
    [batch] = office.campaign_status()["batches"]
    entry = keep(office, "".join(box(n, batch["task_id"]) for n in range(2)).encode())

    ran = office.run("reports", "apply")

    assert ran.status == 0
    assert f"answer {entry}: 2 reports found a place" in ran.err
    assert office.campaign_status()["recipients"]["delivered"] == 2
    assert office.account()["reports"] == {"received": 2, "unmatched": 0, "quarantined": 0}
    with opened(office) as database:
        event = "SELECT actor, name, new_state FROM events WHERE subject = 'report'"
        assert rows_of(database, event) == [
            (name_person("reports apply"), f"{entry}", "applied"),
        ]


def test_what_still_cannot_be_read_stays_and_exits_3(office: Office) -> None:
    keep(office, box(0).encode() + b"<statusbox>")
    hopeless = keep(office, b"<html>")
    ran = office.run("reports", "apply")
    assert ran.status == 3
    assert "answer 1: 1 report found a place" in ran.err
    assert f"answer {hopeless}: 1 piece still cannot be read" in ran.err
    assert f"`mms-runner reports show {hopeless}`" in ran.err
    assert "2 answers read again: 1 new report, 2 pieces in quarantine" in ran.err
    assert [piece["text"] for piece in listed(office)["quarantined"]] == ["<html>", "<statusbox>"]


def test_only_the_answers_that_are_named_are_read_again(office: Office) -> None:
    for person in range(3):
        keep(office, box(person).encode())
    assert office.run("reports", "apply", "1", "3", "3").status == 0
    states = [answer["state"] for answer in listed(office)["journal"]]
    assert states == ["applied", "quarantined", "applied"]


def test_the_whole_journal_can_be_read_again_and_changes_nothing(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.add_report(**STRAY)
    send(office)
    before = (office.status(), listed(office), rows(office.run("report", "news").out))
    ran = office.run("reports", "apply", "--all")
    assert ran.status == 0
    assert "1 answer read again: 0 new reports, 0 pieces in quarantine" in ran.err
    assert (office.status(), listed(office), rows(office.run("report", "news").out)) == before


def test_where_nothing_is_in_quarantine_nothing_is_read_again(
    office: Office, sandbox: Sandbox
) -> None:
    send(office)
    ran = office.run("reports", "apply")
    assert ran.status == 0
    assert "0 answers read again" in ran.err


def test_answers_are_named_or_all_of_them_are_meant(office: Office) -> None:
    assert office.run("reports", "apply", "1", "--all").status == 2


def test_many_answers_that_cannot_be_read_do_not_flood_the_terminal(office: Office) -> None:
    for number in range(25):
        keep(office, b"<html>%d" % number)
    ran = office.run("reports", "apply")
    assert ran.err.count("still cannot be read") == 20
    assert "25 pieces in quarantine" in ran.err


# export


def test_the_reports_of_nobody_known_are_exported_with_their_numbers_and_stay(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.add_report(**STRAY, status=20, errorcode="空号")
    send(office)
    for _ in range(2):
        ran = office.run("reports", "export")
        assert ran.status == 0
        assert ran.out.splitlines()[0] == (
            "account,mobile,state,task_id,received_at,error_code,extno,fetched_at"
        )
        [row] = rows(ran.out)
        times = [row.pop(name) for name in ("received_at", "fetched_at")]
        assert all(time.endswith("+08:00") for time in times)
        assert row == {
            "account": "main",
            "mobile": "13900139000",
            "state": "failed",
            "task_id": "4711",
            "error_code": "空号",
            "extno": "0042",
        }
    [same] = office.run("reports", "export", "--format", "json").json
    assert same == row | {"received_at": times[0], "fetched_at": times[1]}
    assert office.account()["reports"]["unmatched"] == 1


def test_no_cell_is_a_formula_of_a_spreadsheet(office: Office) -> None:
    words = ["=1+1", "+1", "-1", "@SUM", "'quoted", "a=b"]
    body = "".join(box(n, "=7", errorcode=word, extno=word) for n, word in enumerate(words))
    keep(office, body.encode())
    office.run("reports", "apply")
    exported = rows(office.run("reports", "export").out)
    shown = ["'=1+1", "'+1", "'-1", "'@SUM", "'quoted", "a=b"]
    assert [row["error_code"] for row in exported] == shown
    assert [row["extno"] for row in exported] == shown
    assert {row["task_id"] for row in exported} == {"'=7"}
    plain = office.run("reports", "export", "--format", "json").json
    assert [row["extno"] for row in plain] == words


def test_one_account_alone_can_be_exported(office: Office, sandbox: Sandbox) -> None:
    sandbox.add_report(**STRAY)
    send(office)
    with opened(office) as database, database.writing() as transaction:
        ensure_accounts(transaction, ["former"], NOW)
    assert len(rows(office.run("reports", "export", "--account", "main").out)) == 1
    assert rows(office.run("reports", "export", "--account", "former").out) == []
    ran = office.run("reports", "export", "--account", "mian")
    assert ran.status == 2
    assert "did you mean `main`?" in ran.err


@pytest.mark.parametrize(
    ("form", "nothing"),
    [
        ("csv", "account,mobile,state,task_id,received_at,error_code,extno,fetched_at\n"),
        ("json", "[]\n"),
    ],
)
def test_an_export_of_nothing_is_still_a_document(office: Office, form: str, nothing: str) -> None:
    ran = office.run("reports", "export", "--format", form)
    assert (ran.status, ran.out) == (0, nothing)
    assert not office.state.exists()


@pytest.mark.parametrize("words", [(), ("--json",), ("show", "1"), ("apply",), ("export",)])
def test_the_state_of_another_workspace_is_refused(office: Office, words: tuple[str, ...]) -> None:
    keep(office, box().encode())
    office.settings(head="name: other\nstate: ../state/mms-runner/shop/state.db\n")
    ran = office.run("reports", *words)
    assert ran.status == 2
    assert "belongs to workspace `shop`" in ran.err
