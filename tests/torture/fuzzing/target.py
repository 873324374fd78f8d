"""One thing that reads what others wrote, with the judge of what it makes of any bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Broken(Exception):  # noqa: N818 - what it says is broken is a promise
    """A promise about the input that was just read does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is fuzzed.

    judge: reads any bytes; raises Broken, or whatever should never have been raised.
    seeds: what is read well; words: what the fuzzer puts into them.
    runs: for each seed of the orders. longest: in bytes. is_answer: whether a gateway writes it.
    """

    judge: Callable[[bytes], None]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    runs: int
    longest: int
    is_answer: bool = False


def hold(promise: object, text: str) -> None:
    """Raise Broken where a promise does not hold."""
    if not promise:
        raise Broken(text)
