"""Checks a document against the published JSON Schemas, the same that editors use.

jsonschema is the judge of everything that is not plainly sound, and is imported where there is such
a document.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, cast

from runner.language import N_
from runner.model.diagnostic import Edit
from runner.workspace.plain_schema import compile_schema, is_integer
from runner.workspace.yaml_tree import MOST_FAULTS, Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jsonschema.protocols import Validator

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.schema_words import Fault
    from runner.workspace.yaml_tree import Document, Path

_SCHEMAS = FilePath(__file__).parents[1] / "schemas"  # importlib.resources takes as long as YAML

# what can be said of a mapping only once all of its fields are known
_OF_ALL_FIELDS = frozenset({"missing-field", "too-many-fields"})


def check(document: Document, schema_name: str) -> tuple[Diagnostic, ...]:
    """Validate a document; schema_name: `campaign` or `settings`.

    What has a fault already, and a document that could not be read, stays silent.
    """
    if document.root is None or _plain_check(schema_name)(document.data):
        return ()
    faults = list(islice(_find_faults(document, schema_name), MOST_FAULTS))
    told = (_place_fault(document, fault) for fault in _without_consequences(document, faults))
    return tuple(sorted(told, key=lambda fault: (fault.span, fault.rule)))


def _find_faults(document: Document, schema_name: str) -> Iterator[Fault]:
    from runner.workspace.schema_words import Broken, tell

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
def _plain_check(schema_name: str) -> Callable[[object], bool]:
    return compile_schema(read_schema(schema_name))


@cache
def _validator(schema_name: str) -> Validator:
    from jsonschema import Draft202012Validator, validators

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, it: is_integer(it))
    extend = cast(Any, validators.extend)  # the stubs leave it untyped
    strict = extend(Draft202012Validator, type_checker=types)
    return cast("Validator", strict(read_schema(schema_name)))


def read_schema(schema_name: str) -> dict[str, Any]:
    """Read a published schema; schema_name: `campaign` or `settings`."""
    return cast(dict[str, Any], json.loads(schema_file(schema_name).read_bytes()))


def schema_file(schema_name: str) -> FilePath:
    """Give the file of a published schema; schema_name: as of `read_schema`."""
    return _SCHEMAS / f"{schema_name}.schema.json"


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
    others = [document.key_at((*fault.path[:-1], name)).span for name in fault.beside]
    labels = tuple(document.source.label(span, N_("this is the other one")) for span in others)
    span = _span(document, fault)
    fix = _correct(document, fault)
    return document.source.fault(
        span, fault.rule, fault.message, fault.hint, labels=labels, fix=fix
    )


def _correct(document: Document, fault: Fault) -> Edit | None:
    """Write the field that is meant, or the value as it should be."""
    if fault.is_certain and fault.meant:
        return Edit(span=document.key_at(fault.path).span, text=fault.meant)
    node = document.at(fault.path)
    if fault.corrected is None or not isinstance(node, Scalar):
        return None
    return Edit(span=node.span, text=fault.corrected)


def _span(document: Document, fault: Fault) -> Span:
    from runner.workspace.schema_words import Place

    node = document.key_at(fault.path) if fault.place is Place.KEY else document.at(fault.path)
    return document.source.first_line(node.span) if fault.place is Place.FIRST_LINE else node.span
