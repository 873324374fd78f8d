"""Whether a file that decides about passwords can be trusted: nobody else may change it.

As ssh and sudo do it, the file itself and the folder that holds it are looked at, behind a symlink
both folders: who may write in a folder can put another file there, unless it is sticky, as /tmp is.
Who may write further up, and who owns the file, is the administrator's matter.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.language import N_

if TYPE_CHECKING:
    from pathlib import Path

_EVERYBODY, _GROUP = stat.S_IWOTH, stat.S_IWGRP


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Who may change a file beside its owner. place: the file, or a folder that holds it."""

    who: str
    place: Path
    right: str

    def __str__(self) -> str:
        """Say it to a person."""
        return N_("{who} may change {place}").format(who=self.who, place=self.place)

    @property
    def hint(self) -> str:
        """What to do about it."""
        return N_("take that right away: chmod {right} {place}").format(
            right=self.right, place=self.place
        )


def find_stranger(path: Path, *, group: bool = True) -> Stranger | None:
    """Find who else may change a file, or put another one in its place; None where nobody may.

    group: a group counts too, and not only everybody. Raises OSError.
    """
    if not path.is_file():
        return None  # a pipe or a terminal, as in {file: /dev/stdin}
    unwanted = _EVERYBODY | (_GROUP if group else 0)
    for place in dict.fromkeys((path, path.parent, path.resolve().parent)):
        mode = place.stat().st_mode
        rights = mode & unwanted
        if not rights or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
            continue
        who = N_("everybody on this machine") if rights & _EVERYBODY else N_("its group")
        return Stranger(who=who, place=place, right="go-w" if group else "o-w")
    return None
