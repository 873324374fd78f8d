"""A daemon's reload of a campaign that did not change."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from runner.daemon.files import Files, Place
from runner.daemon.mask import Mask
from runner.daemon.senders import Senders
from runner.store.custody import read_identity
from runner.store.database import open_database

if TYPE_CHECKING:
    from benchmarks.planning.inputs import Input

_REST = 3  # seconds


def reload_unchanged(made: Input) -> None:
    """Read the files, and once more; prints what that took: CPU seconds, seconds.

    Its lists were written long enough ago for a change of them to show in their time.
    """
    os.environ["MMS_PASSWORD"] = "never sent"
    time.sleep(max(0.0, made.members.stat().st_ctime + _REST - time.time()))
    database = open_database(made.state, actor="benchmark")
    clock = partial(datetime.now, UTC)
    senders = Senders(database=database, clock=clock, notice=print, stand_still=print)
    with database.reading() as transaction:
        state_id = read_identity(transaction).id
    place = Place(
        folder=made.folder,
        settings_file=None,
        name="planned",
        find_state=lambda _: made.state,
        state=made.state,
        state_id=state_id,
    )
    files = Files(place, database=database, senders=senders, mask=Mask(), clock=clock)
    assert files.reload(forced=False).problem is None
    cpu, wall = time.process_time(), time.monotonic()
    assert files.reload(forced=False).problem is None
    print(time.process_time() - cpu, time.monotonic() - wall)  # noqa: T201
    senders.stop()
    senders.wait(lambda: False)
    database.close()
