"""The daemon sends by the settings as they are now: rate, hours, secrets."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes, until
from daemons import ONE_BY_ONE, QUICK, daemon_at_work, until_finished, until_polled_again

if TYPE_CHECKING:
    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)


def test_a_rate_that_is_raised_holds_for_what_is_left(office: Office, sandbox: Sandbox) -> None:
    office.settings(account=f"{ONE_BY_ONE}\nrate: 0.01")
    office.campaign(people=4, more="start: now\n")
    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["send"] == 1)
        office.settings(account=f"{ONE_BY_ONE}\nrate: 50")
        daemon.read_files()
        until_finished(office)

    assert sandbox.copies() == dict.fromkeys(numbers(4), 1)


def test_nothing_is_sent_outside_of_the_hours_until_they_are_changed(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(account=f"{QUICK}\nhours: {hours_that_open_in(2)}")
    office.campaign(more="start: now\n")
    with daemon_at_work(office) as daemon:
        until(lambda: office.campaign_status()["state"] == "running")
        until_polled_again(sandbox)
        sent_before = sandbox.requests["send"]
        office.settings(account=f"{QUICK}\nhours: {hours_that_open_in(-1)}")
        daemon.read_files()
        until_finished(office)

    assert sent_before == 0


def hours_that_open_in(hours: int) -> str:
    """Give two hours of the workspace's day, counted from now."""
    opens = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=hours)
    return f'"{opens:%H:%M}-{opens + timedelta(hours=2):%H:%M}"'


def test_a_suspended_account_goes_on_with_other_settings(office: Office, sandbox: Sandbox) -> None:
    right = office.environment["MMS_PASSWORD"]
    office.environment["MMS_PASSWORD"] = "wrong"
    office.campaign(more="start: now\n")
    secret = office.folder / "password"
    secret.write_text(right)
    with daemon_at_work(office) as daemon:
        until(lambda: office.account()["state"] == "suspended")
        settings = (office.root / "runner.yaml").read_text()
        office.write("runner.yaml", settings.replace("{env: MMS_PASSWORD}", f"{{file: {secret}}}"))
        daemon.read_files()
        until_finished(office)

    assert office.account()["state"] == "active"


def test_a_suspended_account_goes_on_when_the_file_of_its_password_is_written_anew(
    office: Office, sandbox: Sandbox
) -> None:
    secret = office.folder / "password"
    secret.write_text("wrong")
    settings = (office.root / "runner.yaml").read_text()
    office.write("runner.yaml", settings.replace("{env: MMS_PASSWORD}", f"{{file: {secret}}}"))
    office.campaign(more="start: now\n")
    with daemon_at_work(office) as daemon:
        until(lambda: office.account()["state"] == "suspended")
        secret.write_text(office.environment["MMS_PASSWORD"])
        daemon.read_files()
        until_finished(office)

    assert office.account()["state"] == "active"


def test_the_last_good_settings_go_on_where_the_new_ones_name_a_secret_that_is_not_there(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(account=QUICK)
    settings = (office.root / "runner.yaml").read_text()
    with daemon_at_work(office) as daemon:
        office.write("runner.yaml", settings.replace("MMS_PASSWORD", "NOBODY_SET_THIS"))
        office.campaign(more="start: now\n")
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: office.status()["workspace"]["problems"])
        until_polled_again(sandbox)

    [problem] = office.status()["workspace"]["problems"]
    assert "the last good state goes on: the password of account main is not set" in problem
    assert "NOBODY_SET_THIS" in problem
    assert office.status()["campaigns"] == []


@pytest.mark.parametrize("head", ["name: store\n", "name: shop\nstate: ../elsewhere.db\n"])
def test_another_name_or_state_is_refused_while_the_daemon_knows_what_was_sent(
    office: Office, sandbox: Sandbox, head: str
) -> None:
    """Under another state other commands would know nothing of it, nor could they stop it."""
    office.settings(account=QUICK)
    with daemon_at_work(office) as daemon:
        office.settings(head=head, account=QUICK)
        office.campaign(more="start: now\n")
        daemon.refuse_files("the last good state goes on", "put it back")
        office.settings(account=QUICK)
        daemon.read_files()
        until_finished(office)
