"""Hears the program's steps within this process, for those who simulate its end."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runner.faultpoint import EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_listeners: list[Callable[[str], None]] = []
_installed: list[bool] = []


@contextmanager
def hearing_steps(listener: Callable[[str], None]) -> Iterator[None]:
    """Tell a listener of every step that is passed within the block; it may raise."""
    if not _installed:
        sys.addaudithook(_hear)  # for the life of the process: there is no way to take it back
        _installed.append(True)
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == EVENT:
        for listener in _listeners:
            listener(arguments[0])
