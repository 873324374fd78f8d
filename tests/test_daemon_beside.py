"""`run NAME` beside a daemon: the daemon sends, and whoever typed it looks on."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cli_workspace import finish, numbers, opening_office, opening_sandbox, opening_sandboxes, until
from daemons import ONE_BY_ONE, QUICK, daemon_at_work, events, office_for_all, until_finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)


# As seen from now, in the zone of the workspace: they open in two hours.
_NOW = datetime.now(timezone(timedelta(hours=8)))
CLOSED = f"{_NOW + timedelta(hours=2):%H:%M}-{_NOW + timedelta(hours=3):%H:%M}"


class Tended(NamedTuple):
    """A workspace with a daemon that has nothing to do, and its gateway."""

    office: Office
    sandbox: Sandbox


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tended]:
    with office_for_all(tmp_path_factory.mktemp("at-rest")) as (office, open_sandbox):
        sandbox = open_sandbox()
        office.settings(account=QUICK)
        for name in ("watched", "handed-over", "paused", "sound", "rejected"):
            office.campaign(name)
        office.campaign("held", more="expect: {recipients: 100}\n")
        office.campaign("closed", more=f"hours: {CLOSED}\n")
        with daemon_at_work(office):
            yield Tended(office, sandbox)


@pytest.fixture
def tended(at_rest: Tended) -> Office:
    return at_rest.office


def test_a_draft_that_is_named_is_sent_by_the_daemon_and_watched_to_the_end(tended: Office) -> None:
    ran = tended.run("run", "watched", "--wait", "20s")

    assert ran.status == 0
    assert "watched begins" in ran.err
    assert "(3 recipients) is accepted" in ran.err
    campaign = tended.campaign_status("watched")
    [claim] = events(
        tended, f"new_state = 'submitting' AND name = '{campaign['batches'][0]['id']}'"
    )
    assert campaign["recipients"]["delivered"] == 3
    assert claim["actor"] == "daemon"


def test_without_a_wait_it_ends_when_everything_is_sent(tended: Office) -> None:
    assert tended.run("run", "handed-over").status == 0
    assert tended.campaign_status("handed-over")["state"] == "finished"


def test_what_its_own_guard_holds_needs_a_person(tended: Office) -> None:
    ran = tended.run("run", "held")

    assert ran.status == 3
    assert "`expect` says 100 recipients, but it has 3" in ran.err


def test_what_somebody_paused_is_in_order(tended: Office) -> None:
    tended.run("pause", "paused")
    ran = tended.run("run", "paused")

    assert ran.status == 0
    assert "paused is paused" in ran.err


def test_hours_that_open_later_are_told_and_not_waited_for(tended: Office) -> None:
    ran = tended.run("run", "closed")

    assert ran.status == 0
    assert "closed: waits for its hours, which open at" in ran.out


def test_faults_in_the_files_are_told_and_nothing_is_released(tended: Office) -> None:
    faulty = tended.campaign("faulty", more="starts: tomorrow\n")
    ran = tended.run("run", "sound")
    faulty.unlink()

    assert ran.status == 1
    assert "sound" not in [campaign["id"] for campaign in tended.status()["campaigns"]]


def test_what_the_gateway_rejects_needs_a_person(at_rest: Tended) -> None:
    at_rest.sandbox.add_fault("send:1=9")
    ran = at_rest.office.run("run", "rejected")

    assert ran.status == 3
    assert "message over 100K" in ran.out


def test_credentials_that_are_refused_have_a_status_of_their_own(
    office: Office, sandbox: Sandbox
) -> None:
    sandbox.add_fault("send:*=2")
    office.campaign()
    with daemon_at_work(office):
        ran = office.run("run", "news")

    assert ran.status == 4
    assert "user name or password wrong" in ran.out


def test_what_a_list_holds_that_the_daemon_cannot_use_needs_a_person(
    office: Office, sandbox: Sandbox
) -> None:
    file = office.folder / "optout.csv"
    lists = f"lists:\n  optout: {{file: {file}}}\nalways_exclude: [optout]\n"
    office.settings(account=QUICK, head=f"name: shop\n{lists}")
    file.write_text("mobile\n13900000000\n")
    office.campaign()
    with daemon_at_work(office):
        file.unlink()
        ran = office.run("run", "news")

    assert ran.status == 3
    assert "optout" in ran.out


def test_whoever_stops_looking_on_leaves_the_daemon_at_work(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.2)
    office.settings(account=ONE_BY_ONE)
    office.campaign(people=3)
    with daemon_at_work(office):
        with office.start("run", "news") as run:
            until(lambda: sandbox.requests["send"])
            run.send_signal(signal.SIGINT)
            ran = finish(run)
        until_finished(office)

    assert ran.status == 130
    assert "the daemon goes on" in ran.err
    assert sandbox.copies() == dict.fromkeys(numbers(3), 1)
