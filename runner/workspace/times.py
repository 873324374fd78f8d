"""Reads what a file says of times, and tells a text that names none at its place.

What the schema refused was told there, and is not looked at again.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from runner.language import N_
from runner.model.diagnostic import Edit
from runner.timing import WrongTime, parse_duration, parse_hours, parse_moment
from runner.workspace.yaml_tree import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from runner.model.hours import Hours
    from runner.workspace.faults import Faults
    from runner.workspace.yaml_tree import Path

_Time = TypeVar("_Time")


def read_moment(faults: Faults, path: Path, value: object, zone: ZoneInfo) -> datetime | None:
    """Read a moment; None where there is none, or a wrong one."""
    if not isinstance(value, str):
        return None
    return _read(faults, path, "wrong-time", partial(parse_moment, value, zone), zone)


def read_duration(faults: Faults, path: Path, value: object) -> timedelta | None:
    """Read a duration; None where there is none, or a wrong one."""
    if not isinstance(value, str | int):
        return None
    return _read(faults, path, "wrong-duration", partial(parse_duration, value))


def read_hours(faults: Faults, path: Path, value: object) -> Hours | None:
    """Read hours of the day; None where there are none, or wrong ones."""
    if not isinstance(value, str):
        return None
    return _read(faults, path, "wrong-hours", partial(parse_hours, value))


def _read(
    faults: Faults,
    path: Path,
    rule: str,
    parse: Callable[[], _Time],
    zone: ZoneInfo | None = None,
) -> _Time | None:
    if faults.is_told(path):
        return None
    try:
        return parse()
    except WrongTime as error:
        hint, fix = _correct(faults, path, zone) if zone else (None, None)
        faults.at_value(
            path,
            rule,
            N_("`{name}`: {why}").format(name=path[-1], why=str(error)),
            hint or error.hint,
            fix=fix,
        )
        return None


def _correct(faults: Faults, path: Path, zone: ZoneInfo) -> tuple[str | None, Edit | None]:
    """Read a moment as people write it: gives a hint with it as it should be, and the edit."""
    from runner.workspace.corrections import correct_moment

    node = faults.document.at(path)
    corrected = correct_moment(node.text) if isinstance(node, Scalar) else None
    if corrected is None:
        return None, None
    text, is_certain = corrected
    with suppress(WrongTime):
        parse_moment(text, zone)
        fix = Edit(span=node.span, text=text) if is_certain else None
        return N_("write `{name}: {value}`").format(name=path[-1], value=text), fix
    return None, None
