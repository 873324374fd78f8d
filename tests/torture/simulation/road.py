"""What an account's requests meet on simulated days: delays, odd answers and hours of outage."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from runner.sandbox.faults import Call
from torture.simulation.actors import current_actor
from torture.simulation.wire import REFUSED

if TYPE_CHECKING:
    import random

    from torture.simulation.actors import Actor
    from torture.simulation.agenda import Agenda

# How many of a thousand requests meet one of these. What says for certain that nothing was taken
# does not lie here: no client could know better.
_ODD = {Call.SEND: 40, Call.BALANCE: 30, Call.REPORT: 10}
_EFFECTS = {
    Call.SEND: (
        *("timeout-after", "reset-after", "cut", "taken-html", "taken-http-502", "taken-empty"),
        *("timeout-before", "reset-before", "garbage", "http-502", "http-503", "8", "11"),
        *("7", "7", "7", "padded", REFUSED, "0", "9", "http-413", "http-302", "2", "6"),
    ),
    Call.BALANCE: ("timeout", "html", "faild", "sucess", "lower", "http-500", REFUSED),
    Call.REPORT: (
        *("cut", "short", "gb2312", "bom", "cdata", "html", "empty", "garbage", "http-502"),
        *("timeout", "reset", "timeout-after", "reset-after", "error-3", REFUSED),
    ),
}
_SILENT = ("timeout-after", "timeout-before", "timeout")
_TIMEOUT = 60.0  # seconds, as the account's settings have it

# What every request meets while the gateway is down, in one of these ways.
_OUTAGES = (
    dict.fromkeys(Call, REFUSED),
    {Call.SEND: "http-502", Call.BALANCE: "http-502", Call.REPORT: "http-502"},
    {Call.SEND: "timeout-before", Call.BALANCE: "timeout", Call.REPORT: "timeout"},
    {Call.SEND: "taken-http-502", Call.BALANCE: "http-502", Call.REPORT: "reset-after"},
)
_BETWEEN_OUTAGES = 20 * 3600.0  # seconds on average
_SHORTEST, _LONGEST = 300.0, 4 * 3600.0


class Road:
    """The way to one gateway and back, which takes simulated time."""

    def __init__(self, agenda: Agenda, luck: random.Random) -> None:
        self._agenda = agenda
        self._luck = luck
        self._outage = _OUTAGES[0]
        self._down_until = agenda.now
        self._meets: dict[Actor, str | None] = {}
        self._plan_outage()

    def set_out(self, call: Call, _body: bytes) -> str | None:
        """Take a request to the gateway."""
        self._wait(self._luck.expovariate(20))
        effect = self._draw(call)
        self._meets[current_actor()] = effect
        return effect

    def come_back(self, _call: Call) -> None:
        """Bring the answer, or none."""
        silent = self._meets.pop(current_actor(), None) in _SILENT
        self._wait(_TIMEOUT if silent else self._luck.expovariate(5))

    def _draw(self, call: Call) -> str | None:
        if self._agenda.now < self._down_until:
            return self._outage[call]
        if self._luck.randrange(1000) < _ODD[call]:
            return self._luck.choice(_EFFECTS[call])
        return None

    def _wait(self, seconds: float) -> None:
        actor = current_actor()
        self._agenda.after(seconds, actor.go_on)
        actor.rest()

    def _plan_outage(self) -> None:
        self._agenda.after(self._luck.expovariate(1 / _BETWEEN_OUTAGES), self._break_down)

    def _break_down(self) -> None:
        seconds = self._luck.uniform(_SHORTEST, _LONGEST)
        self._down_until = self._agenda.now + timedelta(seconds=seconds)
        self._outage = self._luck.choice(_OUTAGES)
        self._plan_outage()
