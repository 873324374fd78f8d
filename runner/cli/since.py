"""Compares the workspace with what stood at a revision of git: `plan --since`."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from runner.changes import Reuse, find_changes, find_reuse, is_cancelled
from runner.language import N_
from runner.workspace.documents import whole_file
from runner.workspace.history import look_back
from runner.workspace.load import load_workspace
from runner.workspace.locate import SETTINGS_FILE, campaign_id, find_campaign_files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from runner.changes import Change
    from runner.model.account import Settings
    from runner.model.campaign import Campaign
    from runner.model.diagnostic import Diagnostic
    from runner.plan import CampaignPlan
    from runner.workspace.load import Workspace


_SENT = N_("this file was sent already, so nobody is sent what it says now")
_CANCELLED = N_("this campaign was cancelled, so nobody is sent what its file says now")
_SENT_AT_ONCE = N_("it said `start: now`, so it was sent already, unless something kept it")
_PASSED = N_("its start, {start}, has passed, so it was sent already, unless something kept it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a change of the files changes.

    commit: the id of what it is compared with. new_workspace: none was there.
    new_settings: `runner.yaml` is another. errors: files that were sent already and are used
    again; uncertain: the ids of those of which nobody here can say whether they were.
    """

    commit: str
    new_workspace: bool
    new_settings: bool
    changes: Mapping[str, Change]
    errors: Sequence[Diagnostic]
    uncertain: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    commit: str
    files: Mapping[str, str]
    campaigns: Mapping[str, Campaign]
    settings: bytes | None


def compare_since(
    revision: str,
    workspace: Workspace,
    plans: Sequence[CampaignPlan],
    settings_file: Path | None,
    ids: Collection[str] | None,
    now: datetime,
) -> Comparison:
    """Say what is another than at a revision.

    workspace: sound. plans: of its campaigns, judged by the state. settings_file: that of
    `--settings`. ids: of the campaigns that are compared, None for all.
    Raises WrongUsage where git, the repository or the revision is missing.
    """
    past = _read_past(revision, workspace, settings_file, ids)
    found = find_changes(past.campaigns, workspace.campaigns, past.files)
    changes = {change.id: change for change in found}
    reuses = {
        plan.campaign.id: find_reuse(changes[plan.campaign.id], plan, now)
        for plan in plans
        if plan.campaign.id in changes
    }
    return Comparison(
        commit=past.commit,
        new_workspace=past.settings is None,
        new_settings=past.settings not in (None, (workspace.root / SETTINGS_FILE).read_bytes()),
        changes=changes,
        errors=tuple(
            _refuse(plan, changes[plan.campaign.id], reuses[plan.campaign.id], workspace.settings)
            for plan in plans
            if reuses.get(plan.campaign.id) in (Reuse.CERTAIN, Reuse.LIKELY)
        ),
        uncertain={name for name, reuse in reuses.items() if reuse is Reuse.UNKNOWN},
    )


def _read_past(
    revision: str, workspace: Workspace, settings_file: Path | None, ids: Collection[str] | None
) -> _Past:
    """Read the workspace as it was; ids: as for `compare_since`."""
    with look_back(workspace.root, revision) as past:
        if past.folder is None:
            return _Past(commit=past.commit, files={}, campaigns={}, settings=None)
        files = {campaign_id(file): file for file in find_campaign_files(past.folder)}
        if ids is not None:
            files = {name: file for name, file in files.items() if name in ids}
        read = load_workspace(
            workspace.folder, files.values(), settings_file, root=past.folder, home=workspace.root
        )
        return _Past(
            commit=past.commit,
            files=files,
            campaigns=read.campaigns,
            settings=(past.folder / SETTINGS_FILE).read_bytes(),
        )


def _refuse(
    plan: CampaignPlan, change: Change, reuse: Reuse | None, settings: Settings | None
) -> Diagnostic:
    start = change.before.start if change.before else None
    zone = settings.zone if settings else None
    message: str
    if reuse is Reuse.CERTAIN and is_cancelled(plan):
        message = _CANCELLED
    elif reuse is Reuse.CERTAIN:
        message = _SENT
    elif start is None:
        message = _SENT_AT_ONCE
    else:
        message = _PASSED.format(start=f"{start.astimezone(zone):%F %R}")
    copy = f"mms-runner copy {quote(plan.campaign.id)} NEW"
    hint = N_("put it back as it was, and start a new file from it: {command}")
    return whole_file(plan.campaign.file, "sent-file-reused", message, hint.format(command=copy))
