"""The person who types a command: their name, and their yes."""

from __future__ import annotations

import os
import pwd
import sys

import click

from runner.cli.speech import clean
from runner.errors import WrongUsage
from runner.language import N_, _, translate

# How a person's word is kept as the reason of a change; English, as all that the state keeps.
_SIGNED = (N_("by {actor}: {reason}"), N_("by {actor}"))
_ROOT = 0


def name_person(command: str) -> str:
    """Name the person who types a command, and the command: `anna (pause)`.

    By the process's user, whatever the environment says; behind sudo, by whoever called it.
    """
    return f"{_find_login()} ({command})"


def sign(actor: str, reason: str | None) -> str:
    """Say who changed something, and why where they said it, for the state to keep."""
    explained, alone = _SIGNED
    return explained.format(actor=actor, reason=reason) if reason else alone.format(actor=actor)


def tell_reason(reason: str | None) -> str:
    """Give a reason that the state keeps, in the language that is spoken; empty where none is."""
    return translate(reason or "", *_SIGNED)


def ask(question: str, refusal: str) -> bool:
    """Ask for a yes on a terminal; raises WrongUsage without one. refusal: why a yes is wanted."""
    if not sys.stdin.isatty():
        raise WrongUsage(refusal, hint=_("add --yes if you are sure"))
    return click.confirm(clean(question), err=True)


def _find_login() -> str:
    user = os.getuid()
    caller = os.environ.get("SUDO_USER", "")
    if user == _ROOT and caller.isprintable() and caller:
        return caller
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # a container's user, whom its passwd does not know
        return f"uid {user}"
