"""The ways in which a secret may come back in a text, each as the source of a regular expression.

Whoever echoes a request writes it as it came, undoes its form, or puts it into an address, a page,
JSON, a log or base64 on the way. What was compressed or enciphered in between is not found.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_ANYWHERE = 4  # characters; a shorter secret is found in too many words

_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
# What begins an escape, itself escaped any number of times.
_PERCENT, _AMPERSAND, _BACKSLASH = r"%(?:25)*", r"&(?:amp;)*", r"\\(?:\\)*"
_FOLD = r"(?:\s|\\[rn])*"  # base64 is broken into lines, which may be escaped in their turn
_SHORT = {"\t": "t"}
_URL_SAFE = str.maketrans("+/", "-_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One way to write a secret. text: an example of it, which tells how long it is at least.

    pattern: of all that counts as this way; it begins with a literal character.
    """

    text: str
    pattern: str


def spell(secret: str) -> Iterator[Spelling]:
    """Yield every spelling of a secret; what URLs, HTML, JSON and Python escape may be escaped.

    Forwards and backwards, in base64 wherever it begins in a longer text, in hexadecimal digits;
    in each of these also as the form of a request holds it.
    """
    data = secret.encode(errors="surrogateescape")
    sent = quote_plus(data)
    for text in dict.fromkeys((secret, secret[::-1], sent[::-1])):
        yield Spelling(text=text, pattern=pattern_of(text))
    for each in dict.fromkeys((data, sent.encode())):
        for text in dict.fromkeys(_encode(each)):
            yield Spelling(text=text, pattern=pattern_of(text, fold=_FOLD))


def pattern_of(text: str, fold: str = "") -> str:
    """Make the pattern of a text, each character as it is or escaped; fold: between two of them."""
    if not text:
        return ""
    first, *others = ([*_spell_character(character)] for character in text)
    rest = "".join(fold + (one[0] if len(one) == 1 else f"(?:{'|'.join(one)})") for one in others)
    # Written out, not in a group: `re` skips fast to the characters that a match may begin with.
    return "|".join(each + rest for each in first)


def _encode(data: bytes) -> Iterator[str]:
    """Give what base64 makes of the data wherever it begins in a longer text, and its digits.

    Three bytes make four characters, so there are three ways; the characters at the ends that
    depend on what stands beside the data are left out.
    """
    whole = b64encode(data).decode().rstrip("=")
    found = [whole]
    if len(data) >= FEWEST_ANYWHERE:
        for shift in range(3):
            first, behind = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
            found.append(b64encode(bytes(shift) + data).decode()[first:behind])
        found += [data.hex(), data.hex().upper()]
    for text in found:
        yield text
        yield text.translate(_URL_SAFE)


def _spell_character(character: str) -> Iterator[str]:
    """Yield the ways to write a character; nobody escapes letters and digits of ASCII."""
    yield re.escape(character)
    if character.isascii() and character.isalnum():
        return
    if character == " ":
        yield from (r"\+", f"{_PERCENT}2[bB]")  # as a form has it, and that escaped again
    for data in _encode_character(character):
        yield "".join(_PERCENT + _any_case(f"{byte:02x}") for byte in data)
        yield "".join(f"{_BACKSLASH}x{_any_case(f'{byte:02x}')}" for byte in data)
    units = character.encode("utf-16-be", "surrogatepass").hex()
    yield re.sub(r"(.{4})", lambda unit: f"{_BACKSLASH}u{_any_case(unit[1])}", units)
    yield f"{_AMPERSAND}#0*{ord(character)};"
    yield f"{_AMPERSAND}#[xX]0*{_any_case(f'{ord(character):x}')};"
    if character in _ENTITIES:
        yield f"{_AMPERSAND}{_ENTITIES[character]};"
    if character.isascii():
        yield _BACKSLASH + re.escape(_SHORT.get(character, character))


def _encode_character(character: str) -> set[bytes]:
    data = {character.encode(errors="surrogateescape")}
    try:
        return data | {character.encode("gb18030")}
    except UnicodeEncodeError:
        return data


def _any_case(digits: str) -> str:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in digits)
