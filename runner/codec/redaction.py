"""Takes an account's own secrets out of what its gateway answers, before anything of it is kept.

A gateway, or a proxy before it, may repeat a request in its answer: in an error page, in a remark.
The one idea: what makes a report (the tags of its document, and the numbers in its fields) is never
looked into, so no secret, however short or common, costs one. Pure, from bytes to bytes.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, unquote, urlsplit

from runner.codec.spellings import pattern_of, spell
from runner.model.account import SecretRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.model.account import Account, Credentials

MARK = b"***"
FEWEST_IN_ANSWERS = 6  # characters; a shorter secret is looked for behind its field's name alone
PASSWORDS = ("password", "proxy")  # of the names of secrets

_FEWEST_CUT = 4  # characters of a secret's beginning that are taken from the end of a cut answer
_FIELDS = ("url", "userid", "account", "password")
_CHARSETS = ("gb18030", "utf-16-le", "utf-16-be")
# Source: gateway interface, 返回值 of 余额查询接口 and 状态报告接口.
_NUMBERS = "mobile|taskid|status|receivetime|errorcode|extno|overage|sendtotal"
_WORDS = "returnsms|statusbox|errorstatus|error|remark|returnstatus|message|payinfo"
_BLANK = r"[ \t\r\n]{0,99}"  # bounded: an answer may be 64 MiB of them
_NUMBER = rf"(?:{_BLANK}<!\[CDATA\[)?[0-9:.,+\- \t\r\n]{{0,99}}(?:\]\]>{_BLANK})?(?=</)"
_FRAME = re.compile(
    rf"(<\?xml[^<>]{{0,99}}\?>|</?(?:{_WORDS}){_BLANK}/?>"
    rf"|</(?:{_NUMBERS}){_BLANK}>|<(?:{_NUMBERS}){_BLANK}/?>(?:{_NUMBER})?)".encode(),
    re.IGNORECASE,
)
_ESCAPES = (b"%", b"&", b"\\", b"+")  # how escapes begin; and what a blank becomes
_WHITE = b" \t\n\r\f\v"
_BETWEEN = f"(?:{'|'.join(map(pattern_of, '=:> ' + chr(34) + chr(39)))})+"  # a name and its value


class Redaction:
    """Puts a mark in the place of each secret of an account.

    secrets: by the names of their fields, as `name_secrets` gives them.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        long = [each for each in secrets.values() if len(each) >= FEWEST_IN_ANSWERS]
        short = {name: each for name, each in secrets.items() if 0 < len(each) < FEWEST_IN_ANSWERS}
        self._long, self._short = long, short
        # Of a short one, its field's name.
        unescaped = (*_write_unescaped(long), *map(_to_bytes, short))
        self._letters = {_close_up(text) for text in unescaped}
        self._numbers = {
            _to_bytes(text) for each in long if each.isdigit() for text in (each, each[::-1])
        }
        self._beginnings = [text for each in long for text in (_to_bytes(each), _as_sent(each))]

    @cached_property
    def _patterns(self) -> list[re.Pattern[bytes]]:
        """What finds the secrets, compiled for the first answer that may hold one: most never do.

        Apart: one that begins with a group would cost `re` its fast search for the others.
        """
        searched = [b"|".join(_find_anywhere(self._long)), b"|".join(_find_named(self._short))]
        return [re.compile(pattern) for pattern in searched if pattern]

    def clean(self, body: bytes, *, is_cut: bool = False) -> bytes:
        """Give an answer without the secrets; is_cut: it broke off, maybe within one."""
        patterns = self._patterns if self._may_be_in(body) else ()
        for pattern in patterns:
            if pattern.search(body):
                pieces = _FRAME.split(body)  # every other one is a frame
                pieces[::2] = [pattern.sub(self._cover, piece) for piece in pieces[::2]]
                body = b"".join(pieces)
        return self._clean_end(body) if is_cut else body

    def _may_be_in(self, body: bytes) -> bool:
        """Whether the patterns must be asked, which take some times what this look takes.

        Where nothing is escaped, a secret's letters stand as they are, but for white space.
        """
        if any(escape in body for escape in _ESCAPES):
            return True
        closed_up = _close_up(body)
        return any(letters in closed_up for letters in self._letters)

    def _cover(self, match: re.Match[bytes]) -> bytes:
        if match[0] in self._numbers and _is_part_of_a_number(match):
            return match[0]
        name = match[match.lastindex] if match.lastindex else b""
        return name + MARK

    def _clean_end(self, body: bytes) -> bytes:
        lengths = [
            length
            for text in self._beginnings
            for length in range(_FEWEST_CUT, len(text))
            if body.endswith(text[:length])
        ]
        return body[: len(body) - max(lengths)] + MARK if lengths else body


def name_secrets(account: Account, credentials: Credentials) -> dict[str, str]:
    """Give what nobody may read, by field: all that the settings do not hold but refer to.

    A proxy's password, which they do hold, is one too.
    """
    secrets: dict[str, str] = {
        name: getattr(credentials, name)
        for name in _FIELDS
        if isinstance(getattr(account, name), SecretRef)
    }
    if "url" in secrets and (path := urlsplit(credentials.url).path.strip("/")):
        secrets["path"] = path  # alone too, as a request line has it
    if account.proxy and (password := urlsplit(account.proxy).password):
        secrets["proxy"] = unquote(password)
    return secrets


def _find_anywhere(secrets: Sequence[str]) -> Iterator[bytes]:
    spellings = [spelling for each in secrets for spelling in spell(each)]
    # The longer first: it may begin with a shorter one.
    for spelling in sorted(spellings, key=lambda each: -len(each.text)):
        yield _to_bytes(spelling.pattern)
    yield from map(re.escape, _encode(secrets))


def _write_unescaped(secrets: Sequence[str]) -> Iterator[bytes]:
    """Give all that the patterns find where nothing is escaped, but for white space."""
    for each in secrets:
        yield from (_to_bytes(spelling.text) for spelling in spell(each))
    yield from _encode(secrets)


def _encode(secrets: Sequence[str]) -> Iterator[bytes]:
    return (each.encode(charset, "replace") for each in secrets for charset in _CHARSETS)


def _find_named(secrets: Mapping[str, str]) -> Iterator[bytes]:
    for name, secret in secrets.items():
        pattern = f"({name}{_BETWEEN})(?:{pattern_of(secret)})(?![0-9A-Za-z])"
        yield _to_bytes(pattern)


def _is_part_of_a_number(match: re.Match[bytes]) -> bool:
    text, start, end = match.string, match.start(), match.end()
    escaped = text[max(0, start - 3) : start].startswith(b"%")  # the digits of `%20` are none
    before = text[max(0, start - 1) : start]
    return (before.isdigit() and not escaped) or text[end : end + 1].isdigit()


def _as_sent(secret: str) -> bytes:
    return quote_plus(_to_bytes(secret)).encode()


def _close_up(text: bytes) -> bytes:
    return text.translate(None, _WHITE)


def _to_bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
