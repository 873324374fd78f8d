"""What an author is warned of: that a message lacks something, cannot be seen, or comes unwanted.

A warning forbids nothing, is told where the thing is, and can be ignored there. Each rule's bad
and good example are in `test_rules.py`; here is where the line between them lies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image
from workspaces import SETTINGS, shop

from runner.workspace.load import load_workspace

__all__ = ["shop"]

OPT_OUT = "拒收请回复R"
NUMBER = '"13800138000"'


def frames(*lines):
    return "frames:\n" + "".join(f"  - {line}\n" for line in lines)


def told(shop, more="", **parts):
    return [fault.rule for fault in shop.faults(more, **parts)]


def saying(text, duration=20):
    return frames(f"{{duration: {duration}, text: {text}}}")


def asks(shop, *lines):
    """Let the account ask for something."""
    shop.write("runner.yaml", SETTINGS + "".join(f"    {line}\n" for line in lines))


def test_an_ordinary_campaign_is_warned_of_nothing(shop):
    assert told(shop, "start: 2035-09-18 10:00\nuntil: 2035-09-18 20:00\n") == []


def test_what_is_wrong_comes_first(shop):
    """Of a campaign with an error, half of what could be said might follow from that."""
    assert told(shop, "acount: main\n", frames=saying("你好")) == ["unknown-field"]


def test_a_warning_is_left_out_where_its_line_says_so(shop):
    text = "frames:\n  - duration: 3\n    # runner: ignore[missing-opt-out, missing-signature]\n"
    assert told(shop, frames=f"{text}    text: 你好\n") == []


# words


@pytest.mark.parametrize("begin", ["【某店】", "【某 店·湖滨】", '"\\n 【某店】"'])
def test_any_signature_will_do_where_the_account_names_none(shop, begin):
    text = begin if begin.startswith('"') else f"{begin}{OPT_OUT}"
    assert "missing-signature" not in told(shop, frames=saying(text))


@pytest.mark.parametrize("begin", ["[某店]", "【】", "新品上架【某店】", "某店："])
def test_what_looks_like_a_signature_is_none(shop, begin):
    fault = shop.fault(frames=saying(f'"{begin}{OPT_OUT}"'))
    assert (fault.rule, fault.span.line) == ("missing-signature", 3)


def test_the_signature_of_the_account_is_expected_as_it_is(shop):
    asks(shop, "signature: 【某店】")
    assert told(shop) == []
    fault = shop.fault(frames=saying(f"【某某店】{OPT_OUT}"))
    assert fault.rule == "missing-signature"
    assert fault.hint == "write `【某店】` in front of it"


def test_the_signature_stands_in_front_of_the_first_text_of_the_message(shop):
    picture = "{duration: 3, image: media/moon.jpg}"
    text = f"{{duration: 3, text: 【某店】{OPT_OUT}}}"
    assert told(shop, frames=frames(picture, text)) == []


def test_of_a_message_of_pictures_alone_nobody_knows_what_it_says(shop):
    assert told(shop, frames=frames("{duration: 3, image: media/moon.jpg}")) == []


@pytest.mark.parametrize(
    "words",
    [
        "拒收请回复R",
        "拒收回R",
        "回T退订",
        "回复TD退订",
        "退订回T",
        "退订请回复TD",
        "退订请回Ｎ",
        "回复 0000 退订",
        "退订：TD",
        "如不想再收到此类消息，请回复N",
        "不再接收请致电4008001234",
        "退订请点击 https://example.cn/t",
        "取消订阅请回复QX",
        "Reply STOP to unsubscribe",
    ],
)
def test_there_are_many_ways_to_say_how_to_refuse(shop, words):
    assert told(shop, frames=saying(f'"【某店】新品上架。{words}"')) == []


@pytest.mark.parametrize(
    "words", ["可随时退订机票", "支持七天无理由退货", "回复1预约", "谢绝还价。欢迎拨打电话", "拒收"]
)
def test_other_words_do_not_say_how_to_refuse(shop, words):
    assert told(shop, frames=saying(f'"【某店】新品上架。{words}"')) == ["missing-opt-out"]


def test_the_opt_out_words_of_the_account_are_expected_as_they_are(shop):
    asks(shop, "opt_out: [回QX退出会员, 退出回QX]")
    assert told(shop, frames=saying('"【某店】你好。退出 回QX"')) == []
    fault = shop.fault()
    assert (fault.rule, fault.hint) == ("missing-opt-out", "end the last text with `回QX退出会员`")


def test_opt_out_words_may_stand_in_any_text_and_are_missed_in_the_last(shop):
    first, last = f"{{duration: 9, text: 【某店】{OPT_OUT}}}", "{duration: 9, text: 地址：湖滨路}"
    assert told(shop, frames=frames(first, last)) == []
    fault = shop.fault(frames=frames(first.replace(OPT_OUT, ""), last))
    assert (fault.rule, fault.span.line) == ("missing-opt-out", 4)


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("详见https://example.cn/a，欢迎", "，"),
        ("详见www.example.cn。", "。"),
        ("详见t.example.cn/Ab3了解", "了"),
    ],
)
def test_what_stands_right_behind_a_link_becomes_part_of_it(shop, text, behind):
    fault = shop.fault(frames=saying(f"【某店】{text}{OPT_OUT}"))
    assert (fault.rule, shop.marked(fault)) == ("link-runs-on", behind)


@pytest.mark.parametrize(
    "text", ["https://example.cn/a 欢迎", "邮箱a@example.cn/欢迎", "全场8.5折/件起", "3.5/5分好评"]
)
def test_a_link_with_a_blank_behind_it_and_what_is_no_link_are_fine(shop, text):
    assert told(shop, frames=saying(f"【某店】{text}。{OPT_OUT}")) == []


def test_a_title_has_forty_characters(shop):
    assert told(shop, title="好" * 40) == []
    assert told(shop, title="好" * 41) == ["title-too-long"]


# what a phone can show


def filling(lines, *, more=""):
    """Make a text that takes so many lines of twenty characters, the last one nearly full."""
    return f"【某店】{'好' * (20 * lines - 10)}{OPT_OUT}{more}"


@pytest.mark.parametrize(("picture", "lines"), [("", 20), ("image: media/moon.jpg, ", 10)])
def test_a_screen_has_twenty_lines_and_beside_a_picture_ten(shop, picture, lines):
    def showing(text):
        return frames(f"{{duration: 255, {picture}text: {text}}}")

    assert told(shop, frames=showing(filling(lines))) == []
    assert told(shop, frames=showing(filling(lines, more="好"))) == ["text-too-long"]


def test_each_line_of_a_text_takes_one_of_the_screen_however_short(shop):
    text = '"【某店】' + "\\n好" * 20 + f'{OPT_OUT}"'
    assert told(shop, frames=saying(text)) == ["text-too-long"]


def test_the_texts_of_a_frame_are_on_one_screen(shop):
    parts = f"{{duration: 99, parts: [{{text: {filling(11)}}}, {{text: {filling(10)}}}]}}"
    assert told(shop, frames=frames(parts)) == ["text-too-long"]


@pytest.mark.parametrize(("duration", "rules"), [(3, []), (2, ["duration-too-short"])])
def test_seven_characters_are_read_in_a_second(shop, duration, rules):
    """21 are; marks are not read, and a word in Latin letters is read at a glance."""
    text = "【某店】新品上架，全场八折！WELCOME 2035，好好，拒收请回复R"
    assert told(shop, frames=saying(text, duration)) == rules


def test_too_short_a_duration_is_told_with_one_that_is_long_enough(shop):
    fault = shop.fault(frames=saying(f"【某店】{'好' * 40}{OPT_OUT}", 3))
    assert (fault.rule, shop.marked(fault), fault.hint) == (
        "duration-too-short",
        "3",
        "write 7 or more",
    )


def test_a_picture_is_seen_in_two_seconds(shop):
    picture = "{duration: 2, image: media/moon.jpg}"
    assert told(shop, frames=frames(picture)) == []
    assert told(shop, frames=frames(picture.replace("2", "1"))) == ["duration-too-short"]


def picture_of(width, height):
    file = BytesIO()
    Image.new("RGB", (width, height), "navy").save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("width", "height", "rules"),
    [
        (640, 480, []),
        (480, 640, []),
        (641, 480, ["image-will-shrink"]),
        (481, 640, ["image-will-shrink"]),
        (160, 20, []),
        (159, 159, ["image-too-small"]),
    ],
)
def test_a_picture_has_the_size_of_what_phones_show(shop, width, height, rules):
    shop.write("media/photo.jpg", picture_of(width, height))
    assert told(shop, frames=frames("{duration: 3, image: media/photo.jpg}")) == rules


def test_a_picture_that_will_shrink_is_told_once_with_the_size_to_save_it_at(shop):
    shop.write("media/photo.jpg", picture_of(1080, 1920))
    line = "{duration: 3, image: media/photo.jpg}"
    fault = shop.fault(frames=frames(line, line.replace("3", "4, text: 【某店】回T退订")))
    assert (fault.rule, fault.span.line) == ("image-will-shrink", 3)
    assert "save it with 360 x 640 pixels" in fault.hint


def test_a_frame_that_shows_the_same_as_an_earlier_one_names_both(shop):
    line = f"{{duration: 3, text: 【某店】{OPT_OUT}}}"
    other = "{duration: 3, text: 地址：湖滨路}"
    fault = shop.fault(frames=frames(line, other, line.replace("3", "5")))
    assert (fault.rule, fault.span.line) == ("repeated-frame", 5)
    assert [(label.span.line, label.message) for label in fault.labels] == [(3, "the earlier one")]


# times


@pytest.mark.parametrize(
    ("start", "rules"),
    [
        ("2035-09-18 08:00", []),
        ("2035-09-18 20:59", []),
        ("2035-09-18 07:59", ["start-at-night"]),
        ("2035-09-18 21:00", ["start-at-night"]),
        ("2035-09-18T01:00:00Z", []),
        ("2035-09-18T14:00:00Z", ["start-at-night"]),
        ("now", []),
    ],
)
def test_a_start_is_by_day_in_the_zone_of_the_settings(shop, start, rules):
    assert told(shop, f"start: {start}\n") == rules


@pytest.mark.parametrize("hours", ["hours: 06:00-22:00\n", "hours: null\n"])
def test_who_names_the_hours_means_them(shop, hours):
    start = "start: 2035-09-18 07:00\n"
    assert told(shop, f"{start}{hours}") == []
    if "null" not in hours:
        asks(shop, hours.strip())
        assert told(shop, start) == []


def test_a_start_outside_of_the_hours_names_them_and_when_they_open(shop):
    asks(shop, "hours: 10:00-18:00")
    fault = shop.fault("start: 2035-09-18 09:30\nhours: 09:00-20:00\n")
    assert (fault.rule, shop.marked(fault)) == ("start-outside-hours", "2035-09-18 09:30")
    assert fault.message == "it waits for its hours, which open at 2035-09-18 10:00"
    assert [(label.file, label.message) for label in fault.labels] == [
        ("news.yaml", "the hours of the campaign"),
        ("runner.yaml", "the hours of account main"),
    ]


@pytest.mark.parametrize(
    ("start", "latest", "message"),
    [
        ("12:00", "8h", "it waits for its hours, which open at 2035-09-18 18:00"),
        (
            "12:00",
            "1h",
            "its hours open at 2035-09-18 18:00, more than `latest` (1h) after its start",
        ),
        ("21:00", "1d", "it waits for its hours, which open at 2035-09-19 18:00"),
        ("18:00", "1h", None),
        ("20:59", "1h", None),
    ],
)
def test_a_start_that_waits_for_its_hours_may_come_too_late(shop, start, latest, message):
    lines = f"start: 2035-09-18 {start}\nhours: 18:00-21:00\nlatest: {latest}\n"
    assert [fault.message for fault in shop.faults(lines)] == ([message] if message else [])


def test_hours_that_are_never_open_at_once_are_told_of_a_draft_too(shop):
    asks(shop, "hours: 08:00-12:00")
    fault = shop.fault("hours: 18:00-21:00\n")
    assert (fault.rule, shop.marked(fault)) == ("hours-never-open", "18:00-21:00")
    assert [label.file for label in fault.labels] == ["runner.yaml"]


@pytest.mark.parametrize(
    ("start", "rules"),
    [
        ("2026-10-01 10:00", ["start-on-a-holiday"]),
        ("2026-10-07 10:00", ["start-on-a-holiday"]),  # by a Saturday that was swapped
        ("2026-10-10 10:00", []),  # that Saturday
        ("2026-10-11 10:00", []),  # an ordinary Sunday
        ("2026-09-30T22:00:00-08:00", ["start-on-a-holiday"]),
        ("2035-09-17 10:00", []),  # in lieu of a Sunday, perhaps: nobody has said so yet
    ],
)
def test_a_start_on_a_public_holiday_is_warned_of(shop, start, rules):
    assert told(shop, f"start: {start}\n") == rules


@pytest.mark.parametrize("words", ["国庆特惠", "欢度十一", "假期愉快", "黄金周"])
def test_a_message_about_the_holiday_may_go_out_on_it(shop, words):
    start = "start: 2026-10-01 10:00\n"
    assert told(shop, start, title=words) == []
    assert told(shop, start, frames=saying(f"【某店】{words}，{OPT_OUT}")) == []


NOW = datetime(2035, 9, 18, 2, tzinfo=UTC)  # ten in the morning


def told_by_now(shop, more):
    shop.campaign(more)
    return [fault.rule for fault in load_workspace(shop.root, now=NOW).diagnostics]


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ("start: 2035-09-18 09:00\n", []),  # an hour late, which `latest` allows
        ("start: 2035-09-18 08:59\n", ["start-in-the-past"]),
        ("start: 2035-09-18 08:59\nlatest: 2h\n", []),
        ("start: 2034-10-01 03:00\n", ["start-in-the-past"]),  # and no more of it
        ("until: 2035-09-18 10:00\n", ["until-in-the-past"]),
        ("until: 2035-09-18 10:01\n", []),
        ("start: now\n", []),
    ],
)
def test_times_that_have_passed_are_warned_of(shop, more, rules):
    assert told_by_now(shop, more) == rules


def test_nobody_is_warned_of_what_was_sent_long_ago(shop):
    """Else a check of all files would fail by itself one day."""
    assert told(shop, "start: 2020-09-18 10:00\nuntil: 2020-09-18 20:00\n") == []


# numbers


def test_a_number_that_stands_twice_names_both_places(shop):
    numbers = f'recipients:\n  numbers:\n    - {NUMBER}\n    - "+86 138-0013-8000"\n'
    fault = shop.fault(recipients=numbers)
    assert (fault.rule, fault.span.line) == ("number-twice", 8)
    assert [label.span.line for label in fault.labels] == [7]
    assert "8000" not in f"{fault.message}{fault.hint}"


def test_a_number_that_is_excluded_as_well_names_both_places(shop):
    shop.write("lists/staff.csv", "mobile\n13800138000\n")
    numbers = f'recipients:\n  numbers: [{NUMBER}, "13800138001"]\n  exclude: [lists/staff.csv]\n'
    fault = shop.fault(recipients=numbers)
    assert (fault.rule, fault.span.line) == ("number-excluded", 6)
    assert [(label.span.line, shop.marked(label)) for label in fault.labels] == [
        (7, "lists/staff.csv")
    ]


def test_one_fault_in_a_long_list_is_not_told_a_thousand_times(shop):
    many = ", ".join([NUMBER] * 1000)
    assert len(shop.faults(recipients=f"recipients: {{numbers: [{many}]}}\n")) == 20


# the other place of an error


def test_a_field_that_conflicts_names_the_other_ones(shop):
    frame = "{duration: 3, text: 你好, image: media/moon.jpg, parts: [{text: 一}]}"
    fault = shop.fault(frames=frames(frame))
    assert (fault.rule, shop.marked(fault)) == ("conflicting-fields", "parts")
    assert [shop.marked(label) for label in fault.labels] == ["text", "image"]


def test_an_end_before_the_start_names_the_start(shop):
    fault = shop.fault("start: 2035-09-18 09:00\nuntil: 2035-09-18 08:00\n")
    assert (fault.rule, [shop.marked(label) for label in fault.labels]) == (
        "until-before-start",
        ["2035-09-18 09:00"],
    )


def test_an_id_that_is_there_twice_names_the_other_file(shop):
    shop.campaign()
    shop.write("News.yaml", (shop.root / "news.yaml").read_bytes())
    [fault] = shop.load().diagnostics
    assert {fault.file, fault.labels[0].file} == {"news.yaml", "News.yaml"}


def test_what_the_settings_apart_hold_alone_is_shown_there(shop, tmp_path):
    apart = tmp_path / "settings.yaml"
    apart.write_text(SETTINGS)
    shop.campaign()
    [fault] = shop.load(apart).diagnostics
    assert (fault.rule, fault.file) == ("set-elsewhere", "runner.yaml")
    [label] = fault.labels
    assert (label.file, label.span.line, label.excerpt) == (str(apart), 2, "accounts:")


@pytest.mark.parametrize("piece", ["a", " ", "a.", "http://", "-", "回", "退订", "reply ", "www."])
def test_a_text_is_judged_in_one_pass_however_long_it_is(shop, piece):
    """By the square of its length, it would take minutes, and the suite would not end."""
    asks(shop, "message_limit: 10000000")
    text = piece * (200_000 // len(piece))
    assert "missing-signature" in told(shop, frames=saying(f'"{text}好"', 255))
