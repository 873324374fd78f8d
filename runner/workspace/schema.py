"""Checks a document against the published JSON Schemas, the same that editors use."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from runner.workspace.schema_words import Broken, Fault, Place, tell
from runner.workspace.yaml_tree import MOST_FAULTS, Mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jsonschema.protocols import Validator

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.yaml_tree import Document, Path

# what can be said of a mapping only once all of its fields are known
_OF_ALL_FIELDS = frozenset({"missing-field", "too-many-fields"})


def check(document: Document, schema_name: str) -> tuple[Diagnostic, ...]:
    """Validate a document; schema_name: `campaign` or `settings`.

    What has a fault already, and a document that could not be read, stays silent.
    """
    if document.root is None:
        return ()
    faults = list(islice(_find_faults(document, schema_name), MOST_FAULTS))
    told = (_place_fault(document, fault) for fault in _without_consequences(document, faults))
    return tuple(sorted(told, key=lambda fault: (fault.span, fault.rule)))


def _find_faults(document: Document, schema_name: str) -> Iterator[Fault]:
    for error in _validator(schema_name).iter_errors(cast(Any, document.data)):
        broken = Broken(
            path=tuple(error.absolute_path),
            keyword=str(error.validator),
            limit=error.validator_value,
            instance=error.instance,
            schema=cast(dict[str, Any], error.schema),  # none of ours is a bare true or false
        )
        if not document.is_poisoned(broken.path):
            yield from tell(broken)


@cache
def _validator(schema_name: str) -> Validator:
    from jsonschema import Draft202012Validator, validators

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    extend = cast(Any, validators.extend)  # the stubs leave it untyped
    strict = extend(Draft202012Validator, type_checker=types)
    text = files("runner").joinpath("schemas", f"{schema_name}.schema.json").read_text("utf-8")
    return cast("Validator", strict(json.loads(text)))


def _is_integer(_: object, value: object) -> bool:
    """Tell a whole number as it is written: 3.0 is none, though JSON Schema takes it."""
    return isinstance(value, int) and not isinstance(value, bool)


def _without_consequences(document: Document, faults: Sequence[Fault]) -> Iterator[Fault]:
    """Leave out what is missing only since its name is misspelt: one fault, one diagnostic."""
    distinct = list(dict.fromkeys(faults))
    misspelt = {(fault.path[:-1], fault.meant) for fault in distinct if fault.meant}
    with_unknown = {fault.path[:-1] for fault in distinct if fault.rule == "unknown-field"}
    for fault in distinct:
        is_missing = fault.rule in _OF_ALL_FIELDS
        if is_missing and _is_incomplete(document, fault.path):
            continue
        if is_missing and fault.field is None and fault.path in with_unknown:
            continue
        if (fault.path, fault.field) not in misspelt:
            yield fault


def _is_incomplete(document: Document, path: Path) -> bool:
    """Whether a field may be missing only since its key could not be read."""
    node = document.at(path)
    return isinstance(node, Mapping) and node.incomplete


def _place_fault(document: Document, fault: Fault) -> Diagnostic:
    span = _span(document, fault)
    return document.source.fault(span, fault.rule, fault.message, fault.hint)


def _span(document: Document, fault: Fault) -> Span:
    node = document.key_at(fault.path) if fault.place is Place.KEY else document.at(fault.path)
    return document.source.first_line(node.span) if fault.place is Place.FIRST_LINE else node.span
