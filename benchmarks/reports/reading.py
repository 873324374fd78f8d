"""Reading pages of reports, and nothing else: which part of the whole that is.

python -m benchmarks.reports.reading WHO PAGES

The limit is lxml itself: its tree of a page, of which nobody looks at anything.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from lxml import etree

from benchmarks.measured import Who
from benchmarks.sprint import sprint
from runner.codec.answers import ReportPage, decode_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FIELDS = ("mobile", "taskid", "status", "receivetime", "errorcode", "extno")


def _read_as_we_do(page: bytes) -> int:
    read = decode_reports(page)
    assert isinstance(read, ReportPage)
    return len(read.reports)


def _read_naively(page: bytes) -> int:
    boxes = ElementTree.fromstring(page).findall("statusbox")
    return len([tuple(map(box.findtext, _FIELDS)) for box in boxes])


def _build_the_tree(page: bytes) -> int:
    return len(etree.fromstring(page))


_READERS: Mapping[Who, Callable[[bytes], int]] = {
    Who.OURS: _read_as_we_do,
    Who.NAIVE: _read_naively,
    Who.LIMIT: _build_the_tree,
}


def main(who: str, folder: str) -> None:
    """Read every page."""
    pages = [page.read_bytes() for page in sorted(Path(folder).glob("[0-9]*.xml"))]
    read = _READERS[Who(who)]
    sprint(lambda: sum(map(read, pages)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
