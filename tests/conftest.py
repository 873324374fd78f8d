"""What the tests of storing and sending share: a real state in a folder, a gateway beside it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from builders import Clock, make_account, make_credentials, open_new_state
from torture.simulation.folders import MEMORY, has_room_in_memory

from runner.gateway import Gateway
from runner.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runner.store.database import Database

# What nearly all tests write lies in memory, where there is room: each waits for a disk at every
# commit of a state, and proves nothing of it.
if has_room_in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
# Tests read English, whatever the developer does.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("MMS_RUNNER_LANG", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run half as many again at once as there are cores: tests often wait, for processes."""
    return len(os.sched_getaffinity(0)) * 3 // 2


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(report_delay=0, seed=1)) as sandbox:
        yield sandbox


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def database(state: Path) -> Iterator[Database]:
    database = open_new_state(state)
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gateway_at() -> Iterator[Callable[..., Gateway]]:
    """Open a line to a gateway at a URL, with an account's settings."""
    with ExitStack() as stack:

        def connect(url: str, *, password: str = "sandbox", **settings: object) -> Gateway:
            credentials = make_credentials(url, password=password)
            return stack.enter_context(Gateway(make_account(**settings), credentials))

        yield connect
