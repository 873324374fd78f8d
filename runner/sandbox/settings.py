"""How a sandbox behaves: its account, its speed, its luck and what shall go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from runner.sandbox.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """The account that the sandbox serves, and its manners.

    balance: in people. report_delay: seconds from the start of a message to its reports;
    report_jitter: up to so many seconds more, for each recipient his own.
    failed_share: of the reports, from 0 to 1. latency: seconds from a request to its answer.
    seed: decides task ids, failures, jitter and shares of faults; None for a new one each time,
    since a gateway does not give out a task id twice.
    keep: a folder for what arrived, made where it is missing.
    """

    userid: str = "12"
    account: str = "sandbox"
    password: str = field(default="sandbox", repr=False)
    balance: int = 1_000_000
    report_delay: float = 1.0
    report_jitter: float = 0.0
    failed_share: float = 0.0
    latency: float = 0.0
    seed: int | None = None
    keep: Path | None = None
    faults: tuple[Fault, ...] = ()
