"""The text of a file as it is read: its own, or with signs of an input method written anew.

Each sign is told and then read as YAML's own, so that everything behind it is checked as well.
`signs` finds them, and is imported where a reading faltered.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from runner.language import N_
from runner.model.diagnostic import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.source_text import SourceText


class _Kind(NamedTuple):
    """What is said of signs of a kind; `{sign}` is the one that stands there, `{text}` ours."""

    rule: str
    message: str
    hint: str


_KINDS = {
    "colon": _Kind(
        rule="missing-colon",
        message=N_("behind a key stands an ASCII colon and a blank"),
        hint=N_("write `key: value`"),
    ),
    "dash": _Kind(
        rule="missing-blank",
        message=N_("behind the `-` of a list stands a blank"),
        hint=N_("write `- `"),
    ),
    "blank": _Kind(
        rule="wide-blank",
        message=N_("a blank of another kind stands here where only plain ones may"),
        hint=N_("type plain blanks, with the input method switched off"),
    ),
    "sign": _Kind(
        rule="full-width-sign",
        message=N_("`{sign}` is a full-width sign, and YAML knows only the narrow one"),
        hint=N_("write `{text}`, with the input method switched off"),
    ),
}


class Sign(NamedTuple):
    """A stretch of a line to be written anew: columns from 0, the end exclusive.

    told_from: where what is pointed at begins, such as the key before a colon.
    """

    start: int
    end: int
    text: str
    kind: str = "sign"
    told_from: int | None = None


@dataclass(slots=True)
class Draft:
    """A text that is read in the place of the file's own, as far as it was corrected.

    origins: for each line that was changed, from 0, the column in the file of each of its columns.
    """

    source: SourceText
    text: str
    lines: list[str] = field(init=False)
    origins: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        for number, columns in self.source.hollow.items():
            for column in reversed(columns):
                self._write(number, Sign(column, column + 1, ""))
        self._close()

    def fork(self) -> Draft:
        """Make another one of this, to be corrected further."""
        fork = copy(self)
        fork.lines, fork.origins = [*self.lines], {**self.origins}
        return fork

    def correct(self, number: int, signs: Iterable[Sign]) -> Iterator[Diagnostic]:
        """Write signs of one line anew, and tell each. number: of the line, from 0."""
        for sign in sorted(signs, key=lambda sign: -sign.start):
            start = sign.start if sign.told_from is None else sign.told_from
            span = self.source.span((number, start), (number, sign.end))
            edit = Edit(
                span=self.source.span((number, sign.start), (number, sign.end)), text=sign.text
            )
            kind = _KINDS[sign.kind]
            names = {"sign": self.lines[number][sign.start], "text": sign.text.strip()}
            yield self.source.fault(
                span,
                kind.rule,
                kind.message.format(**names),
                kind.hint.format(**names),
                fix=edit,
            )
            self._write(number, sign)
        self._close()

    def blank(self, span: Span) -> None:
        """Read a character of the file as a blank: it was told."""
        number = span.line - 1
        column = self.column_of(number, span.column - 1)
        line = self.lines[number]
        self.lines[number] = f"{line[:column]} {line[column + 1 :]}"
        self.text = "\n".join(self.lines)

    def column_of(self, number: int, column: int) -> int:
        """Give the column here of a column in the file; both from 0."""
        origins = self.origins.get(number)
        return column if origins is None else origins.index(column)

    def _close(self) -> None:
        if self.origins:
            self.text = "\n".join(self.lines)
            self.source = replace(self.source, origins=self.origins)

    def _write(self, number: int, sign: Sign) -> None:
        line = self.lines[number]
        origins = self.origins.get(number) or list(range(len(line) + 1))
        self.lines[number] = line[: sign.start] + sign.text + line[sign.end :]
        inside = [origins[sign.start]] * len(sign.text)
        self.origins[number] = [*origins[: sign.start], *inside, *origins[sign.end :]]
