"""A daemon as a process of its own: until it says that it is ready, and in its idle minutes."""

from __future__ import annotations

import socket
import time
from contextlib import closing, contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from benchmarks.measured import Measurement
from benchmarks.process import python, watching

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SETTLED = 5  # seconds: what a start leaves to be done is done by then


def measure_daemon(
    workspace: Path, environment: Mapping[str, str], *, idle: float
) -> tuple[Measurement, Measurement]:
    """Give what a daemon takes until it is ready, and then in so many seconds without work."""
    with _listening(workspace.parent / "notify") as manager:
        command = python("runner", "-C", str(workspace), "daemon")
        where = {**environment, "NOTIFY_SOCKET": manager.getsockname()}
        began = time.perf_counter()
        with watching(command, folder=workspace, environment=where) as daemon:
            while b"READY=1" not in manager.recv(4096):
                pass
            seconds = time.perf_counter() - began
            cpu, peak = daemon.tell()
            start = Measurement(units=1, seconds=seconds, cpu=cpu, peak=peak)
            Thread(target=_hear_all, args=(manager,), daemon=True).start()
            time.sleep(_SETTLED)
            daemon.begin()
            time.sleep(idle)
            cpu, peak = daemon.tell()
    return start, Measurement(units=1, seconds=idle, cpu=cpu, peak=peak)


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(path))
        manager.settimeout(120)
        yield manager
    path.unlink()


def _hear_all(manager: socket.socket) -> None:
    try:
        while manager.recv(4096):
            pass
    except OSError:
        return  # it is over
