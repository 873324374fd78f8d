"""A disk as POSIX promises it, and no better: what it may hold when the power goes.

What was synced is there. Of the rest each write may be there or not, in any order and between files
too, or only some sectors of it; a file's size may lag behind; and a name that was made, changed or
removed since its folder was synced may be as it was before. Whatever a real file system does
better than that is not relied on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from torture.disk.recording import Cut, Made, Removed, Renamed, Synced, Wrote

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from torture.disk.recording import Event

SECTOR = 512

Image = dict[str, bytes]  # the files of a disk, by path


@dataclass(eq=False, slots=True)
class _File:
    """What a name stands for. content: as it is on the disk for sure; a folder has none."""

    content: bytes = b""
    is_folder: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """What is not on the disk for sure.

    file: whose content, None for names; offset: None where the size is cut to `size`.
    path: a name, for `file` or for what it is renamed to; of a removed one neither is there.
    """

    file: _File
    path: str
    offset: int | None = None
    data: bytes = b""
    size: int = 0
    renamed_to: str | None = None
    removes: bool = False
    is_of_names: bool = False

    @property
    def folder(self) -> str:
        return str(Path(self.path).parent)


@dataclass(slots=True)
class Disk:
    """What is on it for sure, and what may be. root: its folder, which is there for sure."""

    root: str
    _names: dict[str, _File] = field(default_factory=dict)  # as processes see them
    _safe: dict[str, _File] = field(default_factory=dict)  # as they are on the disk for sure
    _pending: list[_Change] = field(default_factory=list)

    def settle(self, files: Image) -> None:
        """Begin with these files, all of them, and their folders, on the disk for sure."""
        self._names = {path: _File(content=content) for path, content in files.items()}
        for path in files:
            folders = [str(folder) for folder in Path(path).parents]
            for folder in folders[: folders.index(self.root)]:
                self._names.setdefault(folder, _File(is_folder=True))
        self._safe = dict(self._names)
        self._pending = []

    def apply(self, event: Event) -> bool:
        """Do what a process did; says whether that changes what may be on the disk."""
        match event:
            case Made() if event.path in self._names:
                return False
            case Made():
                self._make(event.path, is_folder=event.is_folder)
            case Wrote():
                self._write(event)
            case Cut():
                self._cut(event)
            case Synced():
                return self._sync(event.path)
            case Renamed():
                file = self._names.pop(event.path)
                self._names[event.to] = file
                self._pend(_Change(file, event.path, renamed_to=event.to, is_of_names=True))
            case Removed():
                file = self._names.pop(event.path)
                self._pend(_Change(file, event.path, removes=True, is_of_names=True))
            case _:
                return False
        return True

    def _pend(self, change: _Change) -> None:
        self._pending.append(change)

    def _make(self, path: str, *, is_folder: bool) -> _File:
        file = self._names[path] = _File(is_folder=is_folder)
        self._pend(_Change(file, path, is_of_names=True))
        return file

    def _write(self, event: Wrote) -> None:
        file = self._names.get(event.path) or self._make(event.path, is_folder=False)
        if event.offset < 0:
            raise ValueError(f"nobody knows where in {event.path} it was written")
        self._pend(_Change(file, event.path, offset=event.offset, data=event.data))

    def _cut(self, event: Cut) -> None:
        file = self._names.get(event.path) or self._make(event.path, is_folder=False)
        self._pend(_Change(file, event.path, size=event.size))

    def _sync(self, path: str) -> bool:
        if path == self.root:
            file = None
        elif (file := self._names.get(path)) is None:
            return False
        if file is None or file.is_folder:
            synced = [each for each in self._pending if each.is_of_names and each.folder == path]
            _rename(self._safe, synced)
        else:
            synced = [each for each in self._pending if each.file is file and not each.is_of_names]
            file.content = _rewrite(file.content, synced)
        self._pending = [each for each in self._pending if each not in synced]
        return bool(synced)

    def images(self, luck: random.Random, times: int) -> Iterator[Image]:
        """Give what the disk may hold now: nothing more than is sure, all, and what luck chooses.

        times: how often luck chooses. Luck also leaves out single files, and tears writes.
        """
        yield self._image(self._pending, luck, torn=0)
        if not self._pending:
            return
        yield self._image([], luck, torn=0)
        for path in {change.path for change in self._pending}:
            others = [change for change in self._pending if change.path != path]
            yield self._image(others, luck, torn=0)
        for _ in range(times):
            share, torn = luck.choice((0.2, 0.5, 0.8, 0.95)), luck.choice((0.0, 0.2))
            kept = [change for change in self._pending if luck.random() < share]
            yield self._image(kept, luck, torn=torn)

    def _image(self, kept: list[_Change], luck: random.Random, *, torn: float) -> Image:
        names = dict(self._safe)
        _rename(names, [change for change in kept if change.is_of_names])
        written: dict[int, list[_Change]] = defaultdict(list)
        for change in kept:
            if not change.is_of_names:
                written[id(change.file)] += (
                    _tear(change, luck) if luck.random() < torn else [change]
                )
        return {
            path: _rewrite(file.content, written[id(file)])
            for path, file in names.items()
            if not file.is_folder and self._is_reached(path, names)
        }

    def _is_reached(self, path: str, names: dict[str, _File]) -> bool:
        folders = [str(folder) for folder in Path(path).parents]
        return all(each in names for each in folders[: folders.index(self.root)])


def _rename(names: dict[str, _File], changes: list[_Change]) -> None:
    for change in changes:
        if (change.renamed_to or change.removes) and names.get(change.path) is change.file:
            del names[change.path]
        if not change.removes:
            names[change.renamed_to or change.path] = change.file


def _rewrite(content: bytes, changes: list[_Change]) -> bytes:
    if not changes:
        return content
    new = bytearray(content)
    for change in changes:
        if change.offset is None:
            del new[change.size :]
            new.extend(bytes(change.size - len(new)))
        else:
            new.extend(bytes(max(0, change.offset - len(new))))
            new[change.offset : change.offset + len(change.data)] = change.data
    return bytes(new)


def _tear(change: _Change, luck: random.Random) -> list[_Change]:
    """Keep some sectors of a write; a sector is written whole or not at all."""
    if change.offset is None:
        return [change]
    end = change.offset + len(change.data)
    first = change.offset - change.offset % SECTOR
    pieces = []
    for sector in range(first, end, SECTOR):
        start, stop = max(sector, change.offset), min(sector + SECTOR, end)
        if luck.random() < 0.5:
            data = change.data[start - change.offset : stop - change.offset]
            pieces.append(_Change(change.file, change.path, offset=start, data=data))
    return pieces
