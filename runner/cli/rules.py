"""`mms-runner rules`: what each rule is about, why it matters, and what to do."""

from __future__ import annotations

import shutil
from itertools import groupby
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.speech import write_json, write_result
from runner.cli.tables import count
from runner.cli.wrap import wrap
from runner.errors import WrongUsage
from runner.language import _, spoken
from runner.model.diagnostic import Severity
from runner.rules import list_rules, read_rule, read_rules, show_example
from runner.rules.words import words_in
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.cli.session import Session
    from runner.rules import Rule

_WIDEST = 100  # columns: a longer line is hard to read


@click.command()
@click.argument("rule", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
@click.pass_obj
def command(session: Session, rule: str | None, *, as_json: bool) -> Exit:
    """Explain a rule of `validate`: what is wrong, why it matters, what to do, with an example.

    Without ID, list all rules. A warning is left out where its line, or a line of its own above,
    says `# runner: ignore[ID]`.
    """
    known = list_rules()
    if rule is not None and rule not in known:
        hint = nearest(rule, known) or _("`mms-runner rules` lists them")
        raise WrongUsage(_("there is no rule `{name}`").format(name=rule), hint=hint)
    rules = [read_rule(rule, spoken())] if rule else read_rules(spoken())
    if as_json:
        write_json([_to_json(each) for each in rules])
    elif rule:
        write_result("\n".join(_explain(rules[0], _columns())))
    else:
        write_result("\n".join(_list(rules, _columns())))
        session.say(
            _("{rules}; `mms-runner rules ID` explains one").format(rules=count(len(rules), "rule"))
        )
    return Exit.OK


def _to_json(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "group": rule.group,
        "severity": rule.severity,
        "wrong": rule.wrong,
        "why": rule.why,
        "do": rule.remedy,
        "example": rule.example,
        "bad": rule.bad,
        "good": rule.good,
    }


def _columns() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)


def _list(rules: Sequence[Rule], columns: int) -> Iterator[str]:
    words = words_in(spoken())
    margin = 4 + max(len(rule.id) for rule in rules)
    for group, members in groupby(rules, lambda rule: rule.group):
        if group != rules[0].group:
            yield ""
        yield words.groups[group]
        for rule in members:
            label = words.severities[rule.severity]
            mark = f"[{label}] " if rule.severity is Severity.WARNING else ""
            first, *others = wrap(mark + rule.wrong, columns - margin)
            yield f"  {rule.id}".ljust(margin) + first
            yield from (" " * margin + line for line in others)


def _explain(rule: Rule, columns: int) -> Iterator[str]:
    words = words_in(spoken())
    yield f"{words.severities[rule.severity]}[{rule.id}]"
    yield ""
    yield from wrap(rule.wrong, columns)
    yield from _section(words.why, wrap(rule.why, columns - 2))
    yield from _section(words.remedy, wrap(rule.remedy, columns - 2))
    if rule.example:
        yield from _section(words.example, wrap(rule.example, columns - 2))
    yield from _show_files(words.bad, rule.bad)
    yield from _show_files(words.good, rule.good)


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}".rstrip() for line in lines)


def _show_files(title: str, files: Mapping[str, str]) -> Iterator[str]:
    for file, text in files.items():
        yield from _section(title.format(file=file), show_example(text).split("\n"))
