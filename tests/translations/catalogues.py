"""Finds every message of the program, and reads and writes the catalogues."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from runner.cli import main
from runner.cli.help import list_texts
from runner.language import DOMAIN, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
TRANSLATED = [language for language in LANGUAGES if language != "en"]
KEYWORDS = {"_": None, "N_": None, "NN_": (1, 2), "ngettext": (1, 2)}

# What libc says where a file or a connection fails, as it stands behind a colon of ours.
OF_THE_SYSTEM = (
    "Address already in use",
    "Connection refused",
    "Disk quota exceeded",
    "File exists",
    "File name too long",
    "Input/output error",
    "Is a directory",
    "No space left on device",
    "No such file or directory",
    "Not a directory",
    "Operation not permitted",
    "Permission denied",
    "Read-only file system",
    "Stale file handle",
    "Too many levels of symbolic links",
    "Too many open files",
)

OF_A_SCHEMA = ("errorMessage", "patternErrorMessage")

# What of click a user of ours can meet: its help and its errors, but not what it tells developers.
OF_CLICK = {"core", "decorators", "exceptions", "formatting", "parser", "types"}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # a catalogue depends on its messages alone
FOR_DEVELOPERS = (
    "%(prog)s",
    "eprecat",
    "declaration",
    "defined",
    "iterable",
    "cannot use the same",
    "UUID",
)

Message = str | tuple[str, str]


def list_messages() -> set[Message]:
    """Give all messages; one with a plural as both of its forms."""
    return {
        *_of_the_sources(),
        *_of_the_schemas(),
        *_of_the_help(main),
        *_of_click(),
        *OF_THE_SYSTEM,
    }


def path_of(language: str, suffix: str) -> Path:
    """Give the place of a catalogue. suffix: `po` for people, `mo` for gettext."""
    return PROJECT / "runner" / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


def read_catalogue(language: str) -> Catalog:
    """Read a catalogue as people write it; an empty one where there is none."""
    try:
        with path_of(language, "po").open("rb") as file:
            return read_po(file, locale=language)
    except FileNotFoundError:
        return Catalog(locale=language)


def renew(language: str) -> Catalog:
    """Give a catalogue of exactly the messages of the program, with what is translated of them."""
    known = {message.id: message.string for message in read_catalogue(language) if message.id}
    catalogue = Catalog(
        locale=language, fuzzy=False, creation_date=LONG_AGO, revision_date=LONG_AGO
    )
    for message in sorted(list_messages(), key=str):
        catalogue.add(message, known.get(message, "" if isinstance(message, str) else ("",)))
    return catalogue


def to_po(catalogue: Catalog) -> bytes:
    """Write a catalogue for people."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, omit_header=True, no_location=True)
    head = f"""msgid ""
msgstr ""
"Language: {catalogue.locale}\\n"
"Plural-Forms: {catalogue.plural_forms}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
    return head.encode() + file.getvalue()


def to_mo(catalogue: Catalog) -> bytes:
    """Write a catalogue for gettext."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def _of_the_sources() -> Iterator[Message]:
    for *_, message, _, _ in extract_from_dir(
        PROJECT / "runner", [("example/**", "ignore"), ("**.py", "python")], keywords=KEYWORDS
    ):
        yield message


def _of_the_schemas() -> Iterator[Message]:
    """Give the sentences that a schema has for its faults; editors show them in English."""
    for path in (PROJECT / "runner" / "schemas").glob("*.json"):
        yield from _find_messages(json.loads(path.read_bytes()))


def _find_messages(schema: object) -> Iterator[Message]:
    if isinstance(schema, list):
        for each in schema:
            yield from _find_messages(each)
    elif isinstance(schema, dict):
        yield from (schema[key] for key in OF_A_SCHEMA if key in schema)
        yield from _find_messages(list(schema.values()))


def _of_the_help(command: click.Command) -> Iterator[Message]:
    """Give what the help of a command says, and of those in it."""
    yield from list_texts(command)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _of_the_help(inner)


def _of_click() -> Iterator[Message]:
    for file, _, message, _, _ in extract_from_dir(
        Path(click.__file__).parent, [("**.py", "python")], keywords=KEYWORDS
    ):
        words = message if isinstance(message, str) else message[0]
        if Path(file).stem in OF_CLICK and not any(part in words for part in FOR_DEVELOPERS):
            yield message
