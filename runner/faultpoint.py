"""Named steps at which a proof may end the program, as a crash or a loss of power would.

A step is an audit event of the interpreter: while nobody listens it costs some fifty nanoseconds,
and nothing in the program can make it do anything. The tests listen, in processes of their own.
"""

from __future__ import annotations

import sys

EVENT = "runner.faultpoint"


def faultpoint(name: str) -> None:
    """Pass a step. name: what has just been done, or is to be done next, such as `pump.claimed`."""
    sys.audit(EVENT, name)
