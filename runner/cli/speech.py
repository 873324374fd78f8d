"""What the program says: results on stdout, everything for people on stderr.

A reader who goes away, as `head` does, must not change what a command does or how it ends.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from runner.model.recipient import mask_mobiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


def warn(text: str) -> None:
    """Tell a person what went wrong; further lines say what to do."""
    write_for_people(f"mms-runner: {text}")


def write_for_people(text: str) -> None:
    """Write to stderr, where nobody asks for phone numbers.

    Where that is closed or full nobody could be told anyway.
    """
    with suppress(OSError):
        click.echo(mask_mobiles(text), err=True)


def accept_every_character() -> None:
    """Let no character stop a command where the terminal's encoding has none for it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a stream that somebody put in the place of the real one
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # as above


@contextmanager
def outliving_its_reader() -> Iterator[None]:
    """Stop writing, and nothing else, where the reader of stdout has gone.

    Raises OSError where stdout cannot be written for another reason, such as a full disk.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)


def drop_what_cannot_be_written() -> None:
    """Empty the streams, so that the end of the interpreter cannot fail over them."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _silence(stream)


def _silence(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
