"""A daemon whose clock is wrong, is set, or stood still: all start once, or are missed."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from cli_workspace import CHECKOUT, numbers, opening_office, opening_sandboxes, until
from daemons import QUICK, daemon_at_work, until_finished, until_polled_again

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

MINUTE = 60
HOUR = 60 * MINUTE
YEAR = 365 * 24 * HOUR
SHANGHAI = ZoneInfo("Asia/Shanghai")  # the workspace's


class Shift:
    """By how much the clock of the daemons is wrong, in seconds."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock-shift"
        self.environment = {
            "CLOCK_SHIFT": str(self._file),
            "PYTHONPATH": f"{CHECKOUT / 'tests' / 'clockwork'}:{CHECKOUT}",
        }
        self.set(0)

    def set(self, seconds: float) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(str(seconds), "ascii")
        new.replace(self._file)


@pytest.fixture
def shift(tmp_path: Path) -> Shift:
    return Shift(tmp_path)


def schedule(office: Office, name: str, seconds: float, more: str = "") -> None:
    """Write a campaign that starts so far from the true time, in the zone of the workspace."""
    start = (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone(SHANGHAI)
    office.campaign(name, more=f"start: {start:%F %T}\n{more}")


def states(office: Office) -> dict[str, str]:
    return {entry["id"]: entry["state"] for entry in office.status()["campaigns"]}


def is_held_by_the_clock(office: Office) -> bool:
    return any("this machine's clock is about" in text for text in office.account()["problems"])


def sent(sandbox: Sandbox) -> dict[str, dict[str, int]]:
    return {entry.title: sandbox.copies(entry.title) for entry in sandbox.submissions}


ONCE = dict.fromkeys(numbers(3), 1)


@pytest.mark.parametrize("wrong", [YEAR, -YEAR])
def test_a_clock_that_is_a_year_off_at_boot_sends_nothing_until_it_is_right(
    office: Office, open_sandbox: Callable[..., Sandbox], shift: Shift, wrong: int
) -> None:
    sandbox = open_sandbox()
    office.settings(account=f"clock_skew: 15m\n{QUICK}")
    schedule(office, "due", -MINUTE)
    schedule(office, "stale", -3 * HOUR)
    schedule(office, "next-week", 7 * 24 * HOUR)
    schedule(office, "wrongly-due", wrong - MINUTE, "latest: 2h\n")
    shift.set(wrong)
    with daemon_at_work(office, environment=shift.environment) as daemon:
        until(lambda: is_held_by_the_clock(office))
        until_polled_again(sandbox, times=3)
        assert sandbox.submissions == []
        assert "365 days" in office.run("status").out

        shift.set(0)
        until_finished(office, "due")
        until(lambda: states(office)["stale"] == "missed")
        daemon.hear("the clock", "365d: it was set, or the machine slept")
        later = "scheduled" if wrong > 0 else "missed"
        until(lambda: states(office)["wrongly-due"] == later)
    assert states(office)["next-week"] == "scheduled"
    assert sent(sandbox) == {"due": ONCE}
    assert not is_held_by_the_clock(office)
    assert "missed: its start passed" in office.campaign_status("stale")["problems"][0]


def test_a_machine_that_sleeps_is_set_and_moves_to_another_zone_sends_each_once_or_says_missed(
    office: Office, open_sandbox: Callable[..., Sandbox], shift: Shift
) -> None:
    sandbox = open_sandbox()
    office.settings(account=QUICK)
    for name, hours in (("slept-on", 0.5), ("woken", 1.5), ("down-1", 4), ("down-2", 5.5)):
        schedule(office, name, hours * HOUR)
    schedule(office, "down-3", 5 * HOUR, "latest: 2h\n")
    schedule(office, "tomorrow", 30 * HOUR)
    with daemon_at_work(office, environment=shift.environment) as daemon:
        daemon.process.send_signal(signal.SIGSTOP)
        shift.set(2 * HOUR)
        daemon.process.send_signal(signal.SIGCONT)
        until_finished(office, "woken")
        until(lambda: states(office)["slept-on"] == "missed")
        daemon.hear("the clock moved on by 2h")
        shift.set(0)
        daemon.hear("the clock went back by 2h")
        until_polled_again(sandbox, times=2)
        shift.set(2 * HOUR)
        daemon.end(signal.SIGTERM)
    shift.set(6 * HOUR)
    environment = {**shift.environment, "TZ": "Australia/Lord_Howe"}
    with daemon_at_work(office, environment=environment):
        until_finished(office, "down-2")
        until_finished(office, "down-3")
    assert states(office) == {
        "slept-on": "missed",
        "woken": "finished",
        "down-1": "missed",
        "down-2": "finished",
        "down-3": "finished",
        "tomorrow": "scheduled",
    }
    assert sent(sandbox) == {"woken": ONCE, "down-2": ONCE, "down-3": ONCE}
    assert "missed: its start passed" in office.campaign_status("down-1")["problems"][0]
