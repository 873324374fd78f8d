"""The program killed at its steps and at system calls: a sample of what `make torture` does.

The cases live beside each other; a test waits for its own.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sandbox_line
from cli_workspace import until
from torture.__main__ import conclude
from torture.crashes import find_unpassed
from torture.processes.case import Beginning, Case, Program, find_steps, parse_case
from torture.processes.judge import judge
from torture.processes.life import live
from torture.processes.matrix import Aim, choose_case, count_passings
from torture.processes.process import can_trace
from torture.processes.state import Watcher
from torture.processes.world import World
from torture.proof import Row
from torture.syscalls import COUNTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.processes.life import Lived
    from torture.processes.matrix import Calm

SEED = 1
AT_ONCE = 4  # each waits for most of its time

STEPS = find_steps()
STEPS_OF_DAEMON = (
    "planner.plan-kept",
    "gateway.begun",
    "pump.answered",
    "pump.recorded",
    "collector.answered",
    "collector.journalled",
)
CALLS = ("fdatasync", "pwrite64", "recvfrom", "sendto", "write")
CAN_TRACE = can_trace()

CALM = [
    *(Case(program=Program.RUN, beginning=beginning, seed=SEED) for beginning in Beginning),
    Case(program=Program.DAEMON, beginning=Beginning.FRESH, seed=SEED),
]
TRACED = Case(program=Program.RUN, beginning=Beginning.FRESH, seed=SEED, kills=(COUNTED,))


class Sample:
    """The calm lives, and those that are killed where the calm ones have been."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        calm = list(pool.map(lambda case: live(case, folder), _calm_cases()))
        for lived in calm:
            expect_kept(lived)
        self.calm = count_passings(calm)
        cases = {aim: _choose(aim, seed, self.calm) for seed, aim in enumerate(_aims(self.calm))}
        self._lives = {aim: pool.submit(live, case, folder) for aim, case in cases.items()}

    def lived(self, *aims: Aim) -> Lived:
        """Wait for the life that was aimed at one of these."""
        life = next((self._lives[aim] for aim in aims if aim in self._lives), None)
        assert life, f"no calm life passes {aims[0].place}"
        return life.result()


def _calm_cases() -> list[Case]:
    return [*CALM, TRACED] if CAN_TRACE else CALM


def _aims(calm: Calm) -> list[Aim]:
    """Aim at each step once, in a run where one passes it, and at what else there is a test for."""
    passing = {place: program for (program, _), passed in sorted(calm.items()) for place in passed}
    return [
        *(Aim(program=passing[step], place=step) for step in STEPS if step in passing),
        *(Aim(program=Program.DAEMON, place=step) for step in STEPS_OF_DAEMON),
        *(Aim(program=Program.RUN, place=call) for call in CALLS if call in passing),
    ]


def _choose(aim: Aim, seed: int, calm: Calm) -> Case:
    """Choose one kill, of all kinds in turn; in the first half, which every life reaches."""
    case = choose_case(aim, seed, calm)
    half = (calm[case.program, case.beginning][aim.place] + 1) // 2
    kill = replace(case.kills[0], passing=min(case.kills[0].passing, half))
    return replace(case, seed=SEED, kills=(kill,))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield Sample(tmp_path_factory.mktemp("sample"), pool)
        finally:
            pool.shutdown(cancel_futures=True)


def test_every_step_that_the_source_names_is_passed_by_somebody(sample: Sample) -> None:
    assert find_unpassed(sample.calm) == []


@pytest.mark.parametrize("step", STEPS)
def test_who_dies_at_a_step_repeats_nothing_and_loses_nothing(sample: Sample, step: str) -> None:
    lived = sample.lived(*(Aim(program=program, place=step) for program in Program))
    expect_killed(lived)


@pytest.mark.parametrize("step", STEPS_OF_DAEMON)
def test_a_daemon_that_dies_at_a_step_repeats_nothing_and_loses_nothing(
    sample: Sample, step: str
) -> None:
    expect_killed(sample.lived(Aim(program=Program.DAEMON, place=step)))


@pytest.mark.skipif(not CAN_TRACE, reason="no strace, or it may not trace here")
@pytest.mark.parametrize("call", CALLS)
def test_who_dies_at_a_system_call_repeats_nothing_and_loses_nothing(
    sample: Sample, call: str
) -> None:
    expect_killed(sample.lived(Aim(program=Program.RUN, place=call)))


def expect_killed(lived: Lived) -> None:
    expect_kept(lived)
    prepared = lived.case.beginning is not Beginning.FRESH  # by a kill
    assert lived.findings.figures["kills"] == 1 + prepared, f"{lived.case} was not killed"


def expect_kept(lived: Lived) -> None:
    assert lived.findings.broken == [], f"{lived.case} in {lived.home}"


# What follows is about the proof itself: what it says to a promise that is broken.


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Be a world that has come to its end, of which every promise was kept."""
    case = Case(program=Program.RUN, beginning=Beginning.FRESH, seed=SEED)
    with World(case, tmp_path_factory.mktemp("settled") / "world") as world:
        world.come_to_an_end()
        assert judge(world).broken == []
        yield world


@pytest.fixture
def doctored(settled: World, tmp_path: Path) -> Iterator[World]:
    """Be that world for a test that changes its state.

    Who looks on while the last process ends keeps it from taking its log into the file.
    """
    state, kept = settled.office.state, tmp_path / "kept.db"
    with closing(sqlite3.connect(state)) as source, closing(sqlite3.connect(kept)) as target:
        source.backup(target)
    yield settled
    for end in ("-wal", "-shm"):
        Path(f"{state}{end}").unlink(missing_ok=True)
    shutil.copy(kept, state)


SENT = "(SELECT batch FROM recipients WHERE delivered = 1 LIMIT 1)"
ONE = f"batch = {SENT} AND mobile = (SELECT max(mobile) FROM recipients WHERE batch = {SENT})"

UNSAID = f"""
    UPDATE batches SET state = '{{state}}', delivered = 0, failed = 0 WHERE id = {SENT};
    UPDATE recipients SET delivered = NULL
    WHERE batch IN (SELECT id FROM batches WHERE state = '{{state}}');
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (f"DELETE FROM recipients WHERE {ONE}", "is not in the state"),
        (f"INSERT INTO recipients (batch, mobile) SELECT {SENT}, 13900139000", "is not of"),
        ("UPDATE recipients SET batch = batch + 1 WHERE batch = 1", "was sent to by task"),
        (UNSAID.format(state="planned"), "waits at the end"),
        (UNSAID.format(state="rejected"), "rejected, but was sent to"),
        (f"UPDATE batches SET state = 'in_doubt' WHERE id = {SENT}", "nothing explains it"),
        (f"UPDATE batches SET recipients = 9 WHERE id = {SENT}", "do not add up"),
        (f"UPDATE batches SET failed = 9 WHERE id = {SENT}", "do not add up"),
        (f"UPDATE recipients SET delivered = NULL WHERE {ONE}", "has no place"),
        ("DELETE FROM report_journal", "reports are gone, and at most 0 may be"),
        ("UPDATE report_journal SET body = x'00'", "of whom no report came"),
        ("DELETE FROM messages", "a row without its parent"),
    ],
)
def test_a_state_that_breaks_a_promise_is_found_out(
    doctored: World, change: str, words: str
) -> None:
    with closing(sqlite3.connect(doctored.office.state)) as connection, connection:
        connection.executescript(change)

    assert words in "\n".join(judge(doctored).broken)


def test_a_number_that_was_taken_twice_is_found_out(settled: World) -> None:
    sandbox_line.send(settled.sandbox, title="autumn")
    findings = judge(settled)
    settled.sandbox._desk._submissions.pop()

    assert "13800138000 was taken 2 times for autumn" in findings.broken
    assert findings.figures["duplicates"] == 1


def test_counts_that_do_not_add_up_for_a_moment_are_found_out(doctored: World) -> None:
    state = doctored.office.state
    with Watcher(state) as watcher:
        until(lambda: watcher.looks)
        time.sleep(0.05)  # a change within the grain of a file's time would be seen with the next
        with closing(sqlite3.connect(state)) as connection, connection:
            connection.execute("UPDATE campaigns SET recipients = 99 WHERE id = 'winter'")
        until(lambda: watcher.off)

    assert "winter" in watcher.off[0]


def test_a_case_is_written_as_it_is_read() -> None:
    text = "daemon/older/7/pump.claimed:2+sendto:1"
    assert str(parse_case(text)) == text


def test_a_broken_promise_is_told_with_the_table_and_in_the_exit_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = Row(proof="crashes", name="run at pump.claimed", runs=20, figures={"kills": 31})
    skipped = Row(proof="syscalls", name="all", skipped="no strace")
    broken = Row(proof="crashes", name="run at pump.recorded", runs=20, broken=["1 was lost"])

    assert conclude([kept, skipped]) == 0
    assert conclude([kept, broken]) == 1
    assert "runs: 40, broken promises: 1\n\nbroken: 1 was lost\n" in capsys.readouterr().out
