"""A workspace as a whole: every file is read, and every fault of every file is told at once."""

import os
import unicodedata

import pytest
from workspaces import FRAMES, RECIPIENTS, SETTINGS, shop

__all__ = ["shop"]

CAMPAIGN = f"title: 秋季新品\n{FRAMES}{RECIPIENTS}"
WITH_LIST = f"title: 秋季新品\n{FRAMES}recipients:\n  files: [lists/members.csv]\n"


def places(workspace):
    return [(fault.file, fault.span.line, fault.rule) for fault in workspace.diagnostics]


def test_campaigns_are_known_by_their_ids(shop):
    for file in ("a.yaml", "2036/spring/openday.yml"):
        shop.write(file, CAMPAIGN)
    workspace = shop.load()
    assert workspace.diagnostics == ()
    assert {name: campaign.file for name, campaign in workspace.campaigns.items()} == {
        "a": "a.yaml",
        "2036/spring/openday": "2036/spring/openday.yml",
    }


def test_a_workspace_without_campaigns_is_sound(shop):
    assert (shop.load().diagnostics, shop.load().campaigns) == ((), {})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x.yaml", "x.yml"),
        ("Spring.yaml", "spring.yaml"),
        ("2036/A/x.yaml", "2036/a/x.yml"),
        ("STRASSE.yaml", "straße.yaml"),
        (unicodedata.normalize("NFD", "été.yaml"), unicodedata.normalize("NFC", "été.yaml")),
    ],
)
def test_ids_that_differ_in_nothing_or_only_in_case_are_a_fault(shop, first, second):
    shop.write(first, CAMPAIGN)
    shop.write(second, CAMPAIGN)
    [fault] = shop.load().diagnostics
    assert (fault.rule, {fault.file, *fault.message.split()[-1:]}) == (
        "duplicate-id",
        {first, second},
    )


def test_a_name_that_is_no_text_is_a_fault_that_can_be_printed(shop):
    shop.write("x.yaml", CAMPAIGN)
    (shop.root / "x.yaml").rename(os.fsdecode(os.fsencode(shop.root) + b"/\xff.yaml"))
    [fault] = shop.load().diagnostics
    assert (fault.rule, fault.file.encode()) == ("unusable-name", "\ufffd.yaml".encode())


def test_a_name_with_a_line_break_is_a_fault(shop):
    shop.write("a\nb.yaml", CAMPAIGN)
    assert [fault.rule for fault in shop.load().diagnostics] == ["unusable-name"]


def test_a_campaign_that_is_a_link_must_stay_inside(shop):
    shop.write("_drafts/spring.yaml", CAMPAIGN)
    (shop.root.parent / "foreign.yaml").write_text(CAMPAIGN)
    (shop.root / "inward.yaml").symlink_to("_drafts/spring.yaml")
    (shop.root / "outward.yaml").symlink_to("../foreign.yaml")
    (shop.root / "nowhere.yaml").symlink_to("gone.yaml")
    workspace = shop.load()
    assert places(workspace) == [
        ("nowhere.yaml", 1, "not-a-file"),
        ("outward.yaml", 1, "outside-workspace"),
    ]
    assert list(workspace.campaigns) == ["inward"]


def test_a_pipe_is_not_waited_for(shop):
    os.mkfifo(shop.root / "pipe.yaml")
    assert places(shop.load()) == [("pipe.yaml", 1, "not-a-file")]


def test_all_faults_of_all_files_are_told_in_the_order_of_their_places(shop):
    shop.write("runner.yaml", SETTINGS.replace("{env: MMS_PASSWORD}", "hunter2"))
    shop.write("b.yaml", "title: [\n")
    shop.write("a.yaml", CAMPAIGN.replace("duration: 3", "duration: 0").replace("text:", "txt:"))
    shop.write("2036/c.yaml", WITH_LIST.replace("title", "start: soon\ntitle"))
    shop.write("lists/members.csv", "mobile\n12\n13800138000\n34\n")
    assert places(shop.load()) == [
        ("2036/c.yaml", 1, "wrong-time"),
        ("a.yaml", 3, "out-of-range"),
        ("a.yaml", 4, "unknown-field"),
        ("b.yaml", 1, "unclosed-bracket"),
        ("lists/members.csv", 2, "invalid-number"),
        ("lists/members.csv", 4, "invalid-number"),
        ("runner.yaml", 7, "literal-password"),
    ]


@pytest.mark.parametrize("settings", ["", "accounts: [", "- main\n", "name: shop\n", b"\xff\xfe"])
def test_settings_that_cannot_be_read_do_not_silence_campaigns(shop, settings):
    shop.write("runner.yaml", settings)
    faults = shop.faults("account: main\nstart: 2035-02-30 09:00\n")
    assert [fault.rule for fault in faults if fault.file == "news.yaml"] == ["wrong-time"]
    assert [fault.file for fault in faults if fault.file != "news.yaml"] == ["runner.yaml"]


def test_settings_with_a_fault_are_asked_for_what_they_say_beside_it(shop):
    text = f"timezone: Europe/Berlin\ncolour: red\n{SETTINGS}    message_limit: 20\n"
    shop.write("runner.yaml", text)
    shop.write("a.yaml", f"account: mian\n{CAMPAIGN}")
    shop.write("b.yaml", CAMPAIGN)
    shop.write("c.yaml", f"start: 2024-03-31 02:30\n{CAMPAIGN.replace('新品上架', '')}")
    assert places(shop.load()) == [
        ("a.yaml", 1, "unknown-account"),
        ("b.yaml", 2, "message-too-large"),
        ("c.yaml", 1, "wrong-time"),
        ("c.yaml", 3, "message-too-large"),
        ("runner.yaml", 2, "unknown-field"),
    ]


def test_a_limit_that_cannot_be_read_makes_no_message_too_large(shop):
    shop.write("runner.yaml", f"{SETTINGS}    message_limit: [1]\n")
    shop.write("a.yaml", CAMPAIGN)
    assert places(shop.load()) == [("runner.yaml", 8, "wrong-type")]


def test_with_settings_that_have_a_fault_there_are_no_settings(shop):
    shop.write("runner.yaml", f"colour: red\n{SETTINGS}")
    workspace = shop.load()
    assert workspace.settings is None
    assert workspace.errors == workspace.diagnostics


def test_a_campaign_with_a_fault_is_not_among_the_campaigns(shop):
    shop.write("good.yaml", CAMPAIGN)
    shop.write("bad.yaml", f"start: soon\n{CAMPAIGN}")
    assert list(shop.load().campaigns) == ["good"]


def test_faults_of_a_list_that_several_campaigns_name_are_told_once(shop):
    shop.write("lists/members.csv", "mobile\n12\n13800138000\n")
    shop.write("a.yaml", WITH_LIST)
    shop.write("b.yaml", WITH_LIST.replace("[lists", "[./lists"))
    assert places(shop.load()) == [("lists/members.csv", 2, "invalid-number")]


def test_a_list_that_is_missing_is_told_in_each_campaign_that_names_it(shop):
    (shop.root / "lists/members.csv").unlink()
    shop.write("a.yaml", WITH_LIST)
    shop.write("b.yaml", WITH_LIST)
    assert places(shop.load()) == [("a.yaml", 6, "missing-file"), ("b.yaml", 6, "missing-file")]


def test_only_some_campaigns_are_read_where_only_they_are_wanted(shop):
    from runner.workspace.load import load_workspace

    for file in ("a.yaml", "b.yaml", "c.yaml", "c.yml"):
        shop.write(file, f"start: soon\n{CAMPAIGN}")
    assert places(load_workspace(shop.root, ["b.yaml"])) == [("b.yaml", 1, "wrong-time")]
    assert ("c.yml", 1, "duplicate-id") in places(load_workspace(shop.root, ["c.yaml"]))


def test_the_source_line_stands_beside_the_fault_with_numbers_masked(shop):
    fault = shop.fault(recipients='recipients: {numbers: ["13800138000"], txt: 1}\n')
    assert fault.excerpt == 'recipients: {numbers: ["138****8000"], txt: 1}'
