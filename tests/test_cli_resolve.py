"""A person's word against the evidence: what is asked, shown and changed by `resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import rows_of
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes

from runner.cli.person import name_person
from runner.store.database import open_database

if TYPE_CHECKING:
    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

TASK, OTHER = "27349872349823", "31415926535897"


@pytest.fixture
def settled(office: Office, sandbox: Sandbox) -> Sandbox:
    """A gateway that never took the batch, which another program's reports have settled."""
    sandbox.add_fault("send:1=reset-before")
    office.campaign(people=10)
    for mobile in numbers(6):
        sandbox.add_report(task_id=TASK, mobile=mobile)
    office.run("run", "news")
    assert office.batches() == ["accepted"]
    return sandbox


def test_what_settled_a_batch_is_shown_before_a_word_is_wanted(
    office: Office, settled: Sandbox
) -> None:
    ran = office.run("resolve", "1")

    assert ran.status == 2
    assert "batch 1 of news is accepted: settled by evidence: reports of task" in ran.err
    assert "either --accepted or --not-sent" in ran.err
    assert office.batches() == ["accepted"]


def test_to_send_what_evidence_settled_again_wants_a_yes(office: Office, settled: Sandbox) -> None:
    ran = office.run("resolve", "1", "--not-sent")

    assert ran.status == 2
    assert "it wants a person's yes" in ran.err
    assert office.batches() == ["accepted"]


def test_with_a_yes_it_is_sent_and_the_reports_wait_for_whom_they_belong_to(
    office: Office, settled: Sandbox
) -> None:
    assert office.run("resolve", "1", "--not-sent", "--yes").status == 0
    assert office.account()["reports"]["unmatched"] == 6

    assert office.run("run", "--wait", "20s").status == 0
    assert settled.copies("news") == dict.fromkeys(numbers(10), 1)
    assert office.account()["reports"]["unmatched"] == 6


def test_another_task_can_be_named_for_it(office: Office, settled: Sandbox) -> None:
    ran = office.run("resolve", "1", "--accepted", "--task", OTHER)

    assert ran.status == 0
    assert office.campaign_status()["recipients"]["submitted"] == 10
    [batch] = office.campaign_status()["batches"]
    assert batch["task_id"] == OTHER


@pytest.mark.parametrize("task", [(), ("--task", TASK)])
def test_what_counts_as_sent_already_is_told(
    office: Office, settled: Sandbox, task: tuple[str, ...]
) -> None:
    ran = office.run("resolve", "1", "--accepted", *task)

    assert ran.status == 2
    assert "batch 1 counts as sent already" in ran.err


def test_the_event_log_names_who_overruled_the_evidence(office: Office, settled: Sandbox) -> None:
    office.run("resolve", "1", "--not-sent", "--yes")

    database = open_database(office.state, actor="test")
    query = "SELECT actor FROM events WHERE reason = 'a person knows better than the evidence'"
    actors = rows_of(database, query)
    database.close()

    assert actors == [(name_person("resolve"),)]


def test_a_later_report_that_speaks_against_it_is_told_and_wants_a_person(
    office: Office, settled: Sandbox
) -> None:
    settled.add_report(task_id=TASK, mobile="13900139000")

    office.run("run")

    ran = office.run("status", "news")
    assert office.batches() == ["in_doubt"]
    assert f"task {TASK} was taken for it, but names others too" in ran.out
    assert "mms-runner resolve 1 --accepted" in ran.out
    assert office.account()["reports"]["unmatched"] == 7
    assert "13900139000" not in ran.out


def test_scripts_find_the_evidence_among_the_problems(office: Office, sandbox: Sandbox) -> None:
    sandbox.add_fault("send:1=reset-before")
    office.campaign(people=10)
    for mobile in numbers(4):
        sandbox.add_report(task_id=TASK, mobile=mobile)
    office.run("run", "news")

    [problem] = office.campaign_status()["problems"]

    assert "batch 1 (10 recipients) is in doubt" in problem
    assert f"; evidence: reports of task {TASK}, which no other batch has, name 4" in problem
