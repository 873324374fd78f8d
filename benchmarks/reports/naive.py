"""What a user would write: read the page into a tree, and update and commit one row after another.

python -m benchmarks.reports.naive STATE PAGES
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.sprint import sprint

_UPDATE = """
    UPDATE recipients SET delivered = ?, received_at = unixepoch(?, '-8 hours'), error_code = ?
    WHERE batch = (SELECT id FROM batches WHERE task_id = ?) AND mobile = ?
"""


def main(state: str, folder: str) -> None:
    """Apply the short page."""
    page = (Path(folder) / "naive.xml").read_bytes()
    with closing(sqlite3.connect(state)) as connection:
        sprint(lambda: _apply(connection, page))


def _apply(connection: sqlite3.Connection, page: bytes) -> int:
    boxes = ElementTree.fromstring(page).findall("statusbox")
    for box in boxes:
        values = (
            box.findtext("status") == "10",
            box.findtext("receivetime"),
            box.findtext("errorcode"),
            box.findtext("taskid"),
            box.findtext("mobile"),
        )
        connection.execute(_UPDATE, values)
        connection.commit()
    return len(boxes)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
