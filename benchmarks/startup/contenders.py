"""Who is measured: commands as a person types them, on workspaces of ten and of a thousand."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.startup.workspaces import make_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW, MANY = 10, 1000
NOTHING = "bare Python"

_NAIVE = Path(__file__).with_name("naive.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A command, and the most seconds above bare Python that it is to take; None: no target."""

    name: str
    command: tuple[str, ...]
    most: float | None = None


def make_contenders(folder: Path, *, many: int = MANY) -> Iterator[Contender]:
    """Make the workspaces in a folder, and name who is measured; many: campaigns of the larger."""
    few_campaigns = make_workspace(folder / "few", campaigns=FEW)
    many_campaigns = make_workspace(folder / "many", campaigns=many)
    yield Contender(name=NOTHING, command=_python("-c", "pass"))
    yield Contender(name="--help", command=_runner("--help"), most=0.06)
    for workspace, campaigns, most in ((few_campaigns, FEW, 0.15), (many_campaigns, many, 3.0)):
        command = _runner("-C", str(workspace), "validate")
        yield Contender(name=f"validate, {campaigns}", command=command, most=most)
        command = _python(str(_NAIVE), str(workspace))
        yield Contender(name=f"PyYAML and jsonschema, {campaigns}", command=command)
    yield Contender(name="status", command=_runner("-C", str(few_campaigns), "status"))


def _runner(*words: str) -> tuple[str, ...]:
    return _python("-m", "runner", *words)


def _python(*words: str) -> tuple[str, ...]:
    return (sys.executable, *words)
