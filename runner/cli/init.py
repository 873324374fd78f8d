"""`mms-runner init`: a workspace that validates at once, and that explains itself."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.speech import write_result
from runner.cli.tables import enumerate_all
from runner.errors import WrongUsage
from runner.language import _, spoken
from runner.workspace.locate import find_around, find_campaign_files, find_workspace
from runner.workspace.schema_copies import FOLDER, find_copies, renew_copies
from runner.workspace.starter import CI_SYSTEMS, FIRST, start_ci, start_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.cli.session import Session

_NO_CI = "none"
# What many a new repository has already; ours say nothing that must be said.
_NOT_NEEDED = ("README.md", ".gitignore")


@click.command()
@click.argument("folder", metavar="DIR", required=False, type=click.Path(path_type=Path))
@click.option(
    "--ci",
    type=click.Choice([*CI_SYSTEMS, _NO_CI]),
    default=next(iter(CI_SYSTEMS)),
    show_default=True,
    help="The CI system that shall check the campaigns of every commit.",
)
@click.option(
    "--schemas",
    "only_schemas",
    is_flag=True,
    help="Only renew the schemas of a workspace that is there, after an upgrade.",
)
@click.pass_obj
def command(session: Session, folder: Path | None, ci: str, *, only_schemas: bool) -> Exit:
    """Write a new workspace into DIR: settings, a first campaign, and what explains them.

    Nothing that is there is overwritten. The file for the CI system goes to the top of the git
    repository in which DIR lies.
    """
    if only_schemas:
        return _renew(session, folder)
    if folder is None:
        raise click.UsageError(_("name the folder: `mms-runner init DIR`; `.` is this one"))
    root = folder.resolve()
    _refuse_place(root)
    files = _choose_files(root, ci)
    _refuse_to_overwrite(root, files)
    kept = [root / name for name in _NOT_NEEDED if os.path.lexists(root / name)]
    new = [path for path in files if path not in kept]
    for path in new:
        write_new(path, files[path])
    write_result(_list(new))
    for path in kept:
        left = _("{path} was there, and is left as it was")
        session.say(left.format(path=os.path.relpath(path)))
    session.say(_farewell(folder, root))
    return Exit.OK


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, for whoever works with the folder; raises OSError."""
    # whatever the umask: settings that everybody may change, or move away, are refused
    for missing in reversed([each for each in path.parents if not each.exists()]):
        missing.mkdir(mode=0o755)
    path.touch(mode=0o755 if content.startswith(b"#!") else 0o644, exist_ok=False)
    path.write_bytes(content)


def _renew(session: Session, folder: Path | None) -> Exit:
    root = find_workspace(str(folder), Path.cwd()) if folder else session.find_root()
    write_result(_list(renew_copies(find_copies(root) or root / FOLDER)))
    return Exit.OK


def _choose_files(root: Path, ci: str) -> Mapping[Path, bytes]:
    texts = start_workspace(root.name, spoken())
    files = {root / name: content for name, content in texts.items()}
    if ci != _NO_CI:
        top = next((above for above in (root, *root.parents) if (above / ".git").exists()), root)
        inside = root.relative_to(top).as_posix()
        files |= {top / name: content for name, content in start_ci(ci, inside, spoken()).items()}
    return files


def _refuse_place(root: Path) -> None:
    """Refuse what is no folder, and a folder of another workspace, which would read the files."""
    if root.exists() and not root.is_dir():
        raise WrongUsage(_("{path} is no folder").format(path=root))
    if around := find_around(root):
        told = _("{path} lies in the workspace {around}, which would read its files as campaigns")
        raise WrongUsage(
            told.format(path=root, around=around),
            hint=_("choose a folder outside; `mms-runner add` starts a campaign in that workspace"),
        )


def _refuse_to_overwrite(root: Path, files: Mapping[Path, bytes]) -> None:
    """Refuse where something would be lost, or be read as a campaign though it is none."""
    needed = [path for path in files if path.parent != root or path.name not in _NOT_NEEDED]
    taken = [os.path.relpath(found, root) for found in map(_find_in_the_way, needed) if found]
    if taken:
        ci_files = tuple(path for path, _template in CI_SYSTEMS.values())
        only_ci = all(name.endswith(ci_files) for name in taken)
        told = _("nothing was written into {folder}, where these are already: {files}")
        raise WrongUsage(
            told.format(folder=root, files=_name(taken)),
            hint=_("`--ci none` leaves out the file of the CI system") if only_ci else None,
        )
    if root.is_dir() and (others := find_campaign_files(root)):
        told = _("nothing was written into {folder}, where these would be campaigns: {files}")
        raise WrongUsage(
            told.format(folder=root, files=_name(others)),
            hint=_("choose a folder of its own for them, as `mms-runner init campaigns` makes"),
        )


def _find_in_the_way(path: Path) -> Path | None:
    """Give what lies where a file, or a folder on the way to it, is to be."""
    there = next(each for each in (path, *path.parents) if os.path.lexists(each))
    return None if there != path and there.is_dir() else there


def _name(files: Sequence[str]) -> str:
    first = enumerate_all(files[:3])
    if len(files) <= 3:
        return first
    return _("{names} and {count} more").format(names=first, count=len(files) - 3)


def _list(paths: Sequence[Path]) -> str:
    return "\n".join(map(os.path.relpath, sorted(paths)))


def _farewell(folder: Path, root: Path) -> str:
    told = _("{path} is a workspace, with a first campaign that explains itself: {file}")
    return "\n".join([told.format(path=root, file=f"{FIRST}.yaml"), *_steps(folder, root)])


def _steps(folder: Path, root: Path) -> Iterator[str]:
    """Say what to type next."""
    if root != Path.cwd():
        yield f"  cd {shlex.quote(str(folder))}"
    yield _remark("mms-runner validate", _("are there mistakes?"))
    yield _remark(f"mms-runner plan {FIRST}", _("what would go out?"))
    yield _("to rehearse it, with a gateway that sends nothing to anybody, in another terminal")
    yield _remark("mms-runner sandbox", _("http://127.0.0.1:8888 shows what arrives"))
    yield _("and here")
    yield f"  ./rehearse run {FIRST} --wait 30s"
    yield _("then start your own")
    yield "  mms-runner add 2036/spring/openday"


def _remark(command: str, what: str) -> str:
    return f"  {command:<38}# {what}"
