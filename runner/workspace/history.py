"""Reads a workspace as it stood at a revision of git, and leaves the work tree and index alone.

The old files are laid, as git keeps them, into a folder of their own that goes away again.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from runner.errors import WrongUsage
from runner.language import N_
from runner.workspace.git import ask_git, start_git
from runner.workspace.locate import SETTINGS_FILE
from runner.workspace.masking import show_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LINK = "120000"  # the mode of a symlink in git
_PIECE = 1 << 20  # bytes of a file that are in memory at once
_FETCH_ALL = N_(
    "this clone is shallow: fetch the rest, such as with `git fetch --unshallow`;"
    " in CI with `GIT_DEPTH: 0` (GitLab) or `fetch-depth: 0` (GitHub)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A workspace as it was. commit: the full id; folder: None where it was not there yet."""

    commit: str
    folder: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A file of a commit; mode and blob as git has them, path from the workspace's folder."""

    mode: str
    blob: str
    path: PurePosixPath


@contextmanager
def look_back(root: Path, revision: str) -> Iterator[Past]:
    """Lay out a workspace as it was at a revision, for as long as the context lasts.

    root: the workspace's folder, resolved; revision: whatever git takes as the name of a commit.
    Raises WrongUsage where git, the repository or the commit is missing.
    """
    prefix = _find_prefix(root)
    commit = _find_commit(root, revision)
    entries = _list_files(root, f"{commit}:{prefix}")
    if not any(entry.path == PurePosixPath(SETTINGS_FILE) for entry in entries):
        yield Past(commit=commit, folder=None)
        return
    with tempfile.TemporaryDirectory(prefix="mms-runner-") as folder:  # for its owner alone
        _lay_out(root, entries, Path(folder).resolve())
        yield Past(commit=commit, folder=Path(folder).resolve())


def _find_prefix(root: Path) -> str:
    """Give the path of the workspace in its repository, with `/` at its end; empty at the top."""
    try:
        return (
            ask_git(root, "rev-parse", "--show-prefix")
            .decode(errors="surrogateescape")
            .rstrip("\n")
        )
    except FileNotFoundError as error:
        raise WrongUsage(
            N_("git is not installed, so nobody can say what stood here before"),
            hint=N_("install git, or leave `--since` out"),
        ) from error
    except subprocess.CalledProcessError as error:
        told = N_("{folder} is in no git repository, so nobody can say what stood here before")
        raise WrongUsage(
            told.format(folder=root),
            hint=N_("leave `--since` out, or put the workspace into git"),
        ) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise _no_answer() from error


def _find_commit(root: Path, revision: str) -> str:
    question = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    try:
        return ask_git(root, *question).decode().strip()
    except subprocess.CalledProcessError as error:
        told = N_("git knows no revision `{revision}` here")
        name_one = N_("name a commit, a tag or a branch, such as origin/main")
        raise WrongUsage(
            told.format(revision=show_name(revision)),
            hint=_FETCH_ALL if _is_shallow(root) else name_one,
        ) from error
    except (OSError, ValueError, subprocess.SubprocessError) as error:  # a NUL in the name
        raise _no_answer() from error


def _is_shallow(root: Path) -> bool:
    try:
        return ask_git(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except (OSError, subprocess.SubprocessError):
        return False


def _list_files(root: Path, tree: str) -> list[_Entry]:
    """List the files of a tree of git; none where there is no such tree."""
    try:
        listed = ask_git(root, "ls-tree", "-r", "-z", "--full-tree", tree)
    except subprocess.CalledProcessError:
        return []
    except (OSError, subprocess.SubprocessError) as error:
        raise _no_answer() from error
    return [entry for line in listed.split(b"\0") if line for entry in _read_entry(line)]


def _read_entry(line: bytes) -> Iterator[_Entry]:
    """Read `MODE blob ID<tab>PATH`; what is no file, or would leave the folder, is left out."""
    facts, _, name = line.partition(b"\t")
    mode, kind, blob = facts.decode().split()
    path = PurePosixPath(name.decode(errors="surrogateescape"))
    if kind == "blob" and not path.is_absolute() and ".." not in path.parts:
        yield _Entry(mode=mode, blob=blob, path=path)


def _lay_out(root: Path, entries: Sequence[_Entry], folder: Path) -> None:
    """Write files as git keeps them, without the filters that a checkout would run."""
    with tempfile.TemporaryFile() as wanted:
        wanted.writelines(f"{entry.blob}\n".encode() for entry in entries)
        wanted.seek(0)
        with start_git(root, "cat-file", "--batch", stdin=wanted) as git:
            if git.stdout is None:
                raise _no_answer()
            links = {}
            for entry in entries:
                path = folder / entry.path
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    _copy_blob(git.stdout, file)
                if entry.mode == _LINK:
                    links[path] = os.fsdecode(path.read_bytes())
    for path, target in links.items():  # last, so that nothing is written through one
        path.unlink()
        path.symlink_to(target)


def _copy_blob(answer: IO[bytes], file: IO[bytes]) -> None:
    """Copy one file out of git's answer: `ID blob SIZE`, a line, then as many bytes, and LF."""
    facts = answer.readline().split()
    if len(facts) != 3:
        raise WrongUsage(
            N_("this clone of git lacks files of that revision"),
            hint=N_("fetch them: such as with a clone without `--filter`"),
        )
    left = int(facts[2])
    while left:
        piece = answer.read(min(left, _PIECE))
        if not piece:
            raise _no_answer()
        file.write(piece)
        left -= len(piece)
    answer.read(1)


def _no_answer() -> WrongUsage:
    return WrongUsage(N_("git gives no answer, so nobody can say what stood here before"))
