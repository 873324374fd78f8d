"""The daemon follows its files: what each change of them does, and what is no change at all."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from checkouts import commit_all
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes, until
from daemons import (
    FAR,
    ONE_BY_ONE,
    daemon_at_work,
    office_for_all,
    until_finished,
)

from runner.store.database import open_database
from runner.store.reloads import ask_reload, read_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cli_workspace import Office
    from daemons import Daemon

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)


class Followed(NamedTuple):
    """A daemon under which the workspace, a link, came to lead to another checkout.

    status: as it was after that; commit: of the other checkout.
    """

    daemon: Daemon
    status: dict[str, Any]
    commit: str

    def find(self, name: str) -> dict[str, Any] | None:
        campaigns = self.status["campaigns"]
        return next((entry for entry in campaigns if entry["id"] == name), None)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Nobody tells the daemon of the change: it looks by itself."""
    with office_for_all(tmp_path_factory.mktemp("followed")) as (office, open_sandbox):
        open_sandbox()
        for name in ("edited", "removed", "kept"):
            office.campaign(name, more=FAR)
        office.write("members.csv", "13800138000\n")
        office.write("listed.yaml", LISTED)
        other = office.folder / "other"
        shutil.copytree(office.root, other)
        office.root.rename(office.folder / "one")
        office.root.symlink_to("one")
        office.environment["MMS_RUNNER_WORKSPACE"] = str(office.root)
        with daemon_at_work(office) as daemon:
            swap(office.root, "other")
            office.campaign("edited", people=5, more="start: 2036-01-01 10:00\n", title="news")
            (office.root / "removed.yaml").unlink()
            office.write("members.csv", "13800138000\n13800138001\n")
            new = office.campaign("new", more=FAR)
            commit = commit_all(other)
            daemon.hear_that_files_are_in_force(lambda: write_slowly(new))
            return Followed(daemon, office.status(), commit)


LISTED = f"""\
title: listed
{FAR}\
frames:
  - {{duration: 3, text: 【某店】你好，拒收请回复R}}
recipients:
  files: [members.csv]
"""


def swap(link: Path, target: str) -> None:
    """Let a link lead elsewhere in one step, as git-sync does."""
    fresh = link.with_name("fresh")
    fresh.symlink_to(target)
    fresh.replace(link)


def write_slowly(file: Path) -> None:
    """Write a file anew in two pieces: for a moment it ends in the middle."""
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    time.sleep(0.5)
    file.write_bytes(whole)


def test_an_edit_before_the_start_replaces_the_plan(followed: Followed) -> None:
    campaign = followed.find("edited")
    assert (campaign["title"], campaign["recipients"]["total"]) == ("news", 5)
    assert campaign["start"] == "2036-01-01T10:00:00+08:00"


def test_a_new_file_is_scheduled(followed: Followed) -> None:
    assert followed.find("new")["state"] == "scheduled"


def test_a_removed_file_unschedules(followed: Followed) -> None:
    assert followed.find("removed") is None


def test_a_list_that_changes_changes_the_campaign(followed: Followed) -> None:
    assert followed.find("listed")["recipients"]["total"] == 2


def test_what_the_files_leave_as_it_was_is_not_planned_again(followed: Followed) -> None:
    assert followed.daemon.count("campaign kept: ") == 1


def test_a_file_that_is_half_written_for_a_moment_alarms_nobody(followed: Followed) -> None:
    assert followed.daemon.count("error") == followed.daemon.count("warning") == 0


def test_the_commit_of_a_checkout_stands_in_status(followed: Followed) -> None:
    assert followed.status["workspace"]["revision"] == followed.commit[:8]


class Tended(NamedTuple):
    """A workspace with a campaign in the far future, and the daemon that follows it."""

    office: Office
    daemon: Daemon


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tended]:
    with office_for_all(tmp_path_factory.mktemp("following")) as (office, open_sandbox):
        open_sandbox()
        office.campaign(more=FAR)
        with daemon_at_work(office) as daemon:
            yield Tended(office, daemon)


@pytest.fixture
def tended(following: Tended) -> Tended:
    """The same for every test, but with the files as they were at first."""
    following.office.campaign(more=FAR)
    (following.office.root / "spring.yaml").unlink(missing_ok=True)
    following.daemon.read_files()
    return following


def test_a_fault_changes_nothing_and_status_says_so(tended: Tended) -> None:
    tended.office.campaign(people=5, more=FAR)
    tended.office.campaign("spring", more="starts: tomorrow\n")
    tended.daemon.refuse_files("error", "spring.yaml:2:1: unknown field")

    [problem] = tended.office.status()["workspace"]["problems"]
    assert "spring.yaml:2:1: unknown field" in problem
    assert tended.office.campaign_status()["recipients"]["total"] == 3


def test_a_fault_that_is_mended_is_a_problem_no_more(tended: Tended) -> None:
    tended.office.campaign("spring", more="starts: tomorrow\n")
    tended.daemon.refuse_files("error", "spring.yaml")
    tended.office.campaign("spring", more=FAR)
    tended.daemon.read_files()

    assert tended.office.status()["workspace"]["problems"] == []
    assert tended.office.campaign_status("spring")["state"] == "scheduled"


def test_reload_reads_the_files_at_once(tended: Tended) -> None:
    tended.office.campaign("spring", more=FAR)
    ran = tended.office.run("reload")

    assert (ran.status, ran.err) == (0, "the files are in force\n")
    assert tended.office.campaign_status("spring")["state"] == "scheduled"


def test_reload_names_the_fault_that_keeps_files_out(tended: Tended) -> None:
    tended.office.campaign("spring", more="starts: tomorrow\n")
    ran = tended.office.run("reload")

    assert ran.status == 1
    assert "spring.yaml:2:1: unknown field" in ran.err


def test_everybody_who_asks_for_a_reload_is_answered(tended: Tended) -> None:
    database = open_database(tended.office.state, actor="two at once")
    with database.writing() as transaction:
        requests = [ask_reload(transaction, datetime.now(UTC), forced=False) for _ in range(2)]

    def are_answered() -> bool:
        with database.reading() as transaction:
            return all(read_answer(transaction, request) for request in requests)

    until(are_answered)
    database.close()


def test_files_that_would_unschedule_most_are_refused_until_a_person_insists(
    office: Office, sandbox: Sandbox
) -> None:
    files = [office.campaign(name, more=FAR) for name in ("a", "b", "c")]
    with daemon_at_work(office):
        for file in files:
            file.unlink()
        refused = office.run("reload")
        kept = office.status()["campaigns"]
        obeyed = office.run("reload", "--force")

    assert (refused.status, obeyed.status) == (3, 0)
    assert "the files would unschedule 3 of 3 campaigns" in refused.err
    assert [campaign["state"] for campaign in kept] == ["scheduled"] * 3
    assert office.status()["campaigns"] == []


def test_a_running_campaign_rests_while_its_file_is_away(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.2)
    office.settings(account=ONE_BY_ONE)
    file = office.campaign(people=6, more="start: now\n")
    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["send"])
        file.rename(office.folder / "away.yaml")
        daemon.read_files()
        resting = office.campaign_status()
        (office.folder / "away.yaml").rename(file)
        daemon.read_files()
        until_finished(office)

    assert resting["state"] == "paused"
    assert "its file is gone" in resting["problems"][0]
    assert sandbox.copies() == dict.fromkeys(numbers(6), 1)


def test_an_edit_of_what_was_sent_is_reported_as_drift(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more="start: now\n")
    with daemon_at_work(office) as daemon:
        until_finished(office)
        office.campaign(more="start: now\n", title="something new")
        daemon.read_files()

    [problem] = office.campaign_status()["problems"]
    assert "its file differs from what was sent" in problem
    assert office.campaign_status()["title"] == "news"
