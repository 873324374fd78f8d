"""The copies of the schemas that a workspace keeps, so that an editor needs nothing but the files.

They belong to the version of the program that wrote them; only editors read them.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from runner.workspace.schema import read_schema, schema_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = "schemas"

_NAMES = ("campaign", "defaults", "frame", "settings")


def copy_schemas() -> Mapping[str, bytes]:
    """Give the files of the schemas, by their names."""
    files = map(schema_file, _NAMES)
    return {file.name: file.read_bytes() for file in files}


def find_copies(root: Path) -> Path | None:
    """Find the folder of a workspace's copies: in it, or beside it as where several share them."""
    name = schema_file("campaign").name
    places = (root / FOLDER, root.parent / FOLDER)
    return next((place for place in places if (place / name).is_file()), None)


def are_stale(folder: Path) -> bool:
    """Whether the copies in a folder are not those of this version, however they are laid out."""
    return any(_read(folder / schema_file(name).name) != read_schema(name) for name in _NAMES)


def renew_copies(folder: Path) -> list[Path]:
    """Put the copies of this version into a folder, and give their paths; raises OSError."""
    folder.mkdir(exist_ok=True)
    paths = []
    for name, content in copy_schemas().items():
        new = folder / f".{name}.new"
        new.write_bytes(content)
        paths.append(new.replace(folder / name))
    return paths


def write_modeline(kind: str, folder: Path, file: Path) -> str:
    """Write the first line of a file, by which an editor finds its schema among the copies.

    kind: `campaign` or `settings`. folder: that of the copies.
    """
    path = os.path.relpath(folder / schema_file(kind).name, file.parent)
    return f"# yaml-language-server: $schema={path}\n"


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):  # the latter: no JSON, or no UTF-8
        return None
