"""What the program says: results on stdout, everything for people on stderr.

File names, titles and a gateway's words are others' texts: everything that is said passes here, and
nothing in it moves a cursor, hides or turns the direction of writing.
A reader who goes away, as `head` does, must not change what a command does or how it ends.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


def warn(text: str) -> None:
    """Tell a person what went wrong; further lines say what to do."""
    write_for_people(f"mms-runner: {text}")


def write_for_people(text: str, *, styled: bool = False) -> None:
    """Write to stderr, where nobody asks for phone numbers.

    styled: it has colours of ours, and all others' words in it are clean. Where stderr is closed or
    full nobody could be told anyway.
    """
    from runner.model.recipient import mask_mobiles

    masked = mask_mobiles(text)
    with suppress(OSError):
        click.echo(masked if styled else clean_lines(masked), err=True)


def write_result(text: str) -> None:
    """Write to stdout what people read."""
    click.echo(clean_lines(text))


def write_json(value: object) -> None:
    """Write a document for scripts to stdout."""
    click.echo(to_json(value, indent=2))


def write_as_received(body: bytes) -> None:
    """Write others' bytes to stdout, as they are but for a terminal."""
    if sys.stdout.isatty():
        write_result(body.decode(errors="backslashreplace"))
    else:
        click.echo(body, nl=False)


def clean(text: str) -> str:
    """Make a text safe for a terminal, in one line: nothing in it moves the cursor or hides.

    It keeps its length, so that places in it still hold.
    """
    if text.isprintable():
        return text
    return "".join(
        character if _is_shown(character) else " " if character == "\t" else "\ufffd"
        for character in text
    )


def clean_lines(text: str) -> str:
    """Make a text of several lines safe for a terminal."""
    return "\n".join(map(clean, text.split("\n")))


def to_json(value: object, *, indent: int | None = None) -> str:
    """Write a value as JSON that people can read; what would harm a terminal is escaped."""
    import json

    lines = json.dumps(value, ensure_ascii=False, indent=indent).split("\n")
    return "\n".join(line if line.isprintable() else _escape(line) for line in lines)


def _escape(line: str) -> str:
    import json

    return "".join(
        character if _is_shown(character) else json.dumps(character)[1:-1] for character in line
    )


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


def _is_shown(character: str) -> bool:
    """Whether a terminal shows it as it is; of the blanks, the wide one of Chinese texts too."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _silence(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
