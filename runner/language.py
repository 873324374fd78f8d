"""The language of what a person reads: English, or a translation from a gettext catalogue.

The program thinks, keeps and logs in English. A sentence for people is a message, marked with `N_`
where it is made, and stays English until the command line shows it: `translate` gives it in the
language that is spoken then. What the command line says itself is given in it at once, by `_` and
`ngettext`. The language is the process's; whoever logs speaks English.
"""

from __future__ import annotations

import gettext
import os
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LANGUAGES = ("en", "zh")
ENVIRONMENT = "MMS_RUNNER_LANG"
DOMAIN = "mms-runner"

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set holds; source: POSIX, 8.2
_FOLDER = f"{os.path.dirname(__file__)}/locale"  # noqa: PTH120 - `--help` waits for no pathlib
_NUMBERS = {"count", "more"}  # the fields that hold nothing else
_WORDS = {"code"}  # the fields that hold one word
_FEWEST_LETTERS = 4  # of a message beside its fields, which with fewer must hold messages


class _Speech:
    """The one thing of a process that every message depends on."""

    language = "en"
    translations = gettext.NullTranslations()


def speak(language: str) -> None:
    """Speak a language from now on; one of LANGUAGES."""
    _Speech.language = language
    _Speech.translations = _read_translations(language)
    # click asks gettext itself, which asks the environment.
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, _FOLDER)
    gettext.textdomain(DOMAIN)


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


def _(message: str) -> str:
    """Give a message in the language that is spoken; its fields in braces stay for `format`."""
    return _Speech.translations.gettext(message)


def ngettext(one: str, several: str, number: int) -> str:
    """Give one of two messages by a number, in the language that is spoken."""
    return _Speech.translations.ngettext(one, several, number)


class Sentence(str):
    """A message that was filled in: English, and what it was made of, so that it can be translated.

    Where only its text was kept, as in the state, the message is found again by its words.
    """

    __slots__ = ("fields", "message")

    message: str
    fields: Mapping[str, object]

    def __str__(self) -> Sentence:
        """Give itself, so that ``str()`` of an error is still the sentence that it was given."""
        return self


class Message(str):
    """A message as it stands in the catalogues; fields in braces."""

    __slots__ = ()

    def format(self, *args: object, **fields: object) -> Sentence:
        """Fill in its fields, all of which have names."""
        sentence = Sentence(super().format(*args, **fields))
        sentence.message, sentence.fields = str(self), fields
        return sentence


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it, which its tools look for
    """Mark a message that is translated only where it is shown; gives a Message."""
    return Message(message)


def NN_(one: str, several: str) -> tuple[str, str]:  # noqa: N802 - as above
    """Mark the two forms of a message, which are given to `ngettext` where they are shown."""
    return one, several


_CLAUSES = N_("{clause}; {other}")


def join_clauses(clause: str, *others: str) -> str:
    """Make one sentence of several that are complete without each other."""
    for other in others:
        clause = _CLAUSES.format(clause=clause, other=other)
    return clause


def translate(text: str, *likely: str) -> str:
    """Give a message or a sentence in the language that is spoken, its fields too.

    What was kept without its parts is translated where it can only be a message of the catalogue,
    or one of those that are likely, filled in; else it stays as it is. One word alone stays too:
    it may be anybody's name.
    """
    if _Speech.language == "en":
        return str(text)
    if isinstance(text, Sentence):
        return _fill(text.message, text.fields)
    if isinstance(text, Message):
        return _(text)
    return _translate_kept(text, likely, _Speech.language)


@lru_cache(maxsize=1000)  # many campaigns stand still for the same reason
def _translate_kept(text: str, likely: tuple[str, ...], language: str) -> str:
    if " " not in text:
        return text
    known = _(text)
    if known != text:
        return known
    # Clauses first: a field at the end of one would hold all that follow.
    clause, *others = text.split("; ", 1)
    for other in others:
        told, told_too = translate(clause, *likely), translate(other)
        if told != clause and told_too != other:
            return _(_CLAUSES).format(clause=told, other=told_too)
    named = list(filter(None, map(_Mould.of, likely)))
    for mould in chain(named, _list_moulds(language)):
        fields = mould.find_fields(text)
        if fields and (mould in named or mould.tells_much or _hold_messages(fields.values())):
            return _fill(mould.message, fields)
    return text


def _hold_messages(values: Iterable[str]) -> bool:
    """Whether what is more than a word is a message each time, and something is."""
    sentences = [value for value in values if " " in value]
    return bool(sentences) and all(translate(value) != value for value in sentences)


def _fill(message: str, fields: Mapping[str, object]) -> str:
    known = {
        name: translate(value) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return _(message).format(**known)


class _Mould(NamedTuple):
    """Finds the fields of a message in what it was filled to.

    literals: what stands before, between and behind the fields; one more than there are names.
    """

    message: str
    literals: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, message: str) -> _Mould | None:
        """Give that of a message; None where it has no fields, or they cannot be told apart."""
        from string import Formatter

        literals, names = [""], list[str]()
        for literal, name, form, conversion in Formatter().parse(message):
            literals[-1] += literal
            if name is not None:
                if form or conversion or not name.isidentifier():
                    return None
                literals.append("")
                names.append(name)
        if not names or not all(literals[1:-1]):
            return None
        return cls(message, tuple(literals), tuple(names))

    @property
    def words(self) -> str:
        """What it says beside its fields."""
        return "".join(self.literals)

    @property
    def tells_much(self) -> bool:
        """Whether it says enough beside its fields not to fit the words of others."""
        return sum(map(str.isalpha, self.words)) >= _FEWEST_LETTERS

    def find_fields(self, text: str) -> Mapping[str, str] | None:
        """Give the fields, none of them empty and each as short as can be; None: it is another."""
        first, *between, last = self.literals
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)):
            return None
        begin, values = len(first), list[str]()
        # Each literal where it comes first: if it fits anywhere then so, and no text takes long.
        for literal, name in zip(between, self.names[1:], strict=True):
            found = text.find(literal, begin + 1, end)
            while found >= 0 and not _may_hold(name, text[found + len(literal) :][:1]):
                found = text.find(literal, found + 1, end)
            if found < 0:
                return None
            values.append(text[begin:found])
            begin = found + len(literal)
        if begin >= end:
            return None
        values.append(text[begin:end])
        fields = dict(zip(self.names, values, strict=True))
        fits = all(map(_may_hold, self.names, values))
        return fields if fits and [fields[name] for name in self.names] == values else None


def _may_hold(name: str, value: str) -> bool:
    if name in _WORDS:
        return " " not in value
    return name not in _NUMBERS or value.replace(",", "").isdecimal()


@cache
def _read_translations(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, _FOLDER, [language])


@cache
def _list_moulds(language: str) -> list[_Mould]:
    """Give the messages whose fields can be found again; first those that say most themselves."""
    catalogue: Mapping[object, str] = getattr(_read_translations(language), "_catalog", {})
    # a message with a plural stands there as (its first form, which form of the language)
    messages = (key for key in catalogue if isinstance(key, str) and key)
    moulds = [mould for mould in map(_Mould.of, messages) if mould]
    return sorted(moulds, key=lambda mould: (mould.tells_much, len(mould.words)), reverse=True)
