"""Whoever writes the files: campaigns that come, change, vanish, break and are put away.

Every version of a campaign is remembered, for the one that was sent must be one of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cli_workspace import numbers

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path

    from cli_workspace import Office

BATCH_SIZE = 20
CONCURRENCY = 3
PAGE = 200
PATIENCE = "8s"  # for an answer: long, or a busy machine would look like a gateway that hangs

_POOL = numbers(4000)
_MOST_PEOPLE = 120
_MOST_FILES = 30  # of campaigns; older ones are put away when they are over
_SOON = (4, 12)  # seconds until a start that is not `now`

_HEAD = """\
name: shop
lists:
  optout: {{file: {file}}}
always_exclude: [optout]
"""
_ACCOUNT = """\
batch_size: {batch_size}
concurrency: {concurrency}
rate: {rate}
extno: "90"
reports: {{every: 1s, page: {page}}}
"""
_CAMPAIGN = """\
title: {name}
start: {start}
frames:
  - {{duration: 3, text: 【某店】{name}第{version}版，拒收请回复R}}
recipients:
  numbers: [{people}]
"""
_FAULT = "titel: [\n"


class Author:
    """Owns the workspace's files.

    versions: of each campaign, whom its file named, from the first version on.
    opted_out: when each of these people was put on the list.
    """

    def __init__(self, office: Office, luck: random.Random) -> None:
        self.versions: dict[str, list[frozenset[str]]] = {}
        self.opted_out: dict[str, datetime] = {}
        self._office = office
        self._luck = luck
        self._starts: dict[str, datetime] = {}
        self._away: dict[Path, str] = {}  # files that were lost or broken, as they should be
        self._list = office.folder / "optout.csv"
        self._write_list()
        self.change_settings()

    def write(self) -> None:
        """Write one campaign more."""
        name = f"c{len(self.versions) + 1:05}"
        self.versions[name] = []
        self._write(name)

    def edit(self) -> None:
        """Change a campaign that has not begun, as far as its author knows."""
        now = datetime.now(UTC)
        early = [
            name
            for name, start in self._starts.items()
            if start > now and self._path(name) in self._files()
        ]
        if early:
            self._write(self._luck.choice(early))

    def lose_a_file(self) -> None:
        """Remove the file of a campaign; `mend` brings it back."""
        if files := self._files():
            path = self._luck.choice(files)
            self._away[path] = path.read_text("utf-8")
            path.unlink()

    def break_a_file(self) -> None:
        """Leave a fault in a file, for which no file is read; `mend` takes it out."""
        if files := self._files():
            path = self._luck.choice(files)
            self._away[path] = path.read_text("utf-8")
            path.write_text(f"{self._away[path]}{_FAULT}", "utf-8")

    def mend(self) -> None:
        """Put every file back as it should be."""
        while self._away:
            path, text = self._away.popitem()
            path.write_text(text, "utf-8")

    def put_away(self, finished: Sequence[str]) -> None:
        """Remove the oldest files of campaigns that are over, where there are many."""
        files = self._files()
        over = [path for path in files if path.stem in finished]
        for path in over[: max(0, len(files) - _MOST_FILES)]:
            path.unlink()

    def change_settings(self) -> None:
        """Give the account another rate: its senders are replaced by new ones."""
        account = _ACCOUNT.format(
            batch_size=BATCH_SIZE,
            concurrency=CONCURRENCY,
            page=PAGE,
            rate=self._luck.randint(20, 40),
        )
        self._office.settings(account, head=_HEAD.format(file=self._list), patience=PATIENCE)

    def opt_out(self) -> None:
        """Put some people on the list of those who want nothing more."""
        now = datetime.now(UTC)
        for mobile in self._luck.sample(_POOL, 3):
            self.opted_out.setdefault(mobile, now)
        self._write_list()

    def _write(self, name: str) -> None:
        people = self._luck.sample(_POOL, self._luck.randint(1, _MOST_PEOPLE))
        soon = datetime.now(UTC) + timedelta(seconds=self._luck.randint(*_SOON))
        now = not self.versions[name] and self._luck.random() < 0.6
        if not now:
            self._starts[name] = soon
        self.versions[name].append(frozenset(people))
        text = _CAMPAIGN.format(
            name=name,
            version=len(self.versions[name]),
            start="now" if now else f"{soon:%F %T}Z",
            people=", ".join(f'"{mobile}"' for mobile in people),
        )
        self._path(name).write_text(text, "utf-8")

    def _path(self, name: str) -> Path:
        return self._office.root / f"{name}.yaml"

    def _files(self) -> list[Path]:
        """Give the campaigns' files that are there and as they should be, the oldest first."""
        return sorted(set(self._office.root.glob("c*.yaml")).difference(self._away))

    def _write_list(self) -> None:
        self._list.write_text("\n".join(["mobile", *sorted(self.opted_out), ""]), "utf-8")
