"""Two processes on one state: who is refused, who goes on, and that nobody gets anything twice.

What an earlier process left to the next one is in test_cli_interrupt.py and test_daemon_end.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_workspace import (
    CHECKOUT,
    Ran,
    finish,
    numbers,
    opening_office,
    opening_sandbox,
    opening_sandboxes,
    until,
)
from daemons import FAR, QUICK, daemon_at_work, events, until_finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

DUE = "start: now\n"
ONE_BY_ONE = "batch_size: 1\nconcurrency: 1"
EVERYBODY = dict.fromkeys(numbers(4), 1)
FIRST, *OTHERS = numbers(4)
MANY = numbers(60)

# A process that stops itself, as an operator's SIGSTOP or a frozen machine would, at a step.
SLEEPER = """
import signal, sys, threading
from runner.cli import main
from runner.faultpoint import EVENT

step, *words = sys.argv[1:]
slept = []

def listen(event, arguments):
    if event == EVENT and arguments[0] == step and not slept:
        slept.append(step)
        # To this very thread: it would run on for a moment while another one is told to stop.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

sys.addaudithook(listen)
main(words, prog_name="mms-runner")
"""
BEFORE_THE_POST = "pump.claim-safe"
_LONG_ENOUGH = 1.2  # seconds from a claim on which a process looks whether it was given up


def send_to_four(office: Office) -> None:
    office.settings(account=ONE_BY_ONE, patience="60s")
    office.campaign(people=4, more=DUE)


@contextmanager
def asleep_with_an_open_post(office: Office, sandbox: Sandbox) -> Iterator[subprocess.Popen[str]]:
    """Start a run that stands still from its first request on; its answer will wait for it."""
    with office.start("run") as process:
        until(lambda: sandbox.requests["send"])
        process.send_signal(signal.SIGSTOP)
        try:
            yield process
        finally:
            process.kill()  # else the end of the block would wait for it


@contextmanager
def asleep_before_its_post(office: Office) -> Iterator[subprocess.Popen[str]]:
    """Start a run that stands still between its first claim and the request."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, BEFORE_THE_POST, "run"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), **office.environment},
        cwd=office.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        claimed_at = time.monotonic()
        assert process.poll() is None, process.communicate()
        until(lambda: time.monotonic() > claimed_at + _LONG_ENOUGH)
        try:
            yield process
        finally:
            process.kill()


def wake(process: subprocess.Popen[str]) -> Ran:
    process.send_signal(signal.SIGCONT)
    return finish(process)


def delete_the_lock(office: Office) -> None:
    """Do what somebody does who believes that it is stale."""
    Path(f"{office.state}.lock").unlink()


def first_task(office: Office) -> str:
    task: str = office.campaign_status()["batches"][0]["task_id"]
    return task


# Who is refused


def test_of_many_runs_that_start_at_once_in_a_new_workspace_one_sends(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.3)
    send_to_four(office)
    with ExitStack() as stack:
        runs = [stack.enter_context(office.start("run")) for _ in range(5)]
        ends = sorted(finish(run).status for run in runs)

    assert ends[0] == 0
    assert set(ends[1:]) <= {0, 75}  # who came when all was done found nothing to do
    assert sandbox.copies() == EVERYBODY


def test_beside_a_run_nobody_else_sends(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    """A run does not release what is named to another run, as it does to a daemon."""
    sandbox = open_sandbox(latency=0.7)
    send_to_four(office)
    with office.start("run") as first:
        until(lambda: sandbox.requests["send"])
        others = office.run("daemon"), office.run("run", "news")
        ended = finish(first)

    assert ended.status == 0
    for other in others:
        assert other.status == 75
        assert f"`run`, process {first.pid} on" in other.err
    assert sandbox.copies() == EVERYBODY


# Commands that write while it sends


def test_hundreds_of_commands_beside_a_daemon_that_sends_lose_nothing(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox("send:8%=http-502", "send:16%=taken-http-502", latency=0.15)
    office.settings(account=f"batch_size: 1\nconcurrency: 2\n{QUICK}", patience="10s")
    office.campaign("news", MANY, more=DUE)
    office.campaign("other", more=FAR)
    commands = cycle(steer())
    with daemon_at_work(office):
        for number in count():
            settle_by_truth(office, sandbox)
            ran = office.run(*next(commands))
            assert ran.status == 0, ran.err
            if number >= 200 and is_settled(office):
                break
        for subject in ("other", "--all", "--account=main"):
            office.run("resume", subject)

    counts = office.campaign_status()["recipients"]
    brakes = Counter(
        event["new_state"] for event in events(office, "'paused' IN (old_state, new_state)")
    )
    assert sandbox.copies("news") == dict.fromkeys(MANY, 1)
    assert counts["submitted"] + counts["delivered"] == counts["total"] == len(MANY)
    assert brakes["paused"] == brakes[None] > 90
    assert office.campaign_status("other")["state"] == "scheduled"


def steer() -> Iterator[tuple[str, ...]]:
    """Give commands that write: most are about what is not at work, so that it gets on."""
    for _ in range(12):
        yield ("pause", "other", "--reason", "to look at it")
        yield ("resume", "other")
    for subject in ("--all", "--account=main"):
        yield ("pause", subject)
        yield ("resume", subject)
    yield ("reload",)


def settle_by_truth(office: Office, sandbox: Sandbox) -> None:
    """Say of each batch in doubt what the gateway made of it."""
    for batch in office.campaign_status()["batches"]:
        if batch["state"] == "in_doubt":
            sent = sandbox.copies("news")[MANY[batch["seq"] - 1]] > 0
            words = ("--accepted",) if sent else ("--not-sent", "--yes")
            assert office.run("resolve", str(batch["id"]), *words).status == 0


def is_settled(office: Office) -> bool:
    counts = office.campaign_status()["recipients"]
    return counts["pending"] + counts["in_doubt"] == 0


# Who stands still


def test_a_process_that_stands_still_keeps_the_lock(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.3)
    send_to_four(office)
    with asleep_with_an_open_post(office, sandbox) as sleeper:
        others = office.run("run"), office.run("daemon")
        ended = wake(sleeper)

    for other in others:
        assert other.status == 75
        assert f"process {sleeper.pid} on" in other.err
    assert ended.status == 0
    assert office.batches() == ["accepted"] * 4
    assert sandbox.copies() == EVERYBODY


def test_a_late_answer_settles_what_was_given_up(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.3)
    send_to_four(office)
    with asleep_with_an_open_post(office, sandbox) as sleeper:
        delete_the_lock(office)
        other = office.run("run")
        given_up = office.batches()
        wake(sleeper)

    assert other.status == 3
    assert "batch 1 of news is in doubt: its sender died" in other.err
    assert given_up == ["in_doubt", *["accepted"] * 3]
    assert office.batches() == ["accepted"] * 4
    assert sandbox.copies() == EVERYBODY


def test_a_late_answer_changes_nothing_of_what_was_sent_again_by_a_persons_word(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    """The person was wrong: the sleeper's request had arrived. Its answer is logged, no more."""
    sandbox = open_sandbox(latency=0.3)
    send_to_four(office)
    with asleep_with_an_open_post(office, sandbox) as sleeper:
        delete_the_lock(office)
        office.run("run")
        office.run("resolve", "1", "--not-sent", "--yes")
        assert office.run("run").status == 0
        task, requests = first_task(office), sandbox.requests["send"]
        wake(sleeper)

    late = sandbox.submissions[0].task_id
    reason = f"the gateway took it as task {late}, but the claim had been settled before"
    assert first_task(office) == task != late
    assert [event["reason"] for event in events(office, "reason LIKE 'the gateway took%'")] == [
        reason
    ]
    assert sandbox.requests["send"] == requests == 5
    assert sandbox.copies() == {FIRST: 2, **dict.fromkeys(OTHERS, 1)}


def test_who_wakes_before_its_post_does_not_send_what_another_has_sent(
    office: Office, sandbox: Sandbox
) -> None:
    """A person says that it was not sent, which is true, and it must stay true."""
    send_to_four(office)
    with asleep_before_its_post(office) as sleeper:
        delete_the_lock(office)
        office.run("run")
        assert office.batches() == ["in_doubt", *["accepted"] * 3]
        office.run("resolve", "1", "--not-sent", "--yes")
        assert office.run("run").status == 0
        task = first_task(office)
        ended = wake(sleeper)

    assert ended.status == 0
    assert first_task(office) == task
    assert sandbox.requests["send"] == 4
    assert sandbox.copies() == EVERYBODY


def test_who_wakes_before_its_post_gives_back_what_nobody_else_could_know(
    office: Office, sandbox: Sandbox
) -> None:
    """Its own word is certain: it had not sent it. So the batch is planned, and goes out once."""
    send_to_four(office)
    with asleep_before_its_post(office) as sleeper:
        delete_the_lock(office)
        office.run("run")
        ended = wake(sleeper)

    [given_back] = events(office, "old_state = 'in_doubt' AND new_state = 'planned'")
    assert given_back["reason"] == "not sent: its claim was given up before its request began"
    assert ended.status == 0
    assert office.batches() == ["accepted"] * 4
    assert sandbox.copies() == EVERYBODY


def test_two_daemons_that_both_believe_that_they_are_alone_send_nothing_twice(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = open_sandbox(latency=0.05)
    office.settings(account=f"batch_size: 1\nconcurrency: 2\n{QUICK}", patience="30s")
    office.campaign(people=MANY)
    with daemon_at_work(office) as first:
        office.run("run", "news")
        until(lambda: sandbox.requests["send"] > 5)
        first.process.send_signal(signal.SIGSTOP)
        delete_the_lock(office)
        with daemon_at_work(office):
            until(lambda: sandbox.requests["send"] > 20)
            first.process.send_signal(signal.SIGCONT)
            until_finished(office)
            until(lambda: office.campaign_status()["recipients"]["delivered"] == 60)

    assert sandbox.copies() == dict.fromkeys(MANY, 1)
    assert office.batches() == ["accepted"] * 60
