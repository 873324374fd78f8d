"""`mms-runner rules`: what each rule is about, why it matters, and what to do."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.speech import write_json, write_result
from runner.cli.tables import render_table
from runner.errors import WrongUsage
from runner.language import spoken
from runner.rules import list_rules, read_rule
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.cli.session import Session
    from runner.rules import Rule


@click.command()
@click.argument("rule", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
@click.pass_obj
def command(_session: Session, rule: str | None, *, as_json: bool) -> Exit:
    """Explain a rule of `validate`: what is wrong, why it matters, what to do, with an example.

    Without ID, list all rules. A warning is left out where its line, or a line of its own above,
    says `# runner: ignore[ID]`.
    """
    known = list_rules()
    if rule is not None and rule not in known:
        hint = nearest(rule, known) or "`mms-runner rules` lists them"
        raise WrongUsage(f"there is no rule `{rule}`", hint=hint)
    rules = [read_rule(each, spoken()) for each in ([rule] if rule else known)]
    if as_json:
        write_json([_to_json(each) for each in rules])
    elif rule:
        write_result("\n".join(_explain(rules[0])))
    else:
        rows = [(each.id, each.severity, each.wrong) for each in rules]
        write_result(render_table(("rule", "severity", "what is wrong"), rows))
    return Exit.OK


def _to_json(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity,
        "wrong": rule.wrong,
        "why": rule.why,
        "do": rule.remedy,
        "example": rule.example,
        "bad": rule.bad,
        "good": rule.good,
    }


def _explain(rule: Rule) -> Iterator[str]:
    yield f"{rule.severity}[{rule.id}]"
    yield ""
    yield rule.wrong
    yield from _section("Why it matters", rule.why)
    yield from _section("What to do", rule.remedy)
    if rule.example:
        yield from _section("For example", rule.example)
    yield from _show_files("Wrong", rule.bad)
    yield from _show_files("Right", rule.good)


def _section(title: str, text: str) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    yield textwrap.indent(text, "  ")


def _show_files(title: str, files: Mapping[str, str]) -> Iterator[str]:
    for file, text in files.items():
        yield from _section(f"{title}, {file}", text.rstrip("\n"))
