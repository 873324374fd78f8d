"""A run that is stopped in the middle: what is known afterwards, and how the next one goes on."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from cli_workspace import finish, numbers, opening_office, opening_sandboxes, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

FOREVER = 30.0  # seconds until an answer; nobody waits so long


def one_by_one(office: Office) -> None:
    office.settings(account="batch_size: 1\nconcurrency: 1", patience="60s")
    office.campaign(people=4, more="start: now\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_what_is_in_flight_come_home(
    office: Office, open_sandbox: Callable[..., Sandbox], number: int
) -> None:
    sandbox = open_sandbox(latency=0.7)
    one_by_one(office)
    with office.start("run", "--wait", "1h") as process:
        until(lambda: sandbox.requests["send"])
        process.send_signal(number)
        ran = finish(process)

    assert ran.status == 130
    assert "run again to go on" in ran.err
    assert office.batches() == ["accepted", "planned", "planned", "planned"]


def test_the_next_run_goes_on_where_an_interrupted_one_stopped(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.7)
    one_by_one(office)
    with office.start("run") as process:
        until(lambda: sandbox.requests["send"])
        process.send_signal(signal.SIGINT)
        finish(process)
    quick = open_sandbox(seed=2)

    assert office.run("run").status == 0
    assert office.batches() == ["accepted"] * 4
    assert sandbox.copies() + quick.copies() == dict.fromkeys(numbers(4), 1)


def test_a_second_signal_is_quicker_and_leaves_what_was_in_flight_in_doubt(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=FOREVER)
    one_by_one(office)
    with office.start("run") as process:
        until(lambda: sandbox.requests["send"])
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        ran = finish(process)

    assert ran.status == 130
    assert office.batches() == ["in_doubt", "planned", "planned", "planned"]


def test_a_signal_while_reports_are_waited_for_ends_the_waiting(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(report_delay=3600)
    office.campaign(more="start: now\n")
    with office.start("run", "--wait", "1h") as process:
        until(lambda: sandbox.requests["report"])
        process.send_signal(signal.SIGINT)
        ran = finish(process)

    assert ran.status == 130
    assert office.campaign_status()["recipients"]["submitted"] == 3


def test_what_a_killed_run_had_in_flight_is_in_doubt_and_nobody_is_sent_anything_twice(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    slow = open_sandbox(latency=FOREVER)
    one_by_one(office)
    kill_in_flight(office, slow)
    sandbox = open_sandbox()

    ran = office.run("run")

    assert ran.status == 3
    assert "batch 1 of news is in doubt: its sender died" in ran.err
    assert office.batches() == ["in_doubt", "accepted", "accepted", "accepted"]
    assert sandbox.copies() == dict.fromkeys(numbers(4)[1:], 1)


def kill_in_flight(office: Office, sandbox: Sandbox) -> None:
    with office.start("run") as process:
        until(lambda: sandbox.requests["send"])
        process.kill()
        assert finish(process).status == -signal.SIGKILL


def test_a_run_of_another_campaign_does_not_send_the_rest_of_a_killed_one(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    slow = open_sandbox(latency=FOREVER)
    one_by_one(office)
    kill_in_flight(office, slow)
    sandbox = open_sandbox()
    office.campaign("other", people=1)

    office.run("run", "other")

    assert sandbox.copies("other").total() == 1
    assert not sandbox.copies("news")
    assert office.batches() == ["in_doubt", "planned", "planned", "planned"]


def test_a_run_that_was_killed_lets_go_of_the_state(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    slow = open_sandbox(latency=FOREVER)
    one_by_one(office)
    kill_in_flight(office, slow)
    open_sandbox()

    assert office.run("run").status != 75


def test_on_a_terminal_there_is_a_progress_bar(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox()
    office.campaign(more="start: now\n")

    assert "━" in show_on_a_terminal(office, "run")


def test_quiet_shows_no_progress_bar(office: Office, open_sandbox: Callable[..., Sandbox]) -> None:
    open_sandbox()
    office.campaign(more="start: now\n")

    assert show_on_a_terminal(office, "--quiet", "run") == ""


@pytest.mark.parametrize(("words", "environment"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"})])
def test_colours_can_be_turned_off(
    office: Office, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    office.campaign(more="start: tomorrow\n")

    assert "\x1b[31m" in show_on_a_terminal(office, "validate").replace("\x1b[1m", "")
    assert "\x1b[" not in show_on_a_terminal(office, *words, "validate", **environment)


def show_on_a_terminal(office: Office, *words: str, **environment: str) -> str:
    """Give what a command shows to somebody who sits before it."""
    ours, theirs = pty.openpty()
    shown = {"TERM": "xterm", **environment}
    with office.start(*words, stdout=theirs, stderr=theirs, environment=shown) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # how Linux says that the other side has hung up
                break
            if not piece:
                break
            text += piece
        process.wait(timeout=60)
    os.close(ours)
    return text.decode()
