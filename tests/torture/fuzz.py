"""Everything that reads what others wrote, fuzzed with the coverage of our code as its guide.

Needs atheris, which has no wheel for every Python; without it the proof is skipped, with a word.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from torture.fuzzing.targets import TARGETS
from torture.proof import Row, run_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.proof import Orders

_NAME = "fuzz"
_SLOWEST = 20  # seconds for one input, on a machine that does much else
_MOST_MEMORY = 1024  # MiB
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_EDGES = re.compile(r"cov: (\d+)")
_ERROR = re.compile(r"^(?:[\w.]*\.)?(\w*(?:Error|Exception|Broken)\b.*)$", re.MULTILINE)
_LIMIT = re.compile(r"ERROR: libFuzzer: (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What came of one target under one seed; broken: None where every promise was kept."""

    runs: int
    edges: int
    broken: str | None


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that no input breaks a reader, or makes it say what does not stand in it.

    `only`: a target, `reports`, or a target and a file with one input, `reports=PATH`.
    """
    target, _, file = (orders.only or "").partition("=")
    if file:
        yield _judge_once(target, Path(file))
        return
    for name in (target,) if target else TARGETS:
        if find_spec("atheris") is None:
            yield Row(proof=_NAME, name=name, skipped="atheris is not installed")
        else:
            yield _fuzz(name, orders)


def _judge_once(name: str, file: Path) -> Row:
    """Repeat one input; what it raises is for whoever repeats it to see whole."""
    TARGETS[name].judge(file.read_bytes())
    return Row(proof=_NAME, name=name, runs=1)


def _fuzz(name: str, orders: Orders) -> Row:
    folder = orders.folder / _NAME / name
    corpus = _lay_out(name, folder)

    def run(seed: int) -> _Run:
        return _run(name, seed, folder, corpus)

    jobs = min(orders.jobs, os.cpu_count() or 1)
    done = list(run_all(f"{_NAME}: {name}", orders.seeds, run, jobs))
    runs = sum(each.runs for each in done)
    return Row(
        proof=_NAME,
        name=name,
        runs=len(done),
        figures={
            "inputs": runs,
            "answers": runs if TARGETS[name].is_answer else 0,
            "edges": max((each.edges for each in done), default=0),
        },
        broken=[each.broken for each in done if each.broken],
    )


def _lay_out(name: str, folder: Path) -> Path:
    """Write the seeds, and the words to put into them, where libFuzzer reads them."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True)
    for number, seed in enumerate(TARGETS[name].seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = ("".join(f"\\x{byte:02x}" for byte in word) for word in TARGETS[name].words)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in words))
    return corpus


def _run(name: str, seed: int, folder: Path, corpus: Path) -> _Run:
    """Fuzz in a process of its own; what one seed finds worth keeping, the next ones begin with."""
    target = TARGETS[name]
    with TemporaryDirectory(prefix="mms-runner-fuzz-", dir=_find_memory()) as place:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "torture.fuzzing.drive", name),
                *(f"-runs={target.runs}", f"-seed={seed}", f"-max_len={target.longest}"),
                *(f"-timeout={_SLOWEST}", f"-rss_limit_mb={_MOST_MEMORY}", "-print_final_stats=1"),
                *(f"-dict={folder / 'words'}", f"-artifact_prefix={folder}/seed-{seed}-"),
                str(corpus),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "TMPDIR": place},  # libFuzzer ends a process without its leave
        )
    said = done.stdout + done.stderr
    runs, edges = _RUNS.findall(said), _EDGES.findall(said)
    return _Run(
        runs=int(runs[-1]) if runs else 0,
        edges=int(edges[-1]) if edges else 0,
        broken=_describe(name, seed, folder, done.returncode, said) if done.returncode else None,
    )


def _find_memory() -> str | None:
    """Give where files cost nothing, if there is such a place: some are written for each input."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _describe(name: str, seed: int, folder: Path, status: int, said: str) -> str:
    (folder / f"seed-{seed}.log").write_text(said)
    what = _ERROR.search(said) or _LIMIT.search(said)
    words = what[1] if what else f"the process ended with status {status}"
    kept = sorted(folder.glob(f"seed-{seed}-*"))
    if not kept:
        return f"{name}/{seed}: {words}; {folder}/seed-{seed}.log"
    return f"{name}/{seed}: {words}; again: make torture PROOFS={_NAME} ONLY='{name}={kept[0]}'"
