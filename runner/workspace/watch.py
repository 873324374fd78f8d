"""Notices that the files of a workspace changed and have come to rest, by looking again and again.

The one idea is the `Glance`: a fingerprint of every file that may matter, taken in milliseconds
and without opening any. Two equal glances say that nothing moved in between, while somebody wrote
and while we read. It polls, since network file systems, containers and git-sync tell nobody of a
change. Nothing is read, judged or kept here.

    look = watch.look(now)                     # on a timer; where its sight is CHANGED:
    before = watch.take_glance()
    workspace = load_workspace(Path(before.place))
    if watch.note_read(before, now) is None:   # nothing moved, so what was read is whole
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runner.language import N_
from runner.workspace.masking import show_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

_REST = 1  # seconds; a file that was written more recently may be half-written
_LONGEST_GIT = 600  # seconds; an older index.lock was left behind, or waits for an editor
_BESIDE_THE_STATE = ("", "-wal", "-shm", "-journal", ".lock", ".witness")


class Sight(Enum):
    """What a look at the workspace comes to."""

    UNCHANGED = "unchanged"  # as it was read last
    MOVING = "moving"  # something differs and may not be whole yet: look again
    CHANGED = "changed"  # something differs and has come to rest: read it
    UNREADABLE = "unreadable"  # the folder is gone or closed to us: nobody removed anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look saw; why: for a person, where the sight is MOVING or UNREADABLE."""

    sight: Sight
    why: str | None = None


class Stamp(NamedTuple):
    """What changes with a file: a tuple, since a thousand are made and compared at each glance.

    modified and changed: its mtime and ctime in nanoseconds (the ctime tells of new permissions,
    and of an mtime that was set back); error: the errno where it cannot be looked at.
    """

    inode: int = 0
    size: int = 0
    modified: int = 0
    changed: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A workspace at one moment.

    place: the folder's real path, which is what to read; files: by their absolute paths.
    trouble: why the folder cannot be read, a sentence, else None; its place is then as named.
    """

    place: str
    files: Mapping[str, Stamp]
    trouble: str | None = None


class Watch:
    """Remembers what was read last, and tells what became of it; not for several threads at once.

    folder: the workspace as it was named: a link is followed anew at each glance (git-sync).
    extra: files elsewhere that matter too (settings, lists), where they are missing as well.
    state: the state's file, which changes all the time and may lie in the workspace.
    """

    def __init__(
        self, folder: Path, extra: Iterable[Path] = (), *, state: Path | None = None
    ) -> None:
        self._folder = folder
        self._extra = tuple(map(str, extra))
        self._left_out = frozenset(_name_state_files(state) if state else ())
        self._seen = self._known = Glance(place="", files={})

    def follow(self, extra: Iterable[Path]) -> None:
        """Set the files elsewhere that matter: to be called before the glance that a read starts.

        One that is new to the watch is a change, since it may have moved while it was read.
        """
        self._extra = tuple(map(str, extra))

    def look(self, now: datetime) -> Look:
        """Tell whether the workspace differs from what was read last, and has come to rest.

        It has where nothing moved since the look before (a second ago or so), no file was written
        within the last second, and git is not at work.
        """
        before, self._seen = self._seen, self.take_glance()
        if self._seen == self._known and not self._seen.trouble:
            return Look(sight=Sight.UNCHANGED)
        unrest = (
            _find_movement(before, self._seen)
            or _find_fresh_file(self._seen, now)
            or _find_git_at_work(self._seen, now)
        )
        if unrest:
            return Look(sight=Sight.MOVING, why=unrest)
        if self._seen.trouble:
            return Look(sight=Sight.UNREADABLE, why=self._seen.trouble)
        return Look(sight=Sight.CHANGED)

    def take_glance(self) -> Glance:
        """Take the fingerprint of the workspace as it is now; never raises OSError."""
        try:
            place = os.path.realpath(self._folder, strict=True)
            files = _scan(place, self._left_out)
        except OSError as error:
            trouble = N_("the folder {folder} cannot be read: {problem}").format(
                folder=self._folder, problem=error.strerror
            )
            return Glance(place=str(self._folder), files={}, trouble=trouble)
        return Glance(place=place, files=files | {path: _stamp(path) for path in self._extra})

    def note_read(self, before: Glance, now: datetime) -> str | None:
        """Take what was read since a glance as known, sound or faulty, where nothing moved.

        Returns why it must not be used where something moved: a sentence for a person.
        """
        self._seen = self.take_glance()
        moved = _find_movement(before, self._seen) or _find_git_at_work(self._seen, now)
        if moved is None:
            self._known = self._seen
        return moved


def _scan(place: str, left_out: frozenset[str]) -> dict[str, Stamp]:
    """Stamp every file of a folder and its subfolders but hidden ones.

    A link to a folder is stamped, not entered: what it leads to has a place of its own.
    Raises OSError for the folder itself alone; trouble deeper down is a stamp, so that the read
    which it leads to tells it with its place.
    """
    files = {}
    pending = list(_list(place))
    while pending:
        entry = pending.pop()
        try:
            if entry.is_dir(follow_symlinks=False):
                pending += _list(entry.path)
            elif entry.path not in left_out:
                files[entry.path] = _make_stamp(entry.stat())
        except OSError as error:
            files[entry.path] = _stamp_error(error)
    return files


def _list(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if not entry.name.startswith("."))


def _stamp(path: str) -> Stamp:
    try:
        return _make_stamp(os.stat(path))  # noqa: PTH116 - beside the entries of scandir
    except OSError as error:
        return _stamp_error(error)


def _make_stamp(facts: os.stat_result) -> Stamp:
    if not stat.S_ISREG(facts.st_mode):
        # a folder's times tell of any file in it: a link to /tmp would never come to rest
        return Stamp(inode=facts.st_ino)
    return Stamp(facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _stamp_error(error: OSError) -> Stamp:
    return Stamp(error=error.errno or 0)


def _name_state_files(state: Path) -> Iterator[str]:
    """Name the state's file and what SQLite and the lock put beside it."""
    for suffix in _BESIDE_THE_STATE:
        yield str(state.parent.resolve() / f"{state.name}{suffix}")


def _find_movement(before: Glance, after: Glance) -> str | None:
    """Say what differs between two glances, None for nothing."""
    if before == after:
        return None
    if after.trouble:
        return after.trouble
    if before.place != after.place:
        return N_("the folder is {folder} since a moment ago").format(folder=after.place)
    path, _ = min(before.files.items() ^ after.files.items())
    return N_("{file} has just changed").format(file=_show(path, after))


def _find_fresh_file(glance: Glance, now: datetime) -> str | None:
    """Say which file was written within the last second.

    One from the future does not count: where two clocks differ, it would never come to rest.
    """
    for path, stamp in glance.files.items():
        if 0 <= now.timestamp() - stamp.modified / 1e9 < _REST:
            return N_("{file} was written a moment ago").format(file=_show(path, glance))
    return None


def _find_git_at_work(glance: Glance, now: datetime) -> str | None:
    """Say where git holds the lock under which it changes the files of a checkout."""
    with suppress(OSError, ValueError):  # there is none, or `.git` names nothing of use
        if git_folder := _find_git_folder(Path(glance.place)):
            lock = git_folder / "index.lock"
            if abs(now.timestamp() - lock.stat().st_mtime) < _LONGEST_GIT:
                return N_("git is at work, as {file} says").format(file=lock)
    return None


def _find_git_folder(place: Path) -> Path | None:
    """Find the nearest git folder upward; in a worktree or submodule, `.git` is a file naming it.

    Source: gitrepository-layout(5).
    """
    for folder in (place, *place.parents):
        git = folder / ".git"
        if git.is_dir():
            return git
        if git.is_file():
            return folder / os.fsdecode(git.read_bytes()).removeprefix("gitdir:").strip()
    return None


def _show(path: str, glance: Glance) -> str:
    inside = path.removeprefix(f"{glance.place}/")
    return "/".join(map(show_name, inside.split("/")))
