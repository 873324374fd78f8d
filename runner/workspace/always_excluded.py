"""Reads the lists of `always_exclude`, whose people no campaign of the workspace may reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from runner.workspace.lists import MISSING_FILE, NumberList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.model.account import NamedList
    from runner.model.campaign import Source
    from runner.workspace.faults import Faults
    from runner.workspace.lists import ListFault
    from runner.workspace.named_lists import KnownLists
    from runner.workspace.settings_files import SettingsFiles
    from runner.workspace.yaml_tree import Path as Place


@dataclass(frozen=True, kw_only=True)
class AlwaysExcluded:
    """Everybody on these lists, once for all campaigns.

    names: of the lists; missing: of those that this machine does not have.
    """

    names: tuple[str, ...] = ()
    lists: tuple[NumberList, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Of the lists, each once."""
        return tuple(dict.fromkeys(numbers.source for numbers in self.lists if numbers.source))

    @cached_property
    def mobiles(self) -> frozenset[int]:
        """Everybody; made only where somebody asks: where no list changed, nobody does."""
        return frozenset(chain.from_iterable(numbers.mobiles for numbers in self.lists))


NOBODY = AlwaysExcluded()


def read_always_excluded(
    files: SettingsFiles,
    lists: KnownLists | None,
    read: Callable[..., NumberList | ListFault],
) -> AlwaysExcluded:
    """Read the lists; what is wrong in one is told of it, or where its name stands.

    read: as `read_list`. A list that this machine lacks is no fault.
    """
    names: dict[str, None] = {}
    found: list[NumberList] = []
    missing: dict[str, None] = {}
    for faults, place, named in _find_lists(files, lists or {}):
        names[named.name] = None
        numbers = read(Path(named.file), name=named.name, named=named)
        if isinstance(numbers, NumberList):
            faults.found += numbers.diagnostics
            found.append(numbers)
        elif numbers.rule == MISSING_FILE:
            missing[named.name] = None
        else:
            faults.at_value(place, numbers.rule, numbers.message, numbers.hint)
    return AlwaysExcluded(names=tuple(names), lists=tuple(found), missing=tuple(missing))


def _find_lists(
    files: SettingsFiles, lists: KnownLists
) -> Iterator[tuple[Faults, Place, NamedList]]:
    for file in files.all:
        for place, name in file.always_excluded():
            if named := lists.get(name):
                yield file.faults, place, named
