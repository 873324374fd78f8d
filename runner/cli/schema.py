"""`mms-runner schema`: what a field of a file means, where no editor shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.speech import write_json, write_result
from runner.errors import WrongUsage
from runner.workspace.fields import FILES, list_fields, suggest_fields
from runner.workspace.masking import show_name
from runner.workspace.schema import read_schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from runner.workspace.fields import Field

_NAMES = {"campaign": "a campaign", "settings": "the settings (runner.yaml)"}
_WIDTH = 78  # of lines, as many terminals have
_TERM = 10


@click.command()
@click.argument("field", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts: the JSON Schemas themselves.")
def command(field: str | None, *, as_json: bool) -> Exit:
    """Say what FIELD means: its values, its default, examples.

    FIELD is the keys down to it, such as frames.duration or accounts.retry.tries. Without it, all
    fields are listed. Needs no workspace.
    """
    if field is None:
        if as_json:
            write_json({file: read_schema(file) for file in FILES})
        else:
            write_result(_list(list_fields()))
        return Exit.OK
    found = _find(field)
    if as_json:
        write_json({each.file: each.schema for each in found})
    else:
        write_result("\n\n".join(map(_describe, found)))
    return Exit.OK


def _find(name: str) -> Sequence[Field]:
    """Give the fields of a name: a campaign and the settings may both have one."""
    fields = list_fields()
    if found := [field for field in fields if field.path == name]:
        return found
    near = " or ".join(f"`{path}`" for path in suggest_fields(name, fields))
    hint = f"did you mean {near}?" if near else "`mms-runner schema` lists the fields"
    raise WrongUsage(f"there is no field `{show_name(name)}`", hint=hint)


def _list(fields: Collection[Field]) -> str:
    width = max(len(field.path) for field in fields)
    return "\n\n".join(
        "\n".join([f"In {_NAMES[file]}:", *_summaries(fields, file, width)]) for file in FILES
    )


def _summaries(fields: Collection[Field], file: str, width: int) -> Iterator[str]:
    for field in fields:
        if field.file == file:
            yield f"  {field.path:{width}}  {field.summary}"


def _describe(field: Field) -> str:
    """Show a field to a person, and what stands in it a line each."""
    text = click.wrap_text(field.description, _WIDTH, "  ", "  ")
    head = f"{field.path}, in {_NAMES[field.file]}"
    return "\n".join([head, text, "", *_facts(field)])


def _facts(field: Field) -> Iterator[str]:
    yield from _term("value", [field.value])
    for choice, meaning in field.choices:
        yield from _term("", [f"`{choice}`: {meaning}"])
    yield from _term("rule", field.rules)
    if field.required:
        yield from _term("required", ["yes"])
    if field.default is not None:
        yield from _term("default", [field.default])
    yield from _term("example", [line for each in field.examples for line in each.split("\n")])
    inside = [each for each in list_fields() if (each.file, each.above) == (field.file, field.path)]
    yield from _term("fields", [each.path for each in inside])


def _term(term: str, lines: Sequence[str]) -> Iterator[str]:
    for index, line in enumerate(lines):
        yield f"  {'' if index else term:{_TERM}}{line}"
