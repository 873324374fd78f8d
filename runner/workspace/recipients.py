"""Reads the `recipients` of campaign files; a list that several campaigns name is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.workspace.audience import gather_audience
from runner.workspace.lists import InlineNumber, ListFault, NumberList, read_inline, read_list
from runner.workspace.locate import locate_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as FilePath

    from runner.model.campaign import Audience
    from runner.workspace.faults import Faults


class RecipientReader:
    """Reads the audiences of one workspace."""

    def __init__(self, root: FilePath) -> None:
        self._root = root
        self._lists: dict[tuple[FilePath, str | None], NumberList | ListFault] = {}

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
        if not gathered.audience.mobiles and not faults.any_error:
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
            file = locate_named(self._root, path, name, faults) if isinstance(name, str) else None
            if file is None:
                continue
            numbers = self._read_list(file, name, column)
            if isinstance(numbers, ListFault):
                faults.at_value(path, numbers.rule, numbers.message, numbers.hint)
            else:
                yield numbers

    def _read_list(self, file: FilePath, name: str, column: str | None) -> NumberList | ListFault:
        key = (file, column)
        if key not in self._lists:
            self._lists[key] = read_list(file, name=name, column=column)
        return self._lists[key]


def _read_inline(numbers: object, faults: Faults) -> NumberList:
    document = faults.document
    entries = []
    for index, number in enumerate(numbers if isinstance(numbers, list) else []):
        if isinstance(number, str):
            span = document.at(("recipients", "numbers", index)).span
            entries.append(
                InlineNumber(text=number, span=span, excerpt=document.excerpt(span.line))
            )
    return read_inline(entries, file=document.file)
