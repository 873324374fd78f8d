"""`mms-runner demo`: the example workspace against a sandbox, start to end, no account needed.

Every step is a real command in a process of its own, as a user would type it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.speech import write_result
from runner.cli.tables import render_facts
from runner.errors import WrongUsage
from runner.language import ENVIRONMENT, _, spoken
from runner.sandbox import Sandbox, SandboxSettings, parse_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.cli.session import Session

CAMPAIGN = "new-shop"

_SETTINGS = """\
# Written by `mms-runner demo`: this copy of the example talks to a sandbox on this machine.
name: demo
timezone: Asia/Shanghai
state: {state}
accounts:
  main:
    url: {url}
    userid: "12"
    account: sandbox
    password: {{file: {password}}}
"""
_PASSWORD = "sandbox"  # noqa: S105 - of a sandbox that lives for seconds
# One submission fails and is repeated, and one recipient in thirty cannot be reached.
_MANNERS = SandboxSettings(
    report_delay=1.0,
    report_jitter=2.0,
    failed_share=0.03,
    seed=2035,
    faults=(parse_fault("send:2=7"),),
)


@click.command()
@click.pass_obj
def command(session: Session) -> Exit:
    """Send the example campaign to a sandbox on this machine, from the files to the reports."""
    folder = Path(tempfile.mkdtemp(prefix="mms-runner-demo-"))
    workspace = folder / "campaigns"
    _copy_example(workspace)
    manners = _with_keep(folder / "phones")
    with Sandbox(manners) as sandbox:
        session.say(_("A sandbox gateway listens at {url}.").format(url=sandbox.url))
        _write_settings(folder, workspace, sandbox.url)
        steps: Sequence[Sequence[str]] = (
            ("validate",),
            ("plan",),
            ("run", CAMPAIGN, "--wait", "60s"),
            ("status", CAMPAIGN),
        )
        for step in steps:
            status = _run(workspace, step)
            if status:
                return Exit(status)
    write_result(_farewell(folder, workspace))
    return Exit.OK


def _copy_example(workspace: Path) -> None:
    with resources.as_file(resources.files("runner") / "example") as example:
        if not example.is_dir():
            raise WrongUsage(_("this installation lacks the example workspace"))
        shutil.copytree(example, workspace, ignore=shutil.ignore_patterns("_*", "__pycache__"))


def _with_keep(folder: Path) -> SandboxSettings:
    return replace(_MANNERS, keep=folder)


def _write_settings(folder: Path, workspace: Path, url: str) -> None:
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(_PASSWORD)
    text = _SETTINGS.format(state=folder / "state.db", url=url, password=password)
    (workspace / "runner.yaml").write_text(text, "utf-8")


def _run(workspace: Path, words: Sequence[str]) -> int:
    write_result(f"\n$ mms-runner {' '.join(words)}")
    sys.stdout.flush()
    command = [sys.executable, "-m", "runner", "-C", str(workspace), *words]
    # The settings of a server must not decide a demo.
    environment = {
        **{name: value for name, value in os.environ.items() if name != "MMS_RUNNER_SETTINGS"},
        ENVIRONMENT: spoken(),
    }
    done = subprocess.run(command, env=environment, check=False)  # noqa: S603 - our own commands
    return done.returncode


def _farewell(folder: Path, workspace: Path) -> str:
    command = f"{_own_name()} -C {workspace}"
    state = folder / "state.db"
    told = _(
        "That was the main job: the files were checked and planned,"
        " the messages went out in three requests,\n"
        "one of them again after the gateway had refused it,"
        " and every delivery report was collected."
    )
    arrived = _("{page} (open it in a browser)").format(page=folder / "phones" / "index.html")
    facts = [
        (_("the workspace"), str(workspace)),
        (_("what arrived"), arrived),
        (_("the state"), str(state)),
        (_("look into it"), f"{command} status"),
        ("", f"{command} report {CAMPAIGN} --only failed"),
        ("", f"sqlite3 {state} 'SELECT * FROM campaign_progress'"),  # noqa: S608 - shown, not run
    ]
    return "\n".join(["", told, "", *(f"  {line}" for line in render_facts(facts, gap=3))])


def _own_name() -> str:
    """Give the words that call this program from here."""
    if shutil.which("mms-runner"):
        return "mms-runner"
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "mms-runner" else "python -m runner"
