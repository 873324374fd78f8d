"""What a value without quotes means, and whether other readers of YAML would agree.

We read little: ``true``, ``false``, ``null``, whole numbers, decimals, and text. YAML 1.1, which
most editors and libraries follow, reads more: what it would read differently is nobody's to guess.
"""

from __future__ import annotations

import re
from enum import Enum

import yaml
from yaml.resolver import Resolver

from runner.language import N_

PlainValue = bool | int | float | str | None


class OtherReading(Enum):
    """What YAML 1.1 makes of a value that is text to us, in words that end `is read as …`."""

    TRUTH = N_("true or false")
    NOTHING = N_("nothing (null)")
    NUMBER = N_("a number")
    TIME = N_("a date or time")
    SIGN = N_("a sign of YAML's own")  # `<<` and `=`


_TAG = "tag:yaml.org,2002:"
_READINGS = {
    f"{_TAG}bool": OtherReading.TRUTH,
    f"{_TAG}null": OtherReading.NOTHING,
    f"{_TAG}int": OtherReading.NUMBER,
    f"{_TAG}float": OtherReading.NUMBER,
    f"{_TAG}timestamp": OtherReading.TIME,
    f"{_TAG}merge": OtherReading.SIGN,
    f"{_TAG}value": OtherReading.SIGN,
}
_SINGLE_LETTERS = frozenset("yYnN")  # of YAML 1.1, though PyYAML leaves them out
_OURS: dict[str, PlainValue] = {"true": True, "false": False, "null": None, "": None}
_NUMERIC = frozenset({OtherReading.NUMBER, OtherReading.TIME})

# bounded: a longer one is no number that anybody means, and would not survive a float
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")

_RESOLVER = Resolver()


def read_plain(text: str, *, as_written: bool) -> PlainValue | OtherReading:
    """Read a plain scalar, or tell how YAML 1.1 would read what is neither text nor number to us.

    as_written: whatever looks like a number or a time is its text.
    """
    if text in _OURS:
        return _OURS[text]
    other = _read_as_yaml_1_1(text)
    if other is None or (as_written and other in _NUMERIC):
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return other


def _read_as_yaml_1_1(text: str) -> OtherReading | None:
    if text in _SINGLE_LETTERS:
        return OtherReading.TRUTH
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # the stubs of PyYAML leave it untyped
    return _READINGS.get(tag)
