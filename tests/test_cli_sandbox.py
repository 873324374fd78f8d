"""`mms-runner sandbox` and `mms-runner demo`: rehearsals without an account."""

from __future__ import annotations

import re
import signal
import socket
from typing import TYPE_CHECKING

import pytest
from cli_workspace import finish, numbers, opening_office

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from cli_workspace import Office

office = pytest.fixture(opening_office)


def read_address(process: subprocess.Popen[str]) -> str:
    """Wait until a sandbox says where it listens."""
    assert process.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
    assert found
    return found[0]


def test_a_campaign_can_be_rehearsed_against_it(office: Office) -> None:
    office.campaign(people=4)
    with office.start("sandbox", "--port", "0", "--report-delay", "0") as process:
        office.environment["MMS_URL"] = read_address(process)
        ran = office.run("run", "news", "--wait", "20s")
        process.send_signal(signal.SIGINT)
        ended = finish(process)

    assert ran.status == 0
    assert office.campaign_status()["recipients"]["delivered"] == 4
    assert ended.status == 130


def test_what_shall_go_wrong_is_said_on_the_command_line(office: Office) -> None:
    office.campaign()
    with office.start("sandbox", "--port", "0", "--fault", "send:1=4") as process:
        office.environment["MMS_URL"] = read_address(process)
        ran = office.run("run", "news")
        process.terminate()
        finish(process)

    assert ran.status == 3
    assert office.batches() == ["rejected"]


def test_its_account_is_the_one_on_the_command_line(office: Office) -> None:
    with office.start("sandbox", "--port", "0", "--password", "another") as process:
        office.environment["MMS_URL"] = read_address(process)
        refused = office.run("balance").status
        welcome = office.run("balance", MMS_PASSWORD="another").status
        process.terminate()
        finish(process)

    assert (refused, welcome) == (4, 0)


def test_what_arrived_is_kept_for_a_person_to_look_at(office: Office, tmp_path: Path) -> None:
    office.campaign(title="中秋快乐")
    kept = tmp_path / "phones"
    with office.start("sandbox", "--port", "0", "--keep", str(kept)) as process:
        office.environment["MMS_URL"] = read_address(process)
        office.run("run", "news")
        process.terminate()
        finish(process)

    assert "中秋快乐" in (kept / "index.html").read_text("utf-8")


def test_a_port_in_use_exits_2_and_says_what_to_do(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = office.run("sandbox", "--port", str(taken.getsockname()[1]))

    assert ran.status == 2
    assert "is in use" in ran.err
    assert "choose another port" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("--fault", "send:1=explode"),
        ("--fault", "nonsense"),
        ("--port", "70000"),
        ("--failed-share", "2"),
        ("--report-delay", "-1"),
        ("--latency", "nan"),
        ("--balance", "much"),
    ],
)
def test_a_manner_that_it_cannot_have_exits_2(office: Office, words: tuple[str, ...]) -> None:
    with office.start("sandbox", "--port", "0", *words) as process:
        ran = finish(process)

    assert ran.status == 2
    assert words[0] in ran.err


def test_a_folder_that_cannot_be_had_exits_2(office: Office, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with office.start("sandbox", "--port", "0", "--keep", str(tmp_path / "file" / "x")) as process:
        ran = finish(process)

    assert ran.status == 2
    assert str(tmp_path / "file") in ran.err


def test_the_demo_does_the_main_job_from_start_to_end(office: Office, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    ran = office.call("demo", environment={"TMPDIR": str(temporary)}, cwd=tmp_path)

    assert ran.status == 0, ran.err
    for step in ("validate", "plan", "run new-shop", "status new-shop"):
        assert f"$ mms-runner {step}" in ran.out
    [folder] = temporary.iterdir()
    for place in (folder / "campaigns", folder / "state.db", folder / "phones" / "index.html"):
        assert str(place) in ran.out
        assert place.exists()
    assert not any(mobile in ran.out + ran.err for mobile in numbers(1))
    office.root = folder / "campaigns"
    counts = office.campaign_status("new-shop")["recipients"]
    assert counts["delivered"] + counts["failed"] == counts["total"] > 5000
    assert counts["failed"] > 0
