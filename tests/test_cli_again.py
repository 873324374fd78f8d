"""Once, under any name: a renamed or copied file is not sent to the same people again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from cli_workspace import (
    Office,
    numbers,
    opening_office,
    opening_sandbox,
    opening_sandboxes,
    until,
)
from daemons import FAR, ONE_BY_ONE, QUICK, daemon_at_work, start_in, until_finished

if TYPE_CHECKING:
    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

NOW = "start: now\n"
LONG_AGO = "start: 2024-09-16 09:00\n"
SENT = "already sent as news to 3 of its 3 recipients: write `again: news` into its file"
EVERYBODY = Counter(numbers(3))


def copy(office: Office, *, people: list[str] | int = 3, more: str = "") -> None:
    """Write `copy.yaml`: the same message as `news.yaml`."""
    office.campaign("copy", people, title="news", more=more)


def rename(office: Office, old: str, new: str) -> None:
    (office.root / f"{old}.yaml").rename(office.root / f"{new}.yaml")


def copies(sandbox: Sandbox) -> Counter[str]:
    return Counter(sandbox.copies("news"))


def states(office: Office) -> dict[str, str]:
    return {entry["id"]: entry["state"] for entry in office.status()["campaigns"]}


def planned(office: Office, name: str = "copy") -> tuple[Any, int]:
    """Give what the dry run says of a campaign, and how it ends."""
    ran = office.run("plan", "--json")
    assert ran.status in (0, 3), ran.err
    return next(entry for entry in ran.json["campaigns"] if entry["id"] == name), ran.status


# run


@pytest.mark.parametrize("more", [NOW, ""])
def test_a_file_that_was_renamed_after_it_was_sent_goes_to_nobody_again(
    office: Office, sandbox: Sandbox, more: str
) -> None:
    office.campaign(more=more)
    assert office.call("-C", str(office.root), "run", "news").status == 0
    rename(office, "news", "copy")

    ran = office.call("-C", str(office.root), "run", "copy")

    assert ran.status == 3
    assert f"copy does not go out: {SENT}" in ran.err
    assert copies(sandbox) == EVERYBODY
    assert office.campaign_status("copy")["state"] == "held"
    assert SENT in office.run("status").out


def test_a_copy_that_says_so_is_sent_at_the_next_run(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=NOW)
    office.run("run")
    copy(office, more=NOW)
    assert office.run("run").status == 3
    copy(office, more=f"{NOW}again: news\n")

    assert office.run("run").status == 0

    assert copies(sandbox) == EVERYBODY + EVERYBODY


def test_a_copy_for_those_who_did_not_get_it_is_sent(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=NOW)
    office.run("run")
    copy(office, people=numbers(40)[2:], more=NOW)  # one of 38: of the smaller one it is a third
    assert office.run("run").status == 3
    copy(office, people=numbers(40)[3:], more=NOW)

    assert office.run("run").status == 0

    assert copies(sandbox) == Counter(numbers(40))


def test_of_two_copies_in_one_run_one_goes_out(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=NOW)
    copy(office, more=NOW)

    ran = office.run("run")

    assert ran.status == 3
    assert "news does not go out: already sent as copy to 3 of its 3 recipients" in ran.err
    assert copies(sandbox) == EVERYBODY


def test_a_copy_of_what_the_gateway_did_not_take_is_sent(office: Office, sandbox: Sandbox) -> None:
    sandbox.add_fault("send:1=4")
    office.campaign(more=NOW)
    assert office.run("run").status == 3
    rename(office, "news", "copy")

    assert office.run("run", "copy").status == 0

    assert copies(sandbox) == EVERYBODY


def test_a_copy_of_what_may_have_been_sent_is_held(office: Office, sandbox: Sandbox) -> None:
    sandbox.add_fault("send:1=reset-after")
    office.campaign(more=NOW)
    office.run("run")
    assert office.batches() == ["in_doubt"]
    rename(office, "news", "copy")

    assert office.run("run", "copy").status == 3

    assert copies(sandbox) == EVERYBODY


# resume


def test_a_missed_copy_of_what_was_sent_is_held_by_resume(office: Office, sandbox: Sandbox) -> None:
    copy(office, more=LONG_AGO)
    assert office.run("run").status == 3
    office.campaign()
    office.run("run", "news")

    ran = office.run("resume", "copy")

    assert ran.status == 3
    assert f"copy is held: {SENT}" in ran.err
    assert ran.err.count("already sent") == 1
    assert "copy starts now" not in ran.err
    assert "nothing to resume" not in ran.err
    assert office.campaign_status("copy")["state"] == "held"
    assert office.run("run").status == 3
    assert copies(sandbox) == EVERYBODY


def test_quiet_still_says_that_it_is_held(office: Office, sandbox: Sandbox) -> None:
    copy(office, more=LONG_AGO)
    office.run("run")
    office.campaign()
    office.run("run", "news")

    assert SENT in office.run("--quiet", "resume", "copy").err


# plan


def test_the_dry_run_says_that_it_was_sent(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")
    copy(office, more=FAR)

    campaign, status = planned(office)

    assert (campaign["action"], status) == ("held", 3)
    assert campaign["warnings"][0].startswith(SENT)
    assert f"warning     {SENT}" in office.run("plan", "copy").out
    assert planned(office, "news")[0]["action"] == "done"


def test_the_dry_run_lets_it_go_that_says_so_and_names_what_it_repeats(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign()
    office.run("run", "news")
    copy(office, more=FAR)
    digest = planned(office)[0]["digest"]
    copy(office, more=f"{FAR}again: news\n")

    campaign, status = planned(office)

    assert (campaign["action"], status) == ("schedule", 0)
    assert (campaign["digest"], campaign["warnings"]) == (digest, [])
    assert "again       news" in office.run("plan", "copy").out


def test_a_repetition_of_what_nobody_knows_is_a_warning(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")
    copy(office, people=numbers(3, 13_900_139_000), more=f"{FAR}again: [new, news, other]\n")
    office.campaign("other", more=FAR)

    campaign, status = planned(office)

    assert (campaign["action"], status) == ("schedule", 0)
    assert campaign["warnings"] == [
        "`again` names `new`, a campaign that nobody knows: did you mean `news`?"
    ]


def test_where_nothing_was_sent_yet_nobody_can_say_who_is_unknown(office: Office) -> None:
    """A laptop and CI have no state."""
    copy(office, more=f"{FAR}again: mid-autumn\n")

    assert planned(office)[0]["warnings"] == []


# daemon


def test_of_two_copies_that_start_in_the_same_second_one_goes_out(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(QUICK)
    _, start = start_in(2)
    office.campaign(more=start)
    copy(office, more=start)

    with daemon_at_work(office):
        until(lambda: office.campaign_status("news")["state"] == "held")
        until_finished(office, "copy")

    assert copies(sandbox) == EVERYBODY


def test_a_file_that_is_renamed_while_it_runs_goes_on_when_its_name_is_back(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(f"{ONE_BY_ONE}\nrate: 2")
    office.campaign(people=40, more=NOW)

    with daemon_at_work(office) as daemon:
        until(lambda: sandbox.requests["send"] > 2)
        rename(office, "news", "copy")
        daemon.read_files()
        until(lambda: states(office) == {"news": "paused", "copy": "held"})
        told = office.run("status").out
        rename(office, "copy", "news")
        office.settings(ONE_BY_ONE)
        daemon.read_files()
        until_finished(office)

    assert "its file is gone: put it back to let it go on" in told
    assert "copy: held: already sent as news to 40 of its 40 recipients" in told
    assert "give a renamed file its old name back" in told
    assert copies(sandbox) == Counter(numbers(40))
    assert states(office) == {"news": "finished"}
