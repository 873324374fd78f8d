"""What is wrong with the gateway now: phases of some seconds, drawn by a seed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runner.sandbox import parse_fault

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from runner.sandbox import Sandbox

_UNCLEAR = (
    *("timeout-after", "reset-after", "cut", "taken-html", "taken-http-502", "taken-empty"),
    *("timeout-before", "reset-before", "garbage", "http-503", "8"),
)
_ODD_REPORTS = (
    *("gb2312", "bom", "cdata", "cut", "short", "reset-after"),
    *("html", "http-503", "garbage", "empty", "reset", "timeout"),
)
_ODD_BALANCES = ("http-500", "html", "empty", "reset", "timeout", "faild", "sucess", "lower")
_SWALLOWING = ("report:8%=reset-after",)  # reports are handed out, and never leave the gateway

# By name: how often, and what goes wrong; UNCLEAR and the like stand for one of the above.
_PHASES: Mapping[str, tuple[int, Sequence[str]]] = {
    "calm": (5, ()),
    "rain": (
        8,
        ("send:2%=UNCLEAR", "send:2%=7", "report:8%=ODD_REPORT", "balance:20%=ODD_BALANCE"),
    ),
    "busy": (2, ("send:30%=7", "report:20%=empty")),
    "reports are down": (2, ("report:*=html",)),
    "everything is down": (1, ("send:*=http-503", "report:*=http-503", "balance:*=http-503")),
    "refused once": (1, ("send:1=5",)),  # the campaign halts
    "suspended": (1, ("send:1=10",)),
}
_SHORTEST, _LONGEST = 6.0, 25.0  # seconds


class Weather:
    """Arms and disarms the faults of a gateway. phases: how often each was."""

    def __init__(self, sandbox: Sandbox, luck: random.Random) -> None:
        self.phases: Counter[str] = Counter()
        self._sandbox = sandbox
        self._luck = luck
        self._until = 0.0
        self._words: dict[object, str] = {}

    def look(self, at: float) -> None:
        """Change where the phase is over; at: seconds on any clock."""
        if at < self._until:
            return
        self._until = at + self._luck.uniform(_SHORTEST, _LONGEST)
        [name] = self._luck.choices(list(_PHASES), [often for often, _ in _PHASES.values()])
        self.phases[name] += 1
        self._sandbox.clear_faults()
        for pattern in _PHASES[name][1]:
            self._arm(pattern)

    def clear_up(self) -> None:
        """Let nothing more go wrong."""
        self._sandbox.clear_faults()
        self._until = float("inf")

    def count_struck(self) -> Counter[str]:
        """Say how many requests were spoilt, by what went wrong."""
        struck: Counter[str] = Counter()
        for fault, times in self._sandbox.struck.items():
            call, _, effect = self._words[fault].partition("=")
            struck[f"{call.partition(':')[0]} {effect}"] += times
        return struck

    def count_swallowed(self) -> int:
        """Say how many answers with reports never left the gateway."""
        return sum(self._sandbox.struck[parse_fault(words)] for words in _SWALLOWING)

    def _arm(self, pattern: str) -> None:
        words = (
            pattern.replace("UNCLEAR", self._luck.choice(_UNCLEAR))
            .replace("ODD_REPORT", self._luck.choice(_ODD_REPORTS))
            .replace("ODD_BALANCE", self._luck.choice(_ODD_BALANCES))
        )
        fault = parse_fault(words)
        self._words[fault] = words
        self._sandbox.add_fault(fault)
