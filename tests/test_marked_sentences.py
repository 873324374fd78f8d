"""Below the command line every sentence for people is a message, so that it can be translated.

Found in the sources: each literal of three words or more, but docstrings and what is named here.
"""

import ast
import re
from pathlib import Path

import pytest

import runner

RUNNER = Path(runner.__file__).parent
# `cli` speaks to people in every line; what it says is held by its own tests.
ABOVE = {"cli", "example", "rules"}
MODULES = sorted(
    str(path.relative_to(RUNNER))
    for path in RUNNER.rglob("*.py")
    if path.relative_to(RUNNER).parts[0] not in ABOVE
)

MARKED = {"N_", "_", "ngettext"}
# The log is English, and so is the event log of the state, which only the log shows.
FOR_THE_LOG = {"tell", "record_event", "warning", "info", "error", "debug", "status", "stopping"}
DEFECTS = {"IllegalTransition", "LookupError", "RuntimeError"}  # of ours; nobody is to read them
EXEMPT = MARKED | FOR_THE_LOG | DEFECTS

SENTENCE = re.compile(r"(?:(?:^|\s)[`'\"(]*[A-Za-z][a-z']*\b[^A-Za-z\n]*){3}")
STATEMENT = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|PRAGMA|JOIN|SET)\b")

# What stays plain, and why; a field stands as {}.
PLAIN = {
    "the log of the daemon, and what it says to the service manager": {
        "reports of account {} are not fetched: {}",
        "reports of account {}: {}",
        "sending what is due",
        "the files are in force: {}{}",
        "lines of the log that were lost: {}",
        "{}: nothing is sent or fetched until there is room",
        "the disk of the state has room again: the work goes on",
    },
    "the event log of the state": {
        "its file is gone, or has no start any more",
        "no longer paused by {}",
        "reports: {}, new: {}, unreadable pieces: {}",
        "the gateway took it as task {}, but the claim had been settled before",
        "a person wants them polled again",
    },
    "why an error came, which another sentence tells in its own words": {
        "the deadline of the exchange is over",
        r"Tunnel connection failed: (\d{3})",
    },
    "why a file is unsound, which a diagnostic tells in its own words": {
        "line {} is too long",
        "the quotes that open in line {} do not close",
        "the file ends before its trailer",
        "no block where one must stand",
        "no frame header",
        "no marker where one must stand",
    },
    "what is looked for in the words of libyaml": {
        "did not find expected node content",
        "mapping values are not allowed|could not find expected ':'|expected key",
        "found a tab character",
        "cannot start any token",
        "quoted scalar: found unexpected (?:end of stream|document)",
        "scanning a block scalar",
        "could not find expected ':'",
        "mapping values are not allowed",
        "block sequence entries are not allowed",
        "mapping keys are not allowed",
        "parsing a flow .* did not find expected ',' or",
        "did not find expected (?:node content|key|'-'|<document start>)",
        "did not find expected (?:key|'-'|<document start>)",
    },
    "names that people give to fields": {
        "content body message",
        "picture photo pic img",
        "receivers to audience",
        "phones mobiles phone mobile",
    },
    "what of a node is meant, for us": {
        "the whole value",
        "the first line, where something is missing in it",
    },
    "the sandbox answers a code to it": {
        "a time is written YYYY-MM-DD HH:MM:SS",
        "a frame begins with its seconds, at least 1",
        "a frame holds at least one part",
        "a part is written type|base64",
        "a part that is not what its type says",
        "not a mobile number",
        "extno holds digits",
        "not a form in UTF-8",
        "a field is given twice",
        "a field without =",
        "a % without two hexadecimal digits",
    },
    "where a defect of ours lies": {"an unknown place"},
}
PAGES = "sandbox/pages.py"  # for a browser
MODULES.remove(PAGES)


def sentences(module):
    """Give each literal that reads like a sentence and is not marked."""
    yield from walk(ast.parse((RUNNER / module).read_text()))


def walk(node):
    if is_exempt(node):
        return
    text = text_of(node)
    if SENTENCE.search(text) and not STATEMENT.search(text):
        yield text
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from walk(child)


def is_exempt(node):
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", getattr(node.func, "id", "")) in EXEMPT
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # a docstring


def text_of(node):
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(text_of(part) or "{}" for part in values)
    return ""


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_for_people_is_marked(module):
    assert set(sentences(module)) - set().union(*PLAIN.values()) == set()


def test_what_stays_plain_is_still_said_somewhere():
    said = {text for module in MODULES for text in sentences(module)}
    assert set().union(*PLAIN.values()) - said == set()
