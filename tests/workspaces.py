"""A small sound workspace, of which a test changes what it is about."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.workspace.load import Workspace, load_workspace

if TYPE_CHECKING:
    from runner.model.campaign import Campaign
    from runner.model.diagnostic import Diagnostic

SOUND = Path(__file__).parent / "faulty" / "sound"

SETTINGS = (SOUND / "runner.yaml").read_text()
FRAMES = "frames:\n  - duration: 3\n    text: 【某店】新品上架，拒收请回复R\n"
RECIPIENTS = 'recipients:\n  numbers: ["13800138000"]\n'


class Shop:
    """A workspace with settings, a list of two people and two pictures, and one campaign."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, file: str, text: str | bytes) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def load(self, settings_file: Path | None = None) -> Workspace:
        return load_workspace(self.root, settings_file=settings_file)

    def campaign(
        self,
        more: str = "",
        *,
        title: str = "秋季新品",
        frames: str = FRAMES,
        recipients: str = RECIPIENTS,
    ) -> None:
        """Write the one campaign, news.yaml; more: further lines of it."""
        self.write("news.yaml", f"title: {title}\n{more}{frames}{recipients}")

    def sound_campaign(self, more: str = "", **parts: str) -> Campaign:
        """Write it, and read it without an error; what is warned of stands in other tests."""
        self.campaign(more, **parts)
        workspace = self.load()
        assert workspace.errors == ()
        return workspace.campaigns["news"]

    def faults(self, more: str = "", **parts: str) -> list[Diagnostic]:
        self.campaign(more, **parts)
        return list(self.load().diagnostics)

    def fault(self, more: str = "", **parts: str) -> Diagnostic:
        """Write it, and read it with exactly one fault."""
        [fault] = self.faults(more, **parts)
        return fault

    def marked(self, fault: Diagnostic) -> str:
        """Give what a fault points at."""
        lines = (self.root / fault.file).read_text("utf-8").splitlines()
        return lines[fault.span.line - 1][fault.span.column - 1 : fault.span.end_column - 1]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    root = shutil.copytree(SOUND, tmp_path / "shop")
    (root / "sound.yaml").unlink()
    return Shop(root.resolve())
