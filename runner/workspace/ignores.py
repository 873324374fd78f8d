"""Leaves out the warnings that an author has looked at and wants: `# runner: ignore[RULE]`.

Behind a value it is about its line, on a line of its own about the next one. Errors cannot be
ignored: with them nothing goes out. What ignores nothing is told, or a file would collect them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runner.language import N_
from runner.model.diagnostic import Severity, severity_of
from runner.workspace.masking import show_name
from runner.workspace.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.source_text import SourceText

# Patterns as texts: `re` compiles them where a file has such a comment, which few have.
_COMMENT = r"(?:^|\s)#\s*runner:\s*ignore\[(?P<rules>[^\]]*)\]"
_RULE = r"[^\s,]+"
_COMMENT_ALONE = r"\s*(?:#.*)?"


class _Ignore(NamedTuple):
    """A rule that is ignored. span: where it is named; line: the one that it is about."""

    rule: str
    span: Span
    line: int


def without_ignored(
    source: SourceText, found: Iterable[Diagnostic], shared: Iterable[SourceText] = ()
) -> Iterator[Diagnostic]:
    """Give what is left of a file's diagnostics, and what is to be said of its ignore comments.

    shared: other files that diagnostics are about, whose comments hold too. Nobody can say here
    that one of them ignores nothing: it may, for another campaign. That none can is told.
    """
    own = [(source, ignore) for ignore in _find_ignores(source)]
    others = [(other, ignore) for other in shared for ignore in _find_ignores(other)]
    if not own and not others:
        yield from found
        return
    from runner.rules import is_rule

    wanted = {(text.file, ignore.rule, ignore.line) for text, ignore in (*own, *others)}
    used = set()
    for fault in found:
        key = fault.file, fault.rule, fault.span.line
        if fault.severity is Severity.WARNING and key in wanted:
            used.add(key)
        else:
            yield fault
    for _, ignore in own:
        if (source.file, ignore.rule, ignore.line) not in used:
            yield _judge(source, ignore)
    for other, ignore in others:
        if not is_rule(ignore.rule) or severity_of(ignore.rule) is Severity.ERROR:
            yield _judge(other, ignore)


def _find_ignores(source: SourceText) -> list[_Ignore]:
    return [
        ignore
        for number, line in enumerate(source.lines)
        if "runner:" in line and (comment := re.search(_COMMENT, line))
        for ignore in _read_comment(source, number, comment)
    ]


def _read_comment(source: SourceText, number: int, comment: re.Match[str]) -> Iterator[_Ignore]:
    """Give the rules that a comment names; number: of its line, from 0."""
    line = number + 1
    if re.fullmatch(_COMMENT_ALONE, source.lines[number]):
        line = _find_next(source.lines, number) + 1
    start = comment.start("rules")
    for rule in re.finditer(_RULE, comment["rules"]):
        span = source.span((number, start + rule.start()), (number, start + rule.end()))
        yield _Ignore(rule=rule[0], span=span, line=line)


def _find_next(lines: Sequence[str], number: int) -> int:
    """Find the next line that is not only a comment; the last one where there is none."""
    below = range(number + 1, len(lines))
    return next((at for at in below if not re.fullmatch(_COMMENT_ALONE, lines[at])), len(lines) - 1)


def _judge(source: SourceText, ignore: _Ignore) -> Diagnostic:
    from runner.rules import is_rule, list_rules

    name = show_name(ignore.rule)
    if not is_rule(ignore.rule):
        hint = nearest(ignore.rule, list_rules()) or N_("`mms-runner rules` lists them")
        return source.fault(
            ignore.span, "unknown-rule", N_("there is no rule `{name}`").format(name=name), hint
        )
    if severity_of(ignore.rule) is Severity.ERROR:
        message = N_("`{name}` is an error, and only warnings can be ignored").format(name=name)
        return source.fault(ignore.span, "unused-ignore", message, N_("correct the fault instead"))
    message = N_("there is no warning `{name}` here to ignore").format(name=name)
    return source.fault(ignore.span, "unused-ignore", message, N_("delete the comment"))
