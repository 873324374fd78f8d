"""Reads the `recipients` of campaign files; a list that several campaigns name is read once."""

from __future__ import annotations

from functools import partial
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from runner.model.recipient import parse_mobile
from runner.workspace.audience import gather_audience
from runner.workspace.lists import InlineNumber, ListFault, NumberList, read_inline, read_list
from runner.workspace.locate import locate_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as FilePath

    from runner.model.campaign import Audience
    from runner.model.diagnostic import Span
    from runner.workspace.faults import Faults
    from runner.workspace.yaml_tree import Document, Path

_NUMBER_NOT_FILE = ListFault(
    rule="number-not-file",
    message="this is a number, where the path of a list belongs",
    hint="numbers stand under `numbers`; those to exclude, in a list file",
)


class RecipientReader:
    """Reads the audiences of one workspace."""

    def __init__(self, root: FilePath) -> None:
        self._root = root
        self._lists: dict[tuple[FilePath, str, str | None], NumberList | ListFault] = {}

    def read(self, data: Mapping[str, Any], faults: Faults) -> Audience:
        """Gather an audience from a campaign's `recipients`; what is wrong is in `faults`."""
        column = data.get("column")
        column = column if isinstance(column, str) else None
        gathered = gather_audience(
            [
                _read_inline(data.get("numbers"), faults),
                *self._read_lists("files", data.get("files"), column, faults),
            ],
            [*self._read_lists("exclude", data.get("exclude"), column, faults)],
            skip_invalid=data.get("invalid") == "skip",
        )
        faults.found += gathered.diagnostics
        is_told = gathered.diagnostics or faults.any_within(("recipients",))
        if not gathered.audience.mobiles and not is_told:
            faults.at_key(
                ("recipients",),
                "no-recipients",
                "nobody is left to send this to",
                "name `numbers` or `files`, or exclude fewer",
            )
        return gathered.audience

    def _read_lists(
        self, key: str, names: object, column: str | None, faults: Faults
    ) -> Iterator[NumberList]:
        for index, name in enumerate(names if isinstance(names, list) else []):
            path = ("recipients", key, index)
            if not isinstance(name, str) or faults.is_told(path):
                continue
            numbers = self._read_named(path, name, column, faults)
            if isinstance(numbers, ListFault):
                faults.at_value(path, numbers.rule, numbers.message, numbers.hint)
            elif numbers:
                yield numbers

    def _read_named(
        self, path: Path, name: str, column: str | None, faults: Faults
    ) -> NumberList | ListFault | None:
        if parse_mobile(name) is not None:
            return _NUMBER_NOT_FILE
        file = locate_named(self._root, path, name, faults)
        if file is None:
            return None
        name = normpath(name)  # so that a list has one name in every campaign
        key = (file, name, column)
        if key not in self._lists:
            self._lists[key] = read_list(file, name=name, column=column)
        return self._lists[key]


def _read_inline(numbers: object, faults: Faults) -> NumberList:
    entries = [
        InlineNumber(text=number, place=partial(_locate_number, faults.document, index))
        for index, number in enumerate(numbers if isinstance(numbers, list) else [])
        if isinstance(number, str)
    ]
    return read_inline(entries, file=faults.document.file)


def _locate_number(document: Document, index: int) -> tuple[Span, str | None]:
    span = document.at(("recipients", "numbers", index)).span
    return span, document.excerpt(span.line)
