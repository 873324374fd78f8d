"""What is measured at which sizes: each curve is a few lines over the same sizes.

The work at hand may cost what it is, a line that rises tenfold with ten times the work; what is
finished may cost nothing, a line that does not rise.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.growth.daemon import measure_daemon
from benchmarks.measured import Measurement, Orders
from benchmarks.planning.child import run
from benchmarks.process import python, runner
from benchmarks.sprint import measure_sprint
from benchmarks.startup.workspaces import make_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from benchmarks.planning.child import Cost

_PEOPLE = 5000  # of a campaign: 10,000 of them are a year of 50 million
_FILES = 10  # campaigns that are scheduled meanwhile

_ENVIRONMENT = {
    "MMS_URL": "http://127.0.0.1:9",
    "MMS_USERID": "12",
    "MMS_ACCOUNT": "bench",
    "MMS_PASSWORD": "secret",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One chart. size: what grows, in a few words; lines: of each, what was measured by size."""

    name: str
    title: str
    size: str
    lines: dict[str, dict[int, Measurement]] = field(default_factory=dict)

    def note(self, line: str, size: int, measured: Measurement) -> None:
        """Add a point to a line."""
        self.lines.setdefault(line, {})[size] = measured


def measure_curves(orders: Orders) -> Iterator[Curve]:
    """Give every curve, as soon as it is there."""
    yield _measure_planning(orders)
    yield _measure_backlog(orders)
    yield from _measure_history(orders)


def _measure_planning(orders: Orders) -> Curve:
    curve = Curve(name="planning", title="planning and keeping a list", size="numbers on the list")
    for power in range(4, 5 if orders.quick else 8):
        folder = orders.folder / f"{10**power}-1"
        run(python("benchmarks.planning.ours", "make", str(folder)))
        cost = run(python("benchmarks.planning.ours", "whole", str(folder)))
        curve.note("from files to durable batches", 10**power, _make_one(cost))
        again = run(runner(folder, "plan"))
        curve.note("`plan` of it, nothing changed", 10**power, _make_one(again))
        for made in orders.folder.glob(f"{folder.name}*"):
            shutil.rmtree(made)
    return curve


def _measure_backlog(orders: Orders) -> Curve:
    curve = Curve(name="backlog", title="applying a backlog of reports", size="reports")
    for power in range(4, 5 if orders.quick else 7):
        state, pages = orders.folder / "backlog" / "state.db", orders.folder / "pages"
        run(python("benchmarks.growth.steps", "made", str(state), str(pages), str(10**power)))
        command = python("benchmarks.growth.steps", "backlog", str(state), str(pages))
        measured = measure_sprint(command, folder=orders.folder)
        if measured.units != 10**power:
            raise RuntimeError(f"{measured.units} of {10**power} reports were applied")
        curve.note("fetched, kept and applied", 10**power, _make_whole(measured))
        shutil.rmtree(state.parent)
        shutil.rmtree(pages)
    return curve


def _measure_history(orders: Orders) -> Iterator[Curve]:
    size = f"campaigns that are over, with {_PEOPLE:,} recipients each"
    commands = Curve(name="commands", title="commands beside what is finished", size=size)
    daemon = Curve(name="daemon", title="a daemon beside what is finished", size=size)
    for power in range(1, 3 if orders.quick else 5):
        campaigns = 10**power
        folder = orders.folder / f"history-{campaigns}"
        workspace = make_workspace(folder / "shop", campaigns=_FILES)
        state = folder / "state" / "mms-runner" / "bench" / "state.db"
        # Not here: a process that is forked counts the memory of the one that forked it as its own.
        sized = ["--campaigns", str(campaigns), "--people", str(_PEOPLE)]
        run(python("benchmarks.growth.history", str(state), *sized))
        environment = {**_ENVIRONMENT, "XDG_STATE_HOME": str(folder / "state")}
        # It keeps the plans of the files: to whoever asks then, nothing has changed.
        idle = 5 if orders.quick else 60
        start, rest = measure_daemon(workspace, environment, idle=idle)
        daemon.note("until it is ready", campaigns, start)
        minute = Measurement(units=1, seconds=60, cpu=rest.cpu * 60 / idle, peak=rest.peak)
        daemon.note("an idle minute", campaigns, minute)
        for what, words in _COMMANDS.items():
            commands.note(what, campaigns, _run_command(workspace, environment, *words))
        for step, what in _STEPS.items():
            measured = measure_sprint(
                python("benchmarks.growth.steps", step, str(state)), folder=folder
            )
            daemon.note(what, campaigns, _make_single(measured))
        shutil.rmtree(folder)
    yield from (commands, daemon)


_COMMANDS = {
    "status": ["status"],
    "status --json, of all": ["status", "--json"],
    "plan, nothing changed": ["plan"],
    "reports": ["reports"],
}
_STEPS = {"poll": "a poll", "claims": "a claim and its record"}


def _run_command(workspace: Path, environment: Mapping[str, str], *words: str) -> Measurement:
    command = runner(workspace, *words)
    run(command, environment=environment)  # what it reads is in memory then, as bytecode is
    return _make_one(run(command, environment=environment))


def _make_one(cost: Cost) -> Measurement:
    return Measurement(units=1, seconds=cost.wall, cpu=cost.cpu, peak=round(cost.peak))


def _make_whole(measured: Measurement) -> Measurement:
    return Measurement(units=1, seconds=measured.seconds, cpu=measured.cpu, peak=measured.peak)


def _make_single(measured: Measurement) -> Measurement:
    seconds, cpu = measured.seconds / measured.units, measured.cost
    return Measurement(units=1, seconds=seconds, cpu=cpu, peak=measured.peak)
