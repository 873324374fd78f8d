"""The workspace of a simulated life: campaign files that are written, read and put away."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.workspace.load import load_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.model.account import Settings
    from runner.model.campaign import Campaign

POPULATION = range(13_800_000_000, 13_800_020_000)  # everybody whom anybody may write to

_HEAD = """\
name: shop
lists:
  optout: {{file: {optout}}}
always_exclude: [optout]
accounts:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the author of a file means. more: further lines of it."""

    title: str
    account: str
    mobiles: Sequence[int]
    start: str | None
    again: tuple[str, ...] = ()
    more: str = ""

    def write(self) -> str:
        """Give the file's text."""
        start = f"start: {self.start}\n" if self.start else ""
        again = f"again: {json.dumps(self.again)}\n" if self.again else ""
        return (
            f"title: {self.title}\naccount: {self.account}\n{start}{again}{self.more}"
            f"frames:\n  - {{duration: 3, text: 【某店】你好，拒收请回复R}}\n"
            f"recipients:\n  numbers: {json.dumps([str(mobile) for mobile in self.mobiles])}\n"
        )


class Shelf:
    """A folder of campaign files, and what the program reads in them.

    A file is read when it was written, and not again before it is written again: what it says is a
    function of its bytes, and who opts out later is left out later.
    """

    def __init__(self, folder: Path, accounts: str) -> None:
        self.drafts: dict[str, Draft] = {}
        self.campaigns: dict[str, Campaign] = {}
        self._root = folder / "campaigns"
        self._root.mkdir()
        self._optout = folder / "optout.csv"
        self._optout.write_text("mobile\n13900000000\n", "utf-8")
        self._unread: set[str] = set()
        head = _HEAD.format(optout=self._optout)
        (self._root / "runner.yaml").write_text(head + accounts, "utf-8")
        workspace = load_workspace(self._root)
        assert workspace.settings is not None, workspace.diagnostics
        self.settings: Settings = workspace.settings

    def put(self, name: str, draft: Draft) -> None:
        """Write a file, or write it anew."""
        (self._root / f"{name}.yaml").write_text(draft.write(), "utf-8")
        self.drafts[name] = draft
        self._unread.add(name)

    def change(self, name: str, **changes: object) -> None:
        """Say something else in a file."""
        self.put(name, replace(self.drafts[name], **changes))

    def take_away(self, name: str) -> Draft:
        """Remove a file."""
        (self._root / f"{name}.yaml").unlink()
        self._unread.discard(name)
        self.campaigns.pop(name, None)
        return self.drafts.pop(name)

    def opt_out(self, mobiles: Sequence[int]) -> None:
        """Let some people want nothing more."""
        with self._optout.open("a", encoding="utf-8") as opened:
            opened.writelines(f"{mobile}\n" for mobile in mobiles)

    def read(self) -> list[Campaign]:
        """Give what all files say now."""
        if self._unread:
            workspace = load_workspace(self._root, only={f"{name}.yaml" for name in self._unread})
            assert not workspace.errors, workspace.errors
            self.campaigns |= workspace.campaigns
            self._unread.clear()
        return [self.campaigns[name] for name in self.drafts]
