"""The program's own collector, with an endpoint that hands out pages which lie ready.

python -m benchmarks.reports.ours STATE PAGES
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.reports.pages import REPORTS
from benchmarks.sprint import sprint
from runner.model.account import Account, ReportPolling, SecretKind, SecretRef
from runner.model.outcome import RawAnswer
from runner.reports import poll_reports
from runner.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCOUNT = Account(
    name="main",
    url="",
    userid="12",
    account="bench",
    password=SecretRef(kind=SecretKind.ENV, name="MMS_PASSWORD"),
    reports=ReportPolling(page=REPORTS),
)


class _Endpoint:
    """Hands out each page once."""

    def __init__(self, pages: Sequence[Path]) -> None:
        self._pages = list(pages)

    def reports(self, page: int) -> RawAnswer:
        assert page == REPORTS
        return RawAnswer(status=200, body=self._pages.pop(0).read_bytes(), complete=True)


def collect(state: Path, folder: Path) -> None:
    """Collect every page of a folder, when it is time."""
    pages = sorted(folder.glob("[0-9]*.xml"))
    endpoint, now = _Endpoint(pages), datetime(2035, 9, 17, tzinfo=UTC)
    database = open_database(state, actor="benchmark")
    sprint(lambda: sum(poll_reports(database, ACCOUNT, endpoint, now).reports for _ in pages))
    database.close()


if __name__ == "__main__":
    collect(Path(sys.argv[1]), Path(sys.argv[2]))
