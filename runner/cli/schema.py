"""`mms-runner schema`: what a field of a file means, where no editor shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.speech import write_json, write_result
from runner.cli.width import display_width
from runner.errors import WrongUsage
from runner.language import N_, _, translate
from runner.workspace.fields import FILES, list_fields, suggest_fields
from runner.workspace.masking import show_name
from runner.workspace.schema import read_schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from runner.workspace.fields import Field

_NAMES = {"campaign": N_("a campaign"), "settings": N_("the settings (runner.yaml)")}
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
    near = _(" or ").join(f"`{path}`" for path in suggest_fields(name, fields))
    hint = _("did you mean {paths}?") if near else _("`mms-runner schema` lists the fields")
    told = _("there is no field `{field}`").format(field=show_name(name))
    raise WrongUsage(told, hint=hint.format(paths=near))


def _list(fields: Collection[Field]) -> str:
    width = max(len(field.path) for field in fields)
    heads = {file: _("In {file}:").format(file=_(_NAMES[file])) for file in FILES}
    return "\n\n".join("\n".join([heads[file], *_summaries(fields, file, width)]) for file in FILES)


def _summaries(fields: Collection[Field], file: str, width: int) -> Iterator[str]:
    for field in fields:
        if field.file == file:
            yield f"  {field.path:{width}}  {field.summary}"


def _describe(field: Field) -> str:
    """Show a field to a person, and what stands in it a line each."""
    text = click.wrap_text(field.description, _WIDTH, "  ", "  ")
    head = _("{field}, in {file}").format(field=field.path, file=_(_NAMES[field.file]))
    return "\n".join([head, text, "", *_facts(field)])


def _facts(field: Field) -> Iterator[str]:
    yield from _term(_("value"), [translate(field.value)])
    for choice, meaning in field.choices:
        yield from _term("", [f"`{choice}`: {meaning}"])
    yield from _term(_("rule"), [*map(translate, field.rules)])
    if field.required:
        yield from _term(_("required"), [_("yes")])
    if field.default is not None:
        yield from _term(_("default"), [field.default])
    yield from _term(_("example"), [line for each in field.examples for line in each.split("\n")])
    inside = [each for each in list_fields() if (each.file, each.above) == (field.file, field.path)]
    yield from _term(_("fields"), [each.path for each in inside])


def _term(term: str, lines: Sequence[str]) -> Iterator[str]:
    for index, line in enumerate(lines):
        shown = "" if index else term
        yield f"  {shown}{' ' * (_TERM - display_width(shown))}{line}"
