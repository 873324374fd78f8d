"""A recipient is a Chinese mobile number: an integer of 11 digits, normalised once at the door.

Nothing here repeats the number that it judges, so every sentence may stand in a log.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from runner.language import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

# In a longer text, where no other digit stands beside it. The digits before it may be those of an
# encoded character, such as the blank of `%20138…`.
MOBILE_IN_TEXT = (
    r"(?:(?<!\d)|(?<=%\d\d))(?:(?:\+?86|0086)[ -]?)?"
    r"(?P<mobile>[1１][3-9３-９]\d(?:[ -]?\d{4}){2})(?!\d)"
)
LONGEST_MOBILE = 15  # characters, with 0086 and no separators

_IN_TEXT = re.compile(MOBILE_IN_TEXT)
_DIGIT = re.compile(r"[0-9]")
_PLAIN = re.compile(r"1[3-9][0-9]{9}")
_PLAIN_LINES = re.compile(r"(?:1[3-9][0-9]{9}\n)*+")
_PLAIN_LINE = 12  # characters
_TYPED = re.compile(r"\+? ?[0-9](?:[ -]*+[0-9])*+")  # possessive: bounded memory for any length
_WITH_PREFIX = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]+\.0*")
_LANDLINE = re.compile(
    r"(?:\+?86|0086)?[ -]*"
    r"(?:\(?0[1-9][0-9]{1,2}\)?[ -]*[2-8][0-9]{6,7}|[48]00[ -]?[0-9]{3,4}[ -]?[0-9]{3,4})"
)
_SEVERAL = re.compile(r"1[3-9][0-9]{9}[^0-9]+(?:\+?86)?1[3-9][0-9]{9}")
_LOOKING_LIKE_DIGITS = str.maketrans("OoQlI|ｌＯ", "00011110")
_OTHER_COUNTRY = re.compile(r"(?:\+|00)(?!86)[1-9]")

# What input methods and spreadsheets write for the same characters; U+00A0 is the blank of the web.
_WIDE = str.maketrans("０１２３４５６７８９＋－\u3000\u00a0\t", "0123456789+-   ")


def parse_mobile(text: str) -> int | None:
    """Read a mobile number in any form that people write, or None where it cannot be one.

    Blanks, dashes, full-width characters and the prefixes +86, 0086 and 86 make no difference.
    """
    if _PLAIN.fullmatch(text):
        return int(text)
    narrow = _narrow(text)
    if not _TYPED.fullmatch(narrow):
        return None
    number = _WITH_PREFIX.fullmatch(_compact(narrow))
    return int(number[1]) if number else None


def parse_mobiles(texts: Sequence[str]) -> list[int | None]:
    """Read many mobile numbers as `parse_mobile` does: quickly where all of them are plain."""
    lines = "".join(f"{text}\n" for text in texts)
    if len(lines) == _PLAIN_LINE * len(texts) and _PLAIN_LINES.fullmatch(lines):
        return list(map(int, texts))
    return [parse_mobile(text) for text in texts]


def holds_mobile(text: str) -> bool:
    """Whether a mobile number stands somewhere in a text."""
    return bool(_IN_TEXT.search(text))


def mask_mobiles(text: str) -> str:
    """Mask each mobile number in a text, for whoever did not ask for numbers: 138****8000."""
    return _IN_TEXT.sub(lambda found: mask_mobile(found["mobile"]), text)


def mask_mobile(mobile: str) -> str:
    """Mask a number that a text holds."""
    return f"{mobile[:3]}****{mobile[-4:]}"


def looks_like_a_number(text: str) -> bool:
    """Whether a cell was meant as a number, right or wrong, rather than as a column's name."""
    compact = _compact(_narrow(text))
    return 2 * len(_DIGIT.findall(compact)) > len(compact)


def why_no_mobile(text: str) -> str:
    """Say what keeps a text from being a mobile number; ends a sentence such as `no number: …`."""
    narrow = _narrow(text)
    compact = _compact(narrow)
    if not compact:
        return N_("it is empty")
    if _DECIMAL.fullmatch(compact):
        return N_("a spreadsheet put `.0` behind it: format the column as text")
    if _SCIENTIFIC.fullmatch(compact):
        return N_("a spreadsheet turned it into something like 1.38E+10: format the column as text")
    if _OTHER_COUNTRY.match(compact):
        return N_("its country code is not 86")
    if _LANDLINE.fullmatch(narrow):
        return N_("it is a landline or service number, which shows no MMS")
    if not _TYPED.fullmatch(narrow):
        return _why_not_typed(compact)
    return _why_not_these_digits(compact)


def _narrow(text: str) -> str:
    return text.translate(_WIDE).strip()


def _compact(narrow: str) -> str:
    return narrow.replace(" ", "").replace("-", "")


def _why_not_typed(compact: str) -> str:
    if re.fullmatch(r"[0-9]+", compact):
        return N_("it begins or ends with a dash")
    if any(unicodedata.category(character) == "Cf" for character in compact):
        return N_("an invisible character stands in it: type the number anew")
    if _SEVERAL.search(compact):
        return N_("it holds more than one number; each stands in a row or an item of its own")
    if _IN_TEXT.search(compact):
        return N_("something else stands beside the number")
    if parse_mobile(compact.translate(_LOOKING_LIKE_DIGITS)) is not None:
        return N_("a letter stands for a digit in it, such as O for 0 or l for 1")
    if any(character.isalpha() for character in compact):
        return N_("it holds letters")
    return N_("it holds characters that are no digits")


def _why_not_these_digits(compact: str) -> str:
    digits = re.sub(r"\A(?:\+|00)86", "", compact)
    if re.fullmatch(r"[3-9][0-9]{9}", digits):
        return N_("the 1 in front is missing: it has 10 digits; a mobile number has 11")
    if len(digits) != 11:
        return N_("it has {count} digits; a mobile number has 11").format(count=len(digits))
    return N_("a mobile number begins with 1 and 3 to 9")
