"""A local gateway that speaks the protocol: for rehearsals, for the demo and for our own tests.

It is written from the gateway's document with a reading of its own and shares no code with the
runner's, so that the two can disagree. It never forwards anything: what was sent stands in
`Sandbox.submissions`, and on pages that a browser opens at its address.

    with Sandbox(SandboxSettings(balance=100), port=0) as sandbox:
        ...  # POST to sandbox.url + "/sendmms.aspx"
        sandbox.copies()
"""

from runner.sandbox.faults import Call, Fault, parse_fault
from runner.sandbox.sandbox import Sandbox
from runner.sandbox.settings import SandboxSettings
from runner.sandbox.submission import Submission

__all__ = ["Call", "Fault", "Sandbox", "SandboxSettings", "Submission", "parse_fault"]
