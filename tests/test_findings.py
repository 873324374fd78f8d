"""What was found in long lists is known by their digests: nobody reads twice what has not changed.

It changes nothing but the time that it takes: what a plan says, and whom a state keeps, is the same
as if every list had been read.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOW, calls_of
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes
from daemons import FAR, lasting_senders, place_of
from workbooks import write_workbook

from runner import __version__
from runner.daemon.files import Files
from runner.daemon.mask import Mask
from runner.errors import FilesMoved
from runner.model.findings import WORTH_A_NOTE, Findings, LaterPeople, digest_people
from runner.store.database import open_database
from runner.store.identity import claim_workspace
from runner.workspace.kept_lists import KeptLists
from runner.workspace.lists import NumberList, read_list
from runner.workspace.load import load_workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cli_workspace import Office

    from runner.daemon.files import Reload
    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

LONG = numbers(WORTH_A_NOTE + 5002)  # several requests

READING = {"read_numbers", "read_sheet_numbers", "_choose_people", "measure_send"}
FORGET = "DELETE FROM findings"


@pytest.fixture(autouse=True)
def _secrets(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MMS_URL", "MMS_PASSWORD"):
        monkeypatch.setenv(name, office.environment[name])


def write_list(office: Office, people: list[str], name: str = "lists/members.csv") -> None:
    office.write(name, "".join(f"{number}\n" for number in ["mobile", *people]))


def write_campaign(
    office: Office,
    recipients: str = "files: [lists/members.csv]",
    *,
    name: str = "news",
    more: str = FAR,
) -> None:
    office.write(
        f"{name}.yaml",
        f"title: {name}\n{more}frames:\n  - {{duration: 3, text: 【某店】回T退订}}\n"
        f"recipients: {{{recipients}}}\n",
    )


def put_into_force(office: Office, clock: Callable[[], datetime] = lambda: NOW) -> Reload:
    """Read the files as a daemon does that has just begun."""
    with (
        closing(open_database(office.state, actor="daemon")) as database,
        lasting_senders(database, clock) as senders,
    ):
        with database.writing() as transaction:
            claim_workspace(transaction, name="shop", folder=str(office.root))
        place = place_of(office, office.state)
        files = Files(place, database=database, senders=senders, mask=Mask(), clock=clock)
        return files.reload(forced=False)


def change_state(office: Office, statement: str) -> None:
    with closing(sqlite3.connect(office.state)) as connection, connection:
        assert connection.execute(statement).rowcount


def ask(office: Office, question: str) -> list[Any]:
    with closing(sqlite3.connect(office.state)) as connection:
        return connection.execute(question).fetchall()


def plan(office: Office) -> Any:
    ran = office.run("plan", "--json")
    assert ran.status in (0, 3), ran.err
    return ran.json["campaigns"]


def test_a_plan_of_what_did_not_change_reads_no_list(office: Office) -> None:
    write_list(office, LONG)
    write_campaign(office)
    assert calls_of(lambda: plan(office)) & READING == READING - {"read_sheet_numbers"}

    put_into_force(office)

    assert not READING & calls_of(lambda: plan(office))


def test_those_whom_a_few_are_compared_with_are_not_read_either(office: Office) -> None:
    for name in ("optout.csv", "lists/staff.csv"):
        write_list(office, LONG, name)
    head = "name: shop\nlists:\n  optout: {file: optout.csv}\nalways_exclude: [optout]\n"
    office.settings(head=head)
    write_campaign(office, "numbers: ['15012345678'], exclude: [lists/staff.csv]")
    put_into_force(office)

    [campaign] = plan(office)

    assert campaign["recipients"]["total"] == 1
    assert not READING & calls_of(lambda: plan(office))


def test_a_daemon_that_begins_anew_reads_no_list(office: Office) -> None:
    write_list(office, LONG)
    write_campaign(office)
    put_into_force(office)

    assert not READING & calls_of(lambda: put_into_force(office))


def test_a_run_takes_note_too_and_the_next_one_reads_no_list(
    office: Office, sandbox: Sandbox
) -> None:
    assert sandbox.url
    write_list(office, LONG)
    write_campaign(office, more="")
    first = calls_of(lambda: office.run("run", "news"))
    again = calls_of(lambda: office.run("run", "news"))

    assert "read_numbers" in first
    assert not READING & again
    assert office.campaign_status()["recipients"]["total"] == len(LONG)


def with_a_workbook(office: Office) -> None:
    cells = [["mobile"], *([number] for number in LONG)]
    office.write("lists/members.xlsx", write_workbook({"People": cells}))
    write_campaign(office, "files: [{path: lists/members.xlsx, sheet: People}]")


def with_excluded(office: Office) -> None:
    write_list(office, LONG[:3], "lists/staff.csv")
    write_campaign(office, "files: [lists/members.csv], exclude: [lists/staff.csv]")


def with_wrong_rows(office: Office) -> None:
    write_list(office, [*LONG[:7], "none", *LONG[7:], "1380013800", *LONG[:2]])
    write_campaign(office, "files: [lists/members.csv], invalid: skip")


def with_numbers_of_its_own(office: Office) -> None:
    write_campaign(office, f"numbers: ['{LONG[5]}', '15012345678'], files: [lists/members.csv]")


def with_opt_outs(office: Office) -> None:
    write_list(office, LONG[10:30], "optout.csv")
    head = "name: shop\nlists:\n  optout: {file: optout.csv}\nalways_exclude: [optout]\n"
    office.settings(head=head)
    write_campaign(office)


def with_a_list_of_the_settings(office: Office) -> None:
    write_list(office, LONG, "vip.csv")
    office.settings(head="name: shop\nlists:\n  vip: {file: vip.csv, min_rows: 5}\n")
    write_campaign(office, "lists: [vip]")


def with_small_batches(office: Office) -> None:
    office.settings(account="batch_size: 700")
    write_campaign(office, more=f"{FAR}starts_at_gateway: true\n")


def with_a_neighbour(office: Office) -> None:
    write_campaign(office)
    write_campaign(office, name="other", more="start: 2035-09-18 10:00\n")


@pytest.mark.parametrize(
    "write",
    [
        write_campaign,
        with_a_workbook,
        with_excluded,
        with_wrong_rows,
        with_numbers_of_its_own,
        with_opt_outs,
        with_a_list_of_the_settings,
        with_small_batches,
        with_a_neighbour,
    ],
)
def test_a_plan_says_the_same_as_if_it_had_read_everything(
    office: Office, write: Callable[[Office], None]
) -> None:
    write_list(office, LONG)
    write(office)
    put_into_force(office)
    known = plan(office)
    change_state(office, FORGET)

    assert plan(office) == known
    assert {campaign["action"] for campaign in known} == {"unchanged"}
    assert all(campaign["recipients"]["total"] > 5000 for campaign in known)


def test_a_list_that_has_changed_is_read(office: Office) -> None:
    write_list(office, LONG)
    write_campaign(office)
    put_into_force(office)
    write_list(office, [*LONG[1:], "15012345678", "15012345679"])

    [campaign] = plan(office)

    assert (campaign["action"], campaign["recipients"]["total"]) == ("change", len(LONG) + 1)


def test_a_fault_in_a_list_that_has_changed_is_told(office: Office) -> None:
    write_list(office, LONG)
    write_campaign(office)
    put_into_force(office)
    write_list(office, [*LONG, "1380013800"])

    ran = office.run("plan")

    assert ran.status == 1
    assert f"lists/members.csv:{len(LONG) + 2}:1" in ran.err


def test_faults_in_a_long_list_are_told_each_time(office: Office) -> None:
    write_list(office, [*LONG, "1380013800"])
    write_campaign(office)
    findings = Findings()

    def count_faults() -> int:
        kept = KeptLists(findings=findings)
        return len(load_workspace(office.root, kept=kept, warn=False).errors)

    assert [count_faults(), count_faults()] == [1, 1]


def test_rows_that_one_campaign_skips_are_faults_in_another(office: Office) -> None:
    write_list(office, [*LONG, "1380013800"])
    write_campaign(office, "files: [lists/members.csv], invalid: skip")
    put_into_force(office)
    write_campaign(office, name="other")

    assert office.run("plan").status == 1


def test_a_number_that_is_skipped_in_the_campaign_is_told_where_it_stands_now(
    office: Office,
) -> None:
    write_list(office, LONG)
    recipients = "numbers: ['1380'], files: [lists/members.csv], invalid: skip"
    write_campaign(office, recipients)
    put_into_force(office)
    write_campaign(office, recipients, more=f"# a line more\n{FAR}")

    [campaign] = plan(office)

    assert "1 skipped as invalid: news.yaml:6" in campaign["warnings"]


def test_what_another_version_found_is_looked_for_anew(office: Office) -> None:
    write_list(office, LONG)
    write_campaign(office)
    put_into_force(office)
    change_state(office, f"UPDATE findings SET contents = replace(contents, '{__version__}', '0')")

    assert "read_numbers" in calls_of(lambda: plan(office))


def test_of_short_lists_no_note_is_taken(office: Office) -> None:
    write_list(office, LONG[: WORTH_A_NOTE // 2 - 1])
    write_campaign(office)
    put_into_force(office)

    assert ask(office, "SELECT * FROM findings") == []


def test_what_is_noted_names_nobody(office: Office) -> None:
    write_list(office, LONG)
    write_campaign(office)
    put_into_force(office)

    noted = json.dumps(ask(office, "SELECT * FROM findings"))

    assert not [number for number in LONG if number in noted]


def test_there_is_one_note_of_each_list_however_often_it_changes(office: Office) -> None:
    write_campaign(office)
    for people in (LONG, LONG[1:]):
        write_list(office, people)
        put_into_force(office)

    assert len(ask(office, "SELECT * FROM findings")) == 3  # the list, its people, their requests


def test_a_daemon_forgets_what_was_found_of_files_that_are_gone(office: Office) -> None:
    write_list(office, LONG)
    write_campaign(office)
    write_campaign(office, name="other")
    put_into_force(office)
    (office.root / "other.yaml").unlink()
    put_into_force(office)

    assert ask(office, "SELECT subject FROM findings WHERE subject LIKE '%requests%'") == [
        ('["requests", "news"]',)
    ]
    assert len(ask(office, "SELECT * FROM findings")) == 3


def test_who_is_kept_by_a_plan_of_what_was_known_is_who_stands_in_the_list(office: Office) -> None:
    write_list(office, LONG[::-1])
    write_campaign(office, more=f"{FAR}expect: {{recipients: 5}}\n")
    put_into_force(office)
    assert office.campaign_status()["state"] == "held"
    change_state(office, "DELETE FROM recipients")
    write_campaign(office)  # the list is as it was

    calls = list(calls_of(lambda: put_into_force(office)))

    # Not within the transaction: others would have to wait until all is read.
    assert calls.index("read_numbers") < calls.index("follow_workspace")
    assert office.campaign_status()["state"] == "scheduled"
    by_batch = ask(office, "SELECT mobile FROM recipients ORDER BY batch, mobile")
    cut = [sorted(LONG[::-1][first : first + 2000]) for first in range(0, len(LONG), 2000)]
    assert [str(mobile) for (mobile,) in by_batch] == [number for some in cut for number in some]


def test_a_list_that_changes_before_its_people_are_gathered_is_read_once_more(
    office: Office,
) -> None:
    write_list(office, LONG)
    write_campaign(office, more=f"{FAR}expect: {{recipients: 5}}\n")
    put_into_force(office)
    write_campaign(office)
    looks = iter(range(1000))

    def clock() -> datetime:
        if next(looks) == 1:  # after the files were read, before their plan is made
            write_list(office, LONG[1:])
        return NOW

    reload = put_into_force(office, clock)

    assert reload.problem is None
    assert office.campaign_status()["recipients"]["total"] == len(LONG) - 1
    assert ask(office, "SELECT count(*) FROM recipients") == [(len(LONG) - 1,)]


def test_numbers_of_a_list_that_has_changed_since_it_was_looked_at_are_given_to_nobody(
    office: Office,
) -> None:
    findings, path = Findings(), office.root / "lists" / "members.csv"
    write_list(office, LONG)
    read_list(path, name="members.csv", findings=findings)
    known = read_list(path, name="members.csv", findings=findings)
    assert isinstance(known, NumberList)
    assert len(known.mobiles) == len(LONG)
    write_list(office, LONG[1:])

    with pytest.raises(FilesMoved, match=r"`members\.csv` changed while it was read"):
        list(known.mobiles)


def test_people_are_compared_without_gathering_them() -> None:
    def refuse() -> array[int]:
        raise AssertionError("nobody was to be gathered")

    people = array("Q", [13800138000, 13800138001])
    later = LaterPeople(2, refuse, digest=digest_people(people))

    assert later == people
    assert later == LaterPeople(2, refuse, digest=later.digest)
    assert later != people[::-1]
