"""What may stand in the place of a character that GB2312 lacks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from runner.codec.gb2312 import fits
from runner.codec.simplified import SIMPLIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator

# What reads the same: such characters come from word processors, the web, PDFs and chats.
_ALIKE = {
    **dict.fromkeys("–‒﹘", "—"),
    "⸺": "——",
    **dict.fromkeys("‐‑−﹣", "-"),
    **dict.fromkeys("•∙⋅‧･", "·"),
    "⋯": "…",
    **dict.fromkeys("∼˜〰", "～"),
    **dict.fromkeys("„‟〝", "“"),
    "〞": "”",
    **dict.fromkeys("‚‛", "‘"),
    "ʼ": "’",
    **dict(zip("«»‹›｡｢｣､", "《》〈〉。「」、", strict=True)),
    **dict(zip("﹐﹑﹒﹔﹕﹖﹗﹙﹚﹛﹜﹝﹞", "，、．；：？！（）｛｝〔〕", strict=True)),
    **dict(zip("﹟﹠﹡﹢﹤﹥﹦﹨﹩﹪﹫", "＃＆＊＋＜＞＝＼＄％＠", strict=True)),
    **dict.fromkeys("\u00a0\u1680\u202f\u205f", " "),
    **{chr(code): " " for code in range(0x2000, 0x200B)},
    **dict.fromkeys("\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\ufeff", ""),
    **{chr(code): "" for code in (*range(0x2060, 0x2065), *range(0xFE00, 0xFE10))},
}

# What says the same in other signs: the author may know a better way.
_INSTEAD = {
    "㎡": "平方米",
    "㎥": "立方米",
    "〇": "零",
    "€": "欧元",
    "©": "(C)",
    "®": "(R)",
    "™": "(TM)",
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    **{chr(0x2776 + digit): chr(0x2460 + digit) for digit in range(10)},  # ❶ to ❿
    **{chr(0x246A + digit): chr(0x247E + digit) for digit in range(10)},  # ⑪ to ⑳
    **{chr(0x2170 + digit): chr(0x2160 + digit) for digit in range(12)},  # ⅰ to ⅻ
    **dict.fromkeys("✓✔☑✅", "√"),
    **dict.fromkeys("✕✖✗✘❌", "×"),
    **dict.fromkeys("⭐🌟✨", "★"),
    **dict(zip("➡⬅⬆⬇", "→←↑↓", strict=True)),
    **dict.fromkeys("☎📞📱", "电话"),
    "📍": "地址",
}

_JOINED = "[\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_PICTURE = "[\u203c-\u3299\U0001f000-\U0001faff]"
_FLAG = "[\U0001f1e6-\U0001f1ff]"
# An emoji of several characters is one thing to whoever wrote it; so is a letter with its accent.
_TOGETHER = re.compile(
    rf"{_FLAG}{{2}}|{_PICTURE}(?:\u200d{_PICTURE}|{_JOINED})+|[0-9#*]\ufe0f?\u20e3"
    rf"|[^\W\d_][\u0300-\u036f]+|.",
    re.DOTALL,
)
_EMOJI = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]|.+[\ufe0f\u20e3]", re.DOTALL)
_RADICAL = re.compile("[\u2f00-\u2fd5]")  # what a PDF gives for the character of that shape
_LONGEST_FORM = 6  # of a compatibility character: ㍿ and the like


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """What GB2312 cannot hold: a character, or several that are one sign, such as an emoji.

    index: of its first character in the text; suggestion: what could stand instead, None where
    there is nothing; is_alike: whether that reads the same, so that nobody has to decide.
    """

    index: int
    text: str
    suggestion: str | None
    is_alike: bool = False


def list_strays(text: str) -> Iterator[Stray]:
    """Name everything in a text that cannot be sent, in order."""
    for match in _TOGETHER.finditer(text):
        if not fits(match[0]):
            suggestion, is_alike = _suggest(match[0])
            yield Stray(
                index=match.start(), text=match[0], suggestion=suggestion, is_alike=is_alike
            )


@cache
def _suggest(text: str) -> tuple[str | None, bool]:
    """Give what could stand in the place of a stray, and whether it reads the same."""
    if text in _ALIKE:
        return _ALIKE[text], True
    composed = unicodedata.normalize("NFKC" if _RADICAL.match(text) else "NFC", text)
    if composed != text and fits(composed):  # an accent, or an ideograph of another standard
        return composed, True
    return _suggest_other(text), False


def _suggest_other(text: str) -> str | None:
    found = _INSTEAD.get(text[:1]) or SIMPLIFIED.get(text)
    if found:
        return found
    if text[1:].endswith("\u20e3"):  # the cap of a key
        return text[0]
    plain = unicodedata.normalize("NFKC", text)
    if plain.strip() and plain != text and len(plain) <= _LONGEST_FORM and fits(plain):
        return plain
    return "" if _EMOJI.match(text) else None
