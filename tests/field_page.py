"""docs/fields.md, every field of both kinds of file: `make docs` writes it from the schemas."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from runner.workspace.fields import FILES, list_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.workspace.fields import Field

    Linked = tuple[Field, str]  # with the anchor of its section

PAGE = Path(__file__).parent.parent / "docs" / "fields.md"

_HEAD = """\
# The fields

Every field of a campaign and of the settings. `make docs` writes this page from \
[`schemas/`](../schemas), by which `validate` judges; an editor with a YAML language server shows \
the same while you type, and `mms-runner schema FIELD` in a terminal. A field is named by the keys \
down to it, without the items of lists and the names that are yours to choose.
"""
_TITLES = {
    "campaign": "A campaign",
    "settings": "The settings: `runner.yaml`, or the file of `--settings`",
}


def write_page() -> str:
    """Write the page."""
    fields = list(_link(list_fields()))
    return "\n".join([_HEAD, *(part for file in FILES for part in _write_file(file, fields))])


def _link(fields: Iterable[Field]) -> Iterator[Linked]:
    """Give each its anchor, as GitHub and GitLab make them: a second of the same is numbered."""
    seen: Counter[str] = Counter()
    for field in fields:
        anchor = field.path.replace(".", "")
        yield field, f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor
        seen[anchor] += 1


def _write_file(file: str, fields: Sequence[Linked]) -> Iterator[str]:
    own = [(field, anchor) for field, anchor in fields if field.file == file]
    yield f"## {_TITLES[file]}\n"
    yield "| field | what it is |\n| --- | --- |"
    yield from (f"| [`{field.path}`](#{anchor}) | {field.summary} |" for field, anchor in own)
    yield ""
    yield from (_write_field(field) for field, _ in own)


def _write_field(field: Field) -> str:
    facts = [f"Value: {field.value}."]
    facts += [f"`{choice}`: {meaning}" for choice, meaning in field.choices]
    facts += [f"Rule: {rule}." for rule in field.rules]
    facts += ["Required."] if field.required else []
    facts += [f"Default: `{field.default}`."] if field.default is not None else []
    lines = "".join(f"- {fact}\n" for fact in facts)
    examples = "\n# or\n".join(field.examples)
    return f"### `{field.path}`\n{field.description}\n\n{lines}\n```yaml\n{examples}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(write_page(), "utf-8")
