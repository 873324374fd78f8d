"""The daemon begins each campaign at its time, from what the state knows, and fetches reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes, until
from daemons import (
    QUICK,
    daemon_at_work,
    office_for_all,
    start_in,
    until_finished,
    until_polled_again,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cli_workspace import Office
    from daemons import Daemon

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

HALF_AN_HOUR = 1800.0  # seconds, well within the default of `latest`
TWO_HOURS = 7200.0


class Morning(NamedTuple):
    """A daemon that has just begun a day's campaigns."""

    office: Office
    sandbox: Sandbox
    start: datetime  # of the campaign `soon`


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    with office_for_all(tmp_path_factory.mktemp("morning")) as (office, open_sandbox):
        sandbox = open_sandbox()
        office.settings(account=QUICK)
        office.campaign("now", more="start: now\n")
        office.campaign("draft")
        office.campaign("delayed", more=start_in(-HALF_AN_HOUR)[1])
        for name in ("stale", "woken"):
            office.campaign(name, more=start_in(-TWO_HOURS)[1])
        start, more = start_in(2)
        office.campaign("soon", more=more)
        with daemon_at_work(office):
            until_finished(office, "soon")
            yield Morning(office, sandbox, start)


def test_a_campaign_is_sent_at_its_start_and_not_before(morning: Morning) -> None:
    [submission] = [sent for sent in morning.sandbox.submissions if sent.title == "soon"]
    assert submission.arrived_at >= morning.start


def test_what_starts_now_is_sent_at_once(morning: Morning) -> None:
    until_finished(morning.office, "now")
    assert morning.sandbox.copies("now") == dict.fromkeys(numbers(3), 1)


def test_a_draft_is_left_alone(morning: Morning) -> None:
    assert not morning.sandbox.copies("draft")
    assert "draft" not in [entry["id"] for entry in morning.office.status()["campaigns"]]


def test_a_start_that_nobody_kept_is_made_up_for_within_latest(morning: Morning) -> None:
    until_finished(morning.office, "delayed")
    assert morning.sandbox.copies("delayed").total() == 3


def test_a_start_that_passed_longer_ago_is_missed_and_waits_for_a_person(morning: Morning) -> None:
    assert morning.office.campaign_status("stale")["state"] == "missed"
    assert not morning.sandbox.copies("stale")


def test_a_person_lets_a_missed_campaign_start(morning: Morning) -> None:
    assert morning.office.run("resume", "woken").status == 0
    until_finished(morning.office, "woken")
    assert morning.sandbox.copies("woken").total() == 3


class Broken(NamedTuple):
    """A daemon that was started while a file of its workspace was broken."""

    office: Office
    sandbox: Sandbox
    daemon: Daemon


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with office_for_all(tmp_path_factory.mktemp("broken")) as (office, open_sandbox):
        sandbox = open_sandbox()
        office.settings(account=QUICK)
        office.campaign(more=start_in(3)[1])
        with daemon_at_work(office) as before:
            office.campaign("spring", more="starts: tomorrow\n")
            before.refuse_files("error", "spring.yaml:2:1")
        with daemon_at_work(office, ready=False) as daemon:
            daemon.hear("error", "spring.yaml:2:1")
            yield Broken(office, sandbox, daemon)


def test_what_was_scheduled_goes_out_though_the_files_are_broken(broken: Broken) -> None:
    until_finished(broken.office)
    assert broken.sandbox.copies() == dict.fromkeys(numbers(3), 1)


def test_a_new_daemon_names_again_what_is_wrong_with_the_files(broken: Broken) -> None:
    assert broken.daemon.count("warning", "the last good state goes on") == 1


def test_status_says_that_the_last_good_state_goes_on(broken: Broken) -> None:
    [problem] = broken.office.status()["workspace"]["problems"]
    assert "the last good state goes on: spring.yaml:2:1" in problem


def test_without_settings_there_is_nothing_to_go_on_with(office: Office) -> None:
    office.write("runner.yaml", "accounts: 7\n")
    ran = office.call("daemon")
    assert ran.status == 2
    assert "runner.yaml:1:11" in ran.err


def test_a_secret_that_is_missing_at_the_start_is_named(office: Office) -> None:
    office.settings()
    ran = office.call("daemon", environment={"MMS_PASSWORD": ""})
    assert ran.status == 2
    assert "MMS_PASSWORD" in ran.err


def test_full_pages_of_reports_are_asked_for_again_at_once(
    office: Office, sandbox: Sandbox
) -> None:
    for mobile in numbers(5):
        sandbox.add_report(task_id="1", mobile=mobile)
    office.settings(account="reports: {every: 1h, page: 2}")
    with daemon_at_work(office):
        until(lambda: not sandbox.reports_left)
        until(lambda: office.account()["reports"]["received"] == 5)


def test_reports_go_on_while_everything_is_paused(office: Office, sandbox: Sandbox) -> None:
    office.settings(account=QUICK)
    office.run("pause", "--all")
    sandbox.add_report(task_id="1", mobile="13800138000")
    with daemon_at_work(office):
        until(lambda: office.account()["reports"]["received"] == 1)
    assert office.account()["state"] == "paused"


def test_reports_go_on_while_an_account_may_not_send(office: Office, sandbox: Sandbox) -> None:
    sandbox.add_fault("send:*=10")
    office.settings(account=QUICK)
    office.campaign(more="start: now\n")
    with daemon_at_work(office):
        until(lambda: office.account()["state"] == "suspended")
        until_polled_again(sandbox)


def test_nobody_asks_for_reports_with_a_password_that_was_refused(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(account=QUICK)
    office.environment["MMS_PASSWORD"] = "wrong"
    with daemon_at_work(office) as daemon:
        daemon.hear("account main", "suspended", "the report query was refused")
    assert sandbox.requests["report"] == 1


def test_an_outage_of_the_reports_is_told_once_and_its_end_too(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.add_fault("report:*=timeout")
    office.settings(account=QUICK)
    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["report"] == 2)
        sandbox.clear_faults()
        daemon.hear("reports of account main are fetched again")
    assert daemon.count("warning") == 1, daemon.log
