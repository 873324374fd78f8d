"""The real program, killed before a system call that strace chooses, and started again.

SQLite's own calls are among them: between a page that is written and the sync that makes it last,
before the end of a transaction is on the disk, between two halves of a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torture.processes.case import Kill
from torture.processes.matrix import (
    add_life,
    calm_cases,
    count_passings,
    find_aims,
    live_all,
    prove_aims,
    prove_one,
)
from torture.processes.process import can_trace
from torture.proof import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.proof import Orders

_NAME = "syscalls"
_CALM_SEED = 2

# What changes something outside the process, or hears of it.
_CALLS = (
    "connect",
    "fdatasync",
    "fsync",
    "ftruncate",
    "pwrite64",
    "recvfrom",
    "rename",
    "renameat2",
    "sendmsg",
    "sendto",
    "unlink",
    "write",
)
# Never reached, so strace only writes them down.
COUNTED = Kill(place=",".join(_CALLS), passing=65_535)


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that a crash at a system call repeats nothing and loses nothing."""
    if not can_trace():
        yield Row(proof=_NAME, name="all", skipped="no strace, or it may not trace here")
        return
    if orders.only:
        yield prove_one(_NAME, orders, orders.only)
        return
    row, lives = Row(proof=_NAME, name="not killed"), []
    for lived in live_all(_NAME, calm_cases([_CALM_SEED], COUNTED), orders):
        row = add_life(row, lived)
        lives.append(lived)
    yield row
    calm = count_passings(lives)
    yield from prove_aims(_NAME, calm, find_aims(calm), orders)
