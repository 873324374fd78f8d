"""What is measured of the program from within, each in a process of its own: WHAT STATE [FOLDER].

poll      polls reports minute by minute, and the gateway has none: not its first, which weighs all
claims    claims batches and records that they were taken
backlog   fetches and applies every page that lies in FOLDER
made      makes STATE, with so many people sent to, and pages in FOLDER; not measured: PEOPLE
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.reports.ours import ACCOUNT, collect
from benchmarks.reports.pages import REPORTS, Spread, write_pages
from benchmarks.send.shop import BATCH, write_workspace
from benchmarks.sprint import sprint
from runner.dispatch.begin import begin_campaign
from runner.lifecycle import BatchEvent
from runner.model.outcome import RawAnswer
from runner.plan import plan_campaign
from runner.reports import poll_reports
from runner.store.accounts import ensure_accounts
from runner.store.claims import claim_batch, read_candidates
from runner.store.database import open_database
from runner.store.doubt import Scales
from runner.store.journal import match_waiting
from runner.store.outcomes import BatchChange, change_batch, find_claimed
from runner.workspace.load import load_workspace

if TYPE_CHECKING:
    from runner.model.account import Account
    from runner.store.database import Database

_CLAIMS = 50
_POLLS = 60
_NOTHING = b'<?xml version="1.0" encoding="utf-8" ?><returnsms></returnsms>'


class _EmptyEndpoint:
    def reports(self, _page: int) -> RawAnswer:
        return RawAnswer(status=200, body=_NOTHING, complete=True)


def _poll(database: Database, scales: Scales, polls: int) -> int:
    for _ in range(polls):
        poll_reports(database, ACCOUNT, _EmptyEndpoint(), datetime.now(UTC), scales)
    return polls


def _plan(database: Database, requests: int) -> Account:
    """Begin a campaign of so many requests; gives the account that sends it."""
    with tempfile.TemporaryDirectory() as folder:
        shop = write_workspace(Path(folder, "shop"), requests=requests, concurrency=4, pictures=0)
        workspace = load_workspace(shop)
        settings, campaign = workspace.settings, workspace.campaigns["news"]
        assert settings is not None
        now, account = datetime.now(UTC), settings.accounts["main"]
        plan = plan_campaign(campaign, account, None, now, settings.zone, sending=True)
    with database.writing() as transaction:
        ensure_accounts(transaction, settings.accounts, now)
        begin_campaign(transaction, plan, settings.accounts, settings.zone, now, named=True)
    return account


def _claim(database: Database, account: Account) -> int:
    """Claim every batch, each in a transaction, and record it in another, as a pump does."""
    for number in count(1):
        now = datetime.now(UTC)
        with database.writing() as transaction:
            candidates = read_candidates(transaction, account.name, None)
            if not candidates:
                break
            claim = claim_batch(transaction, candidates[0].campaign, owner="bench", now=now)
        assert claim is not None
        with database.writing() as transaction:
            batch = find_claimed(transaction, claim)
            assert batch is not None
            task = f"31{number:018}"
            taken = BatchChange(
                event=BatchEvent.ACCEPT, task_id=task, report_deadline=now + timedelta(days=3)
            )
            change_batch(transaction, batch, taken, now)
            match_waiting(transaction, account.name, task)
    return number - 1


def main(what: str, state: Path, *words: str) -> None:
    """Do one of them."""
    if what == "backlog":
        collect(state, Path(words[0]))
        return
    database = open_database(state, actor="benchmark")
    if what == "made":
        folder, people = Path(words[0]), int(words[1])
        _claim(database, _plan(database, people // BATCH))
        write_pages(state, folder, Spread.SCATTERED, pages=people // REPORTS)
    elif what == "poll":
        scales = Scales()
        _poll(database, scales, 1)
        sprint(lambda: _poll(database, scales, _POLLS))
    else:
        account = _plan(database, _CLAIMS)
        sprint(lambda: _claim(database, account))
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
