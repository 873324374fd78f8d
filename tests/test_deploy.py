"""What stands around the program on a server: the unit, the image, the compose file."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from runner.cli import main
from runner.model.account import Timeouts
from runner.timing import parse_duration
from runner.workspace.load import load_workspace

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "mms-runner.service"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DAEMON = COMPOSE["services"]["daemon"]

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="this machine has no systemd-analyze"
)


def directives(name: str) -> list[str]:
    """The values of a directive of the unit."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)


def instructions(name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, its lines joined."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", text, re.MULTILINE)


def environment_of_the_image() -> dict[str, str]:
    pairs = [pair for each in instructions("ENV") for pair in shlex.split(each)]
    return dict(pair.split("=", 1) for pair in pairs)


def copied_from_the_checkout() -> list[str]:
    words = [each.split() for each in instructions("COPY") if "--from=" not in each]
    return [source for each in words for source in each[:-1]]


def parse(words: list[str]) -> click.Context:
    """Parse a command line as the program would; raises click.UsageError."""
    context = main.make_context("mms-runner", list(words))
    commands = [word for word in words if word in main.list_commands(context)]
    assert commands, f"no command in {words}"
    command = main.get_command(context, commands[0])
    assert command
    options = words[words.index(commands[0]) + 1 :]
    return command.make_context(commands[0], options, parent=context)


def test_the_unit_starts_the_daemon_with_options_that_it_has():
    [line] = directives("ExecStart")
    program, *words = shlex.split(line)
    assert program == "/opt/mms-runner/bin/mms-runner"
    assert parse(words).info_name == "daemon"


def test_the_image_starts_the_daemon_with_options_that_it_has():
    assert instructions("ENTRYPOINT") == ['["mms-runner"]']
    [command] = instructions("CMD")
    assert parse(json.loads(command)).info_name == "daemon"


def test_the_sandbox_of_the_compose_file_can_be_reached_by_the_daemon():
    sandbox = parse(COMPOSE["services"]["sandbox"]["command"])
    assert sandbox.info_name == "sandbox"
    assert sandbox.params["host"] == "0.0.0.0"
    settings = yaml.safe_load((DEPLOY / "settings.yaml").read_text("utf-8"))
    account = settings["accounts"]["main"]
    assert account["url"] == f"http://sandbox:{sandbox.params['port']}"
    assert account["userid"] == sandbox.params["userid"]
    assert account["account"] == sandbox.params["account"]
    password = DEPLOY / COMPOSE["secrets"]["mms-password"]["file"]
    assert password.read_text("utf-8").strip() == sandbox.params["password"]


def test_every_variable_of_ours_that_is_set_is_one_that_the_program_reads():
    known = {option.envvar for option in main.params if isinstance(option, click.Option)}
    given = {*environment_of_the_image(), *DAEMON["environment"]}
    assert {name for name in given if name.startswith("MMS_RUNNER_")} <= known


def test_the_workspace_of_the_compose_file_is_sound_with_its_settings():
    workspace = load_workspace(DEPLOY / "workspace", settings_file=DEPLOY / "settings.yaml")
    assert workspace.diagnostics == ()
    assert [campaign.start for campaign in workspace.campaigns.values()] == [None]


def test_what_the_compose_file_mounts_is_there():
    sources = [DEPLOY / source for source, target in mounts().items() if source.startswith(".")]
    assert sources
    assert [source for source in sources if not source.exists()] == []


def mounts() -> dict[str, str]:
    return dict(each.split(":")[:2] for each in DAEMON["volumes"])


def test_the_compose_file_mounts_where_the_program_looks():
    targets = set(mounts().values())
    image = environment_of_the_image()
    looked_at = {image["STATE_DIRECTORY"], image["MMS_RUNNER_WORKSPACE"]}
    assert looked_at | {DAEMON["environment"]["MMS_RUNNER_SETTINGS"]} == targets
    assert instructions("VOLUME") == [image["STATE_DIRECTORY"]]
    secrets = {f"/run/secrets/{name}" for name in DAEMON["secrets"]}
    assert f"{{file: {secrets.pop()}}}" in (DEPLOY / "settings.yaml").read_text("utf-8")


@pytest.mark.parametrize("service", ["daemon", "sandbox"])
def test_a_service_of_the_compose_file_can_change_nothing_but_its_state(service):
    confined = COMPOSE["services"][service]
    assert confined["read_only"] is True
    assert confined["cap_drop"] == ["ALL"]
    assert confined["security_opt"] == ["no-new-privileges:true"]
    writable = [each for each in confined.get("volumes", []) if not each.endswith(":ro")]
    assert set(writable) <= {"state:/var/lib/mms-runner"}


def test_what_is_in_flight_may_come_home_before_the_daemon_is_killed():
    patience = {parse_duration(each) for each in directives("TimeoutStopSec")}
    assert min({*patience, parse_duration(DAEMON["stop_grace_period"])}) > Timeouts().total


def test_the_image_copies_only_what_is_in_the_checkout():
    sources = copied_from_the_checkout()
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_build_sees_what_the_image_copies_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    first, *patterns = [line for line in lines if line and not line.startswith("#")]
    assert first == "*"
    seen = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    assert seen == set(copied_from_the_checkout())
    assert [pattern for pattern in patterns if pattern[0] != "!"] == ["**/__pycache__"]


def test_the_image_runs_as_a_user_of_its_own():
    [user] = instructions("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


@needs_systemd
def test_the_unit_is_exposed_to_little():
    shown = analyze("security", "--offline=true", UNIT)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)
    assert exposure, shown
    assert float(exposure[1]) <= 1.5


@needs_systemd
def test_systemd_understands_every_line_of_the_unit(tmp_path):
    unit = tmp_path / UNIT.name
    [line] = directives("ExecStart")
    # systemd looks for the program, which stands there on a server alone.
    unit.write_text(UNIT.read_text("utf-8").replace(line, f'"{sys.executable}"'), "utf-8")
    assert analyze("verify", unit) == ""


def analyze(*words: str | Path) -> str:
    command = ["systemd-analyze", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
