"""Reads one file of the user into a document whose form has been checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.errors import WrongUsage
from runner.language import N_
from runner.model.diagnostic import Diagnostic, Span
from runner.workspace.faults import Faults
from runner.workspace.locate import resolve_inside
from runner.workspace.opening import NotAFile, open_file, open_resolved
from runner.workspace.schema import check
from runner.workspace.source_text import MOST_BYTES, SourceText
from runner.workspace.strict_yaml import read_yaml
from runner.workspace.yaml_tree import Document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOTHING: Mapping[str, bytes] = {}

# Where the text in the file counts, not what YAML would make of it: 0123 stays 0123.
_AS_WRITTEN = {
    "settings": (
        *(("accounts", "*", key) for key in ("userid", "account", "extno")),
        ("lists", "*", "sheet"),
    ),
    "campaign": (
        *(("account",), ("again",), ("again", "*"), ("labels", "*")),
        ("recipients", "numbers", "*"),
        *(("recipients", key, "*", "sheet") for key in ("files", "exclude")),
    ),
    "defaults": (("account",), ("labels", "*")),
    "frame": (),
}
_PROSE: dict[str, tuple[tuple[str, ...], ...]] = {
    "settings": (),
    "campaign": (
        *(("title",), ("signature",), ("opt_out",)),
        ("frames", "*", "text"),
        ("frames", "*", "parts", "*", "text"),
    ),
    "defaults": (("signature",), ("opt_out",)),
    "frame": (("text",), ("parts", "*", "text")),
}
_TIMES = {"settings": (), "campaign": (("start",), ("until",)), "defaults": (), "frame": ()}


def read_inside(
    root: Path, file: str, schema_name: str, instead: Mapping[str, bytes] = NOTHING
) -> Faults:
    """Read a file of the workspace; one that cannot be read at all is a fault.

    schema_name: one of `schemas`, such as `campaign`; instead: files that are read as these bytes.
    """
    data = instead[file] if file in instead else read_bytes(root, file)
    if isinstance(data, Diagnostic):
        source = SourceText(file=file, text=None, lines=[""])
        return Faults(Document(source=source, root=None, data=None, diagnostics=()), [data])
    return _check_form(data, file, schema_name)


def read_settings_apart(path: Path) -> Faults:
    """Read the file of `--settings`; raises WrongUsage where there is none that can be read.

    path: absolute, which is how its faults name it.
    """
    try:
        if not path.exists():
            raise WrongUsage(
                N_("there is no settings file {path}").format(path=path),
                hint=N_("`--settings`, or MMS_RUNNER_SETTINGS, names the file with the accounts"),
            )
        with open_file(path) as opened:
            return _check_form(opened.read(MOST_BYTES + 1), str(path), "settings")
    except NotAFile as error:
        raise WrongUsage(N_("the settings {path} are no regular file").format(path=path)) from error
    except OSError as error:
        raise WrongUsage(
            N_("the settings {path} cannot be read: {problem}").format(
                path=path, problem=error.strerror
            )
        ) from error


def whole_file(file: str, rule: str, message: str, hint: str | None = None) -> Diagnostic:
    """Make an error that is about a file as such."""
    return Diagnostic(file=file, span=Span(), rule=rule, message=message, hint=hint)


def _check_form(data: bytes, file: str, schema_name: str) -> Faults:
    document = read_yaml(
        data,
        file=file,
        as_written=_AS_WRITTEN[schema_name],
        times=_TIMES[schema_name],
        prose=_PROSE[schema_name],
    )
    return Faults(document, [*document.diagnostics, *check(document, schema_name)])


def read_bytes(root: Path, file: str) -> bytes | Diagnostic:
    """Read a file as far as it may be large; a diagnostic where that cannot be."""
    path = resolve_inside(root, file)
    if path is None:
        return whole_file(file, "outside-workspace", N_("this file is a link out of the workspace"))
    try:
        with open_resolved(path) as opened:
            return opened.read(MOST_BYTES + 1)
    except (NotAFile, FileNotFoundError):  # the latter: a link that leads nowhere
        return whole_file(file, "not-a-file", N_("this is no regular file"))
    except OSError as error:
        return whole_file(
            file,
            "unreadable-file",
            N_("it cannot be read: {problem}").format(problem=error.strerror),
        )
