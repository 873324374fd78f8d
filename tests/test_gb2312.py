"""Texts travel in GB2312: what it can hold, and what stands for a character that it lacks."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.codec.gb2312 import encode_text, find_strays
from runner.codec.simplified import SIMPLIFIED


def is_gb2312(character: str) -> bool:
    """Whether a character stands in the standard's table, or where everybody puts it there."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return character in "—·"
    return character not in "―・"  # Python's names for the places of — and ·


GB2312_CHARACTERS = [
    *(chr(code) for code in range(0x20, 0x7F)),
    *(chr(code) for code in range(0x80, 0x10000) if is_gb2312(chr(code))),
]
OTHER_NAMES = {"―": "—", "・": "·", "〜": "～", "¢": "￠", "£": "￡", "¥": "￥"}
ALIKE = "–‑−•⋯∼„«｡﹐\u00a0\u2003\u200b\ufeff\ufe0f⼈\uf90a"


@cache
def judge_all():
    return {chr(code): find_strays(chr(code)) for code in range(0x10000)}


@pytest.mark.parametrize(("character", "encoded"), [("—", b"\xa1\xaa"), ("·", b"\xa1\xa4")])
def test_the_dash_and_the_dot_of_chinese_texts_can_be_sent(character, encoded):
    """Python's gb2312 codec refuses both."""
    assert find_strays(character) == ()
    assert encode_text(character) == encoded


@pytest.mark.parametrize("character", OTHER_NAMES)
def test_another_name_of_a_place_in_gb2312_is_sent_as_that_place(character):
    """`¥99` is typed on every keyboard; tables of Unicode and of vendors name a place each."""
    assert find_strays(character) == ()
    assert encode_text(character) == encode_text(OTHER_NAMES[character])


def test_all_of_gb2312_and_printable_ascii_can_be_sent_and_nothing_else():
    assert len(GB2312_CHARACTERS) == 95 + 7445
    sendable = [each for each, strays in judge_all().items() if not strays]
    assert sendable == sorted(["\t", "\n", *GB2312_CHARACTERS, *OTHER_NAMES])


def test_line_breaks_and_tabs_can_be_sent():
    assert encode_text("一\n\t二") == b"\xd2\xbb\n\t\xb6\xfe"


@pytest.mark.parametrize(
    ("character", "suggestion"),
    [
        ("–", "—"),
        ("•", "·"),
        ("²", "2"),
        ("\u00a0", " "),
        ("㎡", "平方米"),
        ("㎏", "kg"),
        ("〇", "零"),
        ("€", "欧元"),
        ("™", "(TM)"),
        ("©", "(C)"),
        ("⑪", "⑾"),
        ("ⅳ", "Ⅳ"),
        ("✔️", "√"),
        ("1️⃣", "1"),
        ("\u200b", ""),
        ("🎉", ""),
        ("❤️", ""),
        ("👨‍👩‍👧", ""),
        ("🇨🇳", ""),
        ("龍", "龙"),
        ("優", "优"),
        ("⼈", "人"),
        ("e\u0301", "é"),
        ("镕", None),
        ("堃", None),
        ("喆", None),
        ("玥", None),
        ("㐀", None),
        ("𠮷", None),
        ("\r", None),
        ("\x00", None),
        ("\x7f", None),
        ("\ud800", None),
    ],
)
def test_what_gb2312_lacks_is_named_with_what_could_stand_instead(character, suggestion):
    """An emoji of several characters is one thing to whoever wrote it."""
    (stray,) = find_strays(character)
    assert (stray.text, stray.suggestion) == (character, suggestion)


@pytest.mark.parametrize("character", ["①", "Ⅳ", "№", "→", "★", "√", "×", "℃", "±"])
def test_signs_that_gb2312_has_are_no_strays(character):
    assert find_strays(character) == ()


@pytest.mark.parametrize("character", ALIKE)
def test_what_reads_the_same_is_said_to(character):
    (stray,) = find_strays(character)
    assert stray.is_alike


@pytest.mark.parametrize("character", ["²", "㎡", "龍", "🎉", "€", "镕"])
def test_what_reads_differently_is_for_the_author_to_decide(character):
    (stray,) = find_strays(character)
    assert not stray.is_alike


def test_every_suggestion_can_itself_be_sent():
    suggested = {stray.suggestion for strays in judge_all().values() for stray in strays}
    assert len(suggested) > 2000
    assert [each for each in suggested if each and find_strays(each)] == []


def test_no_traditional_character_of_the_table_can_be_sent_as_it_is():
    assert len(SIMPLIFIED) > 2500
    assert [each for each in SIMPLIFIED if not find_strays(each)] == []


def test_every_stray_of_a_text_is_named_with_its_place():
    assert [(stray.index, stray.text) for stray in find_strays("a镕b🎉–")] == [
        (1, "镕"),
        (3, "🎉"),
        (4, "–"),
    ]


def test_a_text_with_a_stray_is_never_encoded():
    """Nothing is dropped or replaced silently."""
    with pytest.raises(UnicodeEncodeError) as caught:
        encode_text("朱镕")
    assert (caught.value.start, caught.value.end) == (1, 2)


@given(st.text(max_size=40))
def test_strays_are_all_that_cannot_be_sent_and_stand_where_they_say(text):
    rest = 0
    for stray in find_strays(text):
        assert find_strays(text[rest : stray.index]) == ()
        assert text.startswith(stray.text, stray.index)
        rest = stray.index + len(stray.text)
    assert find_strays(text[rest:]) == ()
