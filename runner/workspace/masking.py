"""What may be shown of a line of a user's file: no password, no phone number, no row of a list.

Every character is masked by one ``*``, so that the columns of a diagnostic still hold. Where a
line can be read in two ways, more is masked rather than less.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MASK = "*"

_LONGEST_EXCERPT = 2000  # a longer line helps nobody
_LONGEST_NAME = 40
_LONGEST_SECRET = 50  # lines above, in which the key of a value is looked for

# `pasword` too: a misspelt key is exactly what is shown with its line
_SECRET_KEY = re.compile(
    r"(?<!\w)[\"']?(?:pas\w*|pwd|\w*secret\w*|\w*token|密码|口令)[\"']?[ \t]*[:：=]", re.IGNORECASE
)
_REFERENCE = re.compile(r"\s*\{\s*[\"']?(?:env|file|credential)[\"']?\s*:[^{}]*\}\s*[,}\]]*")
_BEGINS_A_KEY = re.compile(r"[\s{\[?-]*[\"']?[\w.-]+[\"']?\s*:(?=\s|$)")
_USER_INFO = re.compile(r"(?<=://)\S+(?=@)")
_DATE = r"(?<!\d)(?<!\d[ -])20\d\d-[01]?\d-[0-3]?\d(?![\d-])"
_NUMBER = r"\d(?:[\s._()（）－–—-]{0,3}\d)+"
_DATE_OR_NUMBER = re.compile(f"(?P<date>{_DATE})|{_NUMBER}")
_VISIBLE_IN_ROWS = re.compile(r"[^,;|\t\"]")


def excerpt(lines: Sequence[str], number: int) -> str | None:
    """Show a line of a file, masked; None where it is too long to help.

    number: from 1. The lines above are looked at: a password may go on over several.
    """
    line = lines[number - 1]
    if len(line) > _LONGEST_EXCERPT:
        return None
    return _mask_all(line) if _continues_a_secret(lines, number - 1) else mask_line(line)


def mask_line(line: str) -> str:
    """Mask what a single line gives away: passwords, user info of addresses, long numbers."""
    line = _USER_INFO.sub(lambda match: _mask_all(match[0]), _mask_secrets(line))
    return _DATE_OR_NUMBER.sub(_mask_number, line)


def mask_row(line: str) -> str:
    """Mask a row of a list: only what separates its cells stays."""
    return _VISIBLE_IN_ROWS.sub(MASK, line)


def show_name(name: str) -> str:
    """Show a field's name inside a message: short, printable and without a number in it."""
    printable = "".join(character if character.isprintable() else "?" for character in name)
    shown = mask_line(printable)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}…"


def _mask_all(text: str) -> str:
    return re.sub(r"\S", MASK, text)


def _mask_secrets(line: str) -> str:
    position = 0
    while key := _SECRET_KEY.search(line, position):
        reference = _REFERENCE.match(line, key.end())
        if not reference:
            # to the end: in `{password: a,b}` nobody can say where the password was meant to end
            return line[: key.end()] + _mask_all(line[key.end() :])
        position = reference.end()
    return line


def _continues_a_secret(lines: Sequence[str], index: int) -> bool:
    """Whether a line that begins no key of its own belongs to a key above that names a secret."""
    if _BEGINS_A_KEY.match(lines[index]):
        return False
    for above in reversed(lines[max(0, index - _LONGEST_SECRET) : index]):
        if keys := list(_SECRET_KEY.finditer(above)):
            return not _REFERENCE.match(above, keys[-1].end())
        if _BEGINS_A_KEY.match(above):
            return False
    return False


def _mask_number(match: re.Match[str]) -> str:
    """Mask runs of 7 digits, 8 in three groups and more, and 11 even in two.

    Two groups of fewer may be a range, such as 19000-21000.
    """
    text = match[0]
    digits = [index for index, character in enumerate(text) if character.isdecimal()]
    runs = re.findall(r"\d+", text)
    fewest = 8 if len(runs) > 2 else 11
    if match["date"] or (len(digits) < fewest and max(map(len, runs)) < 7):
        return text
    first, last = (3, 4) if len(digits) >= 11 else (2, 0)
    hidden = set(digits[first : len(digits) - last])
    return "".join(MASK if index in hidden else text[index] for index in range(len(text)))
