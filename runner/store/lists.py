"""Lists as parameters of a statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def to_list(values: Iterable[int | str]) -> str:
    """Write a list for `IN (SELECT value FROM json_each(:list))`.

    That is one statement whatever the length. With a parameter for each value every length would
    be another, each of which the driver would prepare, and keep, anew.
    """
    return json.dumps(list(values))
