"""Pages of delivery reports as the gateway hands them out, and the same for the limit.

For each page NN: NN.xml as the gateway writes it, NN.rows with a line for each report of it,
`delivered received_at batch mobile error_code`; and naive.xml, the beginning of the first page.

python -m benchmarks.reports.pages STATE FOLDER SPREAD PAGES    writes them, to profile
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REPORTS = 10_000  # in a page, the most that the gateway hands out

_CHINA = timezone(timedelta(hours=8))
_BEGAN = datetime(2035, 9, 16, 9, 0, tzinfo=_CHINA)
_ONE_FAILS_IN = 20
_BOX = (
    "<statusbox>\n<mobile>{mobile}</mobile>\n<taskid>{task}</taskid>\n<status>{status}</status>\n"
    "<receivetime>{time:%Y-%m-%d %H:%M:%S}</receivetime>\n<errorcode>{word}</errorcode>\n"
    "<extno></extno>\n</statusbox>\n"
)
_PAGE = '<?xml version="1.0" encoding="utf-8" ?>\n<returnsms>\n{boxes}</returnsms>\n'

_Person = tuple[str, int, int]  # task, batch, mobile


class Spread(StrEnum):
    """Whose reports a page holds."""

    ADJACENT = "adjacent"  # of a few tasks, in the order of their numbers
    SCATTERED = "scattered"  # of any task, in any order


def write_pages(
    state: Path, folder: Path, spread: Spread, *, pages: int, naive: int = 1000
) -> None:
    """Write reports for people of a state, each of whom gets at most one.

    naive: how many reports naive.xml holds.
    """
    folder.mkdir()
    people = _read_people(state)
    if spread is Spread.SCATTERED:
        Random(1).shuffle(people)
    for number in range(pages):
        some = people[number * REPORTS : (number + 1) * REPORTS]
        (folder / f"{number:02}.xml").write_text(_write_page(some), "utf-8")
        (folder / f"{number:02}.rows").write_text("".join(map(_write_row, some)), "utf-8")
    (folder / "naive.xml").write_text(_write_page(people[:naive]), "utf-8")


def _read_people(state: Path) -> list[_Person]:
    with closing(sqlite3.connect(state)) as connection:
        return connection.execute(
            "SELECT b.task_id, b.id, r.mobile FROM recipients AS r"
            " JOIN batches AS b ON b.id = r.batch ORDER BY r.batch, r.mobile"
        ).fetchall()


def _write_page(people: Sequence[_Person]) -> str:
    return _PAGE.format(boxes="".join(_write_boxes(people)))


def _write_boxes(people: Iterable[_Person]) -> Iterable[str]:
    for task, _, mobile in people:
        delivered, time, word = _tell_fate(mobile)
        status = 10 if delivered else 20
        yield _BOX.format(mobile=mobile, task=task, status=status, time=time, word=word)


def _write_row(person: _Person) -> str:
    _, batch, mobile = person
    delivered, time, word = _tell_fate(mobile)
    return f"{int(delivered)} {int(time.timestamp())} {batch} {mobile} {word}\n"


def _tell_fate(mobile: int) -> tuple[bool, datetime, str]:
    """Say whether, when, and in which words somebody got it."""
    delivered = mobile % _ONE_FAILS_IN > 0
    time = _BEGAN + timedelta(seconds=mobile % 600)  # many reports share a second
    return delivered, time, "DELIVRD" if delivered else "MK:0005"


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]), Path(sys.argv[2]), Spread(sys.argv[3]), pages=int(sys.argv[4]))
