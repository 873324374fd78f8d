"""The sandbox as its users hold it: a context manager with an address."""

from __future__ import annotations

import errno
import secrets
from threading import Thread
from typing import TYPE_CHECKING

from runner.errors import WrongUsage
from runner.language import N_
from runner.sandbox.china_time import china_now
from runner.sandbox.desk import Desk
from runner.sandbox.faults import parse_fault
from runner.sandbox.reports import DELIVERED, Report
from runner.sandbox.server import GatewayServer
from runner.sandbox.settings import SandboxSettings
from runner.sandbox.traffic import Traffic

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from runner.sandbox.faults import Call, Fault
    from runner.sandbox.submission import Submission

# Stopping waits for one round of the accepting loop.
_POLL_SECONDS = 0.02


class Sandbox:
    """A gateway on this machine, from `with` to the end of its block.

    host: where to listen; the default reaches this machine only. port: 0 for any free one.
    clock: tells the time at the gateway, aware.
    Entering raises WrongUsage where the address cannot be had, and making one where the folder
    of `keep` cannot.
    """

    def __init__(
        self,
        settings: SandboxSettings = SandboxSettings(),  # noqa: B008 - frozen, so safe to share
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], datetime] = china_now,
    ) -> None:
        self.settings = settings
        self.seed = secrets.randbits(32) if settings.seed is None else settings.seed
        self._address = (host, port)
        self._clock = clock
        self._traffic = Traffic()
        self._desk = Desk(settings, self.seed, clock)
        self._server: GatewayServer | None = None

    def __enter__(self) -> Self:
        self._server = self._listen()
        Thread(
            target=self._server.serve_forever,
            args=(_POLL_SECONDS,),
            name="sandbox",
            daemon=True,
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.stop()

    @property
    def port(self) -> int:
        """The port that it listens on, once entered."""
        if self._server is None:
            return self._address[1]
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The base address, such as `http://127.0.0.1:8888`."""
        return f"http://{self._address[0]}:{self.port}"

    @property
    def submissions(self) -> list[Submission]:
        """Every send so far, taken or not, in the order of arrival."""
        return self._desk.submissions

    @property
    def requests(self) -> Counter[Call]:
        """How many requests of each call came; `requests["send"]` works too."""
        return self._traffic.requests

    @property
    def most_at_once(self) -> Counter[Call]:
        """How many requests of each call were open at the same time, at most."""
        return self._traffic.most_at_once

    @property
    def balance(self) -> int:
        """How many people can still be sent to."""
        return self._desk.balance

    @property
    def reports_left(self) -> int:
        """How many reports nobody has fetched yet, the ones not ready included."""
        return len(self._desk.outbox)

    def copies(self, title: str | None = None) -> Counter[str]:
        """Count for each mobile how often a message of this title (None: any) was taken for it."""
        return self._desk.copies(title)

    def top_up(self, people: int) -> None:
        """Buy messages for so many more people."""
        self._desk.top_up(people)

    def add_fault(self, fault: Fault | str) -> None:
        """Arm a fault, as a value or in words; it counts the requests from now on."""
        self._desk.faults.add(parse_fault(fault) if isinstance(fault, str) else fault)

    @property
    def struck(self) -> Counter[Fault]:
        """How many requests each fault has spoilt so far, those included that are disarmed."""
        return self._desk.faults.struck

    def clear_faults(self) -> None:
        """Disarm all faults."""
        self._desk.faults.clear()

    def make_reports_ready(self) -> None:
        """Let every report be fetched now, also those of a message that starts later."""
        self._desk.outbox.make_ready(self._clock())

    def add_report(
        self,
        *,
        task_id: str,
        mobile: str,
        status: int = DELIVERED,
        errorcode: str = "DELIVRD",
        extno: str = "",
    ) -> None:
        """Put a report up for fetching that belongs to no message here, or to one once more."""
        report = Report(
            task_id=task_id,
            mobile=mobile,
            status=status,
            received_at=self._clock(),
            errorcode=errorcode,
            extno=extno,
        )
        self._desk.outbox.add_ready(report)

    def _listen(self) -> GatewayServer:
        try:
            return GatewayServer(self._address, self._desk, self._traffic, self.settings.latency)
        except OSError as error:
            raise _unavailable(self._address, error) from error
        except OverflowError as error:
            raise WrongUsage(
                N_("{port} is no port: 0 to 65535").format(port=self._address[1])
            ) from error


def _unavailable(address: tuple[str, int], error: OSError) -> WrongUsage:
    host, port = address
    if error.errno == errno.EADDRINUSE:
        return WrongUsage(
            N_("port {port} of {host} is in use by another program").format(port=port, host=host),
            hint=N_("choose another port, or 0 for any free one"),
        )
    return WrongUsage(
        N_("the sandbox cannot listen on {address}: {problem}").format(
            address=f"{host}:{port}", problem=error.strerror or error
        )
    )
