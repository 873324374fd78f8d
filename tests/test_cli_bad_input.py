"""Whatever a command is fed: a clear error, the exit status of the contract, and nothing lost."""

from __future__ import annotations

import ctypes
import resource
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_workspace import NOBODY, finish, opening_office, opening_sandbox, opening_sandboxes

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

READING = [
    *[("validate",), ("plan",), ("run",), ("status",), ("report", "news"), ("balance",)],
    *[("resolve", "1", "--accepted"), ("state", "adopt")],
]
SENDING = [("plan",), ("run",), ("run", "news")]
STATEFUL = [
    *[("run",), ("status",), ("report", "news"), ("resolve", "1", "--accepted")],
    ("state", "adopt"),
]
DUE = "start: now\n"

BROKEN_YAML = {
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "not UTF-8": "title: 中秋".encode("gb18030"),
    "a list": b"- one\n- two\n",
    "a NUL": b"title: a\0b\n",
    "unfinished": b"title: [\n",
    "deep": b"title: " + b"[" * 50_000,
    "large": b"# " + b"x" * 5_300_000,
}
BROKEN_LISTS = {
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "no numbers": b"mobile\nhello\n",
    "no column": b"name,city\nA,B\n",
    "a picture": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "UTF-16": "mobile\n13800138000\n".encode("utf-16"),
}


def name_it(words: tuple[str, ...]) -> str:
    return " ".join(words)


def spoil_nothing(office: Office, sandbox: Sandbox) -> None:
    """Assert that after a mishap everything that is due still goes out, once."""
    assert office.run("run").status == 0
    assert set(sandbox.copies().values()) == {1}


# The workspace


@pytest.mark.parametrize("words", READING, ids=name_it)
def test_a_folder_that_is_no_workspace_exits_2(office: Office, words: tuple[str, ...]) -> None:
    office.root = office.folder / "nowhere"

    ran = office.run(*words)

    assert ran.status == 2
    assert "is not a workspace" in ran.err


@pytest.mark.parametrize("words", [("validate",), ("status",)], ids=name_it)
def test_no_workspace_anywhere_exits_2_and_says_how_to_name_one(
    office: Office, words: tuple[str, ...], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    ran = office.call(*words, cwd=empty)

    assert ran.status == 2
    assert "-C DIR" in ran.err


@pytest.mark.parametrize("words", READING, ids=name_it)
@pytest.mark.parametrize("data", BROKEN_YAML.values(), ids=BROKEN_YAML)
def test_settings_that_cannot_be_read_exit_2_and_1_from_validate(
    office: Office, words: tuple[str, ...], data: bytes
) -> None:
    office.write("runner.yaml", data)

    ran = office.run(*words)

    assert ran.status == (1 if words == ("validate",) else 2)
    assert "runner.yaml:" in ran.out + ran.err


@pytest.mark.parametrize("words", [("validate",), *SENDING], ids=name_it)
@pytest.mark.parametrize("data", BROKEN_YAML.values(), ids=BROKEN_YAML)
def test_a_campaign_that_cannot_be_read_exits_1(
    office: Office, words: tuple[str, ...], data: bytes
) -> None:
    office.write("news.yaml", data)

    ran = office.run(*words)

    assert ran.status == 1
    assert "news.yaml:" in ran.out + ran.err
    assert not office.state.exists()


@pytest.mark.parametrize("words", [("validate",), ("plan",)], ids=name_it)
@pytest.mark.parametrize("data", BROKEN_LISTS.values(), ids=BROKEN_LISTS)
def test_a_broken_list_exits_1_and_is_named(
    office: Office, words: tuple[str, ...], data: bytes
) -> None:
    office.write("lists/members.csv", data)
    point_at_list(office)

    ran = office.run(*words)

    assert ran.status == 1
    assert ".csv" in ran.out + ran.err


def point_at_list(office: Office) -> None:
    office.write(
        "news.yaml",
        f"title: 中秋\n{DUE}frames:\n  - {{duration: 3, text: 你好}}\n"
        "recipients: {files: [lists/members.csv]}\n",
    )


def test_a_list_that_is_missing_exits_1(office: Office) -> None:
    point_at_list(office)

    assert office.run("validate").status == 1


def test_a_list_that_is_a_folder_exits_1(office: Office) -> None:
    (office.root / "lists" / "members.csv").mkdir(parents=True)
    point_at_list(office)

    assert office.run("validate").status == 1


def test_a_folder_with_a_campaigns_name_is_no_campaign(office: Office) -> None:
    (office.root / "news.yaml").mkdir()

    assert office.run("validate").status == 0


def test_an_account_that_there_is_not_exits_1(office: Office) -> None:
    office.campaign(more="account: mian\n")

    ran = office.run("run")

    assert ran.status == 1
    assert "did you mean `main`?" in ran.err


@pytest.mark.parametrize("path", ["nothing.yaml", "lists/members.csv", "/etc/passwd"])
def test_a_file_that_is_no_campaign_exits_2(
    office: Office, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write("lists/members.csv", "mobile\n")
    monkeypatch.chdir(office.root)

    ran = office.run("validate", path)

    assert ran.status == 2
    assert path in ran.err


# The state


def make_junk(state: Path) -> None:
    state.write_bytes(b"this is no database " * 1000)


def make_foreign(state: Path) -> None:
    with sqlite3.connect(state) as database:
        database.execute("CREATE TABLE photos (id INTEGER)")
    database.close()


def make_newer(state: Path) -> None:
    with sqlite3.connect(state) as database:
        database.execute(f"PRAGMA application_id = {0x4D4D5352}")
        database.execute("PRAGMA user_version = 999")
        database.execute("CREATE TABLE campaigns (id TEXT)")
    database.close()


def make_folder(state: Path) -> None:
    state.mkdir()


@pytest.mark.parametrize("words", STATEFUL, ids=name_it)
@pytest.mark.parametrize("spoil", [make_junk, make_foreign, make_newer, make_folder])
def test_a_state_that_is_not_ours_exits_2_and_is_left_as_it_is(
    office: Office, sandbox: Sandbox, words: tuple[str, ...], spoil: Callable[[Path], None]
) -> None:
    office.campaign(more=DUE)
    office.state.parent.mkdir(parents=True)
    spoil(office.state)
    before = office.state.is_dir() or office.state.read_bytes()

    ran = office.run(*words)

    assert ran.status == 2
    assert str(office.state) in ran.err
    assert before == (office.state.is_dir() or office.state.read_bytes())
    assert not sandbox.requests


def test_a_state_behind_a_file_exits_2(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    (office.folder / "state").write_text("a file where a folder should be")

    ran = office.run("run")

    assert ran.status == 2
    assert str(office.folder / "state") in ran.err
    assert not sandbox.requests


def obey_permissions() -> None:
    """Take from root, in the child alone, what lets it write where nobody may."""
    drop_from_the_bounding_set, override, read_search = 24, 1, 2
    libc = ctypes.CDLL(None)
    libc.prctl(drop_from_the_bounding_set, override)
    libc.prctl(drop_from_the_bounding_set, read_search)


def test_a_state_that_may_not_be_written_exits_2_and_nothing_is_sent(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign("first")
    office.run("run", "first")
    office.campaign(more=DUE, people=["13900139000"])
    office.state.chmod(0o400)

    ran = office.call("run", before=obey_permissions)

    assert ran.status == 2
    assert "may not be written" in ran.err
    assert sandbox.requests["send"] == 1
    office.state.chmod(0o600)
    spoil_nothing(office, sandbox)


def test_a_folder_that_may_not_be_written_exits_2(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    closed = office.folder / "closed"
    closed.mkdir(mode=0o500)

    ran = office.call(
        "run", before=obey_permissions, environment={"XDG_STATE_HOME": str(closed / "state")}
    )

    assert ran.status == 2
    assert str(closed) in ran.err
    assert not sandbox.requests


def test_a_file_that_may_not_be_read_exits_1(office: Office) -> None:
    office.campaign().chmod(0)

    ran = office.call("validate", before=obey_permissions)

    assert ran.status == 1
    assert "unreadable-file" in ran.out


def nearly_full_disk() -> None:
    """Let no file of the child grow past so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))


def test_a_disk_that_cannot_take_the_plan_exits_2_and_nothing_is_sent(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE, people=20_000)

    ran = office.call("run", before=nearly_full_disk)

    assert ran.status == 2
    assert str(office.state) in ran.err
    assert not sandbox.requests["send"]
    spoil_nothing(office, sandbox)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [("plan",), ("status",), ("report", "sent")], ids=name_it)
def test_an_output_that_cannot_be_written_exits_2(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    office.campaign("sent")
    office.run("run", "sent")
    with Path("/dev/full").open("w") as full:
        ran = office.call(*words, stdout=full)

    assert ran.status == 2
    assert "No space left" in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_run_whose_output_cannot_be_written_still_sends(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    with Path("/dev/full").open("w") as full:
        ran = office.call("run", stdout=full, stderr=full)

    assert ran.status == 2
    assert office.batches() == ["accepted"]


# The reader of the output


def read_one_line(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Read as `head -1` does."""
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    return process.wait(60), process.stderr.read()


@pytest.mark.parametrize(
    "words", [("plan", "--json"), ("report", "news"), ("report", "news", "--format", "json")]
)
def test_a_reader_that_goes_away_is_no_error(
    office: Office, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    office.settings(account="batch_size: 20")
    office.campaign(people=5000, more="latest: 2h\n")
    if words[0] == "report":
        office.settings()
        office.run("run", "news")
    with office.start(*words) as process:
        status, complaint = read_one_line(process)

    assert (status, complaint) == (0, "")


def test_a_run_whose_reader_went_away_ends_as_it_would_have(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    sandbox.add_fault("send:1=4")
    with office.start("run") as process:
        process.stdout.close()
        process.stderr.close()

        assert process.wait(60) == 3
    assert office.campaign_status()["state"] == "halted"


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"},
    ],
    ids=str,
)
@pytest.mark.parametrize("words", [("validate",), ("plan",)], ids=name_it)
def test_chinese_never_crashes_a_terminal_that_cannot_show_it(
    office: Office, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    office.campaign(title="中秋", more="start: 明天\n" if words == ("validate",) else "")

    ran = office.call(*words, environment=environment)

    assert ran.status == (1 if words == ("validate",) else 0)
    assert ran.out


# The machine


@pytest.mark.parametrize("words", [("run",), ("balance",), ("plan", "--balance")], ids=name_it)
def test_a_gateway_that_cannot_be_reached_exits_3_and_is_named(
    office: Office, words: tuple[str, ...]
) -> None:
    office.campaign(more=DUE)

    ran = office.run(*words)

    assert ran.status == 3
    assert NOBODY.removeprefix("http://") in ran.out + ran.err


@pytest.mark.parametrize("url", ["mms.example.cn", "ftp://127.0.0.1", "http://", "http://[", "好"])
def test_an_address_that_is_none_exits_2_and_is_named(office: Office, url: str) -> None:
    office.campaign(more=DUE)

    ran = office.run("run", MMS_URL=url)

    assert ran.status == 2
    assert "main" in ran.err


def test_without_a_home_the_state_still_has_a_place(office: Office) -> None:
    office.campaign()

    with office.start("status", environment={"XDG_STATE_HOME": ""}) as process:
        ran = finish(process)

    assert ran.status == 0
    assert "state: /" in ran.err


def test_a_home_that_nobody_knows_exits_2(office: Office) -> None:
    office.settings(head="name: shop\nstate: ~nobody-of-this-name/state.db\n")

    ran = office.run("status")

    assert ran.status == 2
    assert "~nobody-of-this-name" in ran.err


# What every command has


@pytest.mark.parametrize(
    "command",
    [
        *["validate", "plan", "run", "status", "report", "balance", "resolve", "state"],
        *["sandbox", "demo"],
    ],
)
def test_every_command_explains_itself(office: Office, command: str) -> None:
    ran = office.run(command, "--help")

    assert ran.status == 0
    assert f"mms-runner {command}" in ran.out
    assert command in office.run("--help").out


def test_an_unknown_command_and_an_unknown_option_exit_2(office: Office) -> None:
    assert office.run("send").status == 2
    assert office.run("plan", "--fast").status == 2


def test_the_version_is_told(office: Office) -> None:
    assert office.run("--version").out.startswith("mms-runner, version ")
