"""Writes a campaign with all that it shares, as if everything had been written in its file.

What comes out is a campaign file again, and says the same; above a part stands where it is from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import yaml

from runner.model.recipient import mask_mobiles
from runner.workspace.documents import read_inside
from runner.workspace.shared import SharedFiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as FilePath

    from runner.workspace.yaml_tree import Document, Path


def write_resolved(root: FilePath, file: str) -> str:
    """Write a sound campaign file with its defaults and shared frames in it; numbers are masked.

    file: its path from the root.
    """
    document = SharedFiles(root).put_into(read_inside(root, file, "campaign")).document
    return mask_mobiles("\n".join([f"# {file}", *_write_fields(document)]))


def _write_fields(document: Document) -> Iterator[str]:
    fields = cast("Mapping[str, object]", document.data)  # a sound campaign is a mapping
    for name, value in fields.items():
        if name == "frames" and isinstance(value, list):
            yield "frames:"
            for index, frame in enumerate(value):
                yield from _name_origin(document, ("frames", index), "  ")
                yield from (f"  {line}" for line in _dump([frame]))
        else:
            yield from _name_origin(document, (name,), "")
            yield from _dump({name: value})


def _name_origin(document: Document, path: Path, indent: str) -> Iterator[str]:
    if path in document.grafts:
        line = document.at(path).span.line
        yield f"{indent}# from {document.grafts[path].source.file}:{line}"


def _dump(value: object) -> list[str]:
    text: str = yaml.dump(
        value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1 << 30
    )
    return text.splitlines()
