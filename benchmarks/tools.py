"""The programs of the machine that the limits are made with: a C compiler, wrk."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from benchmarks.measured import Missing

if TYPE_CHECKING:
    from pathlib import Path

_INSTALL = "`make bench-tools` installs it"


def find_tool(name: str) -> str:
    """Give the path of a program; raises Missing."""
    if path := shutil.which(name):
        return path
    raise Missing(f"there is no {name} here: {_INSTALL}")


def compile_c(source: Path, program: Path, *libraries: str) -> Path:
    """Compile one file of C, unless that was done before; raises Missing.

    libraries: as the linker names them, such as `sqlite3`.
    """
    if program.exists():
        return program
    linked = [f"-l{name}" for name in libraries]
    command = [find_tool("cc"), "-O2", "-Wall", "-o", str(program), str(source), *linked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing = " and ".join(["a C library", *libraries])
        raise Missing(f"{source.name} does not compile here, {missing} may be missing: {_INSTALL}")
    return program
