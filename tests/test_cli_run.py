"""`mms-runner run`: what is due goes out once, and whatever goes wrong is told and kept."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_workspace import (
    finish,
    numbers,
    opening_office,
    opening_sandbox,
    opening_sandboxes,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

DUE = "start: now\n"
FUTURE = "start: 2035-09-16 09:00\n"
PAST = "start: 2020-01-01 09:00\n"
IN_DOUBT = [
    *("8", "99", "html", "empty", "garbage", "cut", "taken-8", "taken-html"),
    *("timeout-before", "timeout-after", "reset-before", "reset-after"),
    *("http-204", "http-408", "http-429", "http-500", "http-502", "http-503", "taken-http-504"),
]


def one_by_one(office: Office, more: str = "") -> None:
    """Let every recipient be a batch, and every batch wait for the one before."""
    office.settings(account=f"batch_size: 1\nconcurrency: 1\n{more}")


def nobody_twice(sandbox: Sandbox) -> bool:
    return set(sandbox.copies().values()) <= {1}


# What goes out, and what does not


def test_a_draft_that_is_named_goes_out_to_everybody_once(office: Office, sandbox: Sandbox) -> None:
    office.campaign(people=5)

    ran = office.run("run", "news", "--wait", "5s")

    assert ran.status == 0
    assert sandbox.copies("news") == dict.fromkeys(numbers(5), 1)
    assert office.campaign_status()["recipients"]["delivered"] == 5


def test_without_a_name_no_draft_goes_out(office: Office, sandbox: Sandbox) -> None:
    office.campaign()

    ran = office.run("run")

    assert ran.status == 0
    assert "nothing is due" in ran.err
    assert not sandbox.requests["send"]


def test_without_a_name_everything_goes_out_whose_start_has_come(
    office: Office, sandbox: Sandbox
) -> None:
    start = datetime.now().astimezone() - timedelta(minutes=5)
    office.campaign("past", more=f"start: {start.isoformat(sep=' ', timespec='minutes')}\n")
    office.campaign("now", more=DUE, people=numbers(2, first=13_900_139_000))
    office.campaign("future", more=FUTURE)

    assert office.run("run").status == 0
    assert [sandbox.copies(title).total() for title in ("past", "now", "future")] == [3, 2, 0]


def test_a_named_campaign_whose_start_is_to_come_does_not_go_out(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=FUTURE)

    ran = office.run("run", "news")

    assert ran.status == 0
    assert "it starts at 2035-09-16 09:00" in ran.err
    assert not sandbox.requests["send"]


def test_only_the_named_campaigns_go_out(office: Office, sandbox: Sandbox) -> None:
    office.campaign("one", more=DUE)
    office.campaign("two", more=DUE)

    office.run("run", "two")

    assert not sandbox.copies("one")
    assert sandbox.copies("two").total() == 3


def test_a_second_run_does_nothing_twice(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    office.run("run")

    assert office.run("run").status == 0
    assert office.run("run", "news").status == 0
    assert sandbox.requests["send"] == 1


def test_a_campaign_past_latest_is_missed_and_waits_for_a_person(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=PAST)

    ran = office.run("run")

    assert ran.status == 3
    assert office.campaign_status()["state"] == "missed"
    assert not sandbox.requests["send"]


def test_a_missed_campaign_goes_out_with_a_new_start(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=PAST)
    office.run("run")
    office.campaign(more=DUE)

    assert office.run("run").status == 0
    assert sandbox.copies("news").total() == 3


def test_a_guard_that_is_not_met_holds_the_campaign(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=f"{DUE}expect: {{recipients: 10}}\n")

    ran = office.run("run")

    assert ran.status == 3
    assert "expect" in ran.err
    assert office.campaign_status()["state"] == "held"
    assert not sandbox.requests["send"]


def test_an_edit_before_the_start_replaces_a_held_campaign(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=f"{DUE}expect: {{recipients: 10}}\n")
    office.run("run")
    office.campaign(people=10, more=f"{DUE}expect: {{recipients: 10}}\n")

    assert office.run("run").status == 0
    assert sandbox.copies("news") == dict.fromkeys(numbers(10), 1)


def test_an_edit_after_the_first_claim_is_told_and_changes_nothing(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    office.run("run")
    office.campaign(people=10, more=DUE, title="another")

    ran = office.run("run", "news")

    assert ran.status == 0
    assert "the file differs from what was sent" in ran.err
    assert sandbox.copies().total() == 3
    assert office.campaign_status()["title"] == "news"


def test_an_error_in_any_file_lets_nothing_out(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    office.campaign("faulty", more="start: tomorrow\n")

    ran = office.run("run", "news")

    assert ran.status == 1
    assert "wrong-time" in ran.err
    assert not sandbox.requests


# Wrong usage


def test_faulty_settings_exit_2(office: Office, sandbox: Sandbox) -> None:
    office.settings(account="batch_size: 0")
    office.campaign(more=DUE)

    assert office.run("run").status == 2
    assert not sandbox.requests


@pytest.mark.parametrize("name", ["MMS_PASSWORD", "MMS_URL"])
def test_a_missing_secret_exits_2_and_is_named(office: Office, sandbox: Sandbox, name: str) -> None:
    office.campaign(more=DUE)

    ran = office.run("run", **{name: None})

    assert ran.status == 2
    assert name in ran.err


def test_an_unknown_campaign_exits_2_with_the_one_that_was_meant(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign("mid-autumn")

    ran = office.run("run", "mid-autum")

    assert ran.status == 2
    assert "did you mean `mid-autumn`?" in ran.err


def test_wrong_usage_counts_before_faulty_files(office: Office) -> None:
    office.campaign(more="start: tomorrow\n")

    assert office.run("run", "nothing-like-it").status == 2


@pytest.mark.parametrize("option", ["--wait=soon", "--fail-under=most", "--fail-under=101%"])
def test_an_option_that_cannot_be_read_exits_2(office: Office, option: str) -> None:
    ran = office.run("run", option)

    assert ran.status == 2
    assert "write" in ran.err


def test_a_second_run_beside_the_first_exits_75_and_names_its_holder(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    slow = open_sandbox(latency=0.8)
    office.campaign(more=DUE)
    with office.start("run") as first:
        until(lambda: slow.requests["send"])
        second = office.run("run", MMS_PASSWORD=None)
        finish(first)

    assert second.status == 75
    assert f"process {first.pid}" in second.err
    assert "`run`" in second.err


# Every answer of the protocol page


@pytest.mark.parametrize("code", [0, 3, 4, 5, 9])
def test_a_refusal_of_the_message_rejects_the_batch_and_halts_the_campaign(
    office: Office, sandbox: Sandbox, code: int
) -> None:
    one_by_one(office)
    office.campaign(people=2, more=DUE)
    sandbox.add_fault(f"send:1={code}")

    assert office.run("run").status == 3
    assert office.batches() == ["rejected", "planned"]
    campaign = office.campaign_status()
    assert campaign["state"] == "halted"
    assert campaign["batches"][0]["code"] == code
    assert office.account()["state"] == "active"
    assert sandbox.requests["send"] == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415])
def test_a_status_that_says_not_taken_rejects_the_batch_and_halts_the_campaign(
    office: Office, sandbox: Sandbox, status: int
) -> None:
    one_by_one(office)
    office.campaign(people=2, more=DUE)
    sandbox.add_fault(f"send:1=http-{status}")

    assert office.run("run").status == 3
    assert office.batches() == ["rejected", "planned"]
    assert office.campaign_status()["state"] == "halted"


def test_a_last_batch_that_is_refused_halts_the_campaign_too(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=4")

    assert office.run("run").status == 3
    assert office.campaign_status()["state"] == "halted"
    assert office.run("run").status == 3


def test_a_halted_campaign_is_not_said_to_have_nothing_left(
    office: Office, sandbox: Sandbox
) -> None:
    one_by_one(office)
    office.campaign(people=2, more=DUE)
    sandbox.add_fault("send:1=4")
    office.run("run")

    assert "has nothing that may be sent" in office.run("run").err


@pytest.mark.parametrize("code", [1, 2])
def test_refused_credentials_suspend_the_account_and_exit_4(
    office: Office, sandbox: Sandbox, code: int
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault(f"send:1={code}")

    assert office.run("run").status == 4
    assert office.batches() == ["planned"]
    assert office.campaign_status()["state"] == "paused"
    assert office.account()["state"] == "suspended"


def test_after_the_credentials_were_corrected_the_next_run_sends(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(people=2, more=DUE)
    assert office.run("run", MMS_PASSWORD="wrong").status == 4

    assert office.run("run").status == 0
    assert sandbox.copies("news").total() == 2


def test_a_user_without_permission_suspends_the_account(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=10")

    assert office.run("run").status == 3
    assert office.batches() == ["planned"]
    assert office.account()["state"] == "suspended"


def test_a_low_balance_leaves_the_batch_planned(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    poor = open_sandbox(balance=1)
    office.campaign(more=DUE)

    assert office.run("run").status == 3
    assert office.batches() == ["planned"]
    assert office.campaign_status()["state"] == "paused"
    assert "account main is low_balance" in office.campaign_status()["problems"][0]
    assert office.account()["state"] == "low_balance"

    poor.top_up(100)
    assert office.run("run").status == 0
    assert poor.copies("news").total() == 3
    assert office.account()["state"] == "active"


def test_a_balance_that_is_still_too_low_sends_nothing(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    poor = open_sandbox(balance=1)
    office.campaign(more=DUE)
    office.run("run")

    assert office.run("run").status == 3
    assert poor.requests["send"] == 1


def test_a_failed_submission_is_tried_again_and_the_person_is_told_when(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=7")

    ran = office.run("run")

    assert ran.status == 0
    assert "submission failed; it is tried again, not before " in ran.err
    [batch] = office.campaign_status()["batches"]
    assert (batch["state"], batch["attempts"]) == ("accepted", 2)
    assert nobody_twice(sandbox)


def test_a_submission_that_goes_on_failing_is_rejected_after_its_tries(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:*=7")

    assert office.run("run").status == 3
    [batch] = office.campaign_status()["batches"]
    assert (batch["state"], batch["attempts"], batch["code"]) == ("rejected", 2, 7)


def test_code_8_is_retried_where_the_account_says_so(office: Office, sandbox: Sandbox) -> None:
    office.settings(account="on_code_8: retry")
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=8")

    assert office.run("run").status == 0
    assert office.batches() == ["accepted"]


@pytest.mark.parametrize("effect", IN_DOUBT)
def test_an_unknown_outcome_is_in_doubt_and_never_sent_again(
    office: Office, sandbox: Sandbox, effect: str
) -> None:
    one_by_one(office)
    office.campaign(people=2, more=DUE)
    sandbox.add_fault(f"send:1={effect}")

    assert office.run("run").status == 3
    assert office.batches() == ["in_doubt", "accepted"]
    assert office.campaign_status()["state"] == "finished"
    assert sandbox.requests["balance"] == 1
    assert office.run("run").status == 3
    assert office.run("run", "news").status == 3
    assert sandbox.requests["send"] == 2
    assert nobody_twice(sandbox)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_but_in_doubt_and_halts_the_campaign(
    office: Office, sandbox: Sandbox, status: int
) -> None:
    one_by_one(office)
    office.campaign(people=2, more=DUE)
    sandbox.add_fault(f"send:1=http-{status}")

    assert office.run("run").status == 3
    assert office.batches() == ["in_doubt", "planned"]
    assert office.campaign_status()["state"] == "halted"


def test_three_unknown_outcomes_in_a_row_suspend_the_account(
    office: Office, sandbox: Sandbox
) -> None:
    one_by_one(office)
    office.campaign(people=5, more=DUE)
    sandbox.add_fault("send:*=http-502")

    assert office.run("run").status == 3
    assert office.batches() == ["in_doubt"] * 3 + ["planned"] * 2
    assert office.account()["state"] == "suspended"

    sandbox.clear_faults()
    assert office.run("run").status == 3
    assert office.batches() == ["in_doubt"] * 3 + ["accepted"] * 2
    assert office.account()["state"] == "active"


def test_no_balance_after_an_unknown_outcome_leaves_the_rest_planned(
    office: Office, sandbox: Sandbox
) -> None:
    one_by_one(office)
    office.campaign(people=2, more=DUE)
    sandbox.add_fault("send:1=html")
    sandbox.add_fault("balance:*=http-500")

    assert office.run("run").status == 3
    assert office.batches() == ["in_doubt", "planned"]


def test_an_answer_with_a_bom_and_white_space_is_a_receipt(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=padded")

    assert office.run("run").status == 0
    assert office.batches() == ["accepted"]


def test_a_gateway_that_is_down_leaves_everything_planned_for_the_next_run(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    office.campaign(people=4, more=DUE)

    ran = office.run("run")

    assert ran.status == 3
    assert "was not sent" in ran.err
    assert office.batches() == ["planned"]
    assert office.campaign_status()["recipients"]["pending"] == 4
    assert office.account()["problems"]

    sandbox = open_sandbox()
    assert office.run("run").status == 0
    assert sandbox.copies("news") == dict.fromkeys(numbers(4), 1)


def test_a_gateway_that_comes_up_between_two_tries_is_used(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    office.write(
        "runner.yaml",
        (office.root / "runner.yaml").read_text().replace("tries: 2", "tries: 20"),
    )
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    office.environment["MMS_URL"] = f"http://127.0.0.1:{port}"
    office.campaign(more=DUE)
    with office.start("run") as process:
        until(lambda: office.account()["problems"])
        sandbox = open_sandbox(port=port)
        ran = finish(process)

    assert ran.status == 0
    assert sandbox.copies("news").total() == 3


# Reports, waiting and the verdict


def test_waiting_ends_when_everybody_is_settled(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(report_delay=1.2, failed_share=0.5)
    office.campaign(people=20, more=DUE)

    assert office.run("run", "--wait", "30s").status == 0
    counts = office.campaign_status()["recipients"]
    assert counts["delivered"] + counts["failed"] == 20
    assert counts["failed"] > 0


def test_what_is_still_submitted_when_the_wait_is_over_is_no_failure(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(report_delay=3600)
    office.campaign(more=DUE)

    assert office.run("run", "--wait", "1s").status == 0
    assert office.campaign_status()["recipients"]["submitted"] == 3


def test_a_later_run_collects_the_reports_of_an_earlier_one(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    slow = open_sandbox(report_delay=3600)
    office.campaign()
    office.run("run", "news")
    slow.make_reports_ready()

    assert office.run("run").status == 0
    assert office.campaign_status()["recipients"]["delivered"] == 3


def test_what_is_in_doubt_is_waited_for_until_the_time_is_over(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(people=6, more=DUE)
    sandbox.add_fault("send:1=timeout-before")

    assert office.run("run", "--wait", "2s").status == 3
    assert sandbox.requests["report"] > 1


@pytest.mark.parametrize(("limit", "status"), [("70%", 0), ("50", 0), ("71%", 3), ("100%", 3)])
def test_too_few_deliveries_are_an_error_only_where_somebody_says_so(
    office: Office, open_sandbox: Callable[..., Sandbox], limit: str, status: int
) -> None:
    sandbox = open_sandbox(report_delay=3600)
    office.campaign(people=10)
    office.run("run", "news")
    [submission] = sandbox.submissions
    for index, mobile in enumerate(numbers(10)):
        sandbox.add_report(
            task_id=submission.task_id, mobile=mobile, status=20 if index < 3 else 10
        )

    assert office.run("run", "news", "--fail-under", limit).status == status


@pytest.mark.parametrize("effect", ["cut", "short"])
def test_a_report_answer_that_was_cut_keeps_its_whole_boxes_and_the_rest_is_quarantined(
    office: Office, sandbox: Sandbox, effect: str
) -> None:
    office.campaign(people=10, more=DUE)
    sandbox.add_fault(f"report:1={effect}")

    ran = office.run("run")

    reports = office.account()["reports"]
    assert 0 < reports["received"] < 10
    assert reports["quarantined"] == 1
    assert "could not be read" in ran.err
    assert office.campaign_status()["recipients"]["delivered"] == reports["received"]


@pytest.mark.parametrize("effect", ["gb2312", "bom", "cdata"])
def test_reports_are_read_in_every_manner_that_was_seen(
    office: Office, sandbox: Sandbox, effect: str
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault(f"report:1={effect}")

    assert office.run("run").status == 0
    assert office.campaign_status()["recipients"]["delivered"] == 3


@pytest.mark.parametrize(("error", "status"), [(1, 4), (2, 4), (3, 3), (4, 3)])
def test_a_report_query_that_is_refused_is_told(
    office: Office, sandbox: Sandbox, error: int, status: int
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault(f"report:*=error-{error}")

    assert office.run("run", "--wait", "5s").status == status
    assert sandbox.requests["report"] == 1
    assert office.account()["problems"]


def test_reports_of_another_client_are_kept_as_unmatched(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    sandbox.add_report(task_id="99", mobile="13900139000")

    office.run("run")

    assert office.account()["reports"]["unmatched"] == 1
    assert office.account()["reports"]["received"] == 4


# How it speaks


def test_quiet_says_nothing_where_all_is_well(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)

    ran = office.run("--quiet", "run")

    assert ran == (0, "", "")


def test_quiet_still_says_what_went_wrong(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=4")

    ran = office.run("--quiet", "run")

    assert "no content" in ran.err


def test_quiet_still_says_why_nothing_could_be_sent(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(balance=1)
    office.campaign(more=DUE)
    office.run("run")

    ran = office.run("--quiet", "run")

    assert ran.status == 3
    assert "account main: the gateway answered 6, balance too low" in ran.err


def test_neither_numbers_nor_the_password_stand_in_what_it_says(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=html")

    ran = office.run("run", MMS_PASSWORD="sandbox")

    assert "13800138" not in ran.out + ran.err
    assert "sandbox" not in ran.out + ran.err


def test_another_name_does_not_mean_that_everything_is_sent_again(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    office.run("run")
    office.settings(head="name: store\n")

    refused = office.run("run")

    assert refused.status == 2
    assert "`shop`" in refused.err
    assert "state adopt" in refused.err
    assert sandbox.requests["send"] == 1


def test_the_way_that_is_told_takes_the_state_along(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    office.run("run")
    office.settings(head="name: store\n")
    told = office.run("run").err
    move = next(line for line in told.splitlines() if " mv " in line).partition(" mv ")[2]
    source, target = move.partition(" && ")[0].split()
    for file in Path(source).parent.glob("state.db*"):
        file.rename(Path(target) / file.name)

    assert office.run("state", "adopt").status == 0
    assert office.run("run").status == 0
    assert sandbox.requests["send"] == 1


def test_the_warnings_of_a_campaign_are_counted_once_when_it_begins(
    office: Office, sandbox: Sandbox
) -> None:
    """One stands in its file, one in a file that it shares."""
    office.write("_frames/offer.yaml", "duration: 1\ntext: 【某店】全场八折，会员另有好礼相送\n")
    path = office.campaign()
    lines = path.read_text().splitlines()
    lines[2] = "  - use: _frames/offer.yaml"
    path.write_text("\n".join(lines))
    counted = "; 2 warnings, see `mms-runner plan news`"

    assert counted in office.run("run", "news").err
    assert "warning" not in office.run("run", "news").err
