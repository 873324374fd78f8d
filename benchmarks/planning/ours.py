"""What is measured of Python, each in a process of its own: WHAT FOLDER [ROWS]."""

from __future__ import annotations

import csv
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.planning.inputs import Input, make_input
from runner.dispatch.follow import follow_workspace
from runner.plan import plan_campaign
from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from runner.workspace.audience import gather_audience
from runner.workspace.lists import NumberList, read_list
from runner.workspace.load import load_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.plan import CampaignPlan

_HEADING = "手机号"


def _read(made: Input) -> None:
    """Read both lists, and say who is left: what `scan.c` does."""
    members = read_list(made.members, name="members.csv")
    excluded = read_list(made.excluded, name="staff.csv")
    assert isinstance(members, NumberList)
    assert isinstance(excluded, NumberList)
    print(len(gather_audience([members], [excluded], skip_invalid=True).audience.mobiles))  # noqa: T201


def _read_naively(made: Input) -> None:
    """Do what a user would write: no forms but two, no places of faults, no order."""
    with made.excluded.open(encoding="utf-8") as file:
        excluded = {line.strip() for line in file}
    people = set()
    encoding = "utf-8" if made.columns == 1 else "gb18030"
    with made.members.open(encoding=encoding, newline="") as file:
        for row in csv.DictReader(file):
            number = row[_HEADING].removeprefix("+86")
            if len(number) == 11 and number.isdecimal() and number not in excluded:
                people.add(number)
    print(len(people))  # noqa: T201


def _plan(made: Input) -> CampaignPlan:
    workspace = load_workspace(made.folder)
    assert workspace.settings is not None
    campaign = workspace.campaigns["planned"]
    account, zone = workspace.settings.accounts["main"], workspace.settings.zone
    return plan_campaign(campaign, account, None, datetime.now(UTC), zone, sending=True)


def _keep(made: Input) -> None:
    """Do all that a daemon does when it sees the campaign first."""
    shutil.rmtree(made.state.parent, ignore_errors=True)
    made.state.parent.mkdir()
    settings = load_workspace(made.folder, only=()).settings
    assert settings is not None
    plan = _plan(made)
    database = open_database(made.state, actor="benchmark")
    now = datetime.now(UTC)
    with database.writing() as transaction:
        ensure_accounts(transaction, settings.accounts, now)
        follow_workspace(transaction, [plan], now, forced=False)
    database.close()


def _write_rows(made: Input, rows: Path) -> None:
    """Write what is kept as a CSV, for others to take in."""
    with rows.open("w", encoding="ascii") as file:
        file.writelines(_list_rows(_plan(made)))


def _list_rows(plan: CampaignPlan) -> Iterator[str]:
    for batch in plan.batches:
        yield from (f"{batch.seq},{mobile}\n" for mobile in batch.mobiles)


def _main(what: str, folder: str, rows: str = "") -> None:
    numbers, columns = map(int, Path(folder).name.split("-"))
    made = Input(folder=Path(folder), numbers=numbers, columns=columns)
    match what:
        case "make":
            make_input(made.folder, numbers=numbers, columns=columns)
        case "read":
            _read(made)
        case "naive":
            _read_naively(made)
        case "whole":
            _keep(made)
        case "rows":
            _write_rows(made, Path(rows))


if __name__ == "__main__":
    _main(*sys.argv[1:])
