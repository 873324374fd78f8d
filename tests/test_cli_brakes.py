"""`pause`, `resume`, `cancel`, `reload`: the hand on the brake, and what a run makes of it."""

from __future__ import annotations

import os
import pty
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from builders import account_of, begin, campaign_of, claim, rows_of, settle
from cli_workspace import (
    finish,
    numbers,
    opening_office,
    opening_sandbox,
    opening_sandboxes,
    until,
)

from runner.cli.exits import Exit
from runner.cli.reload import fetch_answer
from runner.cli.verdict import judge_run
from runner.errors import WrongUsage
from runner.lifecycle import BatchEvent
from runner.store.database import open_database
from runner.store.lock import hold_lock
from runner.store.reloads import (
    answer_reload,
    next_reload,
    note_files_in_force,
)
from runner.timing import parse_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli_workspace import Office

    from runner.sandbox import Sandbox
    from runner.store.database import Database

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

FUTURE = "start: 2035-09-16 09:00\n"
COMMANDS = [("pause",), ("resume",), ("cancel", "--yes")]


@contextmanager
def opened(office: Office) -> Iterator[Database]:
    database = open_database(office.state, actor="somebody else")
    yield database
    database.close()


def run_one_by_one(office: Office) -> None:
    """Let the account send a person at a time."""
    office.settings(account="batch_size: 1\nconcurrency: 1")


def halt(office: Office, sandbox: Sandbox) -> None:
    """Halt `news` at the second of its three batches."""
    run_one_by_one(office)
    sandbox.add_fault("send:2=4")
    office.campaign()
    assert office.run("run", "news").status == 3
    assert office.campaign_status()["state"] == "halted"


def miss(office: Office) -> None:
    """Keep a campaign whose start has long passed, as a daemon does."""
    office.campaign(more="start: 2024-09-16 09:00\n")
    assert office.run("run", "news").status == 3
    assert office.campaign_status()["state"] == "missed"


# what is meant


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "words", [(), ("news", "--all"), ("--all", "--account", "main"), ("news", "--account", "main")]
)
def test_exactly_one_thing_is_meant(
    office: Office, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    office.campaign()

    ran = office.run(*command, *words)

    assert ran.status == 2
    assert "one of CAMPAIGN, --account NAME and --all" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("words", "meant"),
    [(("mid-autum",), "mid-autumn"), (("--account", "mian"), "main"), (("ather",), "other")],
)
def test_a_name_that_there_is_not_exits_2_with_the_one_that_was_meant(
    office: Office, command: tuple[str, ...], words: tuple[str, ...], meant: str
) -> None:
    office.campaign("mid-autumn")
    office.campaign("other")
    office.run("pause", "other")
    (office.root / "other.yaml").unlink()  # what a person paused is known without its file

    ran = office.run(*command, *words)

    assert ran.status == 2
    assert f"did you mean `{meant}`?" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_word_about_nothing_makes_no_state(office: Office, command: tuple[str, ...]) -> None:
    assert office.run(*command, "news").status == 2
    assert not (office.folder / "state").exists()


def test_a_campaign_can_be_named_by_its_file(office: Office) -> None:
    path = office.campaign("spring/openday")

    assert office.run("pause", str(path)).status == 0
    assert "spring/openday: paused by" in office.run("status").out


# pause


def test_what_is_paused_does_not_go_out(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    assert office.run("pause", "news", "--reason", "legal looks at it").status == 0

    ran = office.run("run", "news")

    assert ran.status == 0
    assert sandbox.requests["send"] == 0
    assert office.campaign_status()["state"] == "paused"


@pytest.mark.parametrize("words", [("news",), ("--account", "main"), ("--all",)])
def test_every_pause_stops_it_and_only_its_own_resume_lets_it_go(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    office.campaign()
    office.run("pause", *words)
    for others in {("news",), ("--account", "main"), ("--all",)} - {words}:
        assert office.run("resume", *others).status == 0
    office.run("run", "news")
    assert sandbox.requests["send"] == 0

    assert office.run("resume", *words).status == 0
    assert office.run("run", "news").status == 0
    assert sandbox.copies("news") == dict.fromkeys(numbers(3), 1)


def test_who_pauses_twice_is_told_since_when_by_whom_and_why(office: Office) -> None:
    office.campaign()
    office.run("pause", "news", "--reason", "legal looks\nat it")

    ran = office.run("pause", "news")

    assert ran.status == 0
    assert "nothing has changed: news is paused by" in ran.err
    assert "(pause) since 20" in ran.err
    assert "CST: legal looks at it" in ran.err


def test_a_second_reason_is_said_to_be_the_one_now(office: Office) -> None:
    office.campaign()
    office.run("pause", "--all", "--reason", "legal")

    ran = office.run("pause", "--all", "--reason", "the price is wrong")

    assert "the reason is now: the price is wrong" in ran.err
    assert "the price is wrong" in office.status()["workspace"]["paused"][0]


def test_a_reason_cannot_move_the_cursor_of_those_who_read_it(office: Office) -> None:
    office.campaign()
    office.run("pause", "news", "--reason", "\x1b[2Jgone\u2028\r\nnext")

    assert "\x1b" not in office.run("status").out
    assert "�[2Jgone next" in office.run("status").out


def test_pause_says_what_is_in_flight_what_the_gateway_has_and_who_waits(office: Office) -> None:
    office.campaign()
    office.run("pause", "news")  # makes the state
    with opened(office) as database:
        begin(database, 5, name="moon")
        claim(database)
        start = datetime(2035, 9, 16, 1, tzinfo=UTC)
        begin(database, 4, name="later", batch_size=4, starts_at_gateway=True, start=start)
        handed = claim(database, scope=["later"], now=datetime(2035, 9, 16, tzinfo=UTC))
        assert handed
        settle(database, handed, BatchEvent.ACCEPT, task_id="77")

    ran = office.run("pause", "--account", "main")

    assert "in flight, and cannot be recalled: 1 request with 2 recipients" in ran.err
    assert (
        "at the gateway, which sends at the start and takes nothing back: 4 recipients" in ran.err
    )
    assert "waiting: 3 recipients" in ran.err
    assert "`mms-runner resume --account main` lets it go on" in ran.err


def test_a_halted_campaign_is_said_to_be_halted_too(office: Office, sandbox: Sandbox) -> None:
    halt(office, sandbox)

    assert "it is halted too: the gateway answered 4" in office.run("pause", "news").err
    assert "paused by" in office.campaign_status()["problems"][1]


def test_a_finished_campaign_cannot_be_paused(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")

    ran = office.run("pause", "news")

    assert ran.status == 2
    assert "news is finished" in ran.err


def test_faulty_campaigns_keep_nobody_from_the_brake(office: Office, sandbox: Sandbox) -> None:
    halt(office, sandbox)
    office.campaign("broken", more="start: tomorrow\n")

    assert office.run("pause", "news").status == 0
    assert office.run("resume", "news").status == 0
    assert office.run("cancel", "news", "--yes").status == 0


def test_a_pause_holds_before_the_next_request_of_whoever_sends(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.2)
    run_one_by_one(office)
    office.campaign(people=20)

    with office.start("run", "news") as process:
        until(lambda: sandbox.requests["send"])
        paused = office.run("pause", "news")
        sent = sandbox.requests["send"]
        ran = finish(process)

    assert "in flight, and cannot be recalled: 1 request with 1 recipient" in paused.err
    assert ran.status == 0
    assert sandbox.requests["send"] <= sent + 1 < 20
    assert office.campaign_status()["state"] == "paused"


# resume


def test_where_nothing_is_paused_there_is_nothing_to_resume(office: Office) -> None:
    office.campaign()

    for words in (("news",), ("--account", "main"), ("--all",)):
        ran = office.run("resume", *words)
        assert ran.status == 0
        assert "nothing to resume" in ran.err
    assert not (office.folder / "state").exists()


def test_resume_says_what_still_stops_it_and_what_lifts_that(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more="state: paused\nstart: now\n")
    office.run("pause", "news")
    office.campaign(more="start: now\n")
    office.run("run", "news")
    office.campaign(more="state: paused\nstart: now\n")
    office.run("run", "news")
    office.run("pause", "--account", "main", "--reason", "the contract ends")

    ran = office.run("resume", "news")

    assert "the pause of news is lifted" in ran.err
    assert "still paused: `state: paused` in news.yaml" in ran.err
    assert "still account main is paused by" in ran.err
    assert "the contract ends" in ran.err
    assert "next: take `state: paused` out of its file" in ran.err
    assert "next: `mms-runner resume --account main`" in ran.err


def test_without_a_daemon_the_next_command_is_run(office: Office, sandbox: Sandbox) -> None:
    halt(office, sandbox)

    assert "next: `mms-runner run news`" in office.run("resume", "news").err


def test_beside_a_daemon_nothing_needs_to_be_typed(office: Office, sandbox: Sandbox) -> None:
    halt(office, sandbox)

    with hold_lock(office.state, command="daemon", now=datetime.now(UTC)):
        ran = office.run("resume", "news")

    assert "next:" not in ran.err


def test_a_halted_campaign_goes_on(office: Office, sandbox: Sandbox) -> None:
    halt(office, sandbox)

    assert office.run("resume", "news").status == 0
    office.run("run", "news")

    assert office.batches() == ["accepted", "rejected", "accepted"]


def test_a_missed_campaign_starts_now(office: Office, sandbox: Sandbox) -> None:
    miss(office)

    ran = office.run("resume", "news")

    assert ran.status == 0
    assert "news starts now" in ran.err
    assert office.run("run", "news").status == 0
    assert sandbox.copies("news") == dict.fromkeys(numbers(3), 1)


def test_what_became_too_late_under_the_brake_is_missed_and_starts_at_the_second_word(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign()
    office.run("pause", "news")
    with opened(office) as database:
        begin(database, 2, name="moon", start=datetime(2024, 9, 16, 1, tzinfo=UTC))
    office.run("pause", "moon")

    first = office.run("resume", "moon")

    assert first.status == 3
    assert "moon is missed" in first.err
    assert "`mms-runner resume moon` starts it now" in first.err
    assert first.err.count("mms-runner resume moon") == 1
    assert office.run("resume", "moon").status == 0
    assert office.campaign_status("moon")["state"] == "running"


def test_a_suspended_account_is_tried_again(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    assert office.run("run", "news", MMS_PASSWORD="wrong").status == 4
    assert office.account()["state"] == "suspended"
    assert "next: correct the cause, then `mms-runner resume --account main`" in (
        office.run("status").out
    )

    ran = office.run("resume", "--account", "main")

    assert ran.status == 0
    assert "account main is tried again" in ran.err
    assert office.account()["state"] == "active"


# cancel


def test_what_is_cancelled_stays_unsent_whatever_its_file_says(
    office: Office, sandbox: Sandbox
) -> None:
    halt(office, sandbox)

    ran = office.run("cancel", "news", "--yes", "--reason", "the price is wrong")

    assert ran.status == 0
    assert "news is cancelled for good: nothing goes to 1 recipient" in ran.err
    office.campaign(people=4)
    office.run("run", "news")
    assert sandbox.requests["send"] == 2
    [problem] = [line for line in office.campaign_status()["problems"] if "price" in line]
    assert problem.startswith("cancelled: by ")
    assert problem.endswith(" (cancel): the price is wrong")


def test_a_campaign_that_has_only_a_file_is_cancelled_durably(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign()

    assert office.run("cancel", "news", "--yes").status == 0

    assert office.campaign_status()["recipients"]["cancelled"] == 3
    assert office.run("run", "news").status == 0
    assert sandbox.requests["send"] == 0


def test_a_campaign_whose_file_has_faults_must_be_mended_to_be_cancelled(office: Office) -> None:
    office.campaign(more="start: tomorrow\n")

    ran = office.run("cancel", "news", "--yes")

    assert ran.status == 1
    assert "news.yaml:2" in ran.err


def test_cancel_without_a_terminal_wants_a_yes(office: Office) -> None:
    office.campaign()

    ran = office.run("cancel", "news")

    assert ran.status == 2
    assert "--yes" in ran.err
    assert office.status()["campaigns"] == []


@pytest.mark.parametrize(("answer", "status", "left"), [("n", 3, 0), ("y", 0, 3)])
def test_cancel_asks_on_a_terminal(office: Office, answer: str, status: int, left: int) -> None:
    office.campaign()
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())

    with office.start("cancel", "news", stdin=theirs) as process:
        ran = finish(process)
    os.close(ours)
    os.close(theirs)

    assert ran.status == status
    assert "Cancel news for good? 3 recipients would get nothing." in ran.err
    cancelled = [entry["recipients"]["cancelled"] for entry in office.status()["campaigns"]]
    assert sum(cancelled) == left


def test_a_finished_campaign_cannot_be_cancelled(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")

    ran = office.run("cancel", "news", "--yes")

    assert ran.status == 2
    assert "nothing is left to cancel" in ran.err


def test_what_is_cancelled_for_good_is_said_to_be(office: Office) -> None:
    office.campaign()
    office.run("cancel", "news", "--yes")

    ran = office.run("cancel", "news")

    assert ran.status == 0
    assert "cancelled for good already" in ran.err


@pytest.mark.parametrize("words", [("--account", "main"), ("--all",)])
def test_an_account_or_everything_can_be_cancelled_at_once(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    halt(office, sandbox)
    office.campaign("done")
    office.run("run", "done")
    office.campaign("never")

    ran = office.run("cancel", *words, "--yes")

    assert ran.status == 0
    states = {entry["id"]: entry["state"] for entry in office.status()["campaigns"]}
    assert states == {"news": "cancelled", "done": "finished"}
    assert "nothing is left to cancel" in office.run("cancel", *words).err


def test_what_was_in_flight_is_told(office: Office) -> None:
    office.campaign()
    office.run("pause", "news")
    with opened(office) as database:
        begin(database, 5, name="moon")
        claim(database)

    ran = office.run("cancel", "moon", "--yes")

    assert "nothing goes to 3 recipients" in ran.err
    assert "in flight, and cannot be recalled: 1 request with 2 recipients" in ran.err


def test_a_batch_of_a_cancelled_campaign_that_was_not_sent_stays_unsent(
    office: Office,
) -> None:
    office.campaign()
    office.run("pause", "news")
    with opened(office) as database:
        begin(database, 4, name="moon")
        doubtful = claim(database)
        assert doubtful
        settle(database, doubtful, BatchEvent.DOUBT)
    office.run("cancel", "moon", "--yes")

    ran = office.run("resolve", str(doubtful.batch), "--not-sent", "--yes")

    assert ran.status == 0
    assert "it stays unsent" in ran.err
    assert office.batches("moon") == ["cancelled", "cancelled"]


# who


def actor_of(office: Office, *words: str, **environment: str) -> str:
    office.campaign()
    assert office.run(*words, **environment).status == 0
    with opened(office) as database:
        [(actor,)] = rows_of(database, "SELECT actor FROM events ORDER BY id DESC LIMIT 1")
    return str(actor)


def test_the_event_log_names_the_person_and_the_command(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1)  # `daemon` on every system that we know
    assert actor_of(office, "pause", "news") == "daemon (pause)"
    assert actor_of(office, "resume", "news") == "daemon (resume)"
    assert actor_of(office, "cancel", "news", "--yes") == "daemon (cancel)"


def test_behind_sudo_it_names_who_called_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert actor_of(office, "pause", "news", SUDO_USER="anna") == "anna (pause)"


def test_a_user_without_a_name_is_named_by_number(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert actor_of(office, "pause", "news", SUDO_USER="anna") == "uid 54321 (pause)"


# what a run comes to


def closed_hours() -> str:
    """Hours of the day that are open in two hours, where the workspace is."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    return "-".join(f"{now + timedelta(hours=hour):%H:%M}" for hour in (2, 3))


def test_who_waits_for_hours_alone_is_in_order(office: Office, sandbox: Sandbox) -> None:
    office.settings(account=f"hours: {closed_hours()}")
    office.campaign()

    ran = office.run("run", "news")

    assert ran.status == 0
    assert sandbox.requests["send"] == 0
    assert office.campaign_status()["state"] == "running"
    assert "news: waits for its hours, which open at 20" in office.run("status").out
    assert office.campaign_status()["problems"] == []


def test_what_the_gateway_itself_starts_waits_for_no_hours(office: Office) -> None:
    office.run("pause", "--account", "main")  # makes the state
    office.run("resume", "--account", "main")
    start = datetime(2035, 9, 16, 1, tzinfo=UTC)
    with opened(office) as database:
        begin(database, starts_at_gateway=True, start=start, hours=parse_hours(closed_hours()))

    assert "waits for its hours" not in office.run("status").out


def test_who_waits_for_pace_alone_is_in_order(office: Office, sandbox: Sandbox) -> None:
    office.settings(account="batch_size: 2\nconcurrency: 1\npace: 1/min")
    office.campaign(people=4)

    assert office.run("run", "news").status == 0
    assert office.batches() == ["accepted", "planned"]


def test_what_is_left_when_until_has_passed_needs_a_person(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(account="hours: 00:00-00:01\n")
    office.campaign(more="until: 2035-09-16 09:00\n")
    office.run("run", "news")
    office.campaign(more="until: 2024-09-16 09:00\n")

    office.run("run", "news")
    told = office.run("status").out
    assert "its `until` has passed" in told
    assert "next: set a later `until` in its file, or `mms-runner cancel news`" in told


def test_what_waits_for_another_try_needs_a_person(office: Office, sandbox: Sandbox) -> None:
    settings = (office.root / "runner.yaml").read_text("utf-8")
    office.write("runner.yaml", settings.replace("first: 1s, most: 1s", "first: 2h, most: 2h"))
    sandbox.add_fault("send:1=7")
    office.campaign(people=1)

    assert office.run("run", "news").status == 3
    assert office.batches() == ["planned"]


def test_what_waits_for_a_gateway_that_others_could_not_reach_needs_a_person(
    database: Database,
) -> None:
    begin(database)
    campaign = campaign_of(database)
    accounts = [replace(account_of(database), unreachable=failures) for failures in (0, 1)]
    verdicts = [
        judge_run([campaign], [account], scope=["moon"], fail_under=None) for account in accounts
    ]
    assert verdicts == [Exit.OK, Exit.PERSON_NEEDED]


def test_what_is_cancelled_is_in_order(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("cancel", "news", "--yes")

    assert office.run("run", "news").status == 0


# reload


@contextmanager
def attended(
    office: Office, problem: str | None = None, *, refused: bool = False
) -> Iterator[list[bool]]:
    """Be a daemon that answers one request, with a commit in force; gives what was forced."""
    obeyed: list[bool] = []
    with (
        hold_lock(office.state, command="daemon", now=datetime.now(UTC)),
        opened(office) as database,
    ):

        def answer() -> None:
            while not obeyed:
                with database.reading() as transaction:
                    request = next_reload(transaction)
                if request is None:
                    time.sleep(0.01)
                    continue
                now = datetime.now(UTC)
                with database.writing() as transaction:
                    if problem is None:
                        note_files_in_force(transaction, "a1b2c3d4", now)
                    answer_reload(transaction, request.id, now, problem=problem, refused=refused)
                obeyed.append(request.forced)

        daemon = threading.Thread(target=answer)
        daemon.start()
        yield obeyed
        daemon.join()


def test_reload_says_which_files_are_in_force(office: Office) -> None:
    office.campaign()

    with attended(office) as obeyed:
        ran = office.run("reload")

    assert ran.status == 0
    assert "the files are in force: commit a1b2c3d4" in ran.err
    assert obeyed == [False]
    assert office.status()["workspace"]["revision"] == "a1b2c3d4"
    assert "files: commit a1b2c3d4, read at 20" in office.run("status").out


def test_files_with_faults_are_told_and_exit_1(office: Office) -> None:
    with attended(office, "news.yaml:2:8: it is not a time"):
        ran = office.run("reload")

    assert ran.status == 1
    assert "news.yaml:2:8" in ran.err


def test_a_mass_removal_that_was_refused_needs_a_person(office: Office) -> None:
    with attended(office, "the files would unschedule 9 of 9 campaigns", refused=True):
        ran = office.run("reload")

    assert ran.status == 3
    assert "9 of 9" in ran.err


def test_a_forced_reload_reaches_the_daemon_as_one(office: Office) -> None:
    with attended(office) as obeyed:
        assert office.run("reload", "--force").status == 0

    assert obeyed == [True]


def test_without_a_daemon_nobody_is_asked(office: Office) -> None:
    ran = office.run("reload")

    assert ran.status == 2
    assert "no daemon is running" in ran.err
    assert not (office.folder / "state").exists()


def test_a_run_is_no_daemon(office: Office) -> None:
    with hold_lock(office.state, command="run news", now=datetime.now(UTC)):
        ran = office.run("reload")

    assert ran.status == 2
    assert "no daemon is running" in ran.err


@pytest.mark.parametrize(("is_attended", "why"), [(True, "does not answer"), (False, "has ended")])
def test_a_request_without_an_answer_is_withdrawn(
    database: Database, is_attended: bool, why: str
) -> None:
    patience = timedelta() if is_attended else timedelta(minutes=1)
    with pytest.raises(WrongUsage, match=why):
        fetch_answer(database, lambda: is_attended, forced=True, patience=patience)
    assert rows_of(database, "SELECT * FROM reloads") == []
