"""Reads a whole workspace: every file, every fault, in one go."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from runner.errors import FaultyFiles
from runner.language import N_
from runner.model.diagnostic import Diagnostic, Label, Severity, Span
from runner.model.recipient import holds_mobile, mask_mobiles
from runner.workspace.always_excluded import read_always_excluded
from runner.workspace.campaign import CampaignReader
from runner.workspace.documents import NOTHING, read_inside, whole_file
from runner.workspace.ignores import without_ignored
from runner.workspace.kept_lists import KeptLists
from runner.workspace.locate import (
    SETTINGS_FILE,
    campaign_id,
    find_campaign_files,
    is_sayable,
)
from runner.workspace.recipients import RecipientReader
from runner.workspace.settings import read_settings
from runner.workspace.shared import SharedFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from runner.model.account import Settings
    from runner.model.campaign import Campaign
    from runner.model.findings import Findings
    from runner.workspace.settings import ReadSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace as it was read; with an error among its diagnostics nothing of it is used.

    folder: as it was named, with the symlinks on its way; root: the same, resolved.
    settings: None where they have an error; campaigns: the sound ones, by id.
    files: the settings and every campaign file that was read, as paths from the root.
    warnings: of the diagnostics, by the id of the campaign that they are about; one in a file that
    several share is about each of them.
    findings: what is known of its long lists by now.
    """

    folder: Path
    root: Path
    settings: Settings | None
    campaigns: Mapping[str, Campaign]
    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    warnings: Mapping[str, tuple[Diagnostic, ...]]
    findings: Findings

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that forbid to use it."""
        return tuple(fault for fault in self.diagnostics if fault.severity is Severity.ERROR)


def load_settings(folder: Path, settings_file: Path | None = None) -> Settings:
    """Read the settings alone; raises FaultyFiles.

    folder, settings_file: as for `load_workspace`.
    """
    read = read_settings(folder, folder.resolve(), settings_file)
    if read.settings is None:
        raise FaultyFiles(read.files.diagnostics)
    return read.settings


def load_workspace(
    folder: Path,
    only: Collection[str] | None = None,
    settings_file: Path | None = None,
    *,
    root: Path | None = None,
    home: Path | None = None,
    kept: KeptLists | None = None,
    remember: Callable[[Settings], Findings] | None = None,
    instead: Mapping[str, bytes] = NOTHING,
    warn: bool = True,
    now: datetime | None = None,
) -> Workspace:
    """Read the settings and every campaign file, or only some of them.

    folder: absolute, as it was named: it gives the workspace its name where no file does.
    only: paths from the folder, with `/`; settings_file: that of `--settings`.
    root: the folder resolved, where that was done before: a symlink may lead elsewhere by now.
    home: where relative paths of `runner.yaml` start, where its files lie in another place.
    kept: what was read of lists before; of what has not changed nothing is read or gathered again.
    remember: gives what earlier processes found, by sound settings; in the place of `kept`.
    instead: files of the workspace that are read as these bytes.
    warn: look for what is no error, too; now: by which it is told that a start has passed. None for
    not: what was sent long ago would be told for ever, and a check of all files would fail by
    itself one day.
    Raises WrongUsage where the workspace's folders, or that file, cannot be read.
    """
    root = root or folder.resolve()
    read = read_settings(folder, root, settings_file, home, instead)
    if kept is None:
        known = remember(read.settings) if remember and read.settings else None
        kept = KeptLists(findings=known)
    reader = _make_reader(read, kept)
    shared = SharedFiles(root, instead)
    files = find_campaign_files(root)
    wanted = frozenset(files if only is None else only)
    diagnostics = [*read.files.diagnostics, *_check_ids(files, wanted)]
    campaigns, warnings = {}, {}
    chosen = [file for file in files if file in wanted]
    for file in chosen:
        campaign, faults = _read_campaign(root, file, shared, reader, instead, now, warn=warn)
        diagnostics += faults
        odd = (fault for fault in faults if fault.severity is Severity.WARNING)
        warnings[campaign_id(file)] = _put_in_order(odd)
        if campaign:
            campaigns[campaign.id] = campaign
    kept.end()
    return Workspace(
        folder=folder,
        root=root,
        settings=read.settings,
        campaigns=campaigns,
        files=(SETTINGS_FILE, *chosen),
        diagnostics=_put_in_order(diagnostics),
        warnings=warnings,
        findings=kept.findings,
    )


def _make_reader(read: ReadSettings, kept: KeptLists) -> CampaignReader:
    """Read what concerns all campaigns, and make the reader of each; faults stand in `read`."""
    read_once = cache(kept.read_list)  # several campaigns name the same list
    lists = read.surroundings.lists
    always = read_always_excluded(read.files, lists, read_once)
    root = read.files.root
    recipients = RecipientReader(
        root,
        lists=lists,
        always=always,
        read_list=read_once,
        gather_audience=kept.gather_audience,
    )
    return CampaignReader(root, read.surroundings, recipients)


def _read_campaign(
    root: Path,
    file: str,
    shared: SharedFiles,
    reader: CampaignReader,
    instead: Mapping[str, bytes],
    now: datetime | None,
    *,
    warn: bool,
) -> tuple[Campaign | None, list[Diagnostic]]:
    if not is_sayable(file):
        message = N_(
            "the name of this file, or of its folder, is not UTF-8 or holds control characters"
        )
        return None, [_refuse_name(file, message)]
    if holds_mobile(campaign_id(file)):
        message = N_(
            "the name of this file, or of its folder, holds a phone number, and names stand in logs"
        )
        return None, [_refuse_name(file, message)]
    faults = shared.put_into(read_inside(root, file, "campaign", instead))
    data = faults.document.data
    campaign = reader.read(file, data, faults) if isinstance(data, dict) else None
    if not warn:
        return campaign, faults.found
    if campaign and isinstance(data, dict):
        reader.look_again(campaign, data, faults, now)
    document = faults.document
    others = {graft.source.file: graft.source for graft in document.grafts.values()}
    return campaign, list(without_ignored(document.source, faults.found, others.values()))


def _refuse_name(file: str, message: str) -> Diagnostic:
    shown = mask_mobiles(os.fsencode(file).decode(errors="replace"))
    return whole_file(shown, "unusable-name", message, N_("rename it: it is the campaign's id"))


def _check_ids(files: Iterable[str], wanted: Collection[str]) -> Iterator[Diagnostic]:
    """Find files whose ids differ in nothing, or only in case."""
    first: dict[str, str] = {}
    for file in files:
        other = first.setdefault(campaign_id(file).casefold(), file)
        if other != file and (file in wanted or other in wanted):
            message = N_("this campaign has the same id as {other}").format(other=other)
            hint = N_("rename one of them: an id is the path without its suffix, in any case")
            label = Label(file=other, span=Span(), message=N_("this is the other one"))
            yield replace(whole_file(file, "duplicate-id", message, hint), labels=(label,))


def _put_in_order(faults: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Give each fault once, by its place; each campaign that uses a shared file tells all of it."""
    once = {(fault.file, fault.span, fault.rule, fault.message): fault for fault in faults}
    return tuple(sorted(once.values(), key=lambda fault: (fault.file, fault.span)))
