"""Opens what rows are written to: stdout, or a file that appears whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


@contextmanager
def opening_file(name: str) -> Iterator[BinaryIO]:
    """Open a file for its owner alone; what is there stays until the new one is whole.

    A pipe or a device is written as it is. Raises WrongUsage where it cannot be written.
    """
    path = Path(name).resolve()
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
        else:
            with _replacing(path) as file:
                yield file
    except OSError as error:
        hint = "choose another place with `--output`"
        raise WrongUsage(f"{name} cannot be written: {error.strerror}", hint=hint) from error


def bytes_of_stdout() -> BinaryIO:
    """Give stdout for bytes; raises WrongUsage where it is a terminal, which can show none."""
    if sys.stdout.isatty():
        hint = "name a file with `--output FILE`, or redirect it with `> FILE`"
        raise WrongUsage("a workbook cannot be shown on a terminal", hint=hint)
    sys.stdout.flush()
    return sys.stdout.buffer


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    descriptor, new = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # for its owner
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        Path(new).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(new).unlink()
        raise
