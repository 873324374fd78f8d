"""A campaign file: what is made of it, and every fault of it at its very place."""

import json
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from workspaces import FRAMES, RECIPIENTS, SETTINGS, Shop, shop

from runner.model.campaign import Expectation, PartType, Wish
from runner.model.hours import Hours

__all__ = ["shop"]

CHINA = timezone(timedelta(hours=8))
BRANCH = SETTINGS[SETTINGS.index("  main:") :].replace("main", "branch")


def text_frame(text):
    return f"frames:\n  - duration: 3\n    text: {text}\n"


def image_frame(name):
    return f"frames:\n  - duration: 3\n    image: {name}\n"


# the message


def test_the_short_form_shows_the_text_first_whatever_the_order_of_the_keys(shop):
    frames = "frames:\n  - {image: media/moon.jpg, duration: 3, text: 你好}\n"
    [frame] = shop.sound_campaign(frames=frames).message.frames
    assert [part.type for part in frame.parts] == [PartType.TXT, PartType.JPG]
    assert frame.duration == 3


def test_the_long_form_keeps_its_order(shop):
    frames = (
        "frames:\n  - duration: 5\n    parts:\n      - image: media/map.gif\n      - text: 一\n"
        "      - text: 二\n      - image: media/moon.jpg\n"
    )
    [frame] = shop.sound_campaign(frames=frames).message.frames
    types = [PartType.GIF, PartType.TXT, PartType.TXT, PartType.JPG]
    assert [part.type for part in frame.parts] == types
    assert frame.parts[1].payload == "一".encode("gb2312")


def test_frames_play_in_the_order_of_the_file(shop):
    frames = "frames:\n  - {duration: 255, text: 一}\n  - {duration: 1, text: 二}\n"
    assert [frame.duration for frame in shop.sound_campaign(frames=frames).message.frames] == [
        255,
        1,
    ]


def test_a_title_may_hold_what_a_text_may_not(shop):
    """The title travels in UTF-8."""
    assert shop.sound_campaign(title="张喆🎑").message.title == "张喆🎑"


@pytest.mark.parametrize(
    "text",
    [
        "你好–喆，²",
        '"你好–喆，²"',
        "'你好–喆，²'",
        "|\n      你好\n      –喆，²",
        ">-\n      你好\n      –喆，\n\n      ²",
        "你好\n      –喆，²",
    ],
)
def test_each_character_outside_gb2312_is_told_at_its_own_place(shop, text):
    faults = shop.faults(frames=text_frame(text))
    assert [fault.rule for fault in faults] == ["outside-gb2312"] * 3
    assert [shop.marked(fault) for fault in faults] == ["–", "喆", "²"]
    assert [fault.hint for fault in faults] == [
        "write `—`",
        "write it in another way",
        "write `2`",
    ]


def test_a_character_that_is_written_as_an_escape_is_told_at_its_value(shop):
    fault = shop.fault(frames=text_frame('"你好\\u5586"'))
    assert (fault.rule, shop.marked(fault)) == ("outside-gb2312", '"你好\\u5586"')
    assert "U+5586" in fault.message


def test_what_cannot_be_seen_is_named_by_its_number(shop):
    fault = shop.fault(frames=text_frame("你好\u00a0再见"))
    assert "U+00A0" in fault.message
    assert fault.hint == "use a plain blank"


def test_the_dash_and_the_dot_of_chinese_texts_are_fine(shop):
    [frame] = shop.sound_campaign(frames=text_frame("金秋——玛丽·居里……")).message.frames
    assert frame.parts[0].payload.decode("gbk") == "金秋——玛丽·居里……"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("media/mon.jpg", "missing-file"),
        ("media\\moon.jpg", "missing-file"),
        ("media", "not-a-file"),
        ("pipe.jpg", "not-a-file"),
        ("../outside.jpg", "outside-workspace"),
        ("linked.jpg", "outside-workspace"),
        ("/etc/moon.jpg", "absolute-path"),
        ("photo.gif", "wrong-suffix"),
        ("png.jpg", "unsupported-image"),
        ("cut.jpg", "damaged-image"),
        ("empty.jpg", "unknown-image"),
        ("'  '", "wrong-form"),
        ('"a\\0.jpg"', "wrong-form"),
    ],
)
def test_a_picture_that_cannot_be_sent_is_told_at_its_name(shop, name, rule):
    jpeg = (shop.root / "media/moon.jpg").read_bytes()
    shop.write("photo.gif", jpeg)
    shop.write("png.jpg", b"\x89PNG\r\n\x1a\n")
    shop.write("cut.jpg", jpeg[:-20])
    shop.write("empty.jpg", "")
    os.mkfifo(shop.root / "pipe.jpg")
    (shop.root / "linked.jpg").symlink_to("../outside.jpg")
    (shop.root.parent / "outside.jpg").write_bytes(jpeg)
    fault = shop.fault(frames=image_frame(name))
    assert (fault.rule, shop.marked(fault)) == (rule, name)


def test_a_picture_that_is_nearly_named_right_is_suggested(shop):
    assert shop.fault(frames=image_frame("media/mon.jpg")).hint == "did you mean `moon.jpg`?"
    for name in ("media\\moon.jpg", "media/Moon.JPG"):
        assert shop.fault(frames=image_frame(name)).hint == "write `media/moon.jpg`"
    assert "not a backslash" in shop.fault(frames=image_frame("media\\mon.jpg")).hint


def test_a_message_that_is_too_large_names_the_size_of_each_part(shop):
    shop.write("runner.yaml", f"{SETTINGS}    message_limit: 60\n")
    frames = "frames:\n  - {duration: 3, image: media/moon.jpg, text: 你好}\n"
    fault = shop.fault(frames=frames)
    jpeg = (shop.root / "media/moon.jpg").stat().st_size
    assert (fault.rule, shop.marked(fault)) == ("message-too-large", "frames")
    assert f"{12 + 4 + jpeg} bytes" in fault.message
    assert "60" in fault.message
    assert f"title 12, frame 1 txt 4, frame 1 jpg {jpeg}" in fault.hint


def test_a_message_may_be_exactly_as_large_as_the_limit(shop):
    shop.write("runner.yaml", f"{SETTINGS}    message_limit: 16\n")
    assert shop.sound_campaign(frames=text_frame("你好"))


# when


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("2035-09-16 09:00", datetime(2035, 9, 16, 9, tzinfo=CHINA)),
        ('"2035-09-16 09:00"', datetime(2035, 9, 16, 9, tzinfo=CHINA)),
        ("2035-09-16T09:00:30", datetime(2035, 9, 16, 9, 0, 30, tzinfo=CHINA)),
        ("2035-09-16 09:00:00+02:00", datetime(2035, 9, 16, 7, tzinfo=UTC)),
        ("2035-09-16T01:00:00Z", datetime(2035, 9, 16, 1, tzinfo=UTC)),
    ],
)
def test_a_start_is_a_time_in_the_zone_of_the_settings_or_with_an_offset(shop, written, start):
    campaign = shop.sound_campaign(f"start: {written}\n")
    assert (campaign.start, campaign.starts_now, campaign.is_draft) == (start, False, False)
    assert campaign.start_as_written == written.strip('"')


@pytest.mark.parametrize("written", ["now", '"now"'])
def test_a_campaign_may_start_now(shop, written):
    campaign = shop.sound_campaign(f"start: {written}\n")
    assert (campaign.start, campaign.starts_now, campaign.is_draft) == (None, True, False)


def test_a_campaign_without_a_start_is_a_draft(shop):
    campaign = shop.sound_campaign()
    assert campaign.is_draft
    assert campaign.start_as_written is None


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    "written",
    [
        "2035-09-16",
        "2035-02-30 09:00",
        "2035-09-16 24:30",
        "2035-09-16 09:00 +25:00",
        "0001-01-01 00:00",
        "9999-12-31 23:59 -08:00",
        "tomorrow",
        "12:30:00",
        "20350916",
    ],
)
def test_a_start_that_is_no_time_is_told_at_its_value(shop, written, quote):
    fault = shop.fault(f"start: {quote}{written}{quote}\n")
    assert (fault.rule, shop.marked(fault)) == ("wrong-time", f"{quote}{written}{quote}")


@pytest.mark.parametrize(
    ("written", "why"),
    [("2024-03-31 02:30", "skips this time"), ("2024-10-27 02:30", "shows this time twice")],
)
def test_a_time_that_the_clock_skips_or_shows_twice_needs_an_offset(shop, written, why):
    shop.write("runner.yaml", f"timezone: Europe/Berlin\n{SETTINGS}")
    fault = shop.fault(f"start: {written}\n")
    assert why in fault.message
    assert "+0" in fault.hint
    assert shop.sound_campaign(f"start: {written}+01:00\n").start.tzinfo


def test_latest_is_an_hour_where_it_is_left_out(shop):
    assert shop.sound_campaign().latest == timedelta(hours=1)


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("1h30m", 5400), ("3d", 259_200), ("45", 45), ("0", 0)]
)
def test_latest_is_a_duration(shop, written, seconds):
    assert shop.sound_campaign(f"latest: {written}\n").latest == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("soon", "wrong-form"),
        ("-5", "out-of-range"),
        ("1.5", "wrong-type"),
        ("9999d", "wrong-duration"),
        ("9" * 5000 + "s", "wrong-form"),
        ("true", "wrong-type"),
        ("null", "no-value"),
    ],
)
def test_another_latest_is_told_once(shop, written, rule):
    assert shop.fault(f"latest: {written}\n").rule == rule


@pytest.mark.parametrize(
    ("start", "until"),
    [
        ("2035-09-16 09:00", "2035-09-16 21:00"),
        ("now", "2035-09-16T21:00:00+08:00"),
        ("2035-09-16 09:00", '"2035-09-16 13:00Z"'),
    ],
)
def test_until_is_written_as_a_start_is(shop, start, until):
    campaign = shop.sound_campaign(f"start: {start}\nuntil: {until}\n")
    assert campaign.until == datetime(2035, 9, 16, 21, tzinfo=CHINA)


def test_a_draft_may_have_an_until(shop):
    assert shop.sound_campaign("until: 2035-09-16 21:00\n").is_draft


@pytest.mark.parametrize("written", ["2035-09-16 09:00", "2035-09-16 02:00+02:00"])
def test_an_until_that_is_not_after_the_start_is_told_at_its_value(shop, written):
    fault = shop.fault(f"start: 2035-09-16 09:00\nuntil: {written}\n")
    assert (fault.rule, shop.marked(fault)) == ("until-before-start", written)


@pytest.mark.parametrize("written", ["now", "2035-09-16", "soon"])
def test_an_until_that_is_no_time_is_told_at_its_value(shop, written):
    fault = shop.fault(f"start: 2035-09-16 09:00\nuntil: {written}\n")
    assert (fault.rule, shop.marked(fault)) == ("wrong-time", written)


def test_a_campaign_has_hours_of_its_own_where_it_says_so(shop):
    assert shop.sound_campaign("hours: 21:30-06:00\n").hours == Hours(opens=1290, closes=360)
    assert shop.sound_campaign("hours: null\n").hours is None
    assert shop.sound_campaign().hours is None


@pytest.mark.parametrize(
    ("written", "rule"),
    [("08:00-08:00", "wrong-hours"), ("8-21", "wrong-form"), ("08:00-25:00", "wrong-form")],
)
def test_hours_that_are_none_are_told_at_their_value(shop, written, rule):
    fault = shop.fault(f"hours: {written}\n")
    assert (fault.rule, shop.marked(fault)) == (rule, written)


def test_hours_without_an_inside_say_what_to_do(shop):
    """Nobody can tell whether nothing is meant or everything."""
    fault = shop.fault("hours: 08:00-08:00\n")
    assert "end when they begin" in fault.message
    assert "leave `hours` out" in fault.hint


@pytest.mark.parametrize("start", ["2035-09-16 09:00", "now"])
def test_the_gateway_may_wait_for_a_start(shop, start):
    assert shop.sound_campaign(f"start: {start}\nstarts_at_gateway: true\n").starts_at_gateway


@pytest.mark.parametrize("line", ["", "start: now\n", "starts_at_gateway: false\n"])
def test_a_start_is_waited_for_here_unless_the_file_says_otherwise(shop, line):
    assert not shop.sound_campaign(line).starts_at_gateway


def test_the_gateway_cannot_wait_for_a_draft(shop):
    fault = shop.fault("starts_at_gateway: true\n")
    assert (fault.rule, fault.span.line) == ("missing-field", 1)
    assert "the gateway waits for it" in fault.message


@pytest.mark.parametrize("line", ["starts: now", "start:", "start: soon", "<<: {start: now}"])
def test_a_start_that_is_written_wrong_is_not_missing_too(shop, line):
    assert shop.fault(f"{line}\nstarts_at_gateway: true\n").span.line == 2


@pytest.mark.parametrize(
    ("line", "wish"),
    [("state: paused\n", Wish.PAUSED), ("state: cancelled\n", Wish.CANCELLED), ("", None)],
)
def test_a_file_may_pause_and_cancel_its_campaign(shop, line, wish):
    assert shop.sound_campaign(line).wish is wish


@pytest.mark.parametrize("line", ["state: pause", "until:", "starts_at_gateway: NO", "state: null"])
def test_a_key_about_time_or_state_that_is_wrong_has_one_fault(shop, line):
    assert shop.fault(f"{line}\n").span.line == 2


# to whom


def test_numbers_may_stand_in_any_form(shop):
    numbers = (
        '[13800138000, "13800138001", +8613800138002, 86 138-0013-8003, １３８００１３８００４]'
    )
    audience = shop.sound_campaign(recipients=f"recipients:\n  numbers: {numbers}\n").audience
    assert list(audience.mobiles) == [13800138000 + index for index in range(5)]


@pytest.mark.parametrize(
    "written", ["1380013800", '"1380013800"', "138x0013800", "1.38e+10", "0123"]
)
def test_what_is_no_mobile_number_is_told_at_its_place_without_its_digits(shop, written):
    fault = shop.fault(recipients=f"recipients:\n  numbers: [13800138000, {written}]\n")
    assert (fault.rule, shop.marked(fault)) == ("invalid-number", written)
    assert written.strip('"') not in f"{fault.message} {fault.hint}"


def test_invalid_numbers_are_counted_where_the_campaign_says_skip(shop):
    recipients = "recipients:\n  numbers: [13800138000, 12]\n  invalid: skip\n"
    audience = shop.sound_campaign(recipients=recipients).audience
    assert (audience.given, audience.invalid, len(audience.mobiles)) == (2, 1, 1)
    assert audience.invalid_places == ("news.yaml:6",)


def test_skip_never_applies_to_exclusions(shop):
    shop.write("lists/staff.csv", "mobile\n12\n")
    recipients = f"{RECIPIENTS}  exclude: [lists/staff.csv]\n  invalid: skip\n"
    fault = shop.fault(recipients=recipients)
    assert (fault.rule, fault.file, fault.span.line) == ("invalid-number", "lists/staff.csv", 2)


def test_everybody_is_counted_once_and_the_first_place_wins(shop):
    shop.write("lists/more.csv", "手机\n13800138001\n13800138009\n")
    shop.write("lists/staff.csv", "13800138000\n")
    recipients = (
        "recipients:\n  files: [lists/members.csv, ./lists/more.csv]\n"
        "  numbers: [13800138009]\n  exclude: [lists/staff.csv]\n"
    )
    audience = shop.sound_campaign(recipients=recipients).audience
    assert list(audience.mobiles) == [13800138009, 13800138001]
    assert (audience.given, audience.duplicates, audience.excluded) == (5, 2, 1)
    names = ["lists/members.csv", "lists/more.csv", "lists/staff.csv"]
    assert [source.name for source in audience.sources] == names


def test_another_column_is_named_by_the_campaign(shop):
    shop.write("lists/old.csv", "姓名,联系电话\n张三,13800138000\n")
    recipients = "recipients:\n  files: [lists/old.csv]\n  column: 联系电话\n"
    assert list(shop.sound_campaign(recipients=recipients).audience.mobiles) == [13800138000]


@pytest.mark.parametrize("name", ["lists/nobody.csv", "lists", "../members.csv", "/members.csv"])
@pytest.mark.parametrize("key", ["files", "exclude"])
def test_a_list_that_cannot_be_read_is_told_at_its_name(shop, key, name):
    recipients = f"{RECIPIENTS}  {key}: [{name}]\n"
    assert shop.marked(shop.fault(recipients=recipients)) == name


def test_a_number_in_the_place_of_a_file_is_not_shown(shop):
    fault = shop.fault(recipients=f'{RECIPIENTS}  exclude: ["13800138000"]\n')
    assert fault.rule == "number-not-file"
    assert "13800138000" not in f"{fault.message} {fault.hint} {fault.excerpt}"


@pytest.mark.parametrize(
    "recipients",
    [
        "recipients:\n  numbers: []\n",
        "recipients:\n  files: []\n  lists: []\n",
        "recipients:\n  numbers: [13800138000]\n  exclude: [lists/members.csv]\n",
        "recipients:\n  numbers: [12]\n  invalid: skip\n",
    ],
)
def test_an_audience_without_anybody_is_told_at_its_key(shop, recipients):
    fault = shop.fault(recipients=recipients)
    assert (fault.rule, shop.marked(fault)) == ("no-recipients", "recipients")


@pytest.mark.parametrize(
    "recipients",
    [
        "recipients:\n  files: [lists/nobody.csv]\n",
        "recipients:\n  numbers: [12]\n",
        "recipients:\n  nummers: [13800138000]\n",
        "recipients:\n  numbers:\n",
        "recipients:\n  column: x\n",
        "recipients:\n",
        "recipients: lists/members.csv\n",
        "recipient:\n  numbers: [13800138000]\n",
    ],
)
def test_an_audience_that_could_not_be_read_has_that_fault_alone(shop, recipients):
    assert shop.fault(recipients=recipients).rule != "no-recipients"


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [("5", 5, 5), ("5-10", 5, 10), ("5 - 10", 5, 10), ('"5-5"', 5, 5), ("0", 0, 0)],
)
def test_expect_is_a_number_or_a_range(shop, written, least, most):
    campaign = shop.sound_campaign(f"expect: {{recipients: {written}}}\n")
    assert campaign.expect == Expectation(least=least, most=most)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("10-5", "wrong-range"),
        ("-5", "out-of-range"),
        ("many", "wrong-form"),
        ("5.5", "wrong-type"),
        ("９-５", "wrong-form"),
        (f"{'9' * 5000}-1", "wrong-form"),
    ],
)
def test_another_expectation_is_told_once_at_its_value(shop, written, rule):
    fault = shop.fault(f"expect: {{recipients: {written}}}\n")
    assert (fault.rule, shop.marked(fault)) == (rule, written)


# from which account


def test_the_only_account_need_not_be_named(shop):
    campaign = shop.sound_campaign()
    assert (campaign.account, campaign.account_as_written) == ("main", None)


def test_an_account_is_named_as_written(shop):
    shop.write("runner.yaml", SETTINGS + BRANCH.replace("branch", '"012"'))
    campaign = shop.sound_campaign("account: 012\n")
    assert (campaign.account, campaign.account_as_written) == ("012", "012")


def test_an_unknown_account_is_told_with_the_nearest_one(shop):
    fault = shop.fault("account: mian\n")
    assert (fault.rule, shop.marked(fault)) == ("unknown-account", "mian")
    assert fault.hint == "did you mean `main`?"


def test_an_account_unlike_all_others_is_told_with_their_names(shop):
    shop.write("runner.yaml", SETTINGS + BRANCH)
    assert shop.fault("account: 13800138000\n").hint == "the accounts are: main, branch"
    assert "13800138000" not in shop.fault("account: 13800138000\n").message


def test_with_several_accounts_one_must_be_named(shop):
    shop.write("runner.yaml", SETTINGS + BRANCH)
    fault = shop.fault()
    assert (fault.rule, fault.span.line, fault.span.end_line) == ("missing-account", 1, 1)
    assert fault.hint == "the accounts are: main, branch"


@pytest.mark.parametrize("line", ["account: NO", "account:", "acount: main", "account: [main]"])
def test_an_account_that_is_written_wrong_is_not_missing_too(shop, line):
    shop.write("runner.yaml", SETTINGS + BRANCH)
    assert shop.fault(f"{line}\n").span.line == 2


# again


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("mid-autumn", ("mid-autumn",)),
        ("2034/mid-autumn", ("2034/mid-autumn",)),
        ("[a, b, a]", ("a", "b")),
        ("2034", ("2034",)),  # as written: a file may be called 2034.yaml
        ("012", ("012",)),
        ("[2034, '2035']", ("2034", "2035")),
        ("'cafe\u0301'", ("caf\u00e9",)),  # NFC, as ids are
    ],
)
def test_what_it_sends_again_is_named_by_ids(shop, written, ids):
    assert shop.sound_campaign(f"again: {written}\n").again == ids


def test_without_a_word_it_sends_nothing_again(shop):
    assert shop.sound_campaign().again == ()


def test_what_it_sends_again_need_not_be_known(shop):
    """It may have been sent years ago, and its file be gone."""
    assert shop.sound_campaign("again: nobody/knows\n").again == ("nobody/knows",)


@pytest.mark.parametrize("written", ["news", "[mid-autumn, news]"])
def test_no_campaign_sends_itself_again(shop, written):
    fault = shop.fault(f"again: {written}\n")
    assert (fault.rule, shop.marked(fault)) == ("again-itself", written)
    assert fault.hint == "copy it to a new file name, and say `again: news` there"


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("''", "wrong-form"),
        ("' '", "wrong-form"),
        ('"a\\nb"', "wrong-form"),
        ("true", "wrong-type"),
        ("{id: mid-autumn}", "wrong-type"),
        ("[true]", "wrong-type"),
        ("[[a]]", "wrong-type"),
        ("['']", "wrong-form"),
        ("[]", "too-few"),
        ("", "no-value"),
        ("null", "no-value"),
        ("no", "ambiguous-value"),
    ],
)
def test_what_names_no_campaign_is_told_once(shop, written, rule):
    fault = shop.fault(f"again: {written}\n")
    assert (fault.rule, fault.span.line) == (rule, 2)


# all at once


def test_one_fault_never_hides_another(shop):
    frames = (
        "frames:\n  - duraton: 3\n    text: 张喆\n  - duration: 300\n    image: media/mon.jpg\n"
        "  - duration: 5\n    parts:\n      - txt: 你好\n      - image: ../moon.jpg\n"
    )
    recipients = "recipients:\n  numbers: [12]\n  files: [lists/nobody.csv]\n  excluded: []\n"
    more = "acount: main\nstart: 2035-02-30 09:00\nlatest: NO\nexpect: {recipients: 9-1}\n"
    faults = shop.faults(more, frames=frames, recipients=recipients)
    assert [(fault.span.line, fault.rule) for fault in faults] == [
        (2, "unknown-field"),
        (3, "wrong-time"),
        (4, "ambiguous-value"),
        (5, "wrong-range"),
        (7, "unknown-field"),
        (8, "outside-gb2312"),
        (9, "out-of-range"),
        (10, "missing-file"),
        (13, "unknown-field"),
        (14, "outside-workspace"),
        (16, "invalid-number"),
        (17, "missing-file"),
        (18, "unknown-field"),
    ]


def test_an_empty_audience_is_told_beside_a_fault_elsewhere(shop):
    faults = shop.faults("start: soon\n", recipients="recipients:\n  numbers: []\n")
    assert [fault.rule for fault in faults] == ["wrong-time", "no-recipients"]


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(shop, mark, end):
    text = f"title: 秋季新品\n{FRAMES}{RECIPIENTS}".replace("\n", end)
    shop.write("news.yaml", (mark + text).encode())
    assert shop.load().diagnostics == ()


WHOLE = f"""\
title: 秋季新品
account: main
start: 2035-09-16 09:00
latest: 1h
expect: {{recipients: 1-5}}
frames:
  - duration: 3
    text: |
      【某店】你好
    image: media/moon.jpg
  - duration: 5
    parts:
      - image: media/map.gif
      - text: "再见"
recipients:
  numbers: {json.dumps(["13800138000"])}
  files: [lists/members.csv]
  exclude: []
"""
PIECES = [
    "",
    "\t",
    ": ",
    "[",
    "}",
    "null",
    "-",
    "喆",
    "9" * 5000,
    '"\\0"',
    "&a ",
    "!x ",
    "\n- ",
    "|\n",
]


@given(data=st.data())
@hypothesis_settings(max_examples=100, deadline=None)
def test_no_damage_to_the_file_is_worse_than_a_fault(tmp_path_factory, data):
    """Pieces of it are cut out, doubled and replaced; it is read, or its faults are told."""
    shop = Shop(tmp_path_factory.getbasetemp().resolve() / "damaged")
    for file in ("lists/members.csv", "media/moon.jpg", "media/map.gif"):
        shop.write(file, "mobile\n13800138001\n")
    shop.write("runner.yaml", SETTINGS)
    start = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(start, min(len(WHOLE), start + 12)))
    piece = data.draw(st.sampled_from(PIECES) | st.text(max_size=6))
    text = WHOLE[:start] + piece + WHOLE[end:]
    shop.write("damaged.yaml", text.encode(errors="surrogatepass"))
    faults = shop.load().diagnostics
    assert faults  # the pictures are none
    for fault in faults:
        assert fault.span.line <= text.count("\n") + text.count("\r") + 1
        assert "13800138000" not in f"{fault.message} {fault.hint} {fault.excerpt}"
