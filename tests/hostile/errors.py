"""Every exception that the libraries below the client can raise, found by looking, and built."""

from __future__ import annotations

import builtins
import email.errors
import errno
import http.client
import inspect
import socket
import ssl
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRETS = ("sesame", "13800138000")
_WORDS = " ".join(SECRETS)  # what a message may repeat, and nobody may read
_BYTES = _WORDS.encode()

_MODULES = (http.client, email.errors, socket, ssl, zlib, builtins)

# What constructors ask for, by the names of their parameters.
_ARGUMENTS: dict[str, Any] = {
    "error": OSError(_WORDS),
    "reason": socket.gaierror(socket.EAI_NONAME, _WORDS),
    "partial": _BYTES,
    "expected": 99,
    "length": _BYTES,
    "defects": [],
    "pos": 0,
    "unparsed_data": _BYTES,
}

# Those whose constructors do not tell.
_ODD: dict[type[Exception], tuple[Any, ...]] = {
    UnicodeDecodeError: ("utf-8", _BYTES, 0, 1, _WORDS),
    UnicodeEncodeError: ("idna", _WORDS, 0, 1, _WORDS),
    UnicodeTranslateError: (_WORDS, 0, 1, _WORDS),
    ExceptionGroup: (_WORDS, [OSError(_WORDS)]),
}


def find_errors() -> dict[str, Callable[[], Exception]]:
    """Give a maker of each exception by its name: of every class, and of every errno."""
    found = dict(_find_classes())
    for number, name in errno.errorcode.items():
        found[f"OSError {name}"] = partial(OSError, number, _WORDS)
    return found


def _find_classes() -> Iterator[tuple[str, Callable[[], Exception]]]:
    for module in _MODULES:
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Exception):
                yield f"{kind.__module__}.{kind.__qualname__}", partial(build, kind)


def build(kind: type[Exception]) -> Exception:
    """Build an exception whose message repeats secrets; raises TypeError where it cannot."""
    if kind in _ODD:
        return kind(*_ODD[kind])
    try:
        parameters = inspect.signature(kind).parameters.values()
    except ValueError:  # one of C's, which takes anything
        return kind(_WORDS)
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return kind(_WORDS)
    wanted = (each.name for each in parameters if each.default is each.empty)
    return kind(*(_ARGUMENTS.get(name, _WORDS) for name in wanted))
