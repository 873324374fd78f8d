"""What campaigns share: the defaults of their folder, and frames in files of their own."""

import pytest
from click.testing import CliRunner
from shared_schemas import NAMES, SCHEMAS, make, to_text
from workspaces import FRAMES, SETTINGS, shop

from runner.cli import main
from runner.workspace.resolved import write_resolved

__all__ = ["shop"]

PLAIN = "frames:\n  - duration: 3\n    text: 新品上架\n  - duration: 3\n    text: 八折\n"
WORDS = "signature: 【某店】\nopt_out: 拒收请回复R\n"
FOOTER = "duration: 5\ntext: 地址：人民路1号\n"
WITH_FOOTER = f"{FRAMES}  - use: _frames/footer.yaml\n"


def texts(campaign):
    return [
        part.payload.decode("gb2312") for frame in campaign.message.frames for part in frame.parts
    ]


def where(fault):
    return f"{fault.file}:{fault.span.line}:{fault.span.column} {fault.rule}"


def beside(fault):
    return [f"{label.file}:{label.span.line}:{label.span.column}" for label in fault.labels]


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_of_a_shared_file_is_part_of_that_of_a_campaign(name):
    assert (SCHEMAS / f"{name}.schema.json").read_text() == to_text(make(name)), "`make docs`"


def test_a_campaign_has_what_the_defaults_of_its_folder_say(shop):
    shop.write("_defaults.yaml", "account: main\nhours: 09:00-20:00\nlabels: [会员, 2036]\n")
    campaign = shop.sound_campaign()
    assert campaign.account_as_written == "main"
    assert str(campaign.hours) == "09:00-20:00"
    assert campaign.labels == ("会员", "2036")


def test_a_campaign_itself_comes_first_then_the_nearest_folder(shop):
    shop.write("_defaults.yaml", "hours: 09:00-20:00\nlabels: [far]\n")
    shop.write("spring/_defaults.yaml", "labels: [near]\nopt_out: 回T退订\n")
    shop.write(
        "spring/news.yaml",
        f"title: 新品\nopt_out: null\n{PLAIN}recipients: {{numbers: ['13800138000']}}\n",
    )
    campaign = shop.load().campaigns["spring/news"]
    assert (str(campaign.hours), campaign.labels) == ("09:00-20:00", ("near",))
    assert texts(campaign) == ["新品上架", "八折"]


def test_the_signature_goes_before_the_first_text_and_the_opt_out_words_behind_the_last(shop):
    assert texts(shop.sound_campaign(WORDS, frames=PLAIN)) == [
        "【某店】新品上架",
        "八折拒收请回复R",
    ]


def test_what_a_text_has_already_is_not_put_there_again(shop):
    frames = PLAIN.replace("新品", "【总店】新品").replace("上架", "上架，拒收请回复R")
    assert texts(shop.sound_campaign(WORDS, frames=frames)) == [
        "【总店】新品上架，拒收请回复R",
        "八折",
    ]


def test_the_opt_out_words_stay_apart_from_a_link_at_the_end(shop):
    """A phone would take them for a part of it."""
    campaign = shop.sound_campaign(WORDS, frames=PLAIN.replace("八折", "见https://a.cn/x"))
    assert texts(campaign)[1] == "见https://a.cn/x 拒收请回复R"
    assert shop.load().diagnostics == ()


def test_in_parts_the_texts_are_found_between_the_pictures(shop):
    frames = (
        "frames:\n  - duration: 3\n    parts:\n      - image: media/map.gif\n      - text: 新品\n"
        "      - image: media/map.gif\n"
    )
    campaign = shop.sound_campaign(WORDS, frames=frames)
    assert campaign.message.frames[0].parts[1].payload.decode("gb2312") == (
        "【某店】新品拒收请回复R"
    )


def test_a_shared_frame_stands_where_it_is_used(shop):
    shop.write("_frames/footer.yaml", FOOTER)
    campaign = shop.sound_campaign(frames=WITH_FOOTER)
    assert [frame.duration for frame in campaign.message.frames] == [3, 5]
    assert texts(campaign)[1] == "地址：人民路1号"


def test_a_campaign_is_the_same_whether_it_shares_or_says_everything_itself(shop):
    whole = shop.sound_campaign(
        WORDS, frames=f"{PLAIN}  - duration: 5\n    text: 地址：人民路1号\n"
    )
    shop.write("_defaults.yaml", WORDS)
    shop.write("_frames/footer.yaml", FOOTER)
    shares = shop.sound_campaign(frames=f"{PLAIN}  - use: _frames/footer.yaml\n")
    assert shares.message == whole.message


def test_a_fault_of_a_shared_file_is_told_once_at_its_place(shop):
    shop.write("_defaults.yaml", "acount: main\n")
    shop.campaign()
    shop.write("other.yaml", (shop.root / "news.yaml").read_text())
    [fault] = shop.load().diagnostics
    assert where(fault) == "_defaults.yaml:1:1 unknown-field"


def test_a_fault_that_a_campaign_finds_in_a_shared_file_names_both(shop):
    shop.write("_frames/footer.yaml", FOOTER.replace("人民", "人🙂民"))
    fault = shop.fault(frames=WITH_FOOTER)
    assert where(fault) == "_frames/footer.yaml:2:11 outside-gb2312"
    assert beside(fault) == ["news.yaml:5:10"]


def test_an_account_of_the_defaults_that_there_is_not_is_told_there(shop):
    shop.write("_defaults.yaml", "# ours\naccount: mian\n")
    fault = shop.fault()
    assert where(fault) == "_defaults.yaml:2:10 unknown-account"
    assert beside(fault) == ["news.yaml:1:1"]


def test_a_signature_that_cannot_be_sent_is_told_where_it_stands(shop):
    shop.write("_defaults.yaml", "signature: 【某🙂店】\n")
    fault = shop.fault(frames=PLAIN)
    assert where(fault) == "_defaults.yaml:1:14 outside-gb2312"


def asks(shop, line):
    """Let the account ask for something."""
    shop.write("runner.yaml", f"{SETTINGS}    {line}\n")


def test_what_the_defaults_put_into_a_message_is_not_missed_there(shop):
    shop.write("_defaults.yaml", WORDS)
    shop.campaign(frames=PLAIN)
    assert shop.load().diagnostics == ()


def test_words_that_the_defaults_name_are_taken_for_opt_out_words(shop):
    shop.write("_defaults.yaml", WORDS.replace("拒收请回复R", "不看了按0"))
    shop.campaign(frames=PLAIN)
    assert shop.load().diagnostics == ()


@pytest.mark.parametrize(
    ("asked", "told", "hint"),
    [
        (
            "signature: 【总店】",
            "_defaults.yaml:1:12 missing-signature",
            "write `signature: 【总店】`",
        ),
        ("opt_out: [回T退订]", "_defaults.yaml:2:10 missing-opt-out", "write `opt_out: 回T退订`"),
    ],
)
def test_defaults_that_are_not_what_the_account_asks_for_are_told_there(shop, asked, told, hint):
    shop.write("_defaults.yaml", WORDS)
    asks(shop, asked)
    fault = shop.fault(frames=PLAIN)
    assert (where(fault), fault.hint) == (told, hint)
    assert beside(fault) == ["news.yaml:1:1"]


def test_words_that_a_campaign_lacks_are_told_in_it_and_not_in_the_frame_that_it_shares(shop):
    shop.write("_frames/footer.yaml", FOOTER)
    fault = shop.fault("signature: 【某店】\n", frames=f"{PLAIN}  - use: _frames/footer.yaml\n")
    assert where(fault) == "news.yaml:8:10 missing-opt-out"
    assert beside(fault) == ["_frames/footer.yaml:2:7"]


def test_a_warning_in_a_shared_frame_is_told_there_and_can_be_ignored_there(shop):
    short = FOOTER.replace("5", "1").replace("1号", "1号，地铁青溪站出，沿茶山路步行")
    shop.write("_frames/footer.yaml", short)
    fault = shop.fault(frames=WITH_FOOTER)
    assert where(fault) == "_frames/footer.yaml:1:11 duration-too-short"
    assert beside(fault) == ["news.yaml:5:10"]
    shop.write("_frames/footer.yaml", f"# runner: ignore[duration-too-short]\n{short}")
    assert shop.faults(frames=WITH_FOOTER) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("no-such-rule", ["unknown-rule"]),
        ("unknown-field", ["unused-ignore"]),
        ("title-too-long", []),
    ],
)
def test_a_comment_of_a_shared_file_that_can_ignore_nothing_is_told_once(shop, rule, told):
    """A warning that it does not meet in one campaign, it may in another."""
    shop.write("_defaults.yaml", f"{WORDS}# runner: ignore[{rule}]\n")
    shop.campaign()
    shop.write("other.yaml", (shop.root / "news.yaml").read_text())
    assert [fault.rule for fault in shop.load().diagnostics] == told


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("_frames/foter.yaml", "news.yaml:5:10 missing-file"),
        ("../footer.yaml", "news.yaml:5:10 outside-workspace"),
        ("/footer.yaml", "news.yaml:5:10 absolute-path"),
        ("runner.yaml", "news.yaml:5:10 not-shared"),
        ("_frames", "_frames:1:1 not-a-file"),
    ],
)
def test_a_frame_that_cannot_be_had_is_told_where_it_is_used(shop, use, told):
    shop.write("_frames/footer.yaml", FOOTER)
    assert where(shop.fault(frames=f"{FRAMES}  - use: {use}\n")) == told


def test_beside_use_a_frame_says_nothing(shop):
    shop.write("_frames/footer.yaml", FOOTER)
    fault = shop.fault(frames=f"{WITH_FOOTER}    duration: 5\n")
    assert where(fault) == "news.yaml:5:5 too-many-fields"


def test_a_shared_frame_uses_no_other(shop):
    shop.write("_frames/footer.yaml", f"{FOOTER}use: _frames/footer.yaml\n")
    assert where(shop.fault(frames=WITH_FOOTER)) == "_frames/footer.yaml:3:1 unknown-field"


def test_shared_files_are_no_campaigns(shop):
    shop.write("_defaults.yaml", WORDS)
    shop.write("_frames/footer.yaml", FOOTER)
    shop.campaign(frames=WITH_FOOTER)
    assert [*shop.load().campaigns] == ["news"]


def test_an_account_may_be_left_out_where_the_defaults_name_it(shop):
    more = SETTINGS.replace("accounts:\n", "accounts:\n  other:\n    url: http://a.example\n")
    shop.write(
        "runner.yaml",
        more.replace(
            "http://a.example\n",
            """http://a.example
    userid: "1"
    account: other
    password: {env: OTHER}
""",
        ),
    )
    shop.write("_defaults.yaml", "account: other\n")
    assert shop.sound_campaign().account == "other"


def test_the_resolved_campaign_says_the_same_and_names_where_it_has_what_from(shop):
    shop.write("_defaults.yaml", f"# ours\n{WORDS}hours: 09:00-20:00\n")
    shop.write("_frames/footer.yaml", FOOTER)
    more = "start: 2036-01-03 09:00\nagain: '0123'\n"
    recipients = "recipients: {files: [lists/members.csv]}\n"
    shares = shop.sound_campaign(
        more, frames=f"{PLAIN}  - use: _frames/footer.yaml\n", recipients=recipients
    )

    resolved = write_resolved(shop.root, "news.yaml")

    assert "# from _defaults.yaml:2\nsignature: 【某店】\n" in resolved
    assert "  # from _frames/footer.yaml:1\n  - duration: 5\n" in resolved
    (shop.root / "_defaults.yaml").unlink()
    shop.write("news.yaml", resolved)
    whole = shop.load()
    assert whole.diagnostics == ()
    assert whole.campaigns["news"] == shares


def test_the_resolved_campaign_gives_no_number_away(shop):
    shop.sound_campaign()
    assert "13800138000" not in write_resolved(shop.root, "news.yaml")


def test_plan_shows_the_resolved_campaigns(shop):
    shop.write("_defaults.yaml", WORDS)
    shop.campaign(frames=PLAIN)
    shop.write("other.yaml", (shop.root / "news.yaml").read_text())
    done = CliRunner().invoke(main, ["-C", str(shop.root), "plan", "--resolved"])
    news, other = done.stdout.split("---\n")
    assert news == f"{write_resolved(shop.root, 'news.yaml')}\n"
    assert other == f"{write_resolved(shop.root, 'other.yaml')}\n"
