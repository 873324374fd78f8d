"""Mistakes as people make them: each is told at its place, in words that say what to write.

A mistake is a line of a sound campaign, and what somebody made of it. `>` and `<` in the lines
below show what is pointed at; what `validate --fix` makes of it stands last, None where a person
has to decide.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from workspaces import shop

from runner.workspace.load import load_workspace
from runner.workspace.mending import mend

__all__ = ["shop"]

CAMPAIGN = """\
title: 秋季新品
start: 2035-09-18 09:00
frames:
  - duration: 3
    text: 【某店】新品上架，拒收请回复R
  - {duration: 5, image: media/moon.jpg}
recipients:
  numbers: ["13800138000", "13900139000"]
  files: [lists/members.csv]
"""


class Mistake(NamedTuple):
    """right: of the campaign; wrong: in its place; told: a part of the message or of the hint."""

    right: str
    wrong: str
    rule: str
    told: str
    fixed: str | None


MISTAKES = {
    # ---- the input method is on
    "a full-width colon": Mistake("title: ", "title：", "missing-colon", "ASCII colon", "title: "),
    "no blank behind a colon": Mistake("title: ", "title:", "missing-colon", "blank", "title: "),
    "a full-width colon in a list": Mistake(
        "  - duration: 3", "  - duration：3", "missing-colon", "ASCII colon", "  - duration: 3"
    ),
    "a full-width colon in brackets": Mistake(
        "{duration: 5", "{duration：5", "missing-colon", "ASCII colon", "{duration: 5"
    ),
    "a full-width comma between fields": Mistake(
        "5, image", "5，image", "full-width-sign", "write `,`", "5, image"
    ),
    "a full-width comma between numbers": Mistake(
        '", "', '"，"', "full-width-sign", "write `,`", '", "'
    ),
    "full-width brackets of a list": Mistake(
        "[lists/members.csv]",
        "［lists/members.csv］",
        "full-width-sign",
        "write `[`",
        "[lists/members.csv]",
    ),
    "full-width braces": Mistake(
        "{duration: 5, image: media/moon.jpg}",
        "｛duration: 5, image: media/moon.jpg｝",
        "full-width-sign",
        "write `{`",
        "{duration: 5, image: media/moon.jpg}",
    ),
    "full-width quotes": Mistake(
        '["13800138000", "13900139000"]',
        "[“13800138000”, “13900139000”]",
        "full-width-sign",
        'write `"`',
        '["13800138000", "13900139000"]',
    ),
    "Chinese quotes around a path": Mistake(
        "image: media/moon.jpg}",
        "image: 「media/moon.jpg」}",
        "full-width-sign",
        'write `"`',
        'image: "media/moon.jpg"}',
    ),
    "quotes that a phone would show": Mistake(
        "title: 秋季新品", "title: “秋季新品”", "quotes-shown", "phones show", None
    ),
    "a full-width dash": Mistake(
        "  - duration: 3", "  － duration: 3", "full-width-sign", "write `-`", "  - duration: 3"
    ),
    "a full-width number sign": Mistake(
        "recipients:\n",
        "recipients:\n＃ 会员\n",
        "full-width-sign",
        "write `#`",
        "recipients:\n# 会员\n",
    ),
    "full-width digits": Mistake(
        "duration: 3", "duration: ３", "wrong-type", "write `duration: 3`", "duration: 3"
    ),
    # ---- blanks
    "no blank behind a dash": Mistake(
        "  - duration: 3", "  -duration: 3", "missing-blank", "write `- `", "  - duration: 3"
    ),
    "indented by an ideographic blank": Mistake(
        "    text:", "　　text:", "wide-blank", "plain blanks", "    text:"
    ),
    "indented by no-break spaces": Mistake(
        "    text:", "\u00a0\u00a0\u00a0\u00a0text:", "wide-blank", "plain blanks", "    text:"
    ),
    "indented by tabs": Mistake("    text:", "\t\ttext:", "tab", "indent with blanks", "    text:"),
    "a tab behind a colon": Mistake("title: ", "title:\t", "tab", "blanks", "title: "),
    "a line of a text that is not indented enough": Mistake(
        "拒收请回复R\n", "\n    拒收请回复R\n", "missing-colon", "indented further", None
    ),
    # ---- pasted from a chat, a web page, a PDF, a word processor
    "a blank of no width in a title": Mistake(
        "秋季新品", "秋\u200b季新品", "control-character", "U+200B", "秋季新品"
    ),
    "a byte order mark in a field's name": Mistake(
        "    text:", "    \ufefftext:", "control-character", "byte order mark", "    text:"
    ),
    "a mark of direction behind a number": Mistake(
        '13800138000"', '13800138000\u202c"', "control-character", "direction", '13800138000"'
    ),
    "a soft hyphen in a path": Mistake(
        "media/moon", "media/mo\u00adon", "control-character", "soft hyphen", "media/moon"
    ),
    "a no-break space in a text": Mistake(
        "【某店】新品", "【某店】\u00a0新品", "outside-gb2312", "plain blank", "【某店】 新品"
    ),
    "an en dash": Mistake("上架", "上–架", "outside-gb2312", "write `—`", "上—架"),
    "a radical out of a PDF": Mistake("上架", "⼈上架", "outside-gb2312", "write `人`", "人上架"),
    "an emoji": Mistake("上架", "上架🎉", "outside-gb2312", "leave it out", None),
    "an emoji of several characters": Mistake(
        "上架", "上架👨‍👩‍👧", "outside-gb2312", "leave it out", None
    ),
    "a traditional character": Mistake("某店", "龍店", "outside-gb2312", "write `龙`", None),
    "a unit that is one character": Mistake("上架", "99㎡", "outside-gb2312", "平方米", None),
    "a sign of a currency": Mistake("上架", "€9", "outside-gb2312", "write `欧元`", None),
    # ---- names of fields
    "a Chinese name": Mistake("title:", "标题:", "unknown-field", "`title`?", "title:"),
    "a singular": Mistake("frames:", "frame:", "unknown-field", "`frames`?", "frames:"),
    "a capital": Mistake("title:", "Title:", "unknown-field", "`title`?", "title:"),
    "a letter off": Mistake(
        "duration: 3", "durtion: 3", "unknown-field", "`duration`?", "duration: 3"
    ),
    "a name that may be two": Mistake("start:", "stat:", "unknown-field", "did you mean", None),
    # ---- times
    "a time with 点": Mistake(
        "2035-09-18 09:00",
        "2035年9月18日上午9点",
        "wrong-time",
        "`start: 2035-09-18 09:00`",
        "2035-09-18 09:00",
    ),
    "half past, in the evening": Mistake(
        "2035-09-18 09:00",
        "2035-9-18 晚上8点半",
        "wrong-time",
        "`start: 2035-09-18 20:30`",
        "2035-09-18 20:30",
    ),
    "9点 may be in the evening": Mistake(
        "2035-09-18 09:00", "2035年9月18日 9点", "wrong-time", "`start: 2035-09-18 09:00`", None
    ),
    "a date with slashes": Mistake(
        "2035-09-18 09:00",
        "2035/9/18 9:00",
        "wrong-time",
        "`start: 2035-09-18 09:00`",
        "2035-09-18 09:00",
    ),
    "a clock of 12 hours": Mistake(
        "2035-09-18 09:00",
        "2035-09-18 9:05 PM",
        "wrong-time",
        "`start: 2035-09-18 21:05`",
        "2035-09-18 21:05",
    ),
    "a full-width colon in a time": Mistake(
        "2035-09-18 09:00",
        "2035-09-18 09：00",
        "wrong-time",
        "`start: 2035-09-18 09:00`",
        "2035-09-18 09:00",
    ),
    "seconds without their zero": Mistake(
        "2035-09-18 09:00",
        "2035-09-18 09:00:5",
        "wrong-time",
        "`start: 2035-09-18 09:00:05`",
        "2035-09-18 09:00:05",
    ),
    "no year": Mistake("2035-09-18 09:00", "9月18日 9点30分", "wrong-time", "like 2035", None),
    "no time of day": Mistake("2035-09-18 09:00", "2035-09-18", "wrong-time", "add the time", None),
    # ---- values
    "seconds with their unit": Mistake(
        "duration: 3", "duration: 3秒", "wrong-type", "write `duration: 3`", "duration: 3"
    ),
    "seconds in quotes": Mistake(
        "duration: 3", 'duration: "3"', "wrong-type", "write `duration: 3`", "duration: 3"
    ),
    "minutes for a duration": Mistake(
        "frames:",
        "latest: 30 分钟\nframes:",
        "wrong-form",
        "write `latest: 30m`",
        "latest: 30m\nframes:",
    ),
    "hours as people say them": Mistake(
        "frames:",
        "hours: 8:00～21:00\nframes:",
        "wrong-form",
        "write `hours: 08:00-21:00`",
        "hours: 08:00-21:00\nframes:",
    ),
    "是 for true": Mistake(
        "frames:",
        "starts_at_gateway: 是\nframes:",
        "wrong-type",
        "`starts_at_gateway: true`",
        "starts_at_gateway: true\nframes:",
    ),
    "暂停 for paused": Mistake(
        "frames:",
        "state: 暂停\nframes:",
        "not-allowed-value",
        "write `state: paused`",
        "state: paused\nframes:",
    ),
    "a range with 至": Mistake(
        "frames:",
        "expect: {recipients: 1至9人}\nframes:",
        "wrong-form",
        "1-9",
        "expect: {recipients: 1-9}\nframes:",
    ),
    "a title that is a number": Mistake(
        "title: 秋季新品", "title: 2035", "wrong-type", 'write `title: "2035"`', 'title: "2035"'
    ),
    "a title that others read as false": Mistake(
        "title: 秋季新品", "title: NO", "ambiguous-value", "quotes", 'title: "NO"'
    ),
    "a second colon in a text": Mistake(
        "text: 【某店】新品上架，拒收请回复R",
        "text: 时间: 9点",
        "needs-quotes",
        "in quotes",
        'text: "时间: 9点"',
    ),
    "a text that begins with a star": Mistake(
        "title: 秋季新品", "title: *特价*", "needs-quotes", "in quotes", 'title: "*特价*"'
    ),
    # ---- lists, files and numbers
    "one file that is no list": Mistake(
        "[lists/members.csv]",
        "lists/members.csv",
        "wrong-type",
        "[lists/members.csv]",
        "[lists/members.csv]",
    ),
    "numbers that are no list": Mistake(
        '["13800138000", "13900139000"]',
        "13800138000、13900139000",
        "wrong-type",
        "`- `",
        '["13800138000", "13900139000"]',
    ),
    "a backslash": Mistake(
        "media/moon.jpg",
        "media\\moon.jpg",
        "missing-file",
        "write `media/moon.jpg`",
        "media/moon.jpg",
    ),
    "other capitals": Mistake(
        "media/moon.jpg",
        "media/Moon.JPG",
        "missing-file",
        "write `media/moon.jpg`",
        "media/moon.jpg",
    ),
    "a list with other capitals": Mistake(
        "lists/members.csv",
        "Lists/Members.csv",
        "missing-file",
        "write `lists/members.csv`",
        "lists/members.csv",
    ),
    "a path of one's own computer": Mistake(
        "image: media/moon.jpg",
        "image: 'C:\\Users\\li\\moon.jpg'",
        "absolute-path",
        "one computer alone",
        None,
    ),
    "letters for digits": Mistake(
        "13800138000", "138OO138OOO", "invalid-number", "such as O for 0", None
    ),
    "a landline": Mistake("13800138000", "021-62345678", "invalid-number", "landline", None),
    "a digit is missing": Mistake("13800138000", "1380013800", "invalid-number", "10 digits", None),
    "the first digit is missing": Mistake(
        "13800138000", "3800138000", "invalid-number", "the 1 in front is missing", None
    ),
    "a spreadsheet rounded it": Mistake(
        '"13800138000"', "1.38001E+10", "invalid-number", "a spreadsheet", None
    ),
    "a spreadsheet put decimals behind it": Mistake(
        '"13800138000"', "13800138000.0", "invalid-number", "`.0`", None
    ),
    "two numbers in one": Mistake(
        "13800138000", "13800138000/13900139000", "invalid-number", "more than one number", None
    ),
    "a name beside the number": Mistake(
        "13800138000", "张三13800138000", "invalid-number", "beside the number", None
    ),
}


def write(shop, mistake):
    assert CAMPAIGN.count(mistake.right) >= 1
    shop.write("news.yaml", CAMPAIGN.replace(mistake.right, mistake.wrong, 1))


def test_the_campaign_below_the_mistakes_is_sound(shop):
    shop.write("news.yaml", CAMPAIGN)
    assert shop.load().diagnostics == ()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_what_to_do(shop, name):
    mistake = MISTAKES[name]
    write(shop, mistake)
    faults = shop.load().diagnostics
    assert {fault.rule for fault in faults} == {mistake.rule}
    assert any(mistake.told in f"{fault.message}; {fault.hint}" for fault in faults)
    first = CAMPAIGN[: CAMPAIGN.index(mistake.right)].count("\n") + 1
    last = first + mistake.wrong.rstrip("\n").count("\n")
    assert all(first <= fault.span.line <= last for fault in faults)


@pytest.mark.parametrize("name", MISTAKES)
def test_what_is_certain_is_mended_and_nothing_else(shop, name):
    mistake = MISTAKES[name]
    write(shop, mistake)
    mended = mend(shop.root, lambda instead: load_workspace(shop.root, instead=instead))
    if mistake.fixed is None:
        assert mended.files == ()
        return
    [file] = mended.files
    assert file.after.decode() == CAMPAIGN.replace(mistake.right, mistake.fixed, 1)
    assert mended.workspace.errors == ()


def test_many_mistakes_in_one_file_are_told_at_once_and_mended_one_after_the_other(shop):
    text = CAMPAIGN.replace(": ", "：").replace(":\n", "：\n").replace("    text", "　　text")
    shop.write("news.yaml", text.replace("3\n", "3秒\n").replace("recipients", "收件人"))
    rules = [fault.rule for fault in shop.load().diagnostics]
    assert len(rules) > 8
    assert {"missing-colon", "wide-blank", "wrong-type", "unknown-field"} <= set(rules)
    mended = mend(shop.root, lambda instead: load_workspace(shop.root, instead=instead))
    assert mended.files[0].after.decode() == CAMPAIGN


def test_two_names_for_one_field_are_for_their_author_to_decide(shop):
    shop.write("news.yaml", CAMPAIGN.replace("title: 秋季新品", "标题: 秋季\nTitle: 新品"))
    faults = shop.load().diagnostics
    assert [(fault.rule, fault.fix) for fault in faults] == [("unknown-field", None)] * 2


def test_a_list_that_a_spreadsheet_rounded_is_warned_of_once(shop):
    shop.write(
        "lists/members.csv", "mobile\n" + "".join(f"1{at}00000000\n" for at in range(40, 59))
    )
    shop.write("news.yaml", CAMPAIGN)
    [fault] = shop.load().diagnostics
    assert (fault.rule, fault.span.line) == ("rounded-numbers", 7)
    assert fault.message.startswith("19 of the numbers")


@pytest.mark.parametrize(
    "text",
    [
        "text: 【某店】时间：9点，地点：湖滨路，拒收请回复R",
        "text: 【某店】“全场”八折“起”，拒收请回复R",
        "text: |\n      　　【某店】亲爱的会员：\n      title：你好，｛｝［］，拒收请回复R",
        'text: "【某店】标题：你好，世界，拒收请回复R"',
        "text: 【某店】你好\n      图片：见下，拒收请回复R",
        "text: 【某店】¥99—199·限时～，拒收请回复R",
    ],
)
def test_a_text_may_hold_every_sign_that_people_read(shop, text):
    shop.write("news.yaml", CAMPAIGN.replace("text: 【某店】新品上架，拒收请回复R", text))
    assert shop.load().diagnostics == ()
