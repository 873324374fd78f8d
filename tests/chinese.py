"""Finds the English that is left in what a command says in Chinese."""

from __future__ import annotations

import re

from runner.cli import main

COMMANDS = list(main.list_commands(None))  # type: ignore[arg-type] # it asks for nothing
WIDEST = 80  # columns of a terminal

# What stays as it is typed or named: `quoted`, 'quoted', MARKS, --options, times and zones, paths,
# numbers, addresses, versions, ids, and names of several parts.
_TYPED = re.compile(r"'[^']*'|[!-~]*[\d/@_.=|-][!-~]*|\b[A-Z][A-Z-]*[A-Z]\b|\bID\b")
_QUOTED = re.compile(r"`[^`]*`")
_WORD = re.compile(r"[A-Za-z]{2,}")
_NAMES = {
    *("mms", "runner", "main", "userid", "account", "sandbox", "json", "csv"),
    *("Ctrl", "SQLite", "reset"),  # "WAL reset" is what SQLite calls a fault of its own
    *("git", "GitHub", "GitLab", "markdown", "Schema"),
}


def find_english(text: str, *names: str) -> list[str]:
    """List the words of no name; names: of campaigns and people in it."""
    words = _WORD.findall(_TYPED.sub(" ", _QUOTED.sub(" ", text)))
    return [word for word in words if word not in {*_NAMES, *names}]
