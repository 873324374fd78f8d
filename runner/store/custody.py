"""Which state this is, and whether this very file is the one that a sender wrote last.

A copy that is started elsewhere, and a backup that was put back, know nothing of what was sent
since, and would send it again. Two marks tell them: the file itself (its inode and machine, which a
copy does not have) and the number of claims (which the witness beside the state knows as well). A
file that is merely moved keeps both.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import StateRefused
from runner.language import N_
from runner.lifecycle import BrakeSource
from runner.store.brakes import Brake, Subject, set_brake
from runner.store.witness import Recollection, open_witness, read_recollection

if TYPE_CHECKING:
    from datetime import datetime

    from runner.store.database import Database
    from runner.store.transaction import Transaction

_READ = "SELECT id, generation, inode, born, machine FROM identity"

_NAME = "UPDATE identity SET id = :id"

_RECORD = """
    UPDATE identity SET inode = :inode, born = :born, machine = :machine,
        generation = :generation
"""

# Numbers that the lost history may have given to batches, which the gateway may echo (extno).
_SKIP = "UPDATE sqlite_sequence SET seq = seq + :skipped WHERE name = 'batches'"
_SKIP_FIRST = "INSERT INTO sqlite_sequence (name, seq) VALUES ('batches', :skipped)"

FIRST_VERSION = 3  # the layout that gave each state its id

_SKIPPED = 1000  # batches that a copy may have planned since, at a guess; more where more are known

# An inode that is freed is soon used again, so the moment counts at which the file was made. Python
# does not give it. Source: statx(2); not every file system, and not every libc, has it.
_HERE = -100  # AT_FDCWD
_WANTS_BIRTH = 0x800  # STATX_BTIME, in the mask that stands first in the answer
_BIRTH = struct.Struct("=I76xqI")  # the mask, and seconds and nanoseconds since 1970
_ANSWER_BYTES = 256

# The content is the same on all boots of one installation, and in all of its containers that have
# it. Source: machine-id(5); anything else in its place says nothing.
_MACHINE_FILE = Path("/etc/machine-id")
_MACHINE = re.compile(r"[0-9a-f]{32}\n?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a state says of itself.

    generation: how many claims were ever made in it.
    inode, machine: of the file that a sender wrote last; None before the first, "" for unknown.
    born: when that was made, in nanoseconds since 1970, since an inode is used again; None for
    unknown.
    """

    id: str
    generation: int
    inode: int | None
    born: int | None
    machine: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where the file of a state is now.

    machine: "" where the system does not say, as born is None.
    """

    inode: int
    born: int | None
    machine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Why a state must not send before a person has said so.

    what: speaks against it, as the rest of a sentence; missing: how many claims it lacks.
    """

    what: str
    missing: int = 0


def read_identity(transaction: Transaction) -> Identity:
    """Give what a state says of itself."""
    row = transaction.execute(_READ).one()
    return Identity(
        id=row.id,
        generation=row.generation,
        inode=row.inode,
        born=row.born,
        machine=row.machine,
    )


def name_state(transaction: Transaction, state_id: str) -> None:
    """Give a new state the id that the settings ask for."""
    transaction.execute(_NAME, {"id": state_id})


def inherit_id(transaction: Transaction, state: Path) -> None:
    """Give a state from before there were ids the one that its witness knows.

    It is the backup of a migration, put back: with an id of its own nobody would know it again.
    """
    if recollection := read_recollection(state):
        name_state(transaction, recollection.id)


def check_id(transaction: Transaction, wanted: str | None) -> None:
    """Refuse a state that is not the one which the settings ask for; wanted: None for any."""
    found = read_identity(transaction).id
    if wanted not in (None, found):
        raise StateRefused(
            N_(
                "the settings ask for the state `{wanted}`, but the one that lies there is"
                " `{found}`"
            ).format(wanted=wanted, found=found),
            hint=N_(
                "put the file of `{wanted}` back; or, where this one is meant, write"
                ' `id: "{found}"` in `state`; `mms-runner state new` moves it aside and begins'
                " anew, knowing nothing of what was sent"
            ).format(wanted=wanted, found=found),
        )


def find_whereabouts(state: Path) -> Whereabouts:
    """Say where the file of a state is now."""
    return Whereabouts(inode=state.stat().st_ino, born=_read_birth(state), machine=_read_machine())


def judge_custody(
    identity: Identity, here: Whereabouts, recollection: Recollection | None
) -> Suspicion | None:
    """Say why a state is not the one that was written last; None where nothing speaks against it.

    recollection: of the witness beside it; that of another state, or none, says nothing.
    """
    known = recollection.generation if recollection and recollection.id == identity.id else 0
    if missing := max(0, known - identity.generation):
        older = (
            N_(
                "was put back from a backup that is older than what was sent: 1 claim is missing"
                " in it"
            )
            if missing == 1
            else N_(
                "was put back from a backup that is older than what was sent: {count} claims are"
                " missing in it"
            )
        )
        return Suspicion(what=older.format(count=f"{missing:,}"), missing=missing)
    if identity.machine and here.machine and identity.machine != here.machine:
        return Suspicion(what=N_("is a copy: another machine sent from it last"))
    if _is_another_file(identity, here):
        return Suspicion(
            what=N_(
                "is a copy: another file was sent from last"
                " (its inode was {known}, this one's is {found})"
            ).format(known=identity.inode, found=here.inode)
        )
    return None


def _is_another_file(identity: Identity, here: Whereabouts) -> bool:
    births = {identity.born, here.born} - {None}
    return identity.inode not in (None, here.inode) or len(births) > 1


def suspect(transaction: Transaction, state: Path) -> Suspicion | None:
    """Say why a state must not send, None where it may; changes nothing."""
    here, recollection = find_whereabouts(state), read_recollection(state)
    return judge_custody(read_identity(transaction), here, recollection)


def take_custody(database: Database) -> Suspicion | None:
    """Make this file the one that is sent from, and open its witness; or say why that must not be.

    Only for the holder of the state's lock, before anything is sent or asked for. What the log
    holds is written into the file by it: after an error of the disk it may be in memory alone.
    """
    with database.writing() as transaction:
        if suspicion := suspect(transaction, database.path):
            return suspicion
        identity = read_identity(transaction)
        _record(transaction, identity, find_whereabouts(database.path), identity.generation)
    database.take_log_in()
    recollection = Recollection(id=identity.id, generation=identity.generation)
    database.report_to(open_witness(database.path, recollection))
    return None


def take_over(transaction: Transaction, state: Path, suspicion: Suspicion, now: datetime) -> None:
    """Make a copy, or a backup that was put back, the state that is sent from: all of it paused.

    What was sent in the history that it lacks is not known, so a person lets go on what may.
    Only for the holder of the state's lock.
    """
    identity = read_identity(transaction)
    generation = identity.generation + suspicion.missing
    _record(transaction, identity, find_whereabouts(state), generation)
    skipped = {"skipped": _SKIPPED + suspicion.missing}
    if not transaction.execute(_SKIP, skipped).rowcount:
        transaction.execute(_SKIP_FIRST, skipped)
    reason = (
        N_("taken over from a backup: what was sent since is not known here")
        if suspicion.missing
        else N_("taken over from a copy: what was sent since is not known here")
    )
    everything = Brake(subject=Subject.ALL, source=BrakeSource.COMMAND, reason=reason)
    set_brake(transaction, everything, now)


def _record(
    transaction: Transaction, identity: Identity, here: Whereabouts, generation: int
) -> None:
    machine = here.machine or identity.machine or ""
    row = {"inode": here.inode, "born": here.born, "machine": machine}
    transaction.execute(_RECORD, {**row, "generation": generation})


def _read_birth(state: Path) -> int | None:
    # Without opening the file: to close it again would take from SQLite the locks of this process.
    statx = getattr(ctypes.CDLL(None), "statx", None)
    answer = ctypes.create_string_buffer(_ANSWER_BYTES)
    if statx is None or statx(_HERE, os.fsencode(state), 0, _WANTS_BIRTH, answer) != 0:
        return None
    known, seconds, nanoseconds = _BIRTH.unpack_from(answer)
    return seconds * 1_000_000_000 + nanoseconds if known & _WANTS_BIRTH else None


def _read_machine() -> str:
    try:
        content = _MACHINE_FILE.read_text("ascii", errors="replace")
    except OSError:
        return ""
    return content.strip() if _MACHINE.fullmatch(content) else ""
