"""What a daemon tells the service manager and the log."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cli_workspace import until
from daemons import FAR, ONE_BY_ONE, daemon_at_work, office_for_all

if TYPE_CHECKING:
    from pathlib import Path


class Manager:
    """A service manager's ear. heard: the notifications so far, each with its assignments."""

    def __init__(self, path: Path) -> None:
        self.heard: list[dict[str, str]] = []
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(str(path))
        threading.Thread(target=self._listen, daemon=True).start()

    def count(self, name: str) -> int:
        return sum(name in message for message in list(self.heard))

    def order(self) -> list[str]:
        """Give what was said, in order, without the signs of life."""
        said = [next(iter(message)) for message in self.heard]
        return [name for name in said if name != "WATCHDOG"]

    def close(self) -> None:
        self._ear.close()

    def _listen(self) -> None:
        while text := self._ear.recv(4096).decode():
            pairs = (line.partition("=") for line in text.splitlines())
            self.heard.append({name: value for name, _, value in pairs})


class Life(NamedTuple):
    """A daemon's life as its manager heard it; known: campaigns when it first was ready."""

    manager: Manager
    known: list[str]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("life")
    manager = Manager(folder / "notify")
    with office_for_all(folder) as (office, open_sandbox):
        open_sandbox()
        office.campaign(more=FAR)
        environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "3000000"}
        with daemon_at_work(office, ready=False, environment=environment) as daemon:
            until(lambda: manager.count("READY"))
            known = [campaign["id"] for campaign in office.status()["campaigns"]]
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: manager.count("READY") == 2)
            until(lambda: manager.count("WATCHDOG") >= 2)
            daemon.end(signal.SIGTERM)
        until(lambda: manager.count("STOPPING"))
    return Life(manager, known)


def test_it_is_ready_when_it_has_read_its_files(life: Life) -> None:
    assert life.known == ["news"]


def test_it_says_when_it_reads_them_anew_and_when_it_stops(life: Life) -> None:
    assert life.manager.order() == ["READY", "RELOADING", "READY", "STOPPING"]


def test_a_reload_says_since_when(life: Life) -> None:
    [reloading] = [message for message in life.manager.heard if "RELOADING" in message]
    assert reloading["MONOTONIC_USEC"].isdecimal()


def test_it_gives_signs_of_life_again_and_again(life: Life) -> None:
    assert life.manager.count("WATCHDOG") >= 2


PASSWORD = "correct horse+battery"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The log of a daemon with which much went wrong."""
    with office_for_all(tmp_path_factory.mktemp("log")) as (office, open_sandbox):
        sandbox = open_sandbox("send:1=html", "report:1=garbage", password=PASSWORD)
        office.environment["MMS_PASSWORD"] = PASSWORD
        office.settings(account=ONE_BY_ONE)
        office.campaign(people=3, more="start: now\n")
        with daemon_at_work(office, "--log-format", "json") as daemon:
            until(lambda: sorted(office.batches()) == ["accepted", "accepted", "in_doubt"])
            office.run("pause", "--all", "--reason", f"{PASSWORD} of 13800138000")
            office.run("resume", "--all")
            office.campaign("wrong", people=["13800138000", "1380013800x"])
            daemon.refuse_files("error", "wrong.yaml")
            sandbox.add_fault("send:*=2")
            office.campaign("wrong", more="start: now\n")
            daemon.read_files()
            daemon.hear("account main", "suspended")
        return daemon.lines


def test_each_line_of_the_log_is_an_object_with_a_time_a_level_and_a_message(
    log: list[str],
) -> None:
    facts = [json.loads(line) for line in log]
    assert all({"at", "level", "message"} <= fact.keys() for fact in facts)
    assert {fact["level"] for fact in facts} == {"info", "warning", "error"}


def test_the_log_holds_no_secret_and_no_phone_number(log: list[str]) -> None:
    text = "\n".join(log)
    assert "*** of 138****8000" in text
    assert PASSWORD not in text
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)


def test_what_is_logged_of_a_batch_says_whose_it_is(log: list[str]) -> None:
    facts = [json.loads(line) for line in log]
    [doubt] = [fact for fact in facts if fact.get("new_state") == "in_doubt"]
    assert (doubt["level"], doubt["subject"], doubt["campaign"]) == ("warning", "batch", "news")
