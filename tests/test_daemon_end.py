"""How a daemon ends, by request and by force, how the next goes on, and that there is but one."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from cli_workspace import finish, numbers, opening_office, opening_sandboxes, until
from daemons import FOREVER, ONE_BY_ONE, daemon_at_work, until_finished

from runner.store.lock import find_holder

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)


def one_by_one(office: Office) -> None:
    office.settings(account=ONE_BY_ONE, patience="60s")
    office.campaign(people=4, more="start: now\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_first_signal_lets_what_is_in_flight_come_home(
    office: Office, open_sandbox: Callable[..., Sandbox], number: signal.Signals, status: int
) -> None:
    sandbox = open_sandbox(latency=1.5)
    one_by_one(office)
    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["send"])
        ran = daemon.end(number)

    assert ran.status == status
    assert "what was in flight is recorded" in ran.err
    assert office.batches() == ["accepted", "planned", "planned", "planned"]


def test_a_second_signal_leaves_what_is_in_flight_in_doubt(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=FOREVER)
    one_by_one(office)
    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["send"])
        daemon.process.send_signal(signal.SIGTERM)
        daemon.hear("stopping: what is in flight comes home")
        ran = daemon.end(signal.SIGTERM)

    assert ran.status == 0
    assert "what was in flight is in doubt now" in ran.err
    assert office.batches() == ["in_doubt", "planned", "planned", "planned"]


def test_after_a_kill_the_next_daemon_sends_the_rest_and_nobody_twice(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    slow = open_sandbox(latency=FOREVER)
    one_by_one(office)
    with daemon_at_work(office) as daemon:
        until(lambda: slow.requests["send"])
        daemon.end(signal.SIGKILL)
    quick = open_sandbox()
    with daemon_at_work(office) as daemon:
        until_finished(office)

    assert daemon.count("warning", "batch 1 of news is in doubt: its sender died") == 1
    assert office.batches() == ["in_doubt", "accepted", "accepted", "accepted"]
    assert quick.copies() == dict.fromkeys(numbers(4)[1:], 1)


def test_a_daemon_that_is_killed_lets_go_of_the_state(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox()
    with daemon_at_work(office) as daemon:
        holder = find_holder(office.state)
        daemon.end(signal.SIGKILL)

    assert holder
    assert holder.is_daemon
    assert find_holder(office.state) is None


def test_nobody_else_sends_beside_a_daemon(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox()
    with daemon_at_work(office) as daemon, office.start("daemon") as other:
        others = finish(other), office.run("run")

    assert [ran.status for ran in others] == [75, 75]
    for ran in others:
        assert f"`daemon`, process {daemon.process.pid} on" in ran.err


def test_a_state_that_is_taken_away_ends_it_with_the_reason(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox()
    with daemon_at_work(office) as daemon:
        office.state.unlink()
        ran = daemon.end()

    assert ran.status == 2
    assert f"the state {office.state} cannot be used: " in ran.err
