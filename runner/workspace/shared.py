"""Puts into a campaign what it shares with others: the defaults of its folder, and shared frames.

    _defaults.yaml          account, signature, opt-out words, hours and labels of the campaigns in
                            its folder and below: the campaign itself first, then the nearest folder
    - use: _frames/a.yaml   in the place of a frame: what the file says of one

What comes out is a document as if everything had been written in the campaign. It knows what of it
stands elsewhere, so that a fault is told at its true place, and names the campaign beside it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runner.codec.gb2312 import find_strays
from runner.language import N_
from runner.model.diagnostic import Span
from runner.workspace.documents import NOTHING, read_inside
from runner.workspace.faults import Faults
from runner.workspace.locate import DEFAULTS_FILE, is_ignored, locate_named
from runner.workspace.masking import show_name
from runner.workspace.suggest import nearest_file
from runner.workspace.yaml_tree import Field, Graft, Mapping, Scalar, Sequence, plain_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Mapping as ReadOnlyDict
    from pathlib import Path as FilePath

    from runner.model.diagnostic import Diagnostic
    from runner.workspace.yaml_tree import Document, Node, Path

_BEGINS_A_SIGNATURE = "【"


class SharedFiles:
    """The shared files of one workspace; each is read once. instead: as for `read_inside`."""

    def __init__(self, root: FilePath, instead: ReadOnlyDict[str, bytes] = NOTHING) -> None:
        self._root = root
        self._instead = instead
        self._read: dict[tuple[str, str], Faults] = {}
        self._has_defaults: dict[PurePosixPath, bool] = {}  # by folder, of which many campaigns ask

    def put_into(self, faults: Faults) -> Faults:
        """Give a campaign's document with all that it shares, and what is wrong with that."""
        document, root = faults.document, faults.document.root
        if not isinstance(root, Mapping) or root.poisoned:
            return faults
        fields: dict[str, Field] = dict(root.fields)
        grafts: dict[Path, Graft] = {}
        found = list(faults.found)
        self._add_defaults(document, fields, grafts, found)
        if frames := fields.get("frames"):
            value = self._replace_frames(frames.value, Faults(document, found), grafts)
            value = _complete_texts(value, fields)
            if value is not frames.value:
                fields["frames"] = frames._replace(value=value)
        if fields == root.fields:
            return Faults(document, found)  # as it stands in its file, like most
        whole = root._replace(fields=fields)
        return Faults(replace(document, root=whole, data=plain_data(whole), grafts=grafts), found)

    def _add_defaults(
        self,
        document: Document,
        fields: dict[str, Field],
        grafts: dict[Path, Graft],
        found: list[Diagnostic],
    ) -> None:
        for file in self._list_defaults(document.file):
            used = document.source.label(Span(), N_("it holds for this campaign"))
            shared = self._read_shared(file, "defaults")
            found += shared.found
            for name, field in _fields_of(shared.document):
                if name not in fields:
                    fields[name] = field
                    grafts[name,] = Graft(source=shared.document.source, used=used)

    def _list_defaults(self, file: str) -> Iterator[str]:
        """List the defaults that there are for a campaign's file, the nearest first."""
        for folder in PurePosixPath(file).parents:
            if folder not in self._has_defaults:
                defaults = self._root / folder / DEFAULTS_FILE
                self._has_defaults[folder] = defaults.is_symlink() or defaults.exists()
            if self._has_defaults[folder]:
                yield str(folder / DEFAULTS_FILE)

    def _replace_frames(self, frames: Node, faults: Faults, grafts: dict[Path, Graft]) -> Node:
        if not isinstance(frames, Sequence):
            return frames
        items = list(frames.items)
        for index, item in enumerate(frames.items):
            use = item.fields.get("use") if isinstance(item, Mapping) else None
            if use and isinstance(use.value, Scalar) and isinstance(use.value.value, str):
                path: Path = ("frames", index)
                shared = self._read_frame((*path, "use"), use.value.value, faults)
                items[index] = _take_root(shared, use.value)
                if shared:
                    label = faults.document.source.label(use.value.span, N_("it is used here"))
                    grafts[path] = Graft(source=shared.document.source, used=label)
        return frames if items == list(frames.items) else frames._replace(items=tuple(items))

    def _read_frame(self, path: Path, name: str, faults: Faults) -> Faults | None:
        """Read the file of a shared frame; None where that cannot be, which is noted.

        path: of the place that names it.
        """
        place = locate_named(self._root, path, name, faults)
        if place is None:
            return None
        file = place.relative_to(self._root).as_posix()
        if not place.exists():
            hint = nearest_file(place) or N_("a path starts at the workspace's folder")
            message = N_("there is no file `{name}`").format(name=show_name(name))
            faults.at_value(path, "missing-file", message, hint)
        elif not is_ignored(file):
            message = N_("`{name}` would be read as a campaign of its own").format(
                name=show_name(name)
            )
            hint = N_(
                "begin its name, or that of its folder, with `_`, such as _frames/footer.yaml"
            )
            faults.at_value(path, "not-shared", message, hint)
        else:
            shared = self._read_shared(file, "frame")
            faults.found += shared.found
            return shared
        return None

    def _read_shared(self, file: str, schema_name: str) -> Faults:
        key = file, schema_name
        if key not in self._read:
            self._read[key] = read_inside(self._root, file, schema_name, self._instead)
        return self._read[key]


def _fields_of(document: Document) -> Iterator[tuple[str, Field]]:
    if isinstance(document.root, Mapping):
        yield from document.root.fields.items()


def _take_root(shared: Faults | None, use: Scalar) -> Node:
    """Give the frame of a shared file; of one that has faults, a value of which all is told."""
    root = shared.document.root if shared and not shared.any_error else None
    return root or use._replace(poisoned=True)


def _complete_texts(frames: Node, fields: dict[str, Field]) -> Node:
    """Put the signature in front of the first text, and the opt-out words behind the last one."""
    texts = [(path, text) for path, text in _find_texts(frames, ()) if text.strip()]
    if not texts:
        return frames
    signature, opt_out = (_find_words(fields, name) for name in ("signature", "opt_out"))
    first, beginning = texts[0]
    if signature and not beginning.lstrip().startswith(_BEGINS_A_SIGNATURE):
        frames = _change_text(frames, first, lambda text: signature + text)
    if opt_out and not any(opt_out in text for _, text in texts):
        frames = _change_text(frames, texts[-1][0], lambda text: _put_behind(text, opt_out))
    return frames


def _put_behind(text: str, words: str) -> str:
    """Add words to a text; a link, a number or a foreign word at its end stays apart from them."""
    text = text.rstrip()
    return f"{text} {words}" if text[-1].isascii() else text + words


def _find_words(fields: dict[str, Field], name: str) -> str | None:
    """Give a field's text; None where it has none that can be sent, which is told elsewhere."""
    node = fields[name].value if name in fields else None
    value = node.value if isinstance(node, Scalar) and not node.poisoned else None
    return value if isinstance(value, str) and not find_strays(value) else None


def _find_texts(node: Node, path: Path) -> Iterator[tuple[Path, str]]:
    """Find the texts of frames, in the order in which they are shown, with their paths."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _find_texts(item, (*path, index))
    elif isinstance(node, Mapping):
        for name in ("text", "parts"):
            if name in node.fields:
                yield from _find_texts(node.fields[name].value, (*path, name))
    elif path[-1:] == ("text",) and isinstance(node.value, str) and not node.poisoned:
        yield path, node.value


def _change_text(node: Node, path: Path, change: Callable[[str], str]) -> Node:
    """Give a tree with the text at a path changed; its place stays that of what is written."""
    if isinstance(node, Scalar):
        text = change(node.text)
        return node._replace(value=text, text=text)
    name, *below = path
    if isinstance(node, Sequence):
        items = list(node.items)
        items[int(name)] = _change_text(items[int(name)], tuple(below), change)
        return node._replace(items=tuple(items))
    field = node.fields[str(name)]
    changed = field._replace(value=_change_text(field.value, tuple(below), change))
    return node._replace(fields={**node.fields, str(name): changed})
