"""A hand on the brake while the daemon sends: nothing more is claimed, and nobody is sent twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cli_workspace import numbers, opening_office, opening_sandboxes, until
from daemons import ONE_BY_ONE, daemon_at_work, events, office_for_all, until_finished

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

PEOPLE = 16
LATENCY = 0.15  # seconds: a campaign of so many batches takes some
SUBJECTS = {"campaign": ("news",), "account": ("--account", "main"), "all": ("--all",)}


class Journey(NamedTuple):
    """A campaign that was stopped and let go on in each way, one after the other.

    events: of its whole life; paused: the campaign as it stood under each brake.
    """

    events: list[dict[str, Any]]
    paused: dict[str, Any]
    copies: dict[str, int]

    def find(self, subject: str, **facts: str) -> int:
        """Give the id of the one event of a subject with these facts."""
        [event] = [
            event
            for event in self.events
            if event["subject"] == subject and facts.items() <= event.items()
        ]
        return event["id"]


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    with office_for_all(tmp_path_factory.mktemp("journey")) as (office, open_sandbox):
        sandbox = open_sandbox(latency=LATENCY)
        office.settings(account=ONE_BY_ONE)
        office.campaign(people=PEOPLE, more="start: now\n")
        paused = {}
        with daemon_at_work(office):
            for subject, words in SUBJECTS.items():
                until_sent(sandbox, sandbox.requests["send"] + 2)
                assert office.run("pause", *words, "--reason", "wait").status == 0
                until(lambda: "submitting" not in office.batches())
                paused[subject] = office.campaign_status()
                assert office.run("resume", *words).status == 0
            until_finished(office)
        return Journey(events(office), paused, sandbox.copies())


def until_sent(sandbox: Sandbox, requests: int) -> None:
    until(lambda: sandbox.requests["send"] >= requests)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_nothing_is_claimed_between_pause_and_resume(journey: Journey, subject: str) -> None:
    paused = journey.find(subject, new_state="paused")
    resumed = journey.find(subject, old_state="paused")
    claims = [event["id"] for event in journey.events if event["new_state"] == "submitting"]

    assert len(claims) == PEOPLE
    assert not [claim for claim in claims if paused < claim < resumed]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_was_in_flight_comes_home(journey: Journey, subject: str) -> None:
    states = {batch["state"] for batch in journey.paused[subject]["batches"]}
    assert states == {"accepted", "planned"}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_status_says_that_it_is_paused_and_why(journey: Journey, subject: str) -> None:
    campaign = journey.paused[subject]
    [problem] = campaign["problems"]
    assert campaign["state"] == "paused"
    assert problem.endswith(": wait")


def test_everybody_gets_it_once_in_the_end(journey: Journey) -> None:
    assert journey.copies == dict.fromkeys(numbers(PEOPLE), 1)


def test_a_campaign_that_its_file_and_a_person_paused_waits_for_both(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=LATENCY)
    office.settings(account=ONE_BY_ONE)
    office.campaign(people=6, more="start: now\n")
    with daemon_at_work(office) as daemon:
        until_sent(sandbox, 1)
        office.campaign(people=6, more="start: now\nstate: paused\n")
        daemon.read_files()
        office.run("pause", "news")
        office.run("resume", "news")
        by_file = office.campaign_status()
        office.campaign(people=6, more="start: now\n")
        daemon.read_files()
        until_finished(office)

    assert by_file["state"] == "paused"
    assert "take it out to let it go on" in by_file["problems"][0]
    assert sandbox.copies() == dict.fromkeys(numbers(6), 1)


def test_what_is_cancelled_in_the_middle_stays_unsent(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=LATENCY)
    office.settings(account=ONE_BY_ONE)
    office.campaign(people=6, more="start: now\n")
    with daemon_at_work(office):
        until_sent(sandbox, 2)
        assert office.run("cancel", "news", "--yes").status == 0
        until(lambda: "submitting" not in office.batches())

    states = office.batches()
    assert set(states) == {"accepted", "cancelled"}
    assert sandbox.copies().total() == states.count("accepted") == sandbox.requests["send"]


@pytest.fixture
def opted_out(office: Office) -> Path:
    """A list of people who must not get anything, and a campaign that somebody may leave."""
    file = office.folder / "optout.csv"
    file.write_text("mobile\n13900000000\n")
    lists = f"lists:\n  optout: {{file: {file}}}\nalways_exclude: [optout]\n"
    office.settings(account=ONE_BY_ONE, head=f"name: shop\n{lists}")
    office.campaign(people=6, more="start: now\n")
    return file


def test_who_opts_out_while_a_campaign_goes_out_gets_nothing(
    office: Office, open_sandbox: Callable[..., Sandbox], opted_out: Path
) -> None:
    sandbox = open_sandbox(latency=LATENCY)
    *others, last = numbers(6)
    with daemon_at_work(office):
        until_sent(sandbox, 1)
        opted_out.write_text(f"mobile\n13900000000\n{last}\n")
        until_finished(office)

    assert sandbox.copies() == dict.fromkeys(others, 1)
    assert office.campaign_status()["recipients"]["cancelled"] == 1
    assert office.run("report", "news", "--only", "cancelled").out.splitlines()[1].startswith(last)


def test_nothing_goes_out_while_the_list_of_who_opted_out_is_away(
    office: Office, open_sandbox: Callable[..., Sandbox], opted_out: Path
) -> None:
    sandbox = open_sandbox(latency=LATENCY)
    with daemon_at_work(office):
        until_sent(sandbox, 1)
        away = opted_out.rename(office.folder / "away.csv")
        until(lambda: office.campaign_status()["state"] == "held")
        held = office.campaign_status()
        away.rename(opted_out)
        until_finished(office)

    assert "optout" in held["problems"][0]
    assert sandbox.copies() == dict.fromkeys(numbers(6), 1)
