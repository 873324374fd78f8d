"""What the daemon tells systemd, over a real socket of the kind that systemd listens on."""

from __future__ import annotations

import secrets
import socket
import time
from contextlib import closing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from runner.daemon.mask import Mask
from runner.daemon.systemd import Notifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PID = 4711


@pytest.fixture(params=["a path", "the abstract namespace"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where systemd listens, as it writes it into the environment."""
    return str(tmp_path / "notify") if request.param == "a path" else f"@{secrets.token_hex(8)}"


@pytest.fixture
def manager(address: str) -> Iterator[socket.socket]:
    """A service manager that listens."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(address.replace("@", "\0", 1))
        manager.settimeout(5)
        yield manager


def notifier_for(environment: dict[str, str]) -> Notifier:
    return Notifier.from_environment(Mask(), environment, pid=PID)


@pytest.fixture
def notifier(address: str, manager: socket.socket) -> Notifier:
    return notifier_for({"NOTIFY_SOCKET": address})


def hear(manager: socket.socket) -> list[str]:
    """Wait for a notification, and give its lines."""
    return manager.recv(4096).decode().split("\n")


def test_readiness_is_told_with_a_line_for_people(notifier, manager):
    notifier.ready("3 campaigns wait")
    assert hear(manager) == ["READY=1", "STATUS=3 campaigns wait"]


def test_the_end_of_the_work_is_told(notifier, manager):
    notifier.stopping("2 batches in flight")
    assert hear(manager) == ["STOPPING=1", "STATUS=2 batches in flight"]


def test_a_reload_is_told_with_its_time(notifier, manager):
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    first, second = hear(manager)
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_a_sign_of_life_is_given(notifier, manager):
    notifier.alive()
    assert hear(manager) == ["WATCHDOG=1"]


def test_a_status_stays_one_line_and_masked(notifier, manager):
    """A second line would be a command to systemd."""
    notifier.status("gone wrong\nMAINPID=1\x1b[31m for 13800138000 中秋")
    assert hear(manager) == ["STATUS=gone wrong\\nMAINPID=1\\x1b[31m for 138****8000 中秋"]


def test_a_long_status_is_cut_to_what_systemd_takes(notifier, manager):
    notifier.ready("🎑" * 5000)
    ready, status = manager.recv(100_000).decode().split("\n")
    assert ready == "READY=1"
    assert len(f"{ready}\n{status}".encode()) <= 4096
    assert set(status.removeprefix("STATUS=")) == {"🎑"}


def test_without_a_manager_nothing_is_sent():
    notifier_for({}).ready("nobody listens")


@pytest.mark.parametrize(
    "address", ["", "/nowhere/at/all", "relative", "vsock:2:1234", "@", f"/{'x' * 500}"]
)
def test_a_manager_that_cannot_be_reached_stops_nothing(address):
    notifier_for({"NOTIFY_SOCKET": address}).alive()


def test_a_manager_that_does_not_listen_any_more_stops_nothing(notifier, manager):
    manager.close()
    notifier.alive()


def test_a_manager_that_reads_nothing_costs_patience_and_no_processor(notifier, manager):
    """Its queue is full, and each beat waits a moment for room."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as another:
        another.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                another.sendto(b"WATCHDOG=1", manager.getsockname())
    began, spent = time.monotonic(), time.thread_time()
    notifier.alive()
    assert time.thread_time() - spent < (time.monotonic() - began) / 10


def test_children_inherit_nothing_with_which_they_could_speak_for_us(address):
    environment = {
        "NOTIFY_SOCKET": address,
        "WATCHDOG_USEC": "60000000",
        "WATCHDOG_PID": str(PID),
        "PATH": "/usr/bin",
    }
    notifier_for(environment)
    assert environment == {"PATH": "/usr/bin"}


@pytest.mark.parametrize(
    ("environment", "watchdog"),
    [
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(PID)}, timedelta(seconds=60)),
        ({"WATCHDOG_USEC": "500000"}, timedelta(seconds=0.5)),
        ({}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "ours"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "9" * 40}, None),
    ],
)
def test_the_watchdog_is_the_one_that_watches_this_process(environment, watchdog):
    assert notifier_for(environment).watchdog == watchdog
