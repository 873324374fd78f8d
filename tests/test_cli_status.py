"""`status`, `report`, `balance`, `resolve`, `state adopt`: what is known, and a person's word."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import (
    ACCOUNT,
    CAMPAIGN,
    EVERYTHING,
    FILE,
    GUARD,
    NOW,
    ZONE,
    begin,
    begin_scheduled,
    campaign_of,
    cancel,
    claim,
    follow,
    make_campaign,
    make_plan,
    rows_of,
    settle,
    stop,
)
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes

from runner.cli.advice import advise
from runner.cli.person import name_person
from runner.cli.standing import describe_campaigns, problems_in
from runner.lifecycle import AccountEvent, BatchEvent
from runner.model.campaign import Expectation
from runner.store.accounts import change_standing, read_standing
from runner.store.database import open_database
from runner.store.lock import hold_lock
from runner.store.planning import keep_plan
from runner.store.progress import list_current
from runner.store.reloads import note_files_in_force, note_problem
from runner.store.wal import find_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_workspace import Office

    from runner.sandbox import Sandbox
    from runner.store.brakes import Brake
    from runner.store.claims import Claim
    from runner.store.database import Database

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

RECIPIENT_STATES = {
    *("total", "pending", "submitted", "delivered", "failed"),
    *("rejected", "in_doubt", "cancelled", "unreported"),
}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def make_doubt(office: Office, sandbox: Sandbox, people: int = 3, effect: str = "html") -> None:
    """Send a campaign of one batch, which is in doubt then."""
    sandbox.add_fault(f"send:1={effect}")
    office.campaign(people=people)
    assert office.run("run", "news").status == 3
    sandbox.clear_faults()


# status


def test_the_json_has_the_keys_of_the_contract_and_no_other(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(title="中秋快乐", more="start: now\n")
    office.run("run")

    status = office.status()

    assert set(status) == {"campaigns", "accounts", "workspace"}
    [campaign], [account] = status["campaigns"], status["accounts"]
    assert set(campaign) == {
        *("id", "state", "title", "account", "start", "recipients", "batches", "problems"),
    }
    assert campaign["id"] == "news"
    assert campaign["title"] == "中秋快乐"
    assert campaign["start"].endswith("+08:00")
    assert set(campaign["recipients"]) == RECIPIENT_STATES
    [batch] = campaign["batches"]
    assert set(batch) == {"id", "seq", "state", "recipients", "task_id", "code", "attempts"}
    assert isinstance(batch["task_id"], str)
    assert batch["code"] is None
    assert account == {
        "name": "main",
        "state": "active",
        "balance": "999997",
        "reports": {"received": 3, "unmatched": 0, "quarantined": 0},
        "problems": [],
    }
    assert status["workspace"] == {
        "paused": [],
        "read_at": None,
        "revision": None,
        "problems": [],
        "warnings": [find_fault()] if find_fault() else [],
    }


def test_before_anything_was_sent_status_knows_the_accounts_and_makes_no_state(
    office: Office,
) -> None:
    office.campaign()

    status = office.status()

    assert status["campaigns"] == []
    assert set(status["workspace"]) == {*("paused", "read_at", "revision", "problems", "warnings")}
    assert [account["name"] for account in status["accounts"]] == ["main"]
    assert not (office.folder / "state").exists()


def test_the_counts_of_every_campaign_add_up(office: Office, sandbox: Sandbox) -> None:
    office.settings(account="batch_size: 2\nconcurrency: 1")
    office.campaign(people=9)
    sandbox.add_fault("send:1=html")
    sandbox.add_fault("send:3=4")
    office.run("run", "news")

    counts = office.campaign_status()["recipients"]

    total = counts.pop("total")
    assert counts["in_doubt"] == counts["rejected"] == counts["delivered"] == 2
    assert sum(counts.values()) == total == 9


def test_the_text_says_why_something_stopped_and_what_to_type_next(
    office: Office, sandbox: Sandbox
) -> None:
    make_doubt(office, sandbox)

    ran = office.run("status", "news")

    assert ran.status == 0
    assert "batch 1 (3 recipients) is in doubt" in ran.out
    assert "mms-runner resolve 1 --accepted" in ran.out
    assert str(office.state) in ran.err


def test_the_text_says_why_an_account_is_suspended(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news", MMS_PASSWORD="wrong")

    assert "user name or password wrong" in office.run("status").out


def test_one_campaign_can_be_asked_for(office: Office, sandbox: Sandbox) -> None:
    office.campaign("one")
    office.campaign("two")
    office.run("run", "one", "two")

    ran = office.run("status", "two", "--json")

    assert [campaign["id"] for campaign in ran.json["campaigns"]] == ["two"]


def test_a_campaign_that_was_never_run_has_nothing_to_show(office: Office) -> None:
    office.campaign()

    ran = office.run("status", "news")

    assert ran.status == 0
    assert "mms-runner plan news" in ran.out


def test_status_of_an_unknown_campaign_exits_2_with_the_one_that_was_meant(
    office: Office,
) -> None:
    office.campaign("mid-autumn")

    ran = office.run("status", "mid-autum")

    assert ran.status == 2
    assert "did you mean `mid-autumn`?" in ran.err


def test_status_needs_no_secret_and_no_sound_campaign(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")
    office.campaign(more="start: tomorrow\n")

    assert office.run("status", MMS_PASSWORD=None, MMS_URL=None).status == 0


def test_accepted_recipients_without_a_report_are_unreported_after_the_deadline(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(report_delay=3600)
    office.settings(account="reports: {deadline: 1s}")
    office.campaign()

    assert office.run("run", "news", "--wait", "30s").status == 3
    assert office.campaign_status()["recipients"]["unreported"] == 3
    assert office.campaign_status()["problems"]


def schedule(database: Database, **changes: Any) -> None:
    follow(database, make_campaign(start=NOW + timedelta(hours=1), **changes))


def schedule_draft(database: Database) -> None:
    with database.writing() as transaction:
        keep_plan(transaction, make_plan(), NOW)


def hold(database: Database) -> None:
    schedule(database, expect=Expectation(least=9, most=9))


def miss(database: Database) -> None:
    follow(database, make_campaign(start=NOW - timedelta(hours=2)))


def halt(database: Database) -> None:
    begin(database)
    claimed = claim(database)
    assert claimed
    settle(database, claimed, BatchEvent.REJECT, halts=True)


def halt_and_settle(database: Database) -> None:
    begin(database, 6)
    claimed = [claim(database), claim(database)]
    assert claimed[0]
    assert claimed[1]
    settle(database, claimed[0], BatchEvent.NOT_SENT, halts=True)
    settle(database, claimed[1], BatchEvent.ACCEPT, task_id="77")


def suspend(database: Database) -> None:
    begin(database)
    with database.writing() as transaction:
        standing = read_standing(transaction, "main")
        change_standing(transaction, standing, AccountEvent.SUSPEND, NOW)


def outlast(database: Database) -> None:
    begin(database, until=datetime(2024, 9, 16, tzinfo=UTC))


def braked(*brakes: Brake) -> Callable[[Database], None]:
    def make(database: Database) -> None:
        begin(database)
        for brake in brakes:
            stop(database, brake)

    return make


NEXT = {
    "scheduled": (schedule, ["`mms-runner daemon` begins it at its start, `run` when it has come"]),
    "a draft that was kept": (schedule_draft, ["`mms-runner run moon` sends it: it has no start"]),
    "held": (
        hold,
        ["correct that: a daemon takes it up by itself, else `mms-runner run moon`"],
    ),
    "missed": (
        miss,
        ["`mms-runner resume moon` starts it now; a new `start` in its file schedules it anew"],
    ),
    "running": (begin, ["`mms-runner run moon` goes on with what is planned"]),
    "halted by a rejection": (
        halt,
        ["settle the batches above; `mms-runner resume moon` goes on without them"],
    ),
    "halted": (halt_and_settle, ["correct the cause, then `mms-runner resume moon`"]),
    "cancelled": (lambda database: [begin(database), cancel(database)], []),
    "under a suspended account": (
        suspend,
        ["see to the account, then `mms-runner resume --account main`"],
    ),
    "past its until": (
        outlast,
        ["set a later `until` in its file, or `mms-runner cancel moon`"],
    ),
    "paused": (braked(CAMPAIGN), ["`mms-runner resume moon`"]),
    "paused in three ways": (
        braked(CAMPAIGN, ACCOUNT, EVERYTHING),
        [
            "`mms-runner resume --account main`",
            "`mms-runner resume --all`",
            "`mms-runner resume moon`",
        ],
    ),
    "paused by its file": (
        braked(FILE),
        ["take `state: paused` out of its file, or put the file back"],
    ),
    "held by a list": (braked(GUARD), ["correct the list: nothing goes out without it"]),
}


@pytest.mark.parametrize("stands", NEXT)
def test_every_state_and_brake_has_its_next_command(database: Database, stands: str) -> None:
    make, commands = NEXT[stands]
    make(database)
    assert sorted(advise(campaign_of(database), tended=False)) == sorted(commands)


@pytest.mark.parametrize("make", [schedule, begin])
def test_what_a_daemon_does_by_itself_needs_no_command(
    database: Database, make: Callable[[Database], None]
) -> None:
    make(database)
    assert list(advise(campaign_of(database), tended=True)) == []


def test_one_resume_is_enough_for_what_is_missed_and_paused(database: Database) -> None:
    miss(database)
    stop(database)
    assert len(list(advise(campaign_of(database), tended=False))) == 1


def test_who_stopped_it_when_and_why_is_a_problem_in_the_workspaces_time(
    database: Database,
) -> None:
    braked(replace(CAMPAIGN, reason="legal looks at it"), FILE)(database)
    assert problems_in(campaign_of(database), ZONE) == [
        "paused by test since 2035-09-16 09:00 CST: legal looks at it",
        "paused: its file says so (since 2035-09-16 09:00 CST)",
    ]


def test_a_list_that_cannot_be_used_holds_what_runs(database: Database) -> None:
    braked(GUARD)(database)
    campaign = campaign_of(database)
    assert campaign.shown == "held"
    [problem] = problems_in(campaign, ZONE)
    assert problem.startswith("held: a list is missing (since ")


def test_a_held_campaign_shows_the_brake_that_waits_behind_it(database: Database) -> None:
    hold(database)
    stop(database)
    campaign = campaign_of(database)
    assert campaign.shown == "held"
    assert len(problems_in(campaign, ZONE)) == 2


def test_recipients_whom_the_gateway_keeps_are_told(database: Database) -> None:
    schedule(database, starts_at_gateway=True)
    begin_scheduled(database)
    claimed = claim(database)
    assert claimed
    settle(database, claimed, BatchEvent.ACCEPT, task_id="77")
    told = describe_campaigns([campaign_of(database)], ZONE)
    assert "moon: 2 recipients at the gateway, which sends at the start" in told


def test_what_differs_from_what_was_sent_is_a_problem(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")
    office.campaign(people=4)
    office.run("run", "news")

    [problem] = office.campaign_status()["problems"]

    assert "its file differs from what was sent" in problem


def test_a_paused_account_is_shown_as_paused_though_nothing_of_it_was_used(
    office: Office,
) -> None:
    office.run("pause", "--account", "main", "--reason", "the contract ends")

    assert office.account()["state"] == "paused"
    [problem] = office.account()["problems"]
    assert problem.startswith("account main is paused by ")
    assert problem.endswith(": the contract ends")
    assert "main: next: `mms-runner resume --account main`" in office.run("status").out


def test_everything_paused_is_said_of_the_workspace(office: Office) -> None:
    office.run("pause", "--all", "--reason", "a fire drill")

    [brake] = office.status()["workspace"]["paused"]

    assert brake.startswith("everything is paused by ")
    assert f"paused: {brake}" in office.run("status").out


def test_files_that_are_not_in_force_are_told_beside_those_that_are(office: Office) -> None:
    office.run("pause", "--all")
    database = open_database(office.state, actor="daemon")
    with database.writing() as transaction:
        note_files_in_force(transaction, "a1b2c3d4", NOW)
        note_problem(transaction, "news.yaml:2:8: it is not a time", NOW)
    database.close()

    workspace = office.status()["workspace"]

    assert workspace["read_at"] == "2035-09-16T09:00:00+08:00"
    assert workspace["revision"] == "a1b2c3d4"
    assert workspace["problems"] == ["news.yaml:2:8: it is not a time"]
    told = office.run("status").out
    assert "files: commit a1b2c3d4, read at 2035-09-16 09:00 CST" in told
    assert "files: news.yaml:2:8: it is not a time" in told


def test_whoever_is_at_work_is_told(office: Office) -> None:
    with hold_lock(office.state, command="daemon", now=NOW):
        assert f"at work: `daemon`, process {os.getpid()} on " in office.run("status").out
    assert "at work" not in office.run("status").out


# what is over


LONG_AGO = datetime(2024, 9, 16, tzinfo=UTC)


def finish(
    database: Database, name: str = "moon", deadline: datetime = LONG_AGO, **changes: Any
) -> None:
    """Send a campaign of one batch, which the gateway takes."""
    begin(database, 2, name=name, **changes)
    claimed = claim(database, scope=[name])
    assert claimed
    settle(database, claimed, BatchEvent.ACCEPT, task_id=name, report_deadline=deadline)


def names_in(table: str) -> set[str]:
    return {line.split()[0] for line in table.splitlines() if line.startswith("news-")}


def test_of_what_ended_long_ago_the_newest_are_shown_and_all_on_demand(office: Office) -> None:
    office.run("state", "new")
    database = open_database(office.state, actor="run")
    for day in range(23):
        finish(database, f"news-{day:02}", start=LONG_AGO + timedelta(days=day))
    database.close()

    shown, everything = office.run("status").out, office.run("status", "--all").out

    everybody = [f"news-{day:02}" for day in range(23)]
    assert names_in(shown) >= set(everybody[3:])
    assert not names_in(shown) & set(everybody[:3])
    assert "not shown: 3 campaigns; `mms-runner status --all` has them\n" in shown
    assert names_in(everything) >= set(everybody)
    assert "not shown" not in everything
    assert [campaign["id"] for campaign in office.status()["campaigns"]] == everybody
    assert "news-01" in office.run("status", "news-01").out


def claim_one(database: Database) -> Claim:
    begin(database, 2)
    claimed = claim(database)
    assert claimed
    return claimed


def give_up(database: Database) -> None:
    settle(database, claim_one(database), BatchEvent.DOUBT, report_deadline=None)


def cancel_in_flight(database: Database) -> None:
    claim_one(database)
    cancel(database)


CURRENT: dict[str, Callable[[Database], object]] = {
    "scheduled": schedule,
    "a draft that was kept": schedule_draft,
    "held": hold,
    "missed": miss,
    "running": begin,
    "halted": halt,
    "in doubt": give_up,
    "cancelled, with a request in flight": cancel_in_flight,
    "finished, with reports to come": lambda database: finish(database, deadline=NOW),
}


@pytest.mark.parametrize("stands", CURRENT)
def test_what_is_not_over_is_shown_however_old_it_is(database: Database, stands: str) -> None:
    CURRENT[stands](database)
    with database.reading() as transaction:
        assert list_current(transaction, newest=0) == {"moon"}


def test_what_is_over_and_has_all_its_reports_is_shown_only_among_the_newest(
    database: Database,
) -> None:
    finish(database, "sun", start=LONG_AGO)
    finish(database, "moon", start=LONG_AGO + timedelta(days=1))
    with database.reading() as transaction:
        assert list_current(transaction, newest=0) == set()
        assert list_current(transaction, newest=1) == {"moon"}


# report


def test_a_report_has_a_row_for_each_recipient(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")

    ran = office.run("report", "news")

    assert ran.status == 0
    assert ran.out.splitlines()[0] == "mobile,state,batch,task_id,received_at,error_code"
    found = rows(ran.out)
    assert [row["mobile"] for row in found] == numbers(3)
    assert {row["state"] for row in found} == {"delivered"}
    assert {row["error_code"] for row in found} == {"DELIVRD"}
    assert all(row["received_at"].endswith("+08:00") for row in found)


def test_a_report_in_json_is_a_list_with_the_same_columns(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")

    found = office.run("report", "news", "--format", "json").json

    assert [row["mobile"] for row in found] == numbers(3)
    assert list(found[0]) == ["mobile", "state", "batch", "task_id", "received_at", "error_code"]


def test_a_report_of_some_states_has_only_these(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(failed_share=0.5)
    office.campaign(people=20)
    office.run("run", "news")
    counts = office.campaign_status()["recipients"]

    failed = rows(office.run("report", "news", "--only", "failed").out)
    both = rows(office.run("report", "news", "--only", "failed", "--only", "delivered").out)

    assert {row["state"] for row in failed} == {"failed"}
    assert len(failed) == counts["failed"] > 0
    assert len(both) == 20


def test_a_report_without_rows_is_still_a_document(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")

    assert rows(office.run("report", "news", "--only", "failed").out) == []
    assert office.run("report", "news", "--only", "failed", "--format", "json").json == []


@pytest.mark.parametrize("word", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_spreadsheet_calculates_what_a_carrier_wrote(
    office: Office, open_sandbox: Callable[..., Sandbox], word: str
) -> None:
    sandbox = open_sandbox(report_delay=3600)
    office.campaign(people=1)
    office.run("run", "news")
    [submission] = sandbox.submissions
    sandbox.add_report(task_id=submission.task_id, mobile="13800138000", status=20, errorcode=word)
    office.run("run", "news")

    [row] = rows(office.run("report", "news").out)
    [plain] = office.run("report", "news", "--format", "json").json

    assert row["error_code"] == f"'{word}"
    assert plain["error_code"] == word


def test_a_report_of_what_was_never_sent_exits_2(office: Office, sandbox: Sandbox) -> None:
    office.campaign("mid-autumn")
    assert office.run("report", "mid-autumn").status == 2
    office.run("run", "mid-autumn")

    ran = office.run("report", "mid-autum")

    assert ran.status == 2
    assert "did you mean `mid-autumn`?" in ran.err


# balance


def test_the_balance_is_said_in_the_gateways_own_words(office: Office, sandbox: Sandbox) -> None:
    ran = office.run("balance", "main")

    assert ran.status == 0
    assert ran.out.startswith("main: 1000000 (预付费")


def test_the_balance_for_scripts_keeps_the_text_of_the_gateway(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox("balance:1=negative")

    [row] = office.run("balance", "--json").json

    assert row == {"account": "main", "balance": "-12", "problem": None}


@pytest.mark.parametrize("effect", ["html", "empty", "garbage", "http-500", "reset", "timeout"])
def test_a_balance_that_cannot_be_had_exits_3(
    office: Office, open_sandbox: Callable[..., Sandbox], effect: str
) -> None:
    open_sandbox(f"balance:*={effect}")

    ran = office.run("balance")

    assert ran.status == 3
    assert "account main: no balance" in ran.err


def test_refused_credentials_exit_4(office: Office, sandbox: Sandbox) -> None:
    assert office.run("balance", MMS_PASSWORD="wrong").status == 4


def test_an_account_that_there_is_not_exits_2(office: Office) -> None:
    ran = office.run("balance", "mian")

    assert ran.status == 2
    assert "`main`" in ran.err


def test_a_missing_secret_exits_2_and_is_named(office: Office) -> None:
    ran = office.run("balance", MMS_PASSWORD=None)

    assert ran.status == 2
    assert "MMS_PASSWORD" in ran.err


# resolve


def test_a_batch_in_doubt_can_be_counted_as_sent(office: Office, sandbox: Sandbox) -> None:
    make_doubt(office, sandbox)

    assert office.run("resolve", "1", "--accepted").status == 0
    assert office.batches() == ["accepted"]
    assert office.campaign_status()["recipients"]["submitted"] == 3


def test_the_event_log_names_who_settled_a_batch(office: Office, sandbox: Sandbox) -> None:
    make_doubt(office, sandbox)
    office.run("resolve", "1", "--accepted")

    database = open_database(office.state, actor="test")
    actors = rows_of(database, "SELECT actor FROM events ORDER BY id DESC LIMIT 1")
    database.close()

    assert actors == [(name_person("resolve"),)]


def test_beside_a_daemon_that_sends_what_was_not_sent(office: Office, sandbox: Sandbox) -> None:
    make_doubt(office, sandbox)

    with hold_lock(office.state, command="daemon", now=NOW):
        ran = office.run("resolve", "1", "--not-sent", "--yes")

    assert "batch 1 is planned again: the daemon sends it" in ran.err


def test_the_task_that_a_person_names_finds_the_reports_that_waited(
    office: Office, sandbox: Sandbox
) -> None:
    make_doubt(office, sandbox, effect="taken-html")
    [submission] = sandbox.submissions
    assert office.account()["reports"]["unmatched"] == 3

    ran = office.run("resolve", "1", "--accepted", "--task", submission.task_id)

    assert ran.status == 0
    assert office.campaign_status()["recipients"]["delivered"] == 3
    assert office.account()["reports"]["unmatched"] == 0


def test_reports_that_come_after_the_task_was_named_are_found_too(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(report_delay=3600)
    make_doubt(office, sandbox, effect="taken-html")
    [submission] = sandbox.submissions
    office.run("resolve", "1", "--accepted", "--task", submission.task_id)
    sandbox.make_reports_ready()

    office.run("run")

    assert office.campaign_status()["recipients"]["delivered"] == 3


def test_a_batch_that_was_not_sent_goes_out_again(office: Office, sandbox: Sandbox) -> None:
    make_doubt(office, sandbox)

    assert office.run("resolve", "1", "--not-sent", "--yes").status == 0
    assert office.batches() == ["planned"]
    assert office.run("run").status == 0
    assert sandbox.copies("news") == dict.fromkeys(numbers(3), 1)


def test_a_rejected_batch_can_be_sent_again_and_its_campaign_goes_on(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(account="batch_size: 1\nconcurrency: 1")
    make_doubt(office, sandbox, people=2, effect="4")
    assert office.batches() == ["rejected", "planned"]

    assert office.run("resolve", "1", "--not-sent", "--yes").status == 0
    assert office.run("run").status == 0
    assert office.batches() == ["accepted", "accepted"]


def test_sending_again_without_a_terminal_wants_a_yes(office: Office, sandbox: Sandbox) -> None:
    make_doubt(office, sandbox)

    ran = office.run("resolve", "1", "--not-sent")

    assert ran.status == 2
    assert "--yes" in ran.err
    assert office.batches() == ["in_doubt"]


@pytest.mark.parametrize("word", ["--accepted", "--not-sent"])
def test_an_accepted_batch_needs_no_word(office: Office, sandbox: Sandbox, word: str) -> None:
    office.campaign()
    office.run("run", "news")

    ran = office.run("resolve", "1", word, *(["--yes"] if word == "--not-sent" else []))

    assert ran.status == 2
    assert "batch 1 is accepted" in ran.err


def test_a_rejected_batch_cannot_be_counted_as_sent(office: Office, sandbox: Sandbox) -> None:
    make_doubt(office, sandbox, effect="4")

    assert office.run("resolve", "1", "--accepted").status == 2


def test_a_planned_batch_needs_no_word(office: Office) -> None:
    office.campaign()
    office.run("run", "news")

    assert office.run("resolve", "1", "--not-sent", "--yes").status == 2


@pytest.mark.parametrize(
    "words",
    [
        ("1",),
        ("1", "--accepted", "--not-sent"),
        ("1", "--accepted", "--task", "12a"),
        ("1", "--not-sent", "--yes", "--task", "12"),
        ("0", "--accepted"),
        ("99", "--accepted"),
        ("99999999999999999999", "--accepted"),
        ("first", "--accepted"),
    ],
)
def test_a_word_that_says_nothing_clear_exits_2(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    make_doubt(office, sandbox)

    assert office.run("resolve", *words).status == 2
    assert office.batches() == ["in_doubt"]


def test_where_nothing_was_sent_there_is_nothing_to_resolve(office: Office) -> None:
    assert office.run("resolve", "1", "--accepted").status == 2
    assert not (office.folder / "state").exists()


# state


@pytest.mark.parametrize(
    "words", [("run",), ("status",), ("report", "news"), ("resolve", "1", "--accepted")]
)
def test_a_renamed_folder_is_refused_until_it_adopts_its_state(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    office.campaign()
    office.run("run", "news")
    office.root = office.root.rename(office.folder / "renamed")

    refused = office.run(*words)

    assert refused.status == 2
    assert "mms-runner state adopt" in refused.err
    assert office.run("state", "adopt").status == 0
    assert office.run("run", "news").status == 0
    assert sandbox.requests["send"] == 1


def test_another_name_at_the_same_state_is_refused(office: Office, sandbox: Sandbox) -> None:
    office.settings(head=f"name: shop\nstate: {json.dumps(str(office.folder / 'state.db'))}\n")
    office.campaign()
    office.run("run", "news")
    office.settings(head=f"name: other\nstate: {json.dumps(str(office.folder / 'state.db'))}\n")

    ran = office.run("run", "news")

    assert ran.status == 2
    assert "`shop`" in ran.err


def test_postgresql_is_reserved_and_exits_2(office: Office) -> None:
    office.settings(head="name: shop\nstate: postgresql://db/mms\n")
    office.campaign()

    assert office.run("run", "news").status == 2


def test_the_state_is_for_its_owner_alone(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")

    assert office.state.stat().st_mode & 0o777 == 0o600


def test_a_version_of_sqlite_with_a_known_fault_is_named(office, sandbox):
    office.campaign()
    office.run("run", "news")
    said = f"the state: {find_fault()}" in office.run("status").out
    assert said == (find_fault() is not None)
