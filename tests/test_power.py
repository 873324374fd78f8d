"""The power that goes: a sample of what `make torture PROOFS=power` does, and that it would notice.

A run is recorded by strace, and each disk that there may be at some of its moments is judged.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest
from torture.disk.acknowledged import Batch, Ledger
from torture.disk.court import judge_image, write_image
from torture.disk.legal import SECTOR, Disk
from torture.disk.life import go_through
from torture.disk.recording import (
    Cut,
    Made,
    Removed,
    Renamed,
    Synced,
    Wrote,
    read_recording,
    record_to,
)
from torture.processes.case import parse_case
from torture.processes.judge import Report
from torture.processes.process import can_trace

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "/disk"
A, B = f"{ROOT}/a", f"{ROOT}/b"
TIMES = 400  # chances for luck to find what there may be

needs_strace = pytest.mark.skipif(not can_trace(), reason="no strace, or it may not trace here")


@needs_strace
@pytest.mark.parametrize(("case", "lives"), [("run/fresh/1/", 1), ("daemon/older/2/", 0)])
def test_nothing_that_was_relied_on_is_lost_with_the_power(
    case: str, lives: int, tmp_path: Path
) -> None:
    outage = go_through(parse_case(case), tmp_path, moments=8, lives=lives)
    assert outage.broken == []
    assert outage.images > outage.moments > 5
    assert outage.lived == lives


# What follows is about the proof itself: what a disk may hold, and that a loss is noticed.

SCRIPT = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = " + sys.argv[2])
connection.execute("CREATE TABLE facts (fact)")
for fact in range(5):
    connection.execute("INSERT INTO facts VALUES (?)", (fact,))
os._exit(0)  # to let go of the file would sync it
"""


@needs_strace
@pytest.mark.parametrize(("level", "is_safe"), [("FULL", True), ("NORMAL", False)])
def test_a_level_of_sqlite_that_does_not_sync_each_commit_is_found_out(
    level: str, *, is_safe: bool, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-c", SCRIPT, str(home / "some.db"), level]
    subprocess.run([*record_to(tmp_path / "strace"), *command], check=True)
    disk = Disk(str(home))
    for event in read_recording(tmp_path / "strace", home):
        disk.apply(event)
    kept = []
    for number, image in enumerate(disk.images(Random(1), 4)):
        write_image(image, str(home), tmp_path / f"{number}")
        with closing(sqlite3.connect(tmp_path / f"{number}" / "some.db")) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            rows = connection.execute("SELECT count(*) FROM facts") if tables else None
            kept.append(rows.fetchone()[0] if rows else 0)
    assert (set(kept) == {5}) is is_safe


def hold(*events: object) -> set[tuple[tuple[str, bytes], ...]]:
    """Give all that a disk may hold after these events, as far as luck finds it."""
    disk = Disk(ROOT)
    for event in events:
        disk.apply(event)
    return {tuple(sorted(image.items())) for image in disk.images(Random(1), TIMES)}


SAFE = (Made(A, is_folder=False), Wrote(A, 0, b"old"), Synced(A), Synced(ROOT))


def test_what_was_synced_is_there() -> None:
    assert hold(*SAFE) == {((A, b"old"),)}


def test_a_file_whose_folder_was_not_synced_may_be_gone() -> None:
    assert hold(*SAFE[:3]) == {(), ((A, b"old"),)}


def test_a_file_in_a_folder_that_is_gone_is_gone_too() -> None:
    inner = f"{ROOT}/folder/file"
    made = (Made(f"{ROOT}/folder", is_folder=True), Made(inner, is_folder=False))
    synced = (Wrote(inner, 0, b"x"), Synced(inner), Synced(f"{ROOT}/folder"))
    assert hold(*made, *synced) == {(), ((inner, b"x"),)}


def test_writes_may_be_there_in_any_order() -> None:
    found = hold(*SAFE, Wrote(A, 0, b"new"), Wrote(A, 3, b"er"))
    assert found == {((A, text),) for text in (b"old", b"new", b"newer", b"older")}


def test_a_write_may_be_torn_between_sectors() -> None:
    found = hold(*SAFE, Wrote(A, 0, b"n" * SECTOR * 2))
    assert ((A, b"n" * SECTOR),) in found
    assert ((A, b"old" + bytes(SECTOR - 3) + b"n" * SECTOR),) in found


def test_a_size_may_lag_behind() -> None:
    assert hold(*SAFE, Cut(A, 0)) == {((A, b"old"),), ((A, b""),)}


def test_a_renamed_file_bears_one_of_its_names() -> None:
    assert hold(*SAFE, Renamed(A, B)) == {((A, b"old"),), ((B, b"old"),)}


def test_a_removed_file_may_be_back() -> None:
    assert hold(*SAFE, Removed(A)) == {((A, b"old"),), ()}


@pytest.fixture
def made(database: object, state: Path) -> Path:
    """Be a state in which nothing was ever sent."""
    return state


def test_a_batch_that_was_sent_and_is_not_in_the_state_is_found_out(made: Path) -> None:
    ledger = Ledger()
    ledger.batches["moon", "13800138000"] = Batch("moon", ["13800138000"], begun=1)
    assert judge_image(made, ledger) == ["the batch of 13800138000 in moon was sent and is gone"]


def test_a_report_that_was_journalled_and_is_not_in_the_state_is_found_out(made: Path) -> None:
    ledger = Ledger(reports={Report("7", "13800138000", delivered=True)})
    assert "was journalled and is gone" in judge_image(made, ledger)[0]


def test_a_state_that_is_gone_is_found_out(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.batches["moon", "13800138000"] = Batch("moon", ["13800138000"], begun=1)
    assert judge_image(tmp_path / "state.db", ledger)
