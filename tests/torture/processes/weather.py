"""The gateway of a case: which of its answers are spoilt, and how, is the seed's choice."""

from __future__ import annotations

from runner.sandbox import Sandbox, SandboxSettings
from torture.proof import chance

_LATENCY = 0.015  # seconds, so that several requests are in flight at once

# Each leaves a batch in doubt; whether the gateway took the message is another matter.
_UNCLEAR = (
    "timeout-after",
    "reset-after",
    "cut",
    "taken-html",
    "taken-http-502",
    "timeout-before",
    "garbage",
    "8",
)
_REPORTS = ("gb2312", "html", "cut", "http-503", "cdata", "short", "reset", "bom")


def open_sandbox(seed: int) -> Sandbox:
    """Make the gateway of a seed; one message in ten fails, by its number."""
    manners = SandboxSettings(seed=seed, report_delay=0.0, failed_share=0.1, latency=_LATENCY)
    sandbox = Sandbox(manners)
    for fault in _choose_faults(seed):
        sandbox.add_fault(fault)
    return sandbox


def has_extno(seed: int) -> bool:
    """Whether the account sends sub-numbers along: with each kind of unclear answer in its turn."""
    return bool((seed + seed // len(_UNCLEAR)) % 2)


def _choose_faults(seed: int) -> list[str]:
    luck = chance(seed, "faults")
    faults = [
        f"send:{luck.randint(2, 5)}=7",
        f"send:{luck.randint(6, 12)}={_UNCLEAR[seed % len(_UNCLEAR)]}",
        f"report:{luck.randint(1, 4)}={_REPORTS[(seed + seed // len(_REPORTS)) % len(_REPORTS)]}",
    ]
    if seed % 3 == 0:  # the account stops then, and only the next process tries it again
        faults.append(f"send:{luck.randint(13, 15)}=6")
    return faults
