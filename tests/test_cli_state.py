"""`mms-runner state`, and what is done where the state is another one, a copy or an old backup."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes
from daemons import FAR, daemon_at_work
from test_cli_bad_input import make_foreign, make_junk, make_newer

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_workspace import Office, Ran

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

COMMANDS = [
    *[("run",), ("run", "news"), ("daemon",), ("plan",), ("status",), ("report", "news")],
    *[("pause", "--all"), ("resume", "--all"), ("cancel", "--all", "--yes")],
    *[("resolve", "1", "--accepted"), ("reports",), ("reports", "apply")],
    *[("state",), ("state", "show"), ("state", "adopt")],
]
ONE_BY_ONE = "batch_size: 1\nconcurrency: 1"


def name_it(words: tuple[str, ...]) -> str:
    return " ".join(words)


def ask_for(office: Office, state: str) -> None:
    """Write `state` into the settings."""
    office.settings(ONE_BY_ONE, head=f"name: shop\nstate: {state}\n")


def id_of(office: Office) -> str:
    ran = office.run("state")
    assert ran.status == 0, ran.err
    return ran.out.split()[1]


def names_beside(state: Path) -> set[str]:
    return {path.name for path in state.parent.iterdir()}


# Which state this is


def test_it_shows_what_somebody_needs_who_writes_the_id_into_the_settings(
    office: Office, sandbox: Sandbox
) -> None:
    office.settings(ONE_BY_ONE)
    office.campaign(people=2)
    office.run("run", "news")

    ran = office.run("state", "show")

    shown = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert ran.status == 0
    assert list(shown) == ["id", "path", "generation", "workspace", "version"]
    assert shown["path"] == str(office.state)
    assert shown["generation"] == "2 (claims so far)"
    assert shown["workspace"] == f"shop in {office.root}"
    assert office.run("state").out == ran.out


def test_without_a_state_it_says_so_and_makes_none(office: Office) -> None:
    ran = office.run("state")

    assert (ran.status, ran.out) == (0, "")
    assert "there is no state at" in ran.err
    assert not office.state.parent.exists()


def test_the_state_that_is_asked_for_works_as_any(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")
    ask_for(office, f"{{id: {json.dumps(id_of(office))}}}")

    assert office.run("status").status == 0
    assert office.run("run", "news").status == 0
    assert office.run("plan").status == 0
    assert sandbox.requests["send"] == 1


@pytest.mark.parametrize("words", COMMANDS, ids=name_it)
def test_a_state_that_is_asked_for_and_missing_exits_2_and_none_is_made(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    ask_for(office, "{id: spring-2036}")
    office.campaign(more="start: now\n")

    ran = office.run(*words)

    assert ran.status == 2
    assert f"there is no state at {office.state}" in ran.err
    assert "`spring-2036`" in ran.err
    assert "mms-runner state new" in ran.err
    assert not office.state.parent.exists()
    assert not sandbox.requests


@pytest.mark.parametrize("words", COMMANDS, ids=name_it)
def test_another_state_than_the_one_that_is_asked_for_exits_2(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    office.campaign()
    office.run("pause", "--all")
    there = id_of(office)
    ask_for(office, "{id: spring-2036}")

    ran = office.run(*words)

    assert ran.status == 2
    assert f"ask for the state `spring-2036`, but the one that lies there is `{there}`" in ran.err
    assert "mms-runner state new" in ran.err
    assert not sandbox.requests


def test_a_file_that_a_crash_left_empty_is_not_the_state_that_is_asked_for(office: Office) -> None:
    ask_for(office, "{id: spring-2036}")
    office.state.parent.mkdir(parents=True)
    office.state.touch()

    ran = office.run("run")

    assert ran.status == 2
    assert "there is no state at" in ran.err
    assert office.state.read_bytes() == b""


def test_a_daemon_does_not_follow_its_settings_to_another_state(
    office: Office, sandbox: Sandbox
) -> None:
    office.run("pause", "--all")
    there = id_of(office)
    with daemon_at_work(office) as daemon:
        ask_for(office, "{id: spring-2036}")
        daemon.refuse_files("the id spring-2036", f'put `id: "{there}"` back')
        ask_for(office, f"{{id: {json.dumps(there)}}}")
        daemon.read_files()


# A new state


def test_a_new_state_gets_a_drawn_id_and_the_line_that_asks_for_it(office: Office) -> None:
    ran = office.run("state", "new")

    assert ran.status == 0
    assert ran.out == f'state: {{id: "{id_of(office)}"}}\n'
    assert "knows nothing of what was sent: `mms-runner plan` shows" in ran.err
    office.settings(head=f"name: shop\n{ran.out}")
    assert office.run("run").status == 0


@pytest.mark.parametrize("name", ["state.db", "中秋 #1: {new}, 'x'.db"])
def test_the_line_names_the_path_where_the_settings_do(office: Office, name: str) -> None:
    path = office.folder / name
    office.settings(head=f"name: shop\nstate: {json.dumps(str(path), ensure_ascii=False)}\n")

    line = office.run("state", "new").out

    assert path.is_file()
    office.settings(head=f"name: shop\n{line}")
    assert office.run("run").status == 0


def test_a_new_state_gets_the_id_that_the_settings_ask_for(office: Office) -> None:
    ask_for(office, "{id: spring-2036}")

    ran = office.run("state", "new")

    assert (ran.status, ran.out) == (0, "")
    assert id_of(office) == "spring-2036"
    assert office.run("run").status == 0


def test_a_state_that_is_there_is_not_made_anew(office: Office) -> None:
    office.run("state", "new")
    there = id_of(office)

    ran = office.run("state", "new")

    assert ran.status == 2
    assert f"already, with the id {there}" in ran.err
    ask_for(office, f"{{id: {json.dumps(there)}}}")
    assert office.run("state", "new").status == 2
    assert id_of(office) == there


def test_another_state_is_moved_aside_and_can_be_put_back(office: Office, sandbox: Sandbox) -> None:
    office.campaign()
    office.run("run", "news")
    there = id_of(office)
    ask_for(office, "{id: spring-2036}")

    ran = office.run("state", "new")

    aside = office.state.with_name(f"state.db.old-{there}")
    assert ran.status == 0
    assert f"is {aside} now" in ran.err
    assert office.run("status", "--json").json["campaigns"] == []

    for suffix in ("", ".witness"):
        Path(f"{aside}{suffix}").replace(f"{office.state}{suffix}")
    office.settings()
    assert office.run("run", "news").status == 0
    assert sandbox.requests["send"] == 1


def test_no_state_is_made_anew_while_another_process_holds_it(
    office: Office, sandbox: Sandbox
) -> None:
    with daemon_at_work(office):
        ran = office.run("state", "new")

    assert ran.status == 75
    assert "`daemon`" in ran.err


@pytest.mark.parametrize("words", [("state",), ("state", "new")], ids=name_it)
@pytest.mark.parametrize("spoil", [make_junk, make_foreign, make_newer])
def test_what_is_no_state_of_ours_is_refused_and_left_as_it_is(
    office: Office, words: tuple[str, ...], spoil: Callable[[Path], None]
) -> None:
    ask_for(office, "{id: spring-2036}")
    office.state.parent.mkdir(parents=True)
    spoil(office.state)
    before = office.state.read_bytes()

    ran = office.run(*words)

    assert ran.status == 2
    assert str(office.state) in ran.err
    assert office.state.read_bytes() == before
    assert names_beside(office.state) <= {"state.db", "state.db.lock"}


# A backup that was put back, and a copy


def back_up_by_sqlite(state: Path, target: Path) -> None:
    """As `sqlite3 state.db ".backup target"` does."""
    with closing(sqlite3.connect(state)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def back_up_by_cp(state: Path, target: Path) -> None:
    log = Path(f"{state}-wal")
    assert not log.exists() or log.stat().st_size == 0, "nobody has it open"
    shutil.copyfile(state, target)


def put_back_by_mv(backup: Path, state: Path) -> None:
    backup.replace(state)


def put_back_by_cp(backup: Path, state: Path) -> None:
    shutil.copyfile(backup, state)


def schedule(office: Office) -> None:
    """Let a daemon take up what has a start."""
    with daemon_at_work(office) as daemon:
        daemon.end(signal.SIGTERM)


@pytest.fixture
def half_sent(office: Office, sandbox: Sandbox) -> Office:
    """Of three people one got it, one was refused, one waits; a later campaign waits as well."""
    office.settings(ONE_BY_ONE)
    office.campaign(people=3)
    office.campaign("later", numbers(2, 13_900_139_000), more=FAR)
    sandbox.add_fault("send:2=4")
    office.run("run", "news")
    schedule(office)
    assert office.batches() == ["accepted", "rejected", "planned"]
    assert office.batches("later") == ["planned"] * 2
    return office


def send_the_rest(office: Office) -> None:
    office.run("resume", "news")
    assert office.run("run").status == 3  # one stays rejected
    assert office.batches() == ["accepted", "rejected", "accepted"]


@pytest.mark.parametrize("put_back", [put_back_by_mv, put_back_by_cp])
@pytest.mark.parametrize("back_up", [back_up_by_sqlite, back_up_by_cp])
def test_a_backup_from_before_something_was_sent_sends_only_what_a_person_lets_go(
    half_sent: Office,
    sandbox: Sandbox,
    back_up: Callable[[Path, Path], None],
    put_back: Callable[[Path, Path], None],
) -> None:
    office = half_sent
    backup = office.folder / "backup.db"
    back_up(office.state, backup)
    send_the_rest(office)
    put_back(backup, office.state)
    sent, asked = sandbox.copies(), dict(sandbox.requests)

    refused = office.call("run", "news")

    assert refused.status == 2
    assert "older than what was sent: 1 claim is missing in it" in refused.err
    assert "news (1 recipient, start 20" in refused.err
    assert "later (2 recipients, start 2035-09-18 09:00 CST)" in refused.err
    assert "`mms-runner state adopt`" in refused.err
    assert dict(sandbox.requests) == asked, "nothing was sent, and no report was taken"

    adopted = office.run("state", "adopt")

    assert adopted.status == 0
    assert "news (1 recipient, start 20" in adopted.err
    assert "`mms-runner resume --all`" in adopted.err
    office.run("resume", "news")
    assert office.run("run", "news").status in (0, 3)
    assert sandbox.copies() == sent, "it waits for a person"
    assert "taken over from a backup" in office.run("status").out

    office.run("resume", "--all")
    office.run("run", "news")

    again = {number: 2 if number == numbers(3)[2] else 1 for number in sent}
    assert sandbox.copies() == again, "what the state held as planned, and nothing else"


def test_after_its_takeover_a_backup_goes_on_like_any_state(
    half_sent: Office, sandbox: Sandbox
) -> None:
    office = half_sent
    backup = office.folder / "backup.db"
    back_up_by_cp(office.state, backup)
    send_the_rest(office)
    put_back_by_mv(backup, office.state)
    office.run("state", "adopt")
    office.run("cancel", "news", "--yes")
    office.run("resume", "--all")
    sent = sandbox.copies()
    office.campaign("next", numbers(1, 13_700_137_000))

    assert office.run("run", "next").status == 0
    assert sandbox.copies() == {**sent, "13700137000": 1}
    assert office.run("state", "adopt").status == 0
    assert office.run("status").out.count("paused") == 0


def copy_elsewhere(office: Office) -> Callable[..., Ran]:
    """Copy the state with all that lies beside it; gives how a command is run with the copy."""
    place = office.folder / "elsewhere"
    shutil.copytree(office.folder / "state", place)
    return lambda *words: office.run(*words, XDG_STATE_HOME=str(place))


def test_a_copy_sends_nothing_while_the_original_goes_on(
    half_sent: Office, sandbox: Sandbox
) -> None:
    office = half_sent
    run_there = copy_elsewhere(office)
    asked = dict(sandbox.requests)

    refused = run_there("run")

    assert refused.status == 2
    assert "is a copy: another file was sent from last" in refused.err
    assert "where the other one is still at work, or can be again: use that one" in refused.err
    assert dict(sandbox.requests) == asked
    send_the_rest(office)


def test_a_copy_that_was_adopted_waits_for_a_person_and_the_original_is_as_it_was(
    half_sent: Office, sandbox: Sandbox
) -> None:
    office = half_sent
    run_there = copy_elsewhere(office)

    assert run_there("state", "adopt").status == 0
    assert run_there("run", "later").status == 0

    assert "taken over from a copy" in run_there("status").out
    assert sandbox.copies() == dict.fromkeys(numbers(1), 1)
    assert office.run("status").out.count("taken over") == 0


def test_a_daemon_neither_sends_nor_polls_from_a_copy(half_sent: Office, sandbox: Sandbox) -> None:
    run_there = copy_elsewhere(half_sent)
    asked = dict(sandbox.requests)

    ran = run_there("daemon")

    assert ran.status == 2
    assert "is a copy" in ran.err
    assert dict(sandbox.requests) == asked


def test_status_and_show_say_that_nothing_is_sent_from_a_copy(half_sent: Office) -> None:
    copied = half_sent.state.with_name("copy.db")
    shutil.copy(half_sent.state, copied)
    copied.replace(half_sent.state)
    for words in (["status"], ["state", "show"]):
        assert "nothing is sent from it until `mms-runner state adopt`" in half_sent.run(*words).out


def test_a_state_that_was_merely_moved_goes_on(half_sent: Office, sandbox: Sandbox) -> None:
    half_sent.state.parent.parent.parent.rename(half_sent.folder / "moved")
    half_sent.environment["XDG_STATE_HOME"] = str(half_sent.folder / "moved")

    send_the_rest(half_sent)

    assert set(sandbox.copies().values()) == {1}


def test_a_plain_rename_of_the_workspace_pauses_nothing(
    half_sent: Office, sandbox: Sandbox
) -> None:
    half_sent.root = half_sent.root.rename(half_sent.folder / "renamed")

    assert half_sent.run("state", "adopt").status == 0

    send_the_rest(half_sent)


@pytest.mark.skipif(
    not Path("/etc/machine-id").exists() or not Path("/etc/machine-id").read_text().strip(),
    reason="this machine has no id",
)
def test_a_disk_that_was_put_into_another_machine_is_a_copy(
    half_sent: Office, sandbox: Sandbox
) -> None:
    with closing(sqlite3.connect(half_sent.state)) as connection:
        connection.execute("UPDATE identity SET machine = ?", (f"{0:032}",))
        connection.commit()

    refused = half_sent.run("run")

    assert refused.status == 2
    assert "another machine sent from it last" in refused.err


def test_only_the_first_five_of_what_is_at_risk_are_named(office: Office, sandbox: Sandbox) -> None:
    for day in range(7):
        start = f"start: 2035-09-1{day} 09:00\n"
        office.campaign(f"day-{day}", [f"1390013900{day}"], more=start)
    schedule(office)
    run_there = copy_elsewhere(office)

    refused = run_there("run")

    named = [f"day-{day}" for day in range(7) if f"day-{day} (" in refused.err]
    assert named == [f"day-{day}" for day in range(5)]
    assert "and 2 more" in refused.err


def test_a_copy_that_would_send_nothing_says_where_to_look_for_more(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign()
    office.run("run", "news")
    run_there = copy_elsewhere(office)

    refused = run_there("run")

    assert refused.status == 2
    assert "nothing that it knows of (`mms-runner plan` shows what files add)" in refused.err


def test_it_is_not_adopted_while_its_sender_is_at_work(half_sent: Office, sandbox: Sandbox) -> None:
    """Somebody put a backup in the place of the file that the daemon has open."""
    office = half_sent
    with daemon_at_work(office) as daemon:
        daemon.process.send_signal(signal.SIGSTOP)  # or it may notice, and end, before
        back_up_by_sqlite(office.state, office.folder / "backup.db")
        os.replace(office.folder / "backup.db", office.state)  # noqa: PTH105 - as `mv` does
        for suffix in ("-wal", "-shm"):
            Path(f"{office.state}{suffix}").unlink(missing_ok=True)

        ran = office.call("state", "adopt")

    assert ran.status == 75
    assert "`daemon`" in ran.err
