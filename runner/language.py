"""The language of what a person reads: English or Chinese.

It is the process's, set once by the command line. Whoever sets none, as the daemon, speaks English:
logs, and everything that is kept, are for any reader of any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("en", "zh")
ENVIRONMENT = "MMS_RUNNER_LANG"

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set holds; source: POSIX, 8.2


class _Speech:
    """The one thing of a process that every message depends on."""

    language = "en"


def speak(language: str) -> None:
    """Speak a language from now on; one of LANGUAGES."""
    _Speech.language = language


def spoken() -> str:
    """Give the language that is spoken."""
    return _Speech.language


def choose_language(named: str | None, environment: Mapping[str, str]) -> str:
    """Choose by what was named, then by MMS_RUNNER_LANG, then by the locale.

    named: one of LANGUAGES, or None. What names neither of them means English.
    """
    places = (environment.get(name) for name in (ENVIRONMENT, *_LOCALE))
    wanted = named or next(filter(None, places), "en")
    return next((known for known in LANGUAGES if wanted.casefold().startswith(known)), "en")
