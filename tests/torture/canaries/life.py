"""One life of a workspace whose secrets are canaries, with a peer that repeats all it is sent.

Every command is a process of its own; what it writes lands in files of the same folder as its
state, its home and its temporary files, and at the end every byte below that folder is searched.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from cli_workspace import CHECKOUT, shows_a_defect
from peers import Peer, answer

from torture.canaries.echo import ECHOES
from torture.canaries.search import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from peers import Call

MOBILES = [13_800_138_000 + index for index in range(4)]
_PATIENCE = 60  # seconds
_REFUSED_QUERY = 12  # the query after which reports are asked for no more

_SETTINGS = """\
name: canary
state: {state}
lists:
  stop: {{file: {stop}}}
always_exclude: [stop]
accounts:
  main:
    url: {{env: CANARY_URL}}
    userid: {{credential: userid}}
    account: {{env: CANARY_ACCOUNT}}
    password: {{file: {password}}}
    concurrency: 1
    batch_size: 1
    timeout: {{connect: 2s, total: 2s}}
    retry: {{tries: 2, first: 1s, most: 1s}}
    reports: {{every: 1s, page: 100}}
"""
_CAMPAIGN = """\
title: {title}
{more}frames:
  - {{duration: 3, text: 【某店】你好，拒收请回复R}}
recipients:
  numbers: {numbers}
"""
_BOX = (
    "<statusbox><mobile>{mobile}</mobile><taskid>{task}</taskid><status>{status}</status>"
    "<receivetime>2035-09-16 09:00:00</receivetime><errorcode>{error}</errorcode></statusbox>"
)


@dataclass(slots=True, kw_only=True)
class Lived:
    """What came of a life. leaks: what was found where; heard: reports that were applied."""

    commands: int = 0
    requests: int = 0
    files: int = 0
    searched: int = 0
    heard: int = 0
    leaks: list[str] = field(default_factory=list)


class Hostile:
    """A gateway, and a proxy before it, that repeat each request in one way after another."""

    def __init__(self) -> None:
        self._numbers: dict[str, Iterator[int]] = {}
        self.requests = 0
        self.peer = Peer(self._serve)

    def _serve(self, call: Call) -> None:
        while body := call.hear():
            head = call.peer.heads[-1]
            self.requests += 1
            kind = "report" if b"mmsStatusApi" in head else "send"
            kind = "balance" if b"action=overage" in body else kind
            number = next(self._numbers.setdefault(kind, count()))
            act = {"send": self._send, "balance": self._balance, "report": self._report}[kind]
            call.say(act(number, head, body))

    def _send(self, number: int, _head: bytes, body: bytes) -> bytes:
        echo = _all_echoes(body)
        asked = body.decode()
        manners = (
            answer(f"100:{number + 1:014}".encode()),
            answer(echo),
            answer(b"", f"502 {asked}", f"X-Echo: {asked}"),
            answer(echo, "307 Temporary Redirect", f"Location: /?{asked}", f"Set-Cookie: {asked}"),
            answer(echo, "407 Proxy Authentication Required", f"Proxy-Authenticate: {asked}"),
            answer(b"100:" + echo),
        )
        return manners[number % len(manners)]

    def _balance(self, number: int, _head: bytes, body: bytes) -> bytes:
        said = (
            "<returnsms><returnstatus>{}</returnstatus><message>{}</message><payinfo>{}</payinfo>"
        )
        said += "<overage>100</overage><sendTotal>{}</sendTotal></returnsms>"
        remark = f"no: {_all_echoes(body, xml=True).decode()}"
        manners = (
            answer(said.format("Success", "", remark, remark).encode()),
            answer(said.format("Faild", remark, "", "").encode()),
            answer(_all_echoes(body), "500 Oh"),
        )
        return manners[number % len(manners)]

    def _report(self, number: int, head: bytes, body: bytes) -> bytes:
        """Hand out one report a time, and beside it what was asked, in every way."""
        echo = _all_echoes(body + head)
        in_xml = _all_echoes(body, xml=True).decode()
        box = _BOX.format(
            mobile=MOBILES[number % len(MOBILES)], task=f"{1:014}", status=10, error="{}"
        )
        plain, marked = box.format("DELIVRD"), box.format(in_xml)
        manners = (
            answer(f"<returnsms>{marked}</returnsms>".encode()),
            answer(f"<returnsms>{plain}<x>".encode() + echo + b"</x></returnsms>"),
            answer(f"<returnsms>{plain}".encode() + echo)[:-40],
            answer(b"<html>" + echo + b"</html>", "500 Oh"),
        )
        if number == _REFUSED_QUERY:
            refusal = f"<errorstatus><error>5</error><remark>{in_xml}</remark></errorstatus>"
            return answer(f"<returnsms>{refusal}</returnsms>".encode())
        return manners[number % len(manners)]


def _all_echoes(body: bytes, *, xml: bool = False) -> bytes:
    """Repeat a request in all ways, one a line; xml: in those that leave XML well-formed."""
    lines = [act(body) for act in ECHOES.values()]
    if not xml:
        return b"\n".join(lines)
    sound = [line for line in lines if not set(line) & set(b"<&\0") and line.isascii()]
    return b" ".join(sound)


class Life:
    """A workspace, its secrets outside of the folder that is searched, and its processes."""

    def __init__(self, folder: Path, secrets: Mapping[str, str]) -> None:
        """Lay it all out. secrets: `path` of the address, `userid`, `account`, `password`."""
        self.secrets = secrets
        self.lived = Lived()
        self._safe = folder / "safe"
        self.place = folder / "searched"
        self.root = self.place / "campaigns"
        for each in (self._safe, self.root, self.place / "tmp", self.place / "home"):
            each.mkdir(parents=True, mode=0o700)
        self.hostile = Hostile()
        for name in ("userid", "password"):
            path = self._safe / name
            path.touch(mode=0o600)
            path.write_text(secrets[name])
        self._write_files()

    def _write_files(self) -> None:
        self.settings = self.place / "settings.yaml"
        stop = self.place / "stop.csv"
        stop.write_text(f"mobile\n{MOBILES[-1]}\n")
        self.state = self.place / "state" / "state.db"
        self.settings.write_text(
            _SETTINGS.format(state=self.state, stop=stop, password=self._safe / "password")
        )
        (self.root / "runner.yaml").write_text("timezone: Asia/Shanghai\n")
        for name, more in (("news", ""), ("later", "start: now\n"), ("more", "")):
            numbers = json.dumps([str(each) for each in MOBILES])
            text = _CAMPAIGN.format(title=name * 3, more=more, numbers=numbers)
            (self.root / f"{name}.yaml").write_text(text)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a command; its outputs are files that are searched."""
        self.lived.commands += 1
        output = self.place / f"output-{self.lived.commands:02}-{words[0].lstrip('-')}"
        url = f"{self.hostile.peer.url}/{self.secrets['path']}"
        with output.open("wb") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "runner", *words],
                cwd=self.place,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(CHECKOUT),
                    "PYTHONFAULTHANDLER": "1",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "HOME": str(self.place / "home"),
                    "TMPDIR": str(self.place / "tmp"),
                    "MMS_RUNNER_WORKSPACE": str(self.root),
                    "MMS_RUNNER_SETTINGS": str(self.settings),
                    "CREDENTIALS_DIRECTORY": str(self._safe),
                    "CANARY_URL": url,
                    "CANARY_ACCOUNT": self.secrets["account"],
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                preexec_fn=_allow_core_dumps,  # noqa: PLW1509 - a limit that only the child may have
            )

    def call(self, *words: str, **environment: str) -> int:
        """Run a command to its end; gives its exit status."""
        with self.start(*words, **environment) as process:
            try:
                return process.wait(_PATIENCE)
            finally:
                process.kill()

    def run_daemon(self, number: signal.Signals, *words: str) -> None:
        """Let a daemon ask for some reports, and end it."""
        before = self.hostile.requests
        with self.start("daemon", *words) as process:
            try:
                _wait_for(lambda: self.hostile.requests >= before + 4 or process.poll() is not None)
                process.send_signal(number)
                process.wait(_PATIENCE)
            finally:
                process.kill()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the state."""
        with closing(sqlite3.connect(self.state)) as state:
            return state.execute(statement).fetchall()

    def end(self) -> Lived:
        """Search every byte that is left, and the state in the clear beside its file."""
        self.lived.requests = self.hostile.requests
        self.lived.heard = len(self.query("SELECT 1 FROM recipients WHERE delivered IS NOT NULL"))
        # A database cuts long values into pieces.
        with closing(sqlite3.connect(self.state)) as state:
            dump = "\n".join(state.iterdump()).encode(errors="surrogatepass")
        (self.place / "dump.sql").write_bytes(dump)
        bodies = self.query("SELECT body FROM report_journal")
        (self.place / "journal").write_bytes(b"\n".join(body for (body,) in bodies))
        return self.search()

    def search(self) -> Lived:
        """Search every file; the peer ends with it."""
        self.hostile.peer.close()
        for path in sorted(path for path in self.place.rglob("*") if path.is_file()):
            self._search(path)
        return self.lived

    def _search(self, path: Path) -> None:
        data = path.read_bytes()
        self.lived.files += 1
        self.lived.searched += len(data)
        name = str(path.relative_to(self.place))
        for secret in self.secrets:
            ways = find(data, self.secrets[secret])
            self.lived.leaks += [f"{secret} in {name}: {way}" for way in ways]
        if name.startswith("output") and shows_a_defect(data.decode(errors="replace")):
            self.lived.leaks.append(f"a defect is shown in {name}")


def live(folder: Path, secrets: Mapping[str, str], *, briefly: bool = False) -> Lived:
    """Do all that one does with a workspace, with crashes in between; `Lived` says what leaked.

    briefly: a few commands of each kind alone.
    """
    life = Life(folder, secrets)
    life.call("plan", "--balance", "--json")
    life.call("run", "news", PYTHONDEVMODE="1")
    life.run_daemon(signal.SIGKILL)
    life.run_daemon(signal.SIGTERM, "--log-format", "json")
    if not briefly:
        _work_on(life)
    life.call("status", "--json")
    life.call("reports", "--json")
    life.call("balance", "--json")
    return life.end()


def _work_on(life: Life) -> None:
    """Go on with everything else that has a voice."""
    for words in (("validate",), ("plan", "--balance"), ("run", "news"), ("run", "news")):
        life.call(*words)
    life.run_daemon(signal.SIGABRT, "--log-format", "json")
    life.run_daemon(signal.SIGINT)
    life.call("run", "more", "--wait", "2s")
    for words in (("status",), ("status", "news"), ("state",), ("report", "news"), ("reports",)):
        life.call(*words)
    for (entry,) in life.query("SELECT id FROM report_journal LIMIT 4"):
        life.call("reports", "show", str(entry))
    for words in (("reports", "apply", "--all"), ("reports", "export"), ("balance",)):
        life.call(*words)
    for (batch,) in life.query("SELECT id FROM batches WHERE state = 'in_doubt' LIMIT 1"):
        life.call("resolve", str(batch), "--accepted")
    for words in (("pause", "--all"), ("resume", "--all"), ("cancel", "more", "--yes")):
        life.call(*words)
    # An address that cannot be one, with a password in it.
    life.call("balance", CANARY_URL=f"ftp://{life.secrets['password']}@h/{life.secrets['path']}")


def _wait_for(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)


def _allow_core_dumps() -> None:
    with suppress(ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))
