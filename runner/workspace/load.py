"""Reads a whole workspace: every file, every fault, in one go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.errors import FaultyFiles
from runner.model.diagnostic import Diagnostic, Severity, Span
from runner.workspace.campaign import CampaignReader
from runner.workspace.faults import Faults
from runner.workspace.locate import (
    SETTINGS_FILE,
    campaign_id,
    find_campaign_files,
    is_sayable,
    resolve_inside,
)
from runner.workspace.schema import check
from runner.workspace.settings import compile_settings
from runner.workspace.source_text import MOST_BYTES
from runner.workspace.strict_yaml import read_yaml
from runner.workspace.surroundings import NO_SURROUNDINGS, read_surroundings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from runner.model.account import Settings
    from runner.model.campaign import Campaign
    from runner.workspace.surroundings import Surroundings

# Where the text in the file counts, not what YAML would make of it: 0123 stays 0123.
_SETTINGS_AS_WRITTEN = tuple(("accounts", "*", key) for key in ("userid", "account", "extno"))
_CAMPAIGN_AS_WRITTEN = (("account",), ("recipients", "numbers", "*"))
_TIMES = (("start",), ("until",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace as it was read; with an error among its diagnostics nothing of it is used.

    settings: None where `runner.yaml` has an error; campaigns: the sound ones, by id.
    """

    root: Path
    settings: Settings | None
    campaigns: Mapping[str, Campaign]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that forbid to use it."""
        return tuple(fault for fault in self.diagnostics if fault.severity is Severity.ERROR)


def load_settings(root: Path) -> Settings:
    """Read `runner.yaml` alone; raises FaultyFiles."""
    settings, _, diagnostics = _read_settings(root)
    if settings is None:
        raise FaultyFiles(diagnostics)
    return settings


def load_workspace(root: Path, only: Collection[str] | None = None) -> Workspace:
    """Read the settings and every campaign file, or only some of them.

    root: resolved; only: paths from the root, with `/`.
    Raises WrongUsage where the workspace's folders cannot be read.
    """
    settings, surroundings, diagnostics = _read_settings(root)
    files = find_campaign_files(root)
    wanted = frozenset(files if only is None else only)
    diagnostics += _check_ids(files, wanted)
    reader = CampaignReader(root, surroundings)
    campaigns = {}
    for file in filter(wanted.__contains__, files):
        campaign, faults = _read_campaign(root, file, reader)
        diagnostics += faults
        if campaign:
            campaigns[campaign.id] = campaign
    return Workspace(
        root=root,
        settings=settings,
        campaigns=campaigns,
        diagnostics=tuple(sorted(dict.fromkeys(diagnostics), key=_place)),
    )


def _read_settings(root: Path) -> tuple[Settings | None, Surroundings, list[Diagnostic]]:
    data = _read_bytes(root, SETTINGS_FILE)
    if isinstance(data, Diagnostic):
        return None, NO_SURROUNDINGS, [data]
    document = read_yaml(data, file=SETTINGS_FILE, as_written=_SETTINGS_AS_WRITTEN)
    faults = Faults(document, [*document.diagnostics, *check(document, "settings")])
    if not isinstance(document.data, dict):
        return None, NO_SURROUNDINGS, faults.found
    settings = compile_settings(root, document.data, faults)
    return settings, read_surroundings(document, document.data), faults.found


def _read_campaign(
    root: Path, file: str, reader: CampaignReader
) -> tuple[Campaign | None, list[Diagnostic]]:
    if not is_sayable(file):
        return None, [_refuse_name(file)]
    data = _read_bytes(root, file)
    if isinstance(data, Diagnostic):
        return None, [data]
    document = read_yaml(data, file=file, as_written=_CAMPAIGN_AS_WRITTEN, times=_TIMES)
    faults = Faults(document, [*document.diagnostics, *check(document, "campaign")])
    if not isinstance(document.data, dict):
        return None, faults.found
    return reader.read(file, document.data, faults), faults.found


def _read_bytes(root: Path, file: str) -> bytes | Diagnostic:
    """Read a file as far as it may be large; a diagnostic where that cannot be."""
    path = resolve_inside(root, file)
    if path is None:
        return _whole_file(file, "outside-workspace", "this file is a link out of the workspace")
    try:
        if not path.is_file():
            return _whole_file(file, "not-a-file", "this is no regular file")
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        return _whole_file(file, "unreadable-file", f"it cannot be read: {error.strerror}")


def _whole_file(file: str, rule: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(file=file, span=Span(), rule=rule, message=message, hint=hint)


def _refuse_name(file: str) -> Diagnostic:
    shown = os.fsencode(file).decode(errors="replace")
    message = "the name of this file, or of its folder, is not UTF-8 or holds control characters"
    return _whole_file(shown, "unusable-name", message, "rename it: it is the campaign's id")


def _check_ids(files: Iterable[str], wanted: Collection[str]) -> Iterator[Diagnostic]:
    """Find files whose ids differ in nothing, or only in case."""
    first: dict[str, str] = {}
    for file in files:
        other = first.setdefault(campaign_id(file).casefold(), file)
        if other != file and (file in wanted or other in wanted):
            message = f"this campaign has the same id as {other}"
            hint = "rename one of them: an id is the path without its suffix, in any case"
            yield _whole_file(file, "duplicate-id", message, hint)


def _place(fault: Diagnostic) -> tuple[str, Span]:
    return fault.file, fault.span
