"""The line to the gateway: the only place that touches the network, and one POST is all it knows.

``client`` asks and judges; ``connection`` opens sockets, keeps every deadline and notes the first
byte of a request; ``answer`` reads what comes back; ``failure`` puts what went wrong into words.
Exactly one fact decides whether a failed send may be repeated: ``Exchange.begun``.
"""

from runner.gateway.client import Gateway

__all__ = ["Gateway"]
