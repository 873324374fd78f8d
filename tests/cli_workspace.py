"""A workspace with its state, its account and its sandbox, and two ways to run a command in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from click.testing import CliRunner

from runner.cli import main
from runner.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).parent.parent

ACCOUNT = """\
    url: {env: MMS_URL}
    userid: "12"
    account: sandbox
    password: {env: MMS_PASSWORD}
    retry: {tries: 2, first: 1s, most: 1s}
    timeout: {connect: 1s, total: PATIENCE}
"""
NOBODY = "http://127.0.0.1:9"  # the discard port of a machine on which nothing discards


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def numbers(count: int, first: int = 13_800_138_000) -> list[str]:
    return [str(first + index) for index in range(count)]


class Office:
    """A workspace in a folder of its own, as somebody at a desk has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "campaigns"
        self.state = folder / "state" / "mms-runner" / "shop" / "state.db"
        self.environment = {
            "XDG_STATE_HOME": str(folder / "state"),
            "MMS_URL": NOBODY,
            "MMS_PASSWORD": "sandbox",
        }
        self.root.mkdir()
        self.settings()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def settings(
        self, account: str = "", *, head: str = "name: shop\n", patience: str = "1s"
    ) -> None:
        """Write runner.yaml.

        account: further lines of the one account, without indentation.
        patience: how long an answer may take.
        """
        lines = "".join(f"    {line}\n" for line in account.splitlines())
        main = ACCOUNT.replace("PATIENCE", patience)
        self.write("runner.yaml", f"{head}accounts:\n  main:\n{main}{lines}")

    def campaign(
        self, name: str = "news", people: list[str] | int = 3, *, more: str = "", title: str = ""
    ) -> Path:
        """Write a campaign, a draft unless `more` has a start."""
        mobiles = numbers(people) if isinstance(people, int) else people
        text = (
            f"title: {title or name}\n{more}"
            "frames:\n  - {duration: 3, text: 【某店】你好，拒收请回复R}\n"
            f"recipients:\n  numbers: {json.dumps(mobiles)}\n"
        )
        return self.write(f"{name}.yaml", text)

    def run(self, *words: str, stdin: str | None = None, **environment: str | None) -> Ran:
        """Run a command in this process."""
        # What the caller's shell happens to set must not decide a test.
        unset = dict.fromkeys(
            (
                *("NO_COLOR", "STATE_DIRECTORY"),
                *("MMS_RUNNER_WORKSPACE", "MMS_RUNNER_SETTINGS", "MMS_RUNNER_LANG"),
            )
        )
        result = CliRunner().invoke(
            main,
            ["-C", str(self.root), *words],
            input=stdin,
            env={**unset, "LC_ALL": "C.UTF-8", **self.environment, **environment},
            prog_name="mms-runner",
        )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert not shows_a_defect(result.stderr), result.stderr
        return Ran(result.exit_code, result.stdout, result.stderr)

    def start(
        self, *words: str, before: Callable[[], None] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """Start a command as a process of its own; its outputs are pipes."""
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            **self.environment,
            **options.pop("environment", {}),
        }
        settings: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": self.root,
            "encoding": "utf-8",
            **options,
        }
        command = [sys.executable, "-m", "runner", *words]
        return subprocess.Popen(command, env=environment, preexec_fn=before, **settings)  # noqa: PLW1509 - a limit that only the child may have

    def call(self, *words: str, before: Callable[[], None] | None = None, **options: Any) -> Ran:
        """Run a command as a process of its own."""
        with self.start(*words, before=before, **options) as process:
            return finish(process)

    def status(self) -> Any:
        ran = self.run("status", "--json")
        assert ran.status == 0, ran.err
        return ran.json

    def campaign_status(self, name: str = "news") -> Any:
        return next(entry for entry in self.status()["campaigns"] if entry["id"] == name)

    def batches(self, name: str = "news") -> list[str]:
        return [batch["state"] for batch in self.campaign_status(name)["batches"]]

    def account(self) -> Any:
        [account] = self.status()["accounts"]
        return account


def finish(process: subprocess.Popen[str]) -> Ran:
    """Wait for a command's end."""
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()  # else the test would wait for it
        raise
    assert not shows_a_defect(err or ""), err
    return Ran(process.returncode, out, err)


def shows_a_defect(output: str) -> bool:
    """Whether a program ended by an error that nobody raised on purpose."""
    return "Traceback" in output or "a defect of the program" in output


def until(happened: Callable[[], object]) -> None:
    """Wait for something that another process does."""
    for _ in range(6000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


def opening_office(tmp_path: Path) -> Office:
    """Be a fixture: a workspace whose gateway does not answer."""
    return Office(tmp_path)


def opening_sandboxes(office: Office) -> Iterator[Callable[..., Sandbox]]:
    """Be a fixture that starts sandboxes as the workspace's gateway; what it is given is theirs."""
    with ExitStack() as stack:

        def start(*faults: str, port: int = 0, **settings: Any) -> Sandbox:
            manners = {"report_delay": 0.0, "seed": 1, **settings}
            sandbox = stack.enter_context(Sandbox(SandboxSettings(**manners), port=port))
            for fault in faults:
                sandbox.add_fault(fault)
            office.environment["MMS_URL"] = sandbox.url
            return sandbox

        yield start


def opening_sandbox(open_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """Be a fixture: the workspace's gateway, well-behaved until a fault is added."""
    return open_sandbox()
