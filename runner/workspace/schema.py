"""Checks a document against the published JSON Schemas, and says in our words what is wrong.

The words of jsonschema never leave this module: they repeat whole values, which may be numbers or
secrets. A sentence that a schema has for a fault (`errorMessage`, `patternErrorMessage`) is the
one that editors show too. `x-rule` names the rule where a wrong type has one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from runner.workspace.masking import show_name
from runner.workspace.yaml_tree import MOST_FAULTS, Mapping

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.yaml_tree import Document, Path

# what can be said of a mapping as a whole only once all of its fields are known
_OF_ALL_FIELDS = frozenset({"missing-field", "too-many-fields"})
_LONGEST_MISSPELT = 40  # no field has a longer name, and comparing takes its time

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping (`key: value` lines)",
}
_FOUND: dict[type, str] = {
    str: "text",
    int: "a number",
    float: "a number with decimals",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


class _Place(Enum):
    """What of the node at a path a fault is about."""

    KEY = "the key"
    VALUE = "the whole value"
    FIRST_LINE = "the first line, where something is missing in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """A fault in our words, not yet placed in the file.

    field: the field that is unknown or missing; meant: the one that an unknown field resembles.
    """

    path: Path
    rule: str
    message: str
    hint: str | None = None
    place: _Place = _Place.VALUE
    field: str | None = None
    meant: str | None = None


def check(document: Document, schema_name: str) -> tuple[Diagnostic, ...]:
    """Validate a document; schema_name: `campaign` or `settings`.

    What has a fault already, and a document that could not be read, stays silent.
    """
    if document.root is None:
        return ()
    errors = _validator(schema_name).iter_errors(document.data)
    faults = list(islice(_tell_all(document, errors), MOST_FAULTS))
    told = (_place_fault(document, fault) for fault in _without_consequences(faults))
    return tuple(sorted(told, key=lambda fault: (fault.span, fault.rule)))


@cache
def _validator(schema_name: str) -> Validator:
    from jsonschema import Draft202012Validator, validators

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    strict = validators.extend(Draft202012Validator, type_checker=types)
    text = files("runner").joinpath("schemas", f"{schema_name}.schema.json").read_text("utf-8")
    return strict(json.loads(text))


def _is_integer(_: object, value: object) -> bool:
    """Tell a whole number as it is written: 3.0 is none, though JSON Schema takes it."""
    return isinstance(value, int) and not isinstance(value, bool)


def _tell_all(document: Document, errors: Iterable[ValidationError]) -> Iterator[_Fault]:
    for error in errors:
        path = tuple(error.absolute_path)
        teller = _TELLERS[str(error.validator)]
        if not (
            document.is_poisoned(path) or (teller in _OF_ABSENCE and _is_incomplete(document, path))
        ):
            yield from teller(path, error)


def _without_consequences(faults: Iterable[_Fault]) -> Iterator[_Fault]:
    """Leave out what is missing only since its name is misspelt: one fault, one diagnostic."""
    distinct = list(dict.fromkeys(faults))
    misspelt = {(fault.path, fault.meant) for fault in distinct if fault.meant}
    with_unknown = {fault.path for fault in distinct if fault.rule == "unknown-field"}
    for fault in distinct:
        is_missing = fault.rule == "missing-field"
        if is_missing and fault.field and (fault.path, fault.field) in misspelt:
            continue
        if fault.rule in _OF_ALL_FIELDS and not fault.field and fault.path in with_unknown:
            continue
        yield fault


def _tell_unknown(path: Path, error: ValidationError) -> Iterator[_Fault]:
    known = list(_schema(error)["properties"])
    for name in error.instance:
        if name in known:
            continue
        near = _nearest(name, known)
        meant = f", did you mean `{near}`?" if near else ""
        message = f"unknown field `{show_name(name)}`{meant}"
        hint = None if near else f"the fields here are: {', '.join(known)}"
        if "x-rule" in _schema(error) and not near:  # it may be the secret itself
            message, hint = f"unknown field in {_label(path)}", _schema(error)["errorMessage"]
        yield _Fault(
            path=(*path, name),
            rule="unknown-field",
            message=message,
            hint=hint,
            place=_Place.KEY,
            meant=near,
        )


def _tell_missing(path: Path, error: ValidationError) -> Iterator[_Fault]:
    for name in error.validator_value:
        if name not in error.instance:
            yield _Fault(
                path=path,
                rule="missing-field",
                message=f"`{name}` is missing",
                hint=f"write `{name}: …`{_inside(path)}",
                place=_Place.FIRST_LINE,
                field=name,
            )


def _tell_type(path: Path, error: ValidationError) -> Iterator[_Fault]:
    label = _label(path)
    if error.instance is None:
        yield _Fault(path=path, rule="no-value", message=f"{label} has no value", place=_Place.KEY)
        return
    expected, found = _expected(error.validator_value), _FOUND[type(error.instance)]
    message = _schema(error).get("errorMessage", f"{label} must be {expected}, but this is {found}")
    hint = "begin a line with `- ` for each item" if expected == _TYPES["array"] else None
    rule = _schema(error).get("x-rule", "wrong-type")
    yield _Fault(path=path, rule=rule, message=message, hint=hint)


def _tell_range(path: Path, error: ValidationError) -> Iterator[_Fault]:
    limits = _schema(error)
    if "exclusiveMinimum" in limits:
        allowed = f"more than {limits['exclusiveMinimum']}"
    elif "maximum" in limits:
        allowed = f"from {limits['minimum']} to {limits['maximum']}"
    else:
        allowed = f"at least {limits['minimum']}"
    yield _Fault(path=path, rule="out-of-range", message=f"{_label(path)} must be {allowed}")


def _tell_choice(path: Path, error: ValidationError) -> Iterator[_Fault]:
    if error.instance is None:
        yield from _tell_type(path, error)
        return
    choices = error.validator_value
    near = _nearest(str(error.instance), choices)
    meant = f", did you mean `{near}`?" if near else ""
    message = f"{_label(path)} cannot have this value{meant}"
    hint = f"allowed: {', '.join(f'`{choice}`' for choice in choices)}"
    yield _Fault(path=path, rule="not-allowed-value", message=message, hint=hint)


def _tell_form(path: Path, error: ValidationError) -> Iterator[_Fault]:
    message = f"{_label(path)} is not written as it must be"
    hint = _schema(error)["patternErrorMessage"]
    yield _Fault(path=path, rule="wrong-form", message=message, hint=hint)


def _tell_too_few(path: Path, error: ValidationError) -> Iterator[_Fault]:
    message = f"{_label(path)} needs at least {error.validator_value} item"
    yield _Fault(path=path, rule="too-few", message=message, place=_Place.KEY)


def _tell_incomplete(path: Path, error: ValidationError) -> Iterator[_Fault]:
    message = _schema(error)["errorMessage"]
    yield _Fault(path=path, rule="missing-field", message=message, place=_Place.FIRST_LINE)


def _tell_too_many_fields(path: Path, error: ValidationError) -> Iterator[_Fault]:
    message = _schema(error)["errorMessage"]
    yield _Fault(path=path, rule="too-many-fields", message=message, place=_Place.FIRST_LINE)


def _tell_conflict(path: Path, error: ValidationError) -> Iterator[_Fault]:
    message = _schema(error)["errorMessage"]
    name = error.validator_value["required"][0]
    yield _Fault(path=(*path, name), rule="conflicting-fields", message=message, place=_Place.KEY)


_TELLERS: dict[str, Callable[[Path, ValidationError], Iterator[_Fault]]] = {
    "additionalProperties": _tell_unknown,
    "required": _tell_missing,
    "type": _tell_type,
    "minimum": _tell_range,
    "maximum": _tell_range,
    "exclusiveMinimum": _tell_range,
    "enum": _tell_choice,
    "pattern": _tell_form,
    "minItems": _tell_too_few,
    "minProperties": _tell_incomplete,
    "anyOf": _tell_incomplete,
    "maxProperties": _tell_too_many_fields,
    "not": _tell_conflict,
}


_OF_ABSENCE = frozenset({_tell_missing, _tell_incomplete})


def _is_incomplete(document: Document, path: Path) -> bool:
    node = document.at(path)
    return isinstance(node, Mapping) and node.incomplete


def _schema(error: ValidationError) -> dict[str, Any]:
    """Give the part of the schema that the error is about; none of ours is a bare true or false."""
    return cast(dict[str, Any], error.schema)


def _nearest(word: str, known: Sequence[str]) -> str | None:
    if len(word) > _LONGEST_MISSPELT:
        return None
    return next(iter(get_close_matches(word.casefold(), known, n=1)), None)


def _label(path: Path) -> str:
    if not path:
        return "the file"
    *above, last = path
    if isinstance(last, int):
        return f"item {last + 1} of {_label(tuple(above))}"
    return f"`{show_name(last)}`"


def _inside(path: Path) -> str:
    return f" in {_label(path)}" if path else ""


def _expected(types: str | Sequence[str]) -> str:
    names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    return " or ".join(_TYPES[name] for name in names)


def _place_fault(document: Document, fault: _Fault) -> Diagnostic:
    span = _span(document, fault)
    return document.source.fault(span, fault.rule, fault.message, fault.hint)


def _span(document: Document, fault: _Fault) -> Span:
    node = document.key_at(fault.path) if fault.place is _Place.KEY else document.at(fault.path)
    if fault.place is _Place.FIRST_LINE and node.span.end_line > node.span.line:
        end_column = len(document.source.lines[node.span.line - 1]) + 1
        return replace(node.span, end_line=node.span.line, end_column=end_column)
    return node.span
