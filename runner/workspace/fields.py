"""What the schemas say of each field, for people: `mms-runner schema` and docs/fields.md.

The schemas are the one place where a field is described; editors, the checks and this all read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.workspace.schema import read_schema
from runner.workspace.schema_words import say_range, say_types
from runner.workspace.suggest import nearest_word
from runner.workspace.yaml_text import write_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    Schema = Mapping[str, Any]

FILES = ("campaign", "settings")

_NUMBERS = ("integer", "number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a campaign or of the settings.

    file: `campaign` or `settings`. path: the keys down to it with a dot between them; the items of
    a list and the names that people give have no part in it (`accounts.retry.tries`).
    schema: what is said of it; it refers to nothing.
    required: it may not be left out where what it stands in is written.
    """

    file: str
    path: str
    schema: Schema
    required: bool

    @property
    def name(self) -> str:
        """Its key."""
        return self.path.rpartition(".")[2]

    @property
    def above(self) -> str:
        """The path of what it stands in; empty at the top of the file."""
        return self.path.rpartition(".")[0]

    @property
    def description(self) -> str:
        """What it means, in whole sentences."""
        return str(self.schema["description"])

    @property
    def summary(self) -> str:
        """The first sentence of that."""
        return f"{self.description.partition('. ')[0].removesuffix('.')}."

    @property
    def value(self) -> str:
        """What may be written, in words."""
        if "enum" in self.schema:
            return " or ".join(f"`{choice}`" for choice in self.schema["enum"])
        types = self.schema["type"]
        return " or ".join(map(self._say, [types] if isinstance(types, str) else types))

    def _say(self, kind: str) -> str:
        if kind == "null":
            return kind
        limited = kind in _NUMBERS and any("inimum" in key for key in self.schema)
        return f"{say_types(kind)} ({say_range(self.schema)})" if limited else say_types(kind)

    @property
    def default(self) -> str | None:
        """What holds where it is left out, as it would be written; None where nothing does."""
        if "default" not in self.schema:
            return None
        return write_yaml(self.name, self.schema["default"]).removeprefix(f"{self.name}: ")

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """Each value that may be chosen, with what it does."""
        texts = self.schema.get("enumDescriptions", ())
        return list(zip(self.schema["enum"], texts, strict=True)) if texts else ()

    @property
    def rules(self) -> Sequence[str]:
        """What else must hold, in the sentences that are told where it does not."""
        items = self.schema.get("items", {})
        told = [part for each in (self.schema, items) for part in (each, *each.get("allOf", ()))]
        keys = ("errorMessage", "patternErrorMessage")
        rules = (each[key] for each in told for key in keys if key in each)
        return list(dict.fromkeys(rules))

    @property
    def examples(self) -> Sequence[str]:
        """How it may be written, each as lines of YAML."""
        return [write_yaml(self.name, example) for example in self.schema["examples"]]


def list_fields() -> list[Field]:
    """List all fields, those of a campaign first, each before the fields within it."""
    return [field for file in FILES for field in _fields_of(file)]


def suggest_fields(name: str, fields: Collection[Field]) -> list[str]:
    """Give the paths that somebody may have meant: of that key, else spelt nearly so."""
    by_key: dict[str, list[str]] = {}
    for field in fields:
        by_key.setdefault(field.name, []).append(field.path)
    if same := by_key.get(name):
        return list(dict.fromkeys(same))
    if near := nearest_word(name, [field.path for field in fields]):
        return [near]
    key = nearest_word(name.rpartition(".")[2], by_key)
    return list(dict.fromkeys(by_key[key])) if key else []


def _fields_of(file: str) -> Iterator[Field]:
    whole = read_schema(file)
    return _fields_in(_expand(whole, whole["$defs"]), file, "")


def _fields_in(schema: Schema, file: str, above: str) -> Iterator[Field]:
    """Give the fields of a mapping, and of what its list or its names hold."""
    for name, value in schema.get("properties", {}).items():
        path = f"{above}{name}"
        yield Field(file=file, path=path, schema=value, required=name in schema.get("required", ()))
        yield from _fields_in(value, file, f"{path}.")
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from _fields_in(inner, file, above)


def _expand(node: Any, definitions: Schema) -> Any:
    """Put what a schema refers to where it does, under what is said there."""
    if isinstance(node, list):
        return [_expand(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        meant = definitions[node["$ref"].removeprefix("#/$defs/")]
        node = {**meant, **{key: value for key, value in node.items() if key != "$ref"}}
    return {key: _expand(value, definitions) for key, value in node.items()}
