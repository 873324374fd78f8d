"""Tells whether a document meets a schema, and nothing else: jsonschema says why one does not.

Nearly every file is sound, and of a sound one nobody asks why. jsonschema judges only what is
refused here: to import it takes a quarter of the time in which ten campaigns are validated, and to
ask it takes a quarter of the time of a thousand. The keywords are those of our own schemas alone;
tests hold every verdict to that of jsonschema.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Schema = Mapping[str, Any]
    Check = Callable[[Any], bool]
    Maker = Callable[[Any, Schema, Schema], Check]


def is_integer(value: object) -> bool:
    """Tell a whole number as it is written: 3.0 is none, though JSON Schema takes it."""
    return isinstance(value, int) and not isinstance(value, bool)


def compile_schema(schema: Schema, root: Schema | None = None) -> Check:
    """Make a function that tells whether a value, of dicts, lists and plain values, is valid.

    root: the schema whose `$defs` are meant; None for this one. Raises KeyError for a keyword that
    none of our schemas has.
    """
    root = root or schema
    checks = [
        _MAKERS[keyword](limit, schema, root)
        for keyword, limit in schema.items()
        if keyword not in _SILENT
    ]
    return _every(checks)


def _every(checks: Sequence[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: object) -> bool:
        for each in checks:  # noqa: SIM110 - `all` of a generator takes longer than most checks
            if not each(value):
                return False
        return True

    return check


def _type(names: str | list[str], _: Schema, __: Schema) -> Check:
    if isinstance(names, str):
        return _TYPES[names]
    types = [_TYPES[name] for name in names]
    return lambda value: any(is_type(value) for is_type in types)


# Of text, truths and null; numbers would have to be compared across their types.
def _enum(choices: list[str | bool | None], _: Schema, __: Schema) -> Check:
    return lambda value: any(type(value) is type(choice) and value == choice for choice in choices)


def _const(choice: str | bool | None, schema: Schema, root: Schema) -> Check:
    return _enum([choice], schema, root)


def _pattern(pattern: str, _: Schema, __: Schema) -> Check:
    # compiled, and kept by `re`, when there is a value to hold to it
    return lambda value: not isinstance(value, str) or re.search(pattern, value) is not None


def _minimum(least: float, _: Schema, __: Schema) -> Check:
    return lambda value: not _is_number(value) or value >= least


def _exclusive_minimum(limit: float, _: Schema, __: Schema) -> Check:
    return lambda value: not _is_number(value) or value > limit


def _maximum(most: float, _: Schema, __: Schema) -> Check:
    return lambda value: not _is_number(value) or value <= most


def _min_items(least: int, _: Schema, __: Schema) -> Check:
    return lambda value: not isinstance(value, list) or len(value) >= least


def _min_properties(least: int, _: Schema, __: Schema) -> Check:
    return lambda value: not isinstance(value, dict) or len(value) >= least


def _max_properties(most: int, _: Schema, __: Schema) -> Check:
    return lambda value: not isinstance(value, dict) or len(value) <= most


def _required(names: list[str], _: Schema, __: Schema) -> Check:
    required = frozenset(names)
    return lambda value: not isinstance(value, dict) or required <= value.keys()


def _properties(schemas: Mapping[str, Schema], _: Schema, root: Schema) -> Check:
    checks = {name: compile_schema(schema, root) for name, schema in schemas.items()}

    def check(value: object) -> bool:
        if isinstance(value, dict):
            for name, item in value.items():
                if name in checks and not checks[name](item):
                    return False
        return True

    return check


def _additional(limit: Schema | Literal[False], schema: Schema, root: Schema) -> Check:
    known = schema.get("properties", {})
    if limit is False:
        return lambda value: not isinstance(value, dict) or value.keys() <= known.keys()
    check = compile_schema(limit, root)
    return lambda value: (
        not isinstance(value, dict)
        or all(check(item) for name, item in value.items() if name not in known)
    )


def _items(schema: Schema, _: Schema, root: Schema) -> Check:
    check = compile_schema(schema, root)
    return lambda value: not isinstance(value, list) or all(map(check, value))


def _ref(pointer: str, _: Schema, root: Schema) -> Check:
    return compile_schema(root["$defs"][pointer.removeprefix("#/$defs/")], root)


def _all_of(schemas: list[Schema], _: Schema, root: Schema) -> Check:
    return _every([compile_schema(schema, root) for schema in schemas])


def _any_of(schemas: list[Schema], _: Schema, root: Schema) -> Check:
    checks = [compile_schema(schema, root) for schema in schemas]
    return lambda value: any(check(value) for check in checks)


def _not(schema: Schema, _: Schema, root: Schema) -> Check:
    check = compile_schema(schema, root)
    return lambda value: not check(value)


def _if(schema: Schema, beside: Schema, root: Schema) -> Check:
    condition = compile_schema(schema, root)
    consequence = compile_schema(beside["then"], root)
    return lambda value: not condition(value) or consequence(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Check] = {
    "string": lambda value: isinstance(value, str),
    "integer": is_integer,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}
_MAKERS: dict[str, Maker] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _minimum,
    "exclusiveMinimum": _exclusive_minimum,
    "maximum": _maximum,
    "minItems": _min_items,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "$ref": _ref,
    "allOf": _all_of,
    "anyOf": _any_of,
    "not": _not,
    "if": _if,
}
_SILENT = frozenset(
    {
        "$schema",
        "$id",
        "$defs",
        "title",
        "description",
        "examples",
        "default",
        "enumDescriptions",
        "then",  # with `if`
        "errorMessage",
        "patternErrorMessage",
        "x-rule",
    }
)
