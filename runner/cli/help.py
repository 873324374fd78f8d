"""The help of the commands in the language that is spoken.

click's own words come from the catalogue by gettext; ours stand in the commands, in English.
"""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, TypeVar

import click

from runner.language import _, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Command = TypeVar("_Command", bound=click.Command)


def translate_help(command: _Command) -> _Command:
    """Give a command with its help, and that of all in it, translated."""
    if spoken() == "en":
        return command
    translated = copy.copy(command)
    translated.context_class = HelpContext
    translated._help_option = None  # noqa: SLF001 - click keeps it, in the language of that time
    translated.help = _translate(command.help)
    translated.epilog = _translate(command.epilog)
    translated.params = list(_translate_options(command.params))
    if isinstance(translated, click.Group):
        translated.commands = {
            name: translate_help(inner) for name, inner in translated.commands.items()
        }
    return translated


def list_texts(command: click.Command) -> Iterator[str]:
    """Give what the help of a command says, but not of those in it, as it is translated."""
    options = (each for each in command.params if isinstance(each, click.Option))
    for text in (command.help, command.epilog, *(option.help for option in options)):
        if text:
            yield inspect.cleandoc(text)


class _Formatter(click.HelpFormatter):
    """Breaks lines where a terminal is full: click counts characters, of which some are wide."""

    def write_heading(self, heading: str) -> None:
        """Write what stands above options or commands."""
        self.write(f"{' ' * self.current_indent}{heading}：\n")

    def write_text(self, text: str) -> None:
        """Write some paragraphs."""
        super().write_text(_wrap(text, self.width - self.current_indent))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write names, each with what there is to say about it."""
        known = list(rows)
        names = min(max(len(name) for name, _text in known), col_max) + col_spacing
        room = self.width - self.current_indent - names
        super().write_dl([(name, _wrap(text, room)) for name, text in known], col_max, col_spacing)


class HelpContext(click.Context):
    """A command that is called, whose help may be in any language."""

    def make_formatter(self) -> click.HelpFormatter:
        """Give what lays out the help: click's own for English."""
        kind = click.HelpFormatter if spoken() == "en" else _Formatter
        return kind(width=self.terminal_width, max_width=self.max_content_width)


def _wrap(text: str, width: int) -> str:
    """Break the lines of some paragraphs, and tell click to leave them as they are."""
    from runner.cli.wrap import wrap

    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join("\b\n" + "\n".join(wrap(each, width)) for each in paragraphs)


def _translate(text: str | None) -> str | None:
    return _(inspect.cleandoc(text)) if text else None


def _translate_options(parameters: Iterable[click.Parameter]) -> Iterable[click.Parameter]:
    for parameter in parameters:
        translated = copy.copy(parameter)
        if isinstance(translated, click.Option):
            translated.help = _translate(translated.help)
        yield translated
