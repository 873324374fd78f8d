"""Says in our words where libyaml stopped reading and why: it names tokens, we name the remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.language import N_, join_clauses
from runner.model.diagnostic import Edit
from runner.workspace.stray_tabs import TAB, TAB_HINT, TAB_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yaml.error import Mark, MarkedYAMLError

    from runner.model.diagnostic import Diagnostic, Span
    from runner.workspace.source_text import SourceText

_QUOTE_IT = N_('if it is text, put the whole value in quotes: "…"')
_SAME_COLUMN = N_("begin all keys of one mapping, and all dashes of one list, in the same column")
_COLON_EARLIER = re.compile(r":\s")
_COLON_WITHOUT_BLANK = re.compile(r"\s*(?:- +)?([a-z_]+)(?:：|:(?=[^\s/]))")
_COLON_AND_BLANK = N_("behind a key stands an ASCII colon and a blank")
_NO_VALUE = re.compile("did not find expected node content")
_LOST_KEY = re.compile("mapping values are not allowed|could not find expected ':'|expected key")
_NEEDS_QUOTES = "needs-quotes"
_TEXT_IN_A_LINE = re.compile(
    r" *(?:- +)?(?P<key>title|text): +(?P<text>[^\s\"'|>\[{#][^\"\\]*?)(?<! #)(?: *| +#.*)"
)
_END_OF_LINE = 1 << 30  # a column that SourceText keeps inside


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """One error of libyaml: words and places, the places as (line, column) from 0."""

    words: str
    problem: tuple[int, int]
    context: tuple[int, int]
    lines: tuple[str, ...]  # from the first one to that of the problem

    def character(self, place: tuple[int, int]) -> str:
        line = self.lines[place[0]] if place[0] < len(self.lines) else ""
        return line[place[1] : place[1] + 1]

    @property
    def before(self) -> str:
        return self.lines[-1][: self.problem[1]] if self.problem[0] < len(self.lines) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explanation:
    """What to say of an error whose words match; the first one that fits is told.

    message: `{context}` and `{problem}` are the characters there, `{problem_line}` is the problem's
    line. width: how many characters to point at.
    """

    words: str
    rule: str
    message: str
    hint: str | None = None
    at_context: bool = False
    width: int = 1
    fits: Callable[[_Trouble], bool] = lambda _: True


def _is_tab(trouble: _Trouble) -> bool:
    return trouble.character(trouble.problem) == "\t"


def _has_colon_before(trouble: _Trouble) -> bool:
    return _COLON_EARLIER.search(trouble.before) is not None


def _is_on_one_line(trouble: _Trouble) -> bool:
    return trouble.problem[0] == trouble.context[0]


def _follows_a_value(trouble: _Trouble) -> bool:
    return trouble.before.strip(" -") != ""


def _is_bracket(trouble: _Trouble) -> bool:
    return trouble.character(trouble.problem) in set("]},:")


_EXPLANATIONS = (
    _Explanation(words="found a tab character", rule=TAB, message=TAB_MESSAGE, hint=TAB_HINT),
    _Explanation(
        words="cannot start any token",
        rule=TAB,
        message=TAB_MESSAGE,
        hint=TAB_HINT,
        fits=_is_tab,
    ),
    _Explanation(
        words="cannot start any token",
        rule=_NEEDS_QUOTES,
        message=N_("a value without quotes cannot begin with `{problem}`"),
        hint=_QUOTE_IT,
    ),
    _Explanation(
        words="scanning an? (?:alias|anchor|tag)|parsing a tag|tag handle",
        rule=_NEEDS_QUOTES,
        message=N_("a value without quotes cannot begin with `{context}`"),
        hint=_QUOTE_IT,
        at_context=True,
    ),
    _Explanation(
        words="quoted scalar: found unexpected (?:end of stream|document)",
        rule="unclosed-quote",
        message=N_("the quote {context} that opens here is never closed"),
        hint=N_('close it; inside double quotes a quote is written \\"'),
        at_context=True,
    ),
    _Explanation(
        words="quoted scalar: .*(?:escape|hexdecimal)",
        rule="wrong-escape",
        message=N_("inside double quotes a backslash begins an escape, and this is none"),
        hint=N_("write \\\\ for a backslash, or use single quotes"),
    ),
    _Explanation(
        words="scanning a block scalar",
        rule="text-after-indicator",
        message=N_("behind `{context}` the text begins on the next line"),
        hint=N_("begin a new line, indented; or {remedy}").format(remedy=_QUOTE_IT),
        at_context=True,
    ),
    _Explanation(
        words="directive|incompatible YAML",
        rule="directive",
        message=N_("directives (lines that begin with `%`) are not allowed"),
        hint=N_("delete the line"),
        width=_END_OF_LINE,
    ),
    _Explanation(
        words="could not find expected ':'",
        rule="missing-colon",
        message=N_("this line has no key with `: ` behind it"),
        hint=N_("write `key: value`; a line that goes on a text is indented further than its key"),
        at_context=True,
        width=_END_OF_LINE,
    ),
    _Explanation(
        words="mapping values are not allowed",
        rule=_NEEDS_QUOTES,
        message=N_("a second `: ` in one line: a value that holds it needs quotes"),
        hint=_QUOTE_IT,
        fits=_has_colon_before,
    ),
    _Explanation(
        words="mapping values are not allowed",
        rule="wrong-indentation",
        message=N_("no key can begin here: this line goes on the value above it"),
        hint=_SAME_COLUMN,
    ),
    _Explanation(
        words="block sequence entries are not allowed",
        rule="list-after-key",
        message=N_("a list cannot begin on the line of its key"),
        hint=join_clauses(N_("begin the list on the next line"), _QUOTE_IT),
    ),
    _Explanation(
        words="mapping keys are not allowed",
        rule=_NEEDS_QUOTES,
        message=N_("a value without quotes cannot begin with `? `"),
        hint=_QUOTE_IT,
    ),
    _Explanation(
        words="found unexpected ':'",
        rule=_NEEDS_QUOTES,
        message=N_("inside brackets a value that holds a colon needs quotes"),
        hint=join_clauses(_QUOTE_IT, N_("behind a key stands `: ` with a blank")),
    ),
    _Explanation(
        words="parsing a flow .* did not find expected ',' or",
        rule="missing-comma",
        message=N_("a comma is missing here, or the bracket that closes `{context}`"),
        fits=_is_on_one_line,
    ),
    _Explanation(
        words="parsing a flow .* did not find expected ',' or",
        rule="unclosed-bracket",
        message=N_(
            "the `{context}` that opens here is not closed, "
            "or a comma is missing before line {problem_line}"
        ),
        at_context=True,
    ),
    _Explanation(
        words="did not find expected (?:node content|key|'-'|<document start>)",
        rule="unexpected-character",
        message=N_("`{problem}` cannot stand here"),
        hint=_QUOTE_IT,
        fits=_is_bracket,
    ),
    _Explanation(
        words="did not find expected node content",
        rule="unclosed-bracket",
        message=N_(
            "the `{context}` that opens here is not closed, "
            "or a value is missing before line {problem_line}"
        ),
        at_context=True,
    ),
    _Explanation(
        words="did not find expected (?:key|'-'|<document start>)",
        rule="text-after-value",
        message=N_("the value has ended before this: what follows belongs nowhere"),
        hint=N_("a quote inside quotes is written twice ('') or as \\\" in double quotes"),
        fits=_follows_a_value,
    ),
    _Explanation(
        words="did not find expected (?:key|'-'|<document start>)",
        rule="wrong-indentation",
        message=N_("this line's indentation fits no line above it"),
        hint=_SAME_COLUMN,
    ),
)


def explain(
    error: MarkedYAMLError,
    source: SourceText,
    text: Sequence[str],
    open_brackets: Sequence[tuple[int, int]],
) -> Diagnostic:
    """Make a diagnostic of the error at which libyaml stopped.

    text: the lines that it read; open_brackets: the places, from 0, of the brackets around it, the
    innermost last.
    """
    problem = _place(error.problem_mark or error.context_mark)
    context = _place(error.context_mark or error.problem_mark)
    lines = tuple(text[: problem[0] + 1])
    words = f"{error.context or ''}: {error.problem or ''}"
    if _NO_VALUE.search(words) and open_brackets:  # here libyaml does not say where they opened
        context = open_brackets[-1]
    trouble = _Trouble(words=words, problem=problem, context=context, lines=lines)
    return _find_colon_without_blank(trouble, source) or _look_up(trouble, source)


def suspect_lines(
    error: MarkedYAMLError, lines: Sequence[str], open_brackets: Sequence[tuple[int, int]]
) -> list[int]:
    """Give the lines, from 0, that may have made libyaml stop: it often does so one line later."""
    problem, context = (_place(mark) for mark in (error.problem_mark, error.context_mark))
    written = [number for number in range(min(problem[0] + 1, len(lines))) if lines[number].strip()]
    brackets = [line for line, _ in open_brackets[-1:]]
    return sorted({*written[-2:], *brackets}.union({context[0]}.intersection(written)))


def _place(mark: Mark | None) -> tuple[int, int]:
    return (mark.line, mark.column) if mark else (0, 0)


def _look_up(trouble: _Trouble, source: SourceText) -> Diagnostic:
    for explanation in _EXPLANATIONS:
        if re.search(explanation.words, trouble.words) and explanation.fits(trouble):
            return _tell(explanation, trouble, source)
    # libyaml's words hold no value of the file
    message = N_("this is no YAML: {words}").format(words=trouble.words.removeprefix(": "))
    return source.fault(_span(source, trouble.problem, 1), "unexpected-character", message)


def _tell(explanation: _Explanation, trouble: _Trouble, source: SourceText) -> Diagnostic:
    place = trouble.context if explanation.at_context else trouble.problem
    message = explanation.message.format(
        context=trouble.character(trouble.context),
        problem=trouble.character(trouble.problem),
        problem_line=trouble.problem[0] + 1,
    )
    span = _span(source, place, explanation.width)
    fix = _quote(trouble, source, place[0]) if explanation.rule == _NEEDS_QUOTES else None
    return source.fault(span, explanation.rule, message, explanation.hint, fix=fix)


def _quote(trouble: _Trouble, source: SourceText, number: int) -> Edit | None:
    """Put a text for people into quotes where it ends with its line, and has none in it."""
    match = _TEXT_IN_A_LINE.fullmatch(trouble.lines[number])
    if match is None or number + 1 < len(trouble.lines):
        return None
    behind = next((line for line in source.lines[number + 1 :] if line.strip()), "")
    if len(behind) - len(behind.lstrip(" ")) > match.start("key"):
        return None  # it may go on there
    span = source.span((number, match.start("text")), (number, match.end("text")))
    return Edit(span=span, text=f'"{match["text"]}"')


def _find_colon_without_blank(trouble: _Trouble, source: SourceText) -> Diagnostic | None:
    """Find `title：…` or `title:…`, which is no key: libyaml often stops one line later."""
    if not _LOST_KEY.search(trouble.words):
        return None
    written = [number for number, line in enumerate(trouble.lines) if line.strip()]
    for number in written[-2:]:
        match = _COLON_WITHOUT_BLANK.match(trouble.lines[number])
        if match:
            span = _span(source, (number, match.start(1)), match.end() - match.start(1))
            hint = N_("write `key: value`")
            return source.fault(span, "missing-colon", _COLON_AND_BLANK, hint)
    return None


def _span(source: SourceText, place: tuple[int, int], width: int) -> Span:
    line, column = place
    return source.span(place, (line, column + width))
