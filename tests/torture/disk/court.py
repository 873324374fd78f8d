"""Holds what a disk may hold against what the program had relied on when the power went."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from runner.errors import RunnerError
from runner.store.custody import read_identity
from runner.store.database import open_database
from runner.store.witness import read_recollection
from torture.processes.judge import find_damage, read_reports
from torture.processes.state import find_off, looking_into, read_standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torture.disk.acknowledged import Batch, Ledger
    from torture.disk.legal import Image

_BATCH = """
    SELECT b.id, b.state, b.attempts, b.task_id
    FROM batches AS b JOIN recipients AS r ON r.batch = b.id
    WHERE b.campaign = ? AND r.mobile = ?
"""
_JOURNAL = "SELECT body FROM report_journal"
_UNSENT = {"planned", "cancelled"}


class _Row(NamedTuple):
    id: int
    state: str
    attempts: int
    task: str | None


def write_image(image: Image, root: str, folder: Path) -> None:
    """Write the files of a disk; root: what the folder stands for."""
    for path, content in image.items():
        if path.endswith(("-shm", ".lock")):
            continue  # of memory alone: whoever comes first makes them anew
        target = folder / path.removeprefix(f"{root}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def judge_image(state: Path, ledger: Ledger) -> list[str]:
    """Say what of a ledger is missing in a state, as the program itself opens it."""
    if not (state.exists() and state.stat().st_size) and not ledger.batches:
        return []
    try:
        database = open_database(state, actor="the power came back")
        try:
            with database.reading() as transaction:
                identity = read_identity(transaction)
        finally:
            database.close()
        known = read_recollection(state)
    except RunnerError as error:
        return [f"the state cannot be opened: {error}"]
    broken = list(_judge(state, ledger))
    if known and known.id == identity.id and known.generation > identity.generation:
        broken.append(f"the witness is ahead: {known.generation} of {identity.generation} claims")
    for backup in state.parent.glob("*.backup-v?"):
        broken += [f"the backup is damaged: {text}" for text in _find_damage_of(backup)]
    return broken


def _find_damage_of(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return find_damage(connection)
    except sqlite3.Error as error:
        return [str(error)]


def _judge(state: Path, ledger: Ledger) -> Iterator[str]:
    try:
        with looking_into(state) as connection:
            yield from find_damage(connection)
            for batch in ledger.batches.values():
                rows = connection.execute(_BATCH, (batch.campaign, int(batch.mobiles[0])))
                found = [_Row(*row) for row in rows]
                yield from _judge_batch(batch, found[0] if found else None)
            bodies = [row[0] for row in connection.execute(_JOURNAL)]
        missing = ledger.reports.difference(*map(read_reports, bodies))
        yield from (f"{report} was journalled and is gone" for report in missing)
        yield from find_off(read_standing(state).counts)
    except sqlite3.Error as error:
        yield f"the state cannot be read: {error}"


def _judge_batch(batch: Batch, row: _Row | None) -> Iterator[str]:
    name = f"the batch of {batch.mobiles[0]} in {batch.campaign}"
    if row is None:
        yield f"{name} was sent and is gone"
        return
    if row.attempts < batch.begun:
        yield f"{name} was sent {batch.begun} times and knows of {row.attempts}"
    elif row.attempts == batch.begun and row.state in _UNSENT and not batch.not_sent:
        yield f"{name} was sent and is {row.state}"
    if row.attempts == batch.recorded and row.state == "submitting":
        yield f"{name} had an outcome and has none"
    if batch.task and row.task != batch.task:
        yield f"{name} was task {batch.task} and is {row.task}"
