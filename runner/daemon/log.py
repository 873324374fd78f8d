"""What the daemon says while it works: one line a fact, for people or as JSON, masked on the way.

Libraries speak through the same door, from a warning upward.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.daemon.outlet import Outlet
from runner.errors import locate_defect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from runner.daemon.mask import Mask

_OURS = logging.getLogger("runner")
_LEAST_MOBILE = 10**10  # a smaller number has too few digits to be one


class LogFormat(StrEnum):
    """How a fact is written."""

    TEXT = "text"  # for people
    JSON = "json"  # for programs: one object a line


def tell(level: int, message: str, /, **fields: object) -> None:
    """Log a fact.

    level: of `logging`. message: the whole fact in words; fields: its parts, which JSON alone has.
    """
    _OURS.log(level, message, extra={"fields": fields})


@contextmanager
def writing_log(
    form: LogFormat, stream: TextIO, mask: Mask, *, level: int = logging.INFO
) -> Iterator[None]:
    """Write everything that is logged to a stream for the life of the block.

    stream: has a descriptor. level: the least that is written of what we say ourselves.
    Lines of the last moment are lost where the process is killed inside of the block.
    """
    outlet = Outlet(stream.fileno())
    outlet.setFormatter(_FORMS[form](mask))
    root = logging.getLogger()
    levels, hook = (root.level, _OURS.level), threading.excepthook
    root.addHandler(outlet)
    _set_levels(logging.WARNING, level)
    logging.captureWarnings(True)
    threading.excepthook = _tell_end_of_thread
    try:
        yield
    finally:
        threading.excepthook = hook
        logging.captureWarnings(False)
        _set_levels(*levels)
        root.removeHandler(outlet)
        outlet.close()


class _TextLines(logging.Formatter):
    """A time, a level and a message."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as a line."""
        message = self._mask.clean(_put_in_words(record))
        return f"{_write_time(record)} {_write_level(record):<5} {message}"


class _JsonLines(logging.Formatter):
    """An object of a time, a level, a message and its parts."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as a line."""
        always = {
            "at": _write_time(record),
            "level": _write_level(record),
            "message": self._mask.clean(_put_in_words(record)),
        }
        fields: Mapping[str, object] = getattr(record, "fields", {})
        shown = {name: self._show(value) for name, value in fields.items()}
        # first for its place in the line, last so that no part takes the name of what each line has
        return json.dumps({**always, **shown, **always}, ensure_ascii=False)

    def _show(self, value: object) -> object:
        """Give a value as JSON can say it, masked."""
        match value:
            case None | bool():
                return value
            case int() if abs(value) < _LEAST_MOBILE or self._is_clean(str(value)):
                return value
            case float() if math.isfinite(value):
                return value
            case Mapping():
                return {self._mask.clean(str(key)): self._show(part) for key, part in value.items()}
            case list() | tuple():
                return [self._show(part) for part in value]
            case datetime():
                return value.isoformat()
        return self._mask.clean(str(value))

    def _is_clean(self, text: str) -> bool:
        return self._mask.clean(text) == text


_FORMS: Mapping[LogFormat, type[_TextLines | _JsonLines]] = {
    LogFormat.TEXT: _TextLines,
    LogFormat.JSON: _JsonLines,
}


def _set_levels(everybody: int, ours: int) -> None:
    logging.getLogger().setLevel(everybody)
    _OURS.setLevel(ours)


def _write_time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_level(record: logging.LogRecord) -> str:
    return record.levelname.lower()


def _put_in_words(record: logging.LogRecord) -> str:
    """Give the message; of an error its kind and place: its own words may hold what is sent."""
    message = record.getMessage()
    error = record.exc_info[1] if record.exc_info else None
    return message if error is None else f"{message}: {locate_defect(error)}"


def _tell_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "unknown"
    error = ended.exc_value or ended.exc_type()
    _OURS.error("the thread %s ended", name, exc_info=error)
