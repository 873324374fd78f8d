"""`mms-runner run` and what decides when, how fast and to whom: hours, until, brakes, lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from cli_workspace import Office, finish, opening_office, opening_sandbox, opening_sandboxes, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

CHINA = timezone(timedelta(hours=8))
DUE = "start: now\n"


def clock(minutes: float) -> str:
    """A time of day in China, so many minutes from now."""
    return f"{datetime.now(CHINA) + timedelta(minutes=minutes):%H:%M}"


def moment(minutes: float) -> str:
    return f"{datetime.now(CHINA) + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}"


CLOSED = f"{clock(120)}-{clock(180)}"


def sent(sandbox: Sandbox) -> list[str]:
    """The numbers that the sandbox took, one for each time."""
    return [mobile for submission in sandbox.submissions for mobile in submission.mobiles]


# ---- hours and until


@pytest.mark.parametrize("where", ["account", "campaign"])
def test_outside_of_the_hours_nothing_goes_out_and_nobody_is_needed(
    office: Office, sandbox: Sandbox, where: str
) -> None:
    hours = f"hours: {CLOSED}\n"
    office.settings(account=hours if where == "account" else "")
    office.campaign(more=DUE + (hours if where == "campaign" else ""))

    assert office.run("run").status == 0
    assert sent(sandbox) == []
    assert office.campaign_status()["state"] == "running"
    assert office.campaign_status()["recipients"]["pending"] == 3


def test_hours_that_are_open_let_it_go(office: Office, sandbox: Sandbox) -> None:
    office.settings(account=f"hours: {clock(-60)}-{clock(60)}")
    office.campaign(more=DUE)

    assert office.run("run").status == 0
    assert len(sent(sandbox)) == 3


def test_hours_that_open_later_than_latest_make_it_missed(office: Office, sandbox: Sandbox) -> None:
    office.settings(account=f"hours: {CLOSED}")
    office.campaign(more=f"start: {moment(-1)}\n")

    assert office.run("run").status == 3
    assert office.campaign_status()["state"] == "missed"


def test_after_until_nothing_is_claimed_and_a_person_is_needed(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=f"start: {moment(-2)}\nuntil: {moment(-1)}\n")

    assert office.run("run").status == 3
    assert sent(sandbox) == []
    status = office.campaign_status()
    assert status["state"] == "missed"
    assert "until" in " ".join(status["problems"])


def test_a_later_until_lets_it_go_on(office: Office, sandbox: Sandbox) -> None:
    start = moment(-2)
    office.campaign(more=f"start: {start}\nuntil: {moment(-1)}\n")
    office.run("run")
    office.campaign(more=f"start: {start}\nuntil: {moment(60)}\n")

    assert office.run("run").status == 0
    assert len(sent(sandbox)) == 3


# ---- the gateway's own start


def test_a_start_at_the_gateway_is_submitted_now_with_chinas_time(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(head="name: shop\ntimezone: America/New_York\n")
    start = datetime.now(UTC) + timedelta(hours=5)
    office.campaign(more=f"start: {start:%Y-%m-%dT%H:%M:%S+00:00}\nstarts_at_gateway: true\n")

    assert office.run("run").status == 0
    [submission] = sandbox.submissions
    assert submission.starttime == f"{start.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def test_after_its_start_a_batch_goes_with_an_empty_starttime(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=f"start: {moment(-1)}\nstarts_at_gateway: true\n")

    assert office.run("run").status == 0
    assert [submission.starttime for submission in sandbox.submissions] == [""]


def test_a_draft_cannot_start_at_the_gateway(office: Office) -> None:
    office.campaign(more="starts_at_gateway: true\n")

    assert office.run("validate").status == 1


# ---- brakes


@pytest.mark.parametrize("words", [["news"], ["--account", "main"], ["--all"]])
def test_what_is_paused_does_not_go_out_until_the_same_is_resumed(
    office: Office, sandbox: Sandbox, words: list[str]
) -> None:
    office.campaign(more=DUE)
    office.run("pause", *words, "--reason", "wrong price")

    assert office.run("run").status == 0
    assert sent(sandbox) == []
    office.run("resume", *words)
    assert office.run("run").status == 0
    assert len(sent(sandbox)) == 3


def test_paused_by_file_and_by_command_only_both_together_let_it_go_on(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=f"{DUE}state: paused\n")
    office.run("pause", "news")
    office.run("resume", "news")
    assert office.run("run").status == 0
    assert sent(sandbox) == []

    office.run("pause", "news")
    office.campaign(more=DUE)
    assert office.run("run").status == 0
    assert sent(sandbox) == []

    office.run("resume", "news")
    office.run("run")
    assert len(sent(sandbox)) == 3


def test_a_pause_stops_a_run_that_is_at_work(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.3)
    office.settings(account="batch_size: 1\nconcurrency: 1", patience="5s")
    office.campaign(people=30, more=DUE)

    with office.start("run") as process:
        until(lambda: len(sent(sandbox)) >= 2)
        said = office.run("pause", "news").err
        ran = finish(process)

    assert ran.status == 0
    assert "in flight" in said
    assert len(sent(sandbox)) < 30
    counts = office.campaign_status()["recipients"]
    assert counts["pending"] == 30 - len(sent(sandbox))
    assert office.campaign_status()["state"] == "paused"


def test_what_is_cancelled_in_the_middle_stays_unsent(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.3)
    office.settings(account="batch_size: 1\nconcurrency: 1", patience="5s")
    office.campaign(people=30, more=DUE)

    with office.start("run") as process:
        until(lambda: len(sent(sandbox)) >= 2)
        assert office.run("cancel", "news", "--yes").status == 0
        ran = finish(process)

    assert ran.status == 0
    counts = office.campaign_status()["recipients"]
    assert counts["cancelled"] == 30 - len(sent(sandbox)) > 0
    assert office.campaign_status()["state"] == "cancelled"


# ---- people who opted out


def opt_outs(office: Office, *mobiles: str, keys: str = "") -> None:
    (office.folder / "optout.csv").write_text("\n".join(["mobile", *mobiles]) + "\n")
    office.settings(
        account="batch_size: 1\nconcurrency: 1",
        head=f"name: shop\nlists:\n  optout: {{file: ../optout.csv{keys}}}\n"
        "always_exclude: [optout]\n",
        patience="5s",
    )


def test_who_opts_out_after_the_plan_is_cancelled_and_gets_nothing(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.3)
    opt_outs(office, "13900139000")
    office.campaign(people=8, more=DUE)

    with office.start("run") as process:
        until(lambda: sent(sandbox))
        opt_outs(office, "13900139000", "13800138007")
        assert finish(process).status == 0

    assert "13800138007" not in sent(sandbox)
    assert office.campaign_status()["recipients"]["cancelled"] == 1
    assert office.batches()[-1] == "cancelled"
    report = office.run("report", "news", "--only", "cancelled").out
    assert "13800138007,cancelled" in report


def test_a_list_that_vanishes_holds_what_would_send_until_it_is_back(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.3)
    opt_outs(office, "13900139000")
    office.campaign(people=8, more=DUE)

    with office.start("run") as process:
        until(lambda: sent(sandbox))
        (office.folder / "optout.csv").unlink()
        assert finish(process).status == 3

    assert office.campaign_status()["state"] == "held"
    assert "optout" in " ".join(office.campaign_status()["problems"])
    opt_outs(office, "13900139000")
    assert office.run("run").status == 0
    assert sorted(sent(sandbox)) == [str(13800138000 + index) for index in range(8)]


def test_a_campaign_whose_list_is_not_on_this_machine_is_held(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(head="name: shop\nlists:\n  members: {file: ../members.csv}\n")
    office.write(
        "news.yaml",
        f"title: news\n{DUE}frames:\n  - {{duration: 3, text: 你好}}\n"
        "recipients: {lists: [members]}\n",
    )

    assert office.run("run").status == 3
    assert office.campaign_status()["state"] == "held"
    (office.folder / "members.csv").write_text("mobile\n13800138000\n")
    assert office.run("run").status == 0
    assert sent(sandbox) == ["13800138000"]


# ---- turns


def test_a_small_campaign_is_not_stuck_behind_a_large_one(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox()
    office.settings(account="batch_size: 1\nconcurrency: 1")
    office.campaign("a-large", people=20, more=DUE)
    office.campaign("b-small", people=["13900139000", "13900139001"], more=DUE)

    office.run("run")

    assert {sent(sandbox).index(mobile) for mobile in ("13900139000", "13900139001")} == {1, 3}


def test_a_new_process_does_not_send_faster_than_the_pace(office: Office, sandbox: Sandbox) -> None:
    """120 people a minute, 4 of them a request: the next may go two seconds later."""
    office.settings(account="batch_size: 4\npace: 120/min")
    office.campaign(people=4, more=DUE)
    office.campaign("more", people=["13900139000"], more=DUE)

    with office.start("run", "news") as process:
        assert finish(process).status == 0
    with office.start("run", "more") as process:
        assert finish(process).status == 0

    first, second = sandbox.submissions
    assert (second.arrived_at - first.arrived_at).total_seconds() > 1.9
