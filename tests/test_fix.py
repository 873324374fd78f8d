"""`validate --fix`: what is certain is mended, and every other byte of a file stays."""

from __future__ import annotations

import difflib
import os
import stat
from typing import TYPE_CHECKING

import pytest
from cli_workspace import opening_office
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mistakes import CAMPAIGN, MISTAKES
from test_strict_yaml import anything
from workspaces import Shop, shop

from runner.model.diagnostic import Edit, Span
from runner.workspace.edits import apply_edits, save_as_utf_8
from runner.workspace.load import load_workspace
from runner.workspace.mending import mend, rewrite
from runner.workspace.strict_yaml import read_yaml

if TYPE_CHECKING:
    from cli_workspace import Office

    from runner.workspace.mending import Mended

__all__ = ["shop"]

office = pytest.fixture(opening_office)

SOUND = """\
title: 中秋
frames:
  - {duration: 3, text: 【某店】拒收请回复R}
recipients: {numbers: ["13800138000"]}
"""
CERTAIN = [mistake for mistake in MISTAKES.values() if mistake.fixed]


def mend_shop(shop: Shop) -> Mended:
    return mend(shop.root, lambda instead: load_workspace(shop.root, instead=instead))


# ---- the command


def test_fix_says_what_it_mended_and_what_is_left(office: Office) -> None:
    path = office.write("news.yaml", SOUND.replace("title: ", "title：").replace("拒收", "镕"))

    ran = office.run("validate", "--fix", "--format", "concise")

    assert ran.status == 1
    assert "outside-gb2312" in ran.out
    assert "missing-colon" not in ran.out
    name = os.path.relpath(path)
    assert ran.err.splitlines() == [
        f"fixed {name}:1: missing-colon",
        "fixed 1 fault in 1 file",
        "1 error in 1 file",
    ]
    assert path.read_text() == SOUND.replace("拒收", "镕")


def test_a_workspace_that_is_sound_after_it_exits_0(office: Office) -> None:
    office.write("news.yaml", SOUND.replace("duration: 3", "duration: 3秒"))

    assert office.run("validate", "--fix").status == 0
    assert office.run("validate", "--fix").err == "1 campaign, no faults\n"


SHARED = {"_defaults.yaml": "hours: 8:00～21:00\n", "_frames/end.yaml": "duration：3\ntext: 再见\n"}


@pytest.mark.parametrize(
    ("named", "mended"),
    [
        ([], {"_defaults.yaml", "_frames/end.yaml", "news.yaml"}),
        (["."], {"_defaults.yaml", "_frames/end.yaml", "news.yaml"}),
        (["_defaults.yaml"], {"_defaults.yaml"}),
        (["_frames"], {"_frames/end.yaml"}),
        (["_frames/end.yaml", "news.yaml"], {"_frames/end.yaml", "news.yaml"}),
    ],
)
def test_what_campaigns_share_is_mended_too_and_of_named_files_no_other(
    office: Office, named: list[str], mended: set[str]
) -> None:
    frames = "frames:\n  - use: _frames/end.yaml\n"
    news = SOUND.replace("title: ", "title：").replace("frames:\n", frames)
    before = {"news.yaml": news, **SHARED}
    for name, text in before.items():
        office.write(name, text)

    office.run("validate", "--fix", *(str(office.root / name) for name in named))

    changed = {name for name, text in before.items() if (office.root / name).read_text() != text}
    assert changed == mended


def test_with_fix_a_named_file_is_told_what_has_passed_as_without_it(office: Office) -> None:
    path = office.write("news.yaml", SOUND.replace("frames:", "start: 2024-09-18 09:00\nframes:"))

    assert "start-in-the-past" in office.run("validate", "--fix", str(path)).out


def test_without_fix_no_file_changes(office: Office) -> None:
    path = office.write("news.yaml", SOUND.replace("title: ", "title："))

    office.run("validate")

    assert path.read_text() != SOUND


def test_json_is_what_is_left(office: Office) -> None:
    office.write("news.yaml", SOUND.replace("title: ", "title："))

    assert office.run("validate", "--fix", "--format", "json").json == []


def test_diff_shows_what_fix_would_do_and_does_not(office: Office) -> None:
    wrong = SOUND.replace("title: ", "title：")
    path = office.write("news.yaml", wrong)

    ran = office.run("validate", "--diff")

    assert (ran.status, path.read_text()) == (1, wrong)
    assert ran.out.splitlines()[3:5] == ["-title：中秋", "+title: 中秋"]


def test_diff_shows_no_number_and_no_password(office: Office) -> None:
    office.settings(account="extno: ''\n")
    office.write("news.yaml", SOUND.replace("numbers: [", "numbers: ［").replace("]}", "］}"))
    wrong = SOUND.replace("recipients: ", "recipients：")
    office.write("news.yaml", wrong)

    ran = office.run("validate", "--diff")

    assert "+recipients: {numbers" in ran.out
    assert "13800138000" not in ran.out


def test_only_the_named_files_are_touched(office: Office) -> None:
    named = office.write("named.yaml", SOUND.replace("title: ", "title："))
    other = office.write("other.yaml", SOUND.replace("title: ", "title："))

    office.run("validate", "--fix", str(named))

    assert (named.read_text() == SOUND, other.read_text() == SOUND) == (True, False)


def test_the_settings_are_mended_too(office: Office) -> None:
    office.settings(account="batch_size: 2,000\nhours: 8:00-21:00")
    office.campaign()

    ran = office.run("validate", "--fix")

    assert ran.status == 0, ran.out
    assert "    hours: 08:00-21:00\n" in (office.root / "runner.yaml").read_text()


def test_a_list_is_not_touched(office: Office) -> None:
    people = office.write("lists/people.csv", "mobile\n138OO138000\n")
    office.write(
        "news.yaml", SOUND.replace('numbers: ["13800138000"]', "files: [lists/people.csv]")
    )

    assert office.run("validate", "--fix").status == 1
    assert people.read_text() == "mobile\n138OO138000\n"


# ---- the file


def test_line_ends_a_mark_and_comments_stay(shop: Shop) -> None:
    wrong = f"\ufeff# 秋  \r\n{CAMPAIGN}".replace("title: ", "title：").replace("\n", "\r\n")
    shop.write("news.yaml", wrong + "# no line end")

    [file] = mend_shop(shop).files

    assert file.after.decode() == wrong.replace("title：", "title: ") + "# no line end"


def test_the_mode_of_a_file_stays_and_a_link_to_it_stays_one(shop: Shop) -> None:
    shop.write("_kept/news.yaml", CAMPAIGN.replace("title: ", "title："))
    kept = shop.root / "_kept/news.yaml"
    kept.chmod(0o640)
    (shop.root / "news.yaml").symlink_to("_kept/news.yaml")

    [file] = mend_shop(shop).files
    assert rewrite(shop.root, file)

    assert (shop.root / "news.yaml").is_symlink()
    assert kept.read_text() == CAMPAIGN
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert [path.name for path in kept.parent.iterdir()] == ["news.yaml"]


def test_a_file_that_changed_meanwhile_is_left_alone(shop: Shop) -> None:
    shop.write("news.yaml", CAMPAIGN.replace("title: ", "title："))
    [file] = mend_shop(shop).files
    shop.write("news.yaml", "title: 别的\n")

    assert not rewrite(shop.root, file)

    assert (shop.root / "news.yaml").read_text() == "title: 别的\n"
    assert [path for path in shop.root.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_cannot_be_written_is_said_to_be(office: Office) -> None:
    folder = office.write("2035/news.yaml", SOUND.replace("title: ", "title：")).parent
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder.chmod(0o500)

    ran = office.run("validate", "--fix")

    folder.chmod(0o700)
    assert (ran.status, "cannot be written" in ran.err) == (2, True)


def test_a_gbk_file_is_saved_as_utf_8(shop: Shop) -> None:
    shop.write("news.yaml", CAMPAIGN.replace("上架", "——上·架").encode("gbk"))

    [file] = mend_shop(shop).files

    assert file.after.decode() == CAMPAIGN.replace("上架", "——上·架")


@pytest.mark.parametrize(
    "data",
    [
        "title: 優惠券".encode("big5"),
        "title: テスト".encode("shift-jis"),
        "title: café".encode("latin-1"),
        "title: Ünïcödé".encode("latin-1"),
        "title: 中秋".encode() + "快乐".encode("gbk"),
        "title: 中秋快乐镕".encode("gbk"),
        "title: 中秋".encode("utf-16"),
        b"title: \xff\xff",
    ],
)
def test_what_may_be_another_encoding_is_left_to_its_author(data: bytes) -> None:
    assert save_as_utf_8(data) is None


# ---- whatever the file


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="a中\n\r\U00020000 ", max_size=30), st.data())
def test_an_edit_changes_its_stretch_and_no_other_byte(text, data):
    lines = text.replace("\r\n", "\n").split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[number])))
    end = data.draw(st.integers(start, len(lines[number])))
    span = Span(line=number + 1, column=start + 1, end_line=number + 1, end_column=end + 1)
    after = apply_edits(text.encode(), [Edit(span=span, text="<x>")]).decode()
    before, _, behind = after.partition("<x>")
    assert before + lines[number][start:end] + behind == text


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(CERTAIN), max_size=5, unique_by=lambda each: each.right),
    st.sampled_from(["\n", "\r\n"]),
)
def test_mistakes_together_are_all_mended(shop, mistakes, end):
    """As far as they are about different lines: of `标题: *特价*` nobody knows what it says."""
    wrong, right = CAMPAIGN, CAMPAIGN
    lines = set()
    for mistake in mistakes:
        line = CAMPAIGN[: CAMPAIGN.index(mistake.right)].count("\n")
        if line not in lines and mistake.right in wrong and mistake.right in right:
            lines.add(line)
            wrong = wrong.replace(mistake.right, mistake.wrong, 1)
            right = right.replace(mistake.right, mistake.fixed, 1)
    shop.write("news.yaml", wrong.replace("\n", end))
    workspace = mend_shop(shop).workspace
    assert workspace.errors == ()


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        anything,
        st.text(alphabet='title:：texnum ，-－［］{}｛｝“”"#＃\n\t　\u200b中3秒', max_size=60).map(
            str.encode
        ),
    ),
    st.sampled_from([b"", CAMPAIGN.encode()]),
)
def test_mending_twice_changes_nothing_more_and_breaks_nothing(shop, data, before):
    shop.write("news.yaml", before + data)
    mended = mend_shop(shop)
    for file in mended.files:
        shop.write("news.yaml", file.after)
        assert mend_shop(shop).files == ()
        assert mended.workspace.diagnostics == shop.load().diagnostics


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, len(CAMPAIGN) - 1), st.sampled_from("：，“”－　\t\u200b\u00a0–•点O＃｛"))
def test_a_sign_anywhere_costs_at_most_its_own_stretch(shop, at, sign):
    """Of a sound file with one sign put in, mending changes nothing far from it."""
    shop.write("news.yaml", CAMPAIGN[:at] + sign + CAMPAIGN[at:])
    for file in mend_shop(shop).files:
        lines = list(difflib.ndiff(CAMPAIGN.splitlines(), file.after.decode().splitlines()))
        assert sum(line.startswith("-") for line in lines) <= 2


WIDE = {
    ":": "：",
    ",": "，",
    "[": "［",
    "]": "］",
    "{": "｛",
    "}": "｝",
    '"': "“",
    "-": "－",
    " ": "　",
}


def data_of(text: bytes) -> object:
    numbers = ("recipients", "numbers", "*")
    return read_yaml(text, file="news.yaml", times=[("start",)], as_written=[numbers]).data


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, len(CAMPAIGN) - 1), min_size=1, max_size=5))
def test_what_an_input_method_made_wide_is_what_it_was_or_an_error_is_left(shop, places):
    wrong = list(CAMPAIGN)
    for at in places:
        wrong[at] = WIDE.get(wrong[at], wrong[at])
    shop.write("news.yaml", "".join(wrong))
    mended = mend_shop(shop)
    if not mended.workspace.errors:
        after = mended.files[0].after if mended.files else "".join(wrong).encode()
        assert data_of(after) == data_of(CAMPAIGN.encode())
