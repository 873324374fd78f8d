"""From list files to durable batches: all that a daemon does when it sees a campaign first."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.dispatch.follow import follow_workspace
from runner.plan import plan_campaign
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from runner.store.findings import keep_findings
from runner.workspace.load import load_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.planning.inputs import Input
    from runner.plan import CampaignPlan
    from runner.workspace.load import Workspace


def keep(made: Input) -> None:
    """Plan the campaign, and put it into a new state."""
    shutil.rmtree(made.state.parent, ignore_errors=True)
    made.state.parent.mkdir()
    settings = load_workspace(made.folder, only=()).settings
    assert settings is not None
    workspace = load_workspace(made.folder)
    plan = _plan(workspace)
    database = open_database(made.state, actor="benchmark")
    now = datetime.now(UTC)
    with database.writing() as transaction:
        ensure_accounts(transaction, settings.accounts, now)
        findings = workspace.findings
        follow_workspace(transaction, [plan], now, forced=False, findings=findings)
        keep_findings(transaction, findings)
    database.close()


def write_rows(made: Input, rows: Path) -> None:
    """Write what is kept as a CSV, for others to take in."""
    with rows.open("w", encoding="ascii") as file:
        file.writelines(_list_rows(_plan(load_workspace(made.folder))))


def _list_rows(plan: CampaignPlan) -> Iterator[str]:
    for batch in plan.batches:
        yield from (f"{batch.seq},{mobile}\n" for mobile in batch.numbers.split(","))


def _plan(workspace: Workspace) -> CampaignPlan:
    assert workspace.settings is not None
    campaign = workspace.campaigns["planned"]
    account, zone = workspace.settings.accounts["main"], workspace.settings.zone
    now, findings = datetime.now(UTC), workspace.findings
    return plan_campaign(campaign, account, None, now, zone, sending=True, findings=findings)
