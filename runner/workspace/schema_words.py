"""Says in our words which constraint of a schema is broken; one teller for each keyword.

No sentence here repeats a value: it may be a number or a secret. A sentence that a schema has for
a fault (`errorMessage`, `patternErrorMessage`) is the one that editors show too. `x-rule` names
the rule where a wrong type has one of its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from runner.language import N_
from runner.workspace.corrections import (
    correct_choice,
    correct_count,
    correct_hours,
    correct_length,
    correct_list,
    correct_range,
    correct_recipients,
    correct_truth,
)
from runner.workspace.field_names import find_meant
from runner.workspace.masking import mask_line, show_name
from runner.workspace.suggest import nearest_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from runner.workspace.yaml_tree import Path


_TYPES = {
    "string": N_("text"),
    "integer": N_("a whole number"),
    "number": N_("a number"),
    "boolean": N_("true or false"),
    "array": N_("a list"),
    "object": N_("a mapping (`key: value` lines)"),
}
_TYPE_HINTS = {
    _TYPES["array"]: N_("begin a line with `- ` for each item"),
    _TYPES["string"]: N_('put it in quotes: "…"'),
    _TYPES["integer"]: N_("write it in digits, without quotes"),
}
_FOUND: dict[type, str] = {
    str: N_("text"),
    int: N_("a number"),
    float: N_("a number with decimals"),
    bool: N_("true or false"),
    list: N_("a list"),
    dict: N_("a mapping"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A constraint that a value does not meet.

    path: to the value; limit: what the schema says behind the keyword; schema: what stands beside.
    """

    path: Path
    keyword: str
    limit: Any
    instance: Any
    schema: dict[str, Any]


class Place(Enum):
    """What of the node at a path a fault is about."""

    KEY = "the key"
    VALUE = "the whole value"
    FIRST_LINE = "the first line, where something is missing in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault in our words, not yet placed in the file.

    field: the one that is missing; meant: the one that an unknown field resembles.
    is_certain: whether nothing but that can be meant.
    corrected: how the value is written in a file, where that is certain.
    beside: the fields, in the same mapping, that it is about as well.
    """

    path: Path
    rule: str
    message: str
    hint: str | None = None
    place: Place = Place.VALUE
    field: str | None = None
    meant: str | None = None
    is_certain: bool = False
    corrected: str | None = None
    beside: tuple[str, ...] = ()


def tell(broken: Broken) -> Iterator[Fault]:
    """Say what is wrong: one fault for each field or value concerned."""
    return _TELLERS[broken.keyword](broken)


def _tell_unknown(broken: Broken) -> Iterator[Fault]:
    known = list(broken.schema["properties"])
    meant_by = Counter(find_meant(name, known)[0] for name in broken.instance if name not in known)
    for name in broken.instance:
        if name in known:
            continue
        near, is_certain = find_meant(name, known)
        message = (
            N_("unknown field `{name}`, did you mean `{near}`?")
            if near
            else N_("unknown field `{name}`")
        ).format(name=show_name(name), near=near)
        hint = None if near else N_("the fields here are: {names}").format(names=", ".join(known))
        if "x-rule" in broken.schema and not near:  # it may be the secret itself
            message, hint = (
                N_("unknown field in {label}").format(label=_label(broken.path)),
                broken.schema["errorMessage"],
            )
        yield Fault(
            path=(*broken.path, name),
            rule="unknown-field",
            message=message,
            hint=hint,
            place=Place.KEY,
            meant=near,
            is_certain=is_certain and near not in broken.instance and meant_by[near] == 1,
        )


def _tell_missing(broken: Broken) -> Iterator[Fault]:
    for name in broken.limit:
        if name not in broken.instance:
            yield Fault(
                path=broken.path,
                rule="missing-field",
                message=broken.schema.get(
                    "errorMessage", N_("`{name}` is missing").format(name=name)
                ),
                hint=(
                    N_("write `{name}: …` in {label}") if broken.path else N_("write `{name}: …`")
                ).format(name=name, label=_label(broken.path)),
                place=Place.FIRST_LINE,
                field=name,
            )


def _tell_type(broken: Broken) -> Iterator[Fault]:
    label = _label(broken.path)
    if broken.instance is None:
        yield Fault(
            path=broken.path,
            rule="no-value",
            message=N_("{label} has no value").format(label=label),
            place=Place.KEY,
        )
        return
    expected, found = say_types(broken.limit), _FOUND[type(broken.instance)]
    message = broken.schema.get(
        "errorMessage",
        N_("{label} must be {expected}, but this is {found}").format(
            label=label, expected=expected, found=found
        ),
    )
    corrected = _correct_type(broken)
    hint = _show(broken.path, corrected) or _TYPE_HINTS.get(expected)
    if expected == _TYPES["array"] and isinstance(broken.instance, dict):
        hint = N_("write `- ` in front of its first line, and indent the other lines as far")
    rule = broken.schema.get("x-rule", "wrong-type")
    yield Fault(path=broken.path, rule=rule, message=message, hint=hint, corrected=corrected)


def _tell_range(broken: Broken) -> Iterator[Fault]:
    message = N_("{label} must be {range}").format(
        label=_label(broken.path), range=say_range(broken.schema)
    )
    yield Fault(path=broken.path, rule="out-of-range", message=message)


def _tell_choice(broken: Broken) -> Iterator[Fault]:
    if broken.instance is None:
        yield from _tell_type(broken)
        return
    choices = broken.limit
    near = nearest_word(str(broken.instance), choices)
    message = (
        N_("{label} cannot have this value, did you mean `{near}`?")
        if near
        else N_("{label} cannot have this value")
    ).format(label=_label(broken.path), near=near)
    corrected = correct_choice(str(broken.instance), choices)
    hint = N_("allowed: {choices}").format(choices=", ".join(f"`{choice}`" for choice in choices))
    hint = _show(broken.path, corrected) or hint
    yield Fault(
        path=broken.path,
        rule="not-allowed-value",
        message=message,
        hint=hint,
        corrected=corrected,
    )


def _tell_form(broken: Broken) -> Iterator[Fault]:
    message = N_("{label} is not written as it must be").format(label=_label(broken.path))
    corrected = _correct_form(broken)
    hint = _show(broken.path, corrected) or broken.schema["patternErrorMessage"]
    yield Fault(
        path=broken.path, rule="wrong-form", message=message, hint=hint, corrected=corrected
    )


def _correct_type(broken: Broken) -> str | None:
    """Read a value of another type as people write it."""
    written, field = broken.instance, str(broken.path[-1]) if broken.path else ""
    if isinstance(written, bool | list | dict):
        return None
    text = str(written)
    if broken.limit == "string" and isinstance(written, int):
        return f'"{text}"'
    readers: dict[str, Callable[[str], str | None]] = {
        "integer": partial(correct_count, field=field),
        "boolean": correct_truth,
        "array": correct_list,
    }
    if field == "recipients":
        readers["object"] = correct_recipients
    correct = readers.get(str(broken.limit))
    return correct(text) if correct else None


def _correct_form(broken: Broken) -> str | None:
    field = broken.path[-1]
    if field == "hours":
        return correct_hours(broken.instance)
    if field == "recipients":
        return correct_range(broken.instance)
    return correct_length(broken.instance) if "{1,9}d)" in broken.limit else None


def _show(path: Path, corrected: str | None) -> str | None:
    """Show a corrected value as a hint, unless it is a number to dial."""
    if corrected is None or mask_line(corrected) != corrected:
        return None
    name = path[-1] if path else ""
    return (
        N_("write `{name}: {value}`").format(name=name, value=corrected)
        if isinstance(name, str)
        else N_("write `{text}`").format(text=corrected)
    )


def _tell_too_few(broken: Broken) -> Iterator[Fault]:
    message = N_("{label} needs at least {count} item").format(
        label=_label(broken.path), count=broken.limit
    )
    yield Fault(path=broken.path, rule="too-few", message=message, place=Place.KEY)


def _tell_incomplete(broken: Broken) -> Iterator[Fault]:
    message = broken.schema["errorMessage"]
    yield Fault(path=broken.path, rule="missing-field", message=message, place=Place.FIRST_LINE)


def _tell_too_many_fields(broken: Broken) -> Iterator[Fault]:
    message = broken.schema["errorMessage"]
    yield Fault(path=broken.path, rule="too-many-fields", message=message, place=Place.FIRST_LINE)


def _tell_conflict(broken: Broken) -> Iterator[Fault]:
    message = broken.schema["errorMessage"]
    name = broken.limit["required"][0]
    present = broken.instance if isinstance(broken.instance, dict) else {}
    others = (other for option in broken.limit["anyOf"] for other in option["required"])
    yield Fault(
        path=(*broken.path, name),
        rule="conflicting-fields",
        message=message,
        place=Place.KEY,
        beside=tuple(other for other in others if other in present),
    )


_TELLERS: dict[str, Callable[[Broken], Iterator[Fault]]] = {
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


def _label(path: Path) -> str:
    if not path:
        return N_("the file")
    *above, last = path
    if isinstance(last, int):
        return N_("item {number} of {label}").format(number=last + 1, label=_label(tuple(above)))
    return f"`{show_name(last)}`"


def say_range(limits: Mapping[str, Any]) -> str:
    """Say which numbers a schema with `minimum`, or a kin of it, allows."""
    if "exclusiveMinimum" in limits:
        return N_("more than {least}").format(least=limits["exclusiveMinimum"])
    if "maximum" in limits:
        return N_("from {least} to {most}").format(least=limits["minimum"], most=limits["maximum"])
    return N_("at least {least}").format(least=limits["minimum"])


def say_types(types: str | Sequence[str]) -> str:
    """Say what a value of some types is; null is left out."""
    names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    first, *others = (_TYPES[name] for name in names)
    return reduce(_either, others, first)


def _either(one: str, other: str) -> str:
    return N_("{one} or {other}").format(one=one, other=other)
