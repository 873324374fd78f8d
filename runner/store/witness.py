"""The witness beside the state: how many claims it has made, kept where a backup does not reach.

A state that was put back from a backup believes what it believed then; the witness remembers more.
The one idea is the order: a claim is durable in the state first, then stands in the witness, then
its request is sent. So a crash or a loss of power may leave the witness behind, never ahead, and
nothing waits for the disk here.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from runner.errors import StateRefused
from runner.language import N_

_LINE = re.compile(r"([A-Za-z0-9._-]{4,64}) ([0-9]{1,18})\n", re.ASCII)
_MOST_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What a witness says. id: of the state; generation: how many claims that has made."""

    id: str
    generation: int


class Witness:
    """The file, kept open for one state; not for several threads at once."""

    def __init__(self, descriptor: int, known: Recollection) -> None:
        self._descriptor = descriptor
        self._known = known
        self._write()

    def note(self, generation: int) -> None:
        """Note how many claims the state has made.

        Raises StateRefused where they are no more than before: somebody put an older state back
        into the file that is being sent from.
        """
        if generation <= self._known.generation:
            raise StateRefused(
                N_(
                    "an older state was put back into the file that is being sent from:"
                    " its claim {claim} was made before"
                ).format(claim=generation),
                hint=N_("nothing more is sent; `mms-runner state adopt` takes it over, paused"),
            )
        self._known = replace(self._known, generation=generation)
        self._write()

    def _write(self) -> None:
        line = f"{self._known.id} {self._known.generation}\n".encode()
        # A disk that is full must not leave in doubt what is claimed already: it is behind then.
        with suppress(OSError):
            os.pwrite(self._descriptor, line, 0)
            os.ftruncate(self._descriptor, len(line))  # the line before may be another state's

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def witness_of(state: Path) -> Path:
    """Name the witness of a state."""
    return Path(f"{state}.witness")


def read_recollection(state: Path) -> Recollection | None:
    """Read the witness of a state; None where there is none, or nothing that one would say."""
    path = witness_of(state)
    try:
        with path.open("rb") as opened:
            line = opened.read(_MOST_BYTES).decode("ascii", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateRefused(
            N_("the witness {path} cannot be read: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error
    found = _LINE.fullmatch(line)
    return Recollection(id=found[1], generation=int(found[2])) if found else None


def open_witness(state: Path, recollection: Recollection) -> Witness:
    """Open the witness of a state, whatever it said until now, and let it say this."""
    path = witness_of(state)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateRefused(
            N_("the witness {path} cannot be written: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error
    return Witness(descriptor, recollection)
